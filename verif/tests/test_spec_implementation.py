"""Reset and clock gates: what may differ between chips of one configuration."""

import pytest
from conftest import USER_TOML

from nmpu_spec.errors import InputError
from nmpu_spec.load import parse


def test_implementation_is_not_in_the_hash() -> None:
    """The same vectors and software serve both; the simulators' files do differ."""
    one, other = parse(USER_TOML), parse(f'{USER_TOML}\n[implementation]\nreset = "async"\nclock_gates = 3\n')
    assert other.hash == one.hash
    assert other != one
    assert (other.implementation.reset_port, other.implementation.in_reset) == ("rst_n", 0)
    assert (one.implementation.reset_port, one.implementation.in_reset) == ("rst", 1)


@pytest.mark.parametrize("gates", [5, -1, -2, 96])
def test_clock_gates_share_the_lanes_out(gates: int) -> None:
    with pytest.raises(InputError, match=rf"^implementation.clock_gates = {gates}: .* divide lanes = 24$"):
        parse(f"{USER_TOML}\n[implementation]\nclock_gates = {gates}\n")
