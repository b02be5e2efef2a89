"""What a campaign shows, as rows of evidence."""

from nmpu_flow.tools import verilator_version
from nmpu_verif.campaign.nodes import MOST_BITS, Node
from nmpu_verif.campaign.state import State
from nmpu_verif.evidence import Evidence, Outcome


def node_row(node: Node, state: State, mismatch: str) -> Evidence:
    """Of a node that was tried exhaustively."""
    cases = state.nodes[node.name]
    return Evidence(
        f"{node.name}: RTL equals the model",
        "every operand, compiled RTL",
        f"{node.bits} bits, {cases.done:,} cases",
        f"Verilator {verilator_version()}",
        round(cases.seconds, 1),
        Outcome.FAILED if mismatch else Outcome.PROVEN,
        mismatch,
    )


def batch_rows(state: State, wide: list[Node]) -> list[Evidence]:
    """Of the column results: the lane, how telling they were, and the nodes with too many operands to try all."""
    tally = state.tally
    outcome = Outcome.FAILED if state.mismatch else Outcome.PASSED
    shares = {
        "saturated in the affine stage": tally.affine,
        "at the output": tally.output,
        "zero": tally.zero,
    }
    telling = ", ".join(f"{count / max(tally.enabled, 1):.1%} {name}" for name, count in shares.items())
    tool = f"Verilator {verilator_version()}"
    bound = f"{tally.results:,} column results, {tally.batches:,} programs, seed {state.seed}"
    rows = [
        Evidence(
            "codes and saturation counts: the lanes' RTL equals the model",
            "seeded random, compiled RTL",
            bound,
            tool,
            round(tally.seconds, 1),
            outcome,
            state.mismatch or f"{state.rate / 1e6:.1f} M/s; {telling}",
        )
    ]
    if tally.unit:
        rows.append(
            Evidence(
                "codes and counters: the whole unit's RTL equals the model",
                "seeded random, compiled RTL",
                f"{tally.unit:,} of these column results",
                tool,
                0.0,
                outcome,
                "by register and bus; time is that of the row above",
            )
        )
    for node in wide:
        note = f"more than {MOST_BITS} bits; one case of it in each column result"
        bound = f"{node.bits} bits, {tally.results:,} random cases"
        rows.append(Evidence(f"{node.name}: RTL equals the model", "within the lanes", bound, tool, 0.0, outcome, note))
    return rows
