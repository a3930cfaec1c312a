"""What an action may do: the collections it changes, and how it moves money.

The table is docs/formats.md, "What actions change". It asks nothing of the rules behind an action: it holds
that a document of one kind never does the work of another, that money keeps its position unless a plan
distributes it, and that a state institution's document moves that institution's money alone.
"""

from collections.abc import Iterable
from typing import NamedTuple

from audit.codec import Value
from audit.failure import VerificationError

ADOPTED, ALLOCATED, REGISTERED, PAYABLE, RETAINED, ADVANCED, PAID, RECOVERED = 2, 3, 4, 5, 6, 7, 8, 9
REQUESTED, APPROVED, DECLINED = 0, 1, 10
REFINED, SEQUESTERED, HELD_ADOPTED, HELD_ALLOCATED = 11, 12, 15, 16
"""Slots of a total (docs/formats.md, "State records")."""

UNHELD, HELD = (ADOPTED, ALLOCATED), (HELD_ADOPTED, HELD_ALLOCATED)


class Effect(NamedTuple):
    """Collections an action changes beside `ids` and `expiry`; slots it takes money from and brings it to."""

    collections: frozenset[str]
    takes: frozenset[int] = frozenset()
    brings: frozenset[int] = frozenset()
    is_distribution: bool = False
    is_own: bool = False
    is_recode: bool = False
    is_issue: bool = False
    is_adjustment: bool = False


class Movement(NamedTuple):
    """By how much one token changed: its slot, holder, position (line, holder, expense id) and whole key."""

    slot: int
    holder: str
    position: tuple[object, ...]
    programme: tuple[object, ...]
    difference: int
    key: Value = ()


def _plain(collections: str) -> Effect:
    return Effect(frozenset(collections.split()))


def _money(
    collections: str, takes: Iterable[int], brings: Iterable[int], *, distributes: bool = False
) -> Effect:
    names = frozenset((*collections.split(), "tokens", "balances"))
    return Effect(names, frozenset(takes), frozenset(brings), distributes)


def _own(collections: str, takes: Iterable[int], brings: Iterable[int]) -> Effect:
    return _money(collections, takes, brings)._replace(is_own=True)


_HOLDS = "holds hold-rows hold-places"
_APPROVALS = "approvals approval-documents approval-counts awaited suspensions"
"""A document on its way may suspend what it is about."""

EFFECTS: dict[str, Effect] = {
    "act.commission": _own("agreements obligations", (RETAINED,), (PAYABLE,)),
    "act.correct": _own(
        "acts obligations claims", (PAYABLE, RETAINED, PAID), (ALLOCATED, REGISTERED, ADVANCED)
    ),
    "act.sign": _own("acts claims obligations", (REGISTERED, ADVANCED), (PAYABLE, RETAINED, PAID)),
    "agreement.amend": _own(
        "agreements obligations commitments claims", (ALLOCATED, REGISTERED), (ALLOCATED, REGISTERED)
    ),
    "agreement.penalty": _own("agreements claims obligations", (REGISTERED, PAYABLE), (REGISTERED, PAYABLE)),
    "agreement.register": _own("agreements obligations commitments", (ALLOCATED,), (REGISTERED,)),
    "agreement.reregister": _own("agreements obligations commitments", (ALLOCATED,), (REGISTERED,)),
    "agreement.terminate": _own("agreements obligations commitments claims", (REGISTERED,), (ALLOCATED,)),
    "approval.reject": _plain(_APPROVALS),
    "approval.sign": _plain(_APPROVALS),
    "approval.submit": _plain(_APPROVALS),
    "approval.withdraw": _plain(_APPROVALS),
    "ballot.propose": _plain("ballots"),
    "ballot.vote": _plain("ballots institutions signers keys validators validator-sets params rules"),
    "budget.adopt": _money(
        "appropriations budgets quarters requests",
        (REQUESTED, APPROVED),
        (ADOPTED, DECLINED),
        distributes=True,
    )._replace(is_issue=True),
    "budget.quarter": _money("appropriations budgets quarters", (), (ADOPTED,))._replace(is_issue=True),
    "budget.adjust": _money(
        "appropriations budgets budget-acts adjustments adjustment-proposals carry-overs",
        (ADOPTED,),
        (ADOPTED,),
    )._replace(is_adjustment=True),
    "budget.refine": _money(
        f"{_HOLDS} appropriations budgets budget-acts plans consolidated", HELD, (ADOPTED, REFINED)
    )._replace(is_issue=True),
    "carry-over.list": _plain("carry-overs"),
    "deputy.appoint": _plain("deputies"),
    "deputy.revoke": _plain("deputies"),
    "directory.publish": _plain("directories"),
    "limit.set": _plain("limits"),
    "obligation.accept": _own("agreements debts obligations", (ALLOCATED,), (PAYABLE, RETAINED)),
    "obligation.correct": _own("acts debts obligations", (PAYABLE, RETAINED), (ALLOCATED, REGISTERED)),
    "payment.execute": _money(
        "payments queues asked obligations cash receipts transfers transfer-totals",
        (REGISTERED, PAYABLE),
        (ADVANCED, PAID),
    ),
    "payment.refuse": _plain("payments queues asked conduct"),
    "payment.request": _plain("payments queues asked conduct"),
    "payment.restore": _money(
        "payments obligations cash receipts claims debts transfers transfer-totals",
        (ADVANCED, PAID),
        (ALLOCATED, REGISTERED, PAYABLE, RECOVERED),
    ),
    "plan.amend": _money(
        "plans consolidated amendments certificates conduct suspensions",
        (ADOPTED, ALLOCATED),
        (ADOPTED, ALLOCATED),
        distributes=True,
    ),
    "plan.approve": _money("plans consolidated", (ADOPTED,), (ALLOCATED,), distributes=True),
    "plan.recode": _money(
        "plans consolidated obligations agreements commitments acts payments transfers claims debts"
        " appropriations budgets budget-acts adjustments carry-overs",
        range(ADOPTED, RECOVERED + 1),
        range(ADOPTED, RECOVERED + 1),
    )._replace(is_recode=True),
    "receipts.plan": _plain("receipts"),
    "receipts.post": _plain("receipts cash"),
    "route.set": _plain("routes"),
    "request.align": _money("request-items", (ADOPTED,), (ADOPTED,), distributes=True),
    "request.consolidate": _money("requests request-items limits", (REQUESTED, APPROVED), (DECLINED,)),
    "request.decide": _money("requests request-items limits", (REQUESTED, APPROVED), (APPROVED, DECLINED)),
    "request.form": _own(
        "requests request-items expenses", (REQUESTED, APPROVED), (REQUESTED, DECLINED)
    )._replace(is_issue=True),
    "request.return": _plain("requests limits"),
    "sequester.apply": _money(
        f"{_HOLDS} suspensions appropriations plans consolidated budgets budget-acts", HELD, (SEQUESTERED,)
    ),
    "sequester.cancel": _money(f"{_HOLDS} suspensions budgets", HELD, (*UNHELD, *HELD)),
    "sequester.decide": _money(f"{_HOLDS} suspensions budgets", (*UNHELD, *HELD), HELD),
    "signer.add": _plain("institutions signers keys"),
    "signer.revoke": _plain("signers"),
    "signer.rotate": _plain("signers keys"),
    "treasury.block": _money(f"{_HOLDS} budgets", UNHELD, HELD),
    "treasury.open_day": _plain("day"),
    "treasury.resume": _plain("suspensions"),
    "treasury.suspend": _plain("suspensions"),
    "treasury.unblock": _money(f"{_HOLDS} budgets", HELD, UNHELD),
    "rating.compute": _plain("ratings"),
    "unaccepted.object": _plain("warnings"),
    "unaccepted.warn": _plain("warnings"),
    "year.close": _money(
        f"{_HOLDS} budgets carry-overs claims closings debts obligations",
        (0, 1, *UNHELD, REGISTERED, PAYABLE, RETAINED, *HELD),
        (10, 13, 14),
    ),
}
"""By action, of every version 1. `is_issue`: no position loses any, some gain (money that was not there);
`is_adjustment`: to other programmes of the same budget, year and source, whose sum never falls."""

OF_EVERY_ACTION = frozenset({"ids", "expiry"})


def check_collections(actions: Iterable[str], collections: Iterable[str]) -> None:
    """Raises VerificationError when a transaction changes what none of its actions may: its own, and that of
    an approved document which it carries out."""
    names = sorted(actions)
    permitted = OF_EVERY_ACTION.union(*(EFFECTS[action].collections for action in names))
    for collection in collections:
        if collection not in permitted:
            raise VerificationError(f"the action {' and '.join(names)} may not change {collection}")


def check_movements(action: str, institution: str, movements: Iterable[Movement]) -> None:
    """Raises VerificationError when money went where the action brings none, or to another position."""
    effect = EFFECTS[action]
    kept: dict[tuple[object, ...], int] = {}
    for movement in movements:
        slots = effect.brings if movement.difference > 0 else effect.takes
        if movement.difference and movement.slot not in slots:
            raise VerificationError(
                f"the action {action} moved {movement.difference} tiyn of slot {movement.slot}"
            )
        if effect.is_own and movement.holder != institution:
            raise VerificationError(f"{institution} moved money of {movement.holder}")
        place = movement.programme if effect.is_distribution else movement.position
        if effect.is_recode:  # to other codes: a budget's money, year, source and stage stay
            place = (*movement.programme[:3], movement.slot)
        elif effect.is_adjustment:
            place = movement.programme[:3]
        kept[place] = kept.get(place, 0) + movement.difference
    may_issue = effect.is_issue or effect.is_adjustment
    if any(difference < 0 or (difference > 0 and not may_issue) for difference in kept.values()):
        raise VerificationError(f"the action {action} moved money from one position to another")


if __name__ == "__main__":
    raise SystemExit("a part of the verifier, which checks nothing by itself: run the folder")
