"""What an action may change: the table against the contracts, and each way around it."""

import pytest

from audit.effects import EFFECTS, Movement, check_collections, check_movements
from audit.failure import VerificationError
from contracts.actions import REGISTER
from contracts.areas import LOADED
from contracts.records import Collection
from tests.unit.chain.test_formats_page import PAGE

LINE = ("01.kz", 2026, "1", "228", "003")
GU, OTHER = "gu-2280101", "gu-2280102"


def moved(slot: int, difference: int, holder: str = GU, specific: str = "421") -> Movement:
    return Movement(slot, holder, ((*LINE, "100", specific), holder, None), LINE, difference)


def test_every_action_of_the_contracts_has_its_effect() -> None:
    assert LOADED
    assert set(EFFECTS) == {name for name, _ in REGISTER}
    known = {value for name, value in vars(Collection).items() if not name.startswith("_")}
    assert set().union(*(effect.collections for effect in EFFECTS.values())) <= known


def test_the_page_gives_the_same_table() -> None:
    for action, effect in EFFECTS.items():
        changed = ", ".join(f"`{name}`" for name in sorted(effect.collections - {"tokens", "balances"}))
        moves = [" ".join(str(slot) for slot in sorted(slots)) for slots in (effect.takes, effect.brings)]
        assert f"| `{action}` | {changed} | {moves[0]} | {moves[1]} |" in PAGE


@pytest.mark.parametrize("collection", ["signers", "institutions", "params", "tokens", "evidence"])
def test_a_document_of_one_kind_does_not_the_work_of_another(collection: str) -> None:
    with pytest.raises(VerificationError, match=f"treasury.open_day may not change {collection}"):
        check_collections({"treasury.open_day"}, ["day", "ids", "expiry", collection])


@pytest.mark.parametrize(
    ("action", "movements", "words"),
    [
        ("act.sign", [moved(4, -5), moved(3, 5)], "of slot 3"),
        ("treasury.block", [moved(4, -5), moved(16, 5)], "of slot 4"),
        ("payment.execute", [moved(5, -5), moved(8, 5, specific="159")], "one position to another"),
        ("payment.execute", [moved(5, -5), moved(8, 5, holder=OTHER)], "one position to another"),
        ("agreement.register", [moved(3, -5, OTHER), moved(4, 5, OTHER)], f"{GU} moved money of {OTHER}"),
    ],
)
def test_money_goes_only_where_the_action_brings_it(
    action: str, movements: list[Movement], words: str
) -> None:
    with pytest.raises(VerificationError, match=words):
        check_movements(action, GU, movements)


def test_a_plan_distributes_and_an_adoption_issues() -> None:
    check_movements("plan.approve", "mot", [moved(2, -5, "mot"), moved(3, 3), moved(3, 2, OTHER)])
    check_movements("budget.adopt", "mof", [moved(2, 5, "mot")])
    with pytest.raises(VerificationError, match="one position to another"):
        check_movements("plan.approve", "mot", [moved(2, -5, "mot"), moved(3, 4)])


def test_a_change_of_plans_moves_money_between_the_lines_of_one_programme_alone() -> None:
    check_movements("plan.amend", "mot", [moved(3, -5), moved(3, 5, OTHER, "159")])
    check_movements("plan.amend", "mot", [moved(3, -5), moved(2, 5, "mot")])
    elsewhere = moved(3, 5)._replace(programme=(*LINE[:4], "001"))
    with pytest.raises(VerificationError, match="one position to another"):
        check_movements("plan.amend", "mot", [moved(3, -5), elsewhere])
    with pytest.raises(VerificationError, match="of slot 4"):
        check_movements("plan.amend", "mot", [moved(4, -5), moved(4, 5, OTHER)])


def test_a_change_of_codes_keeps_budget_year_source_and_stage() -> None:
    elsewhere = moved(5, 5, OTHER)._replace(programme=(*LINE[:3], "226", "001"))
    check_movements("plan.recode", "treasury", [moved(5, -5), elsewhere])
    with pytest.raises(VerificationError, match="one position to another"):
        check_movements("plan.recode", "treasury", [moved(5, -5), moved(8, 5, OTHER)])
    other_year = moved(5, 5)._replace(programme=("01.kz", 2027, *LINE[2:]))
    with pytest.raises(VerificationError, match="one position to another"):
        check_movements("plan.recode", "treasury", [moved(5, -5), other_year])


def test_a_refinement_issues_and_cuts_what_is_held_and_takes_from_no_position() -> None:
    check_movements("budget.refine", "mof", [moved(2, 5, "mot"), moved(16, -3), moved(11, 3)])
    with pytest.raises(VerificationError, match="one position to another"):
        check_movements("budget.refine", "mof", [moved(16, -3), moved(2, 3, "mot")])
    with pytest.raises(VerificationError, match="of slot 3"):
        check_movements("budget.refine", "mof", [moved(3, -3), moved(11, 3)])


def test_an_adjustment_moves_undistributed_money_within_a_budget_year_and_source() -> None:
    elsewhere = moved(2, 5, "moh")._replace(programme=(*LINE[:3], "226", "001"))
    check_movements("budget.adjust", "mof", [moved(2, -5, "mot"), elsewhere])
    check_movements("budget.adjust", "mof", [elsewhere])
    with pytest.raises(VerificationError, match="one position to another"):
        check_movements("budget.adjust", "mof", [moved(2, -6, "mot"), elsewhere])
    other_source = elsewhere._replace(programme=("01.kz", 2026, "2", "226", "001"))
    with pytest.raises(VerificationError, match="one position to another"):
        check_movements("budget.adjust", "mof", [moved(2, -5, "mot"), other_source])
