"""The `nmpu` command: one module for each verb."""

import sys

import typer
from rich.console import Console

from nmpu_cli import (
    accuracy,
    bench,
    calibrate,
    campaign,
    check,
    coverage,
    docs,
    layout,
    mutate,
    powerup,
    ppa,
    prove,
    sim,
    soc,
    sweep,
    tapeout,
    vectors,
    verify,
    verilog,
)
from nmpu_flow.errors import FlowError
from nmpu_spec.errors import InputError
from nmpu_verif.simulate import BenchError

app = typer.Typer(
    help="Near-memory processing unit for analog in-memory computing: golden model, RTL, and proof that they agree.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("sim")(sim.sim)
app.command("verilog")(verilog.verilog)
app.command("vectors")(vectors.vectors)
app.command("check")(check.check)
app.command("calibrate")(calibrate.calibrate)
app.command("accuracy")(accuracy.accuracy)
app.command("sweep")(sweep.sweep)
app.command("bench")(bench.bench)
app.command("ppa")(ppa.ppa)
app.command("tapeout-check")(tapeout.tapeout_check)
app.command("soc")(soc.soc)
app.command("layout")(layout.layout)
app.command("prove")(prove.prove)
app.command("mutate")(mutate.mutate)
app.command("coverage")(coverage.coverage)
app.command("powerup")(powerup.powerup)
app.command("campaign")(campaign.campaign)
app.command("verify")(verify.verify)
app.command("docs", hidden=True)(docs.docs)


def main() -> None:
    """Exit codes: 0 all good, 1 a mismatch or failure found, 2 wrong usage or input."""
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        app()
    except InputError as error:
        errors.print(f"nmpu: {error}", markup=False)
        sys.exit(2)
    except (FlowError, BenchError) as error:
        errors.print(f"nmpu: {error}", markup=False)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
