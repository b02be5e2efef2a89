"""`nmpu campaign`: compiled RTL against the golden model, every operand of narrow nodes, billions of column results."""

import os
import shutil
from typing import Annotated

import typer

from nmpu_cli.evidence import show
from nmpu_cli.options import ConfigOption, JsonOption, SeedOption
from nmpu_cli.progress import progress_bar
from nmpu_spec.half import require_fixed
from nmpu_spec.load import load
from nmpu_verif.campaign.batch import run_batch
from nmpu_verif.campaign.lanes import CompiledLanes, lanes_verilog
from nmpu_verif.campaign.nodes import MOST_BITS, nodes
from nmpu_verif.campaign.report import batch_rows, node_row
from nmpu_verif.campaign.run import run_batches, run_node
from nmpu_verif.campaign.state import campaign_folder
from nmpu_verif.campaign.state import load as load_state
from nmpu_verif.evidence import write


def campaign(
    config: ConfigOption = "hermes256",
    results: Annotated[
        float, typer.Option("--results", "-n", min=1, help="Column results to reach, counting those of earlier calls.")
    ] = 1e9,
    seed: SeedOption = 1,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Threads.")] = os.cpu_count() or 1,
    batch: Annotated[
        int | None, typer.Option("--batch", min=0, help="Run only this batch, such as one that a mismatch named.")
    ] = None,
    restart: Annotated[bool, typer.Option("--restart", help="Forget what earlier calls did.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Go on with the campaign of this RTL and model; it may be stopped at any time. build/verify/campaign-NAME.json."""
    loaded = require_fixed(load(config))
    verilog = lanes_verilog(loaded)
    lanes = CompiledLanes(loaded, verilog)
    if batch is not None:
        tally = run_batch(lanes, seed, batch)
        print(f"batch {batch}: {tally.results:,} column results, 0 mismatches")
        return
    folder = campaign_folder(loaded, verilog)
    if restart:
        shutil.rmtree(folder, ignore_errors=True)
    state = load_state(folder, seed)
    narrow = [node for node in nodes(loaded) if node.bits <= MOST_BITS]
    wide = [node for node in nodes(loaded) if node.bits > MOST_BITS]
    with progress_bar() as progress:
        rows = [node_row(node, state, run_node(loaded, node, state, folder, jobs, progress)) for node in narrow]
        run_batches(lanes, int(results), state, folder, jobs, progress)
    rows += batch_rows(state, wide)
    kind = f"campaign-{loaded.name}"
    show(f"{loaded.name}: campaign, state in {folder}", rows, write(kind, rows), as_json)
