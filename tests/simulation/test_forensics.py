"""Given what the honest nodes of a forked network kept, the forensic tool names more than a third of the
power and no honest validator; of any part of the archives it names no honest validator (scenario 19)."""

from tests.simulation.machine import PARTS


def test_forked_networks_name_more_than_a_third_and_no_honest_validator() -> None:
    assert PARTS["forks"].checked(is_deep=False).scenarios == PARTS["forks"].ci
