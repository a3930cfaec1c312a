"""Budget requests as the state keeps them: items of a programme, what is live, what the law makes of it.

Everything here is asked by `contracts.formation` and `contracts.appropriations`; no action of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from contracts import reasons, tokens
from contracts.actions import Call, row
from contracts.fields import PLAN_UNIT
from contracts.records import (
    Collection,
    Limit,
    LimitBlock,
    Line,
    Request,
    RequestItem,
    RequestStatus,
    Stage,
    TokenKey,
    limit_key,
    prefix_of,
    put,
    request_item_key,
    request_key,
    trusted,
)
from contracts.rejection import RejectionError
from contracts.state import StateReader

BLOCKS: Final = tuple(block.name.lower() for block in LimitBlock)
"""base, initiatives, growth, reserves."""

ITEMS: Final = 1_500
"""Items of one programme: a decision on all of them changes at most five keys each of the 8,000 that a
document may, so that one programme is always decided in one document."""

HISTORY: Final = 100
"""Steps of a request that are kept: seven statuses and dozens of returns."""

REQUESTS_PER_PAGE: Final = 1_000

LIVE: Final = (Stage.REQUESTED, Stage.APPROVED)


@dataclass(frozen=True, slots=True)
class Place:
    """Whose request it is: one programme of an administrator in one budget and year."""

    budget: str
    year: int
    administrator: str
    programme: str

    @property
    def key(self) -> bytes:
        return request_key(self.budget, self.year, self.administrator, self.programme)

    def item_key(self, expense: str) -> bytes:
        return request_item_key(self.budget, self.year, self.administrator, self.programme, expense)

    def line(self, source: str) -> Line:
        return Line(self.budget, self.year, source, self.administrator, self.programme, None, None)


def find(state: StateReader, place: Place) -> Request | None:
    """The request of a programme, or None."""
    return Request.find(state, Collection.REQUESTS, place.key)


def request_of(state: StateReader, place: Place) -> Request:
    """The request of a programme. Refuses REQ-NONE."""
    found = find(state, place)
    if found is None:
        raise RejectionError(
            reasons.REQUEST_NONE,
            budget=place.budget, year=place.year,
            administrator=place.administrator, programme=place.programme,
        )  # fmt: skip
    return found


def item_of(state: StateReader, place: Place, expense: str) -> RequestItem:
    """One item of a programme's request. Refuses REQ-ITEM."""
    found = RequestItem.find(state, Collection.REQUEST_ITEMS, place.item_key(expense))
    if found is None:
        raise RejectionError(
            reasons.REQUEST_ITEM,
            expense=expense, administrator=place.administrator, programme=place.programme,
        )  # fmt: skip
    return found


def items_of(state: StateReader, place: Place) -> list[tuple[str, RequestItem]]:
    """Every item of a programme by its expense id, in the order of the keys; at most ITEMS."""
    prefix = prefix_of(5, place.budget, place.year, place.administrator, place.programme)
    return [
        (trusted(key)[4], RequestItem.decode(value))
        for key, value in state.scan(Collection.REQUEST_ITEMS, prefix, ITEMS)
        if key.startswith(prefix)
    ]


def token_of(place: Place, source: str, expense: str, item: RequestItem, stage: Stage) -> TokenKey:
    """Where the money of an item stands: with its institution, down to the specific."""
    line = Line(
        place.budget, place.year, source, place.administrator, place.programme, item.subprogramme,
        item.specific,
    )  # fmt: skip
    return TokenKey(line, item.holder, expense, stage)


def step(
    call: Call,
    request: Request,
    status: RequestStatus,
    act: tuple[str, int, bytes | None] | None,
    reason: str | None,
) -> Request:
    """The request in another status, its history one step longer. `act`: number, date, hash."""
    number, date, digest = (None, None, None) if act is None else act
    taken = (request.status, status.value, number, date, digest, call.day(), reason)
    return replace(request, status=status.value, history=(*request.history, taken)[-HISTORY:])


@dataclass(slots=True)
class Draft:
    """A request while one document changes it: what it takes from each item is counted as it goes."""

    call: Call
    place: Place
    request: Request

    def decline(self, expense: str, item: RequestItem, amount: int) -> None:
        """requested, then approved -> declined: `amount` tiyn of an item's live money."""
        declined = token_of(self.place, self.request.source, expense, item, Stage.DECLINED)
        for stage in LIVE:
            source = token_of(self.place, self.request.source, expense, item, stage)
            part = min(amount, tokens.amount_of(self.call.state, source))
            if part:
                tokens.move(self.call, source, declined, part)
                amount -= part
        assert amount == 0, "an item's record says what is live of it"

    def count(self, item: RequestItem, change: int, *, is_formed: bool = False) -> None:
        """Follow a change of an item in the sums of its block and of its institution."""
        request = self.request
        blocks = list(request.blocks)
        blocks[item.block] += change
        parts = {holder: (amount, returned) for holder, amount, returned in request.parts}
        amount, returned = parts.get(item.holder, (0, False))
        parts[item.holder] = (amount + change, returned and not is_formed)
        assert amount + change >= 0, "a part follows its items"
        kept = tuple((holder, *parts[holder]) for holder in sorted(parts))
        self.request = replace(request, blocks=tuple(blocks), parts=kept)

    def reduce(self, rows: Sequence[tuple[str, int]]) -> None:
        """Lower the items that the rows (expense id, tiyn down) name. Refuses REQ-ITEM, PLAN-UNIT and
        REQ-BEYOND."""
        for number, (expense, down) in enumerate(rows, 1):
            with row(number):
                item = item_of(self.call.state, self.place, expense)
                check_unit("amount", down)
                if down > item.amount:
                    raise RejectionError(
                        reasons.REQUEST_BEYOND, expense=expense, amount_tiyn=down, live_tiyn=item.amount
                    )
            self.decline(expense, item, down)
            lowered = replace(item, amount=item.amount - down)
            put(self.call.state, Collection.REQUEST_ITEMS, self.place.item_key(expense), lowered)
            self.count(item, -down)

    def check_total(self, stated: int) -> None:
        """A decision says the sum that it leaves, so that nobody decides on what he has not seen."""
        if stated != self.request.amount:
            raise RejectionError(reasons.REQUEST_TOTAL, stated_tiyn=stated, found_tiyn=self.request.amount)

    def write(self) -> None:
        put(self.call.state, Collection.REQUESTS, self.place.key, self.request)


def check_unit(field: str, amount: int) -> None:
    """Requests are kept in the unit of the budget and its plans. Refuses PLAN-UNIT."""
    if amount % PLAN_UNIT:
        raise RejectionError(reasons.PLAN_UNIT, field=field, amount_tiyn=amount)


def limit_of(state: StateReader, budget: str, year: int, administrator: str) -> Limit | None:
    """The limits of an administrator, or None while none are set."""
    return Limit.find(state, Collection.LIMITS, limit_key(budget, year, administrator))


# --- what the law makes of a request


def adopt(call: Call, place: Place, pool: TokenKey, given: int, wanted: int, act: tuple[str, int]) -> int:
    """approved -> adopted, up to `wanted` tiyn; the rest of the live money -> declined.

    `given`: what the law gives the programme, of which `wanted` is not adopted yet; `act`: number and date.
    Returns what was adopted.

    Items are taken in the order of their expense ids; which of them the money is for, `request.align` says
    (BC 75(20)). A request that the MoF has not approved, or that was returned, has no part in the law; one
    that the MoF has approved passes all stages before it. Refuses REQ-LAW.
    """
    request = find(call.state, place)
    if request is None or request.adopted is not None:
        return 0
    status = RequestStatus(request.status)
    if RequestStatus.MOF <= status < RequestStatus.SENATE:
        raise RejectionError(
            reasons.REQUEST_LAW,
            administrator=place.administrator, programme=place.programme, status=status.name.lower(),
        )  # fmt: skip
    is_approved = status is RequestStatus.SENATE and request.source == pool.line.source
    left = wanted if is_approved else 0
    draft = Draft(call, place, request)
    for expense, item in items_of(call.state, place):
        approved = token_of(place, request.source, expense, item, Stage.APPROVED)
        part = min(left, tokens.amount_of(call.state, approved))
        if part:
            tokens.move(call, approved, pool, part)
            left -= part
        if item.amount > part:
            draft.decline(expense, item, item.amount - part)
    after = RequestStatus.LAW if status is RequestStatus.SENATE else status
    settled = step(call, request, after, (*act, None), None)
    put(call.state, Collection.REQUESTS, place.key, replace(settled, adopted=given))
    return wanted - left if is_approved else 0


def leave_out(call: Call, place: Place, act: tuple[str, int]) -> None:
    """requested, approved -> declined: the law has no such programme. Refuses REQ-NONE and REQ-SETTLED."""
    request = request_of(call.state, place)
    if request.adopted is not None:
        raise RejectionError(
            reasons.REQUEST_SETTLED, administrator=place.administrator, programme=place.programme
        )
    draft = Draft(call, place, request)
    for expense, item in items_of(call.state, place):
        if item.amount:
            draft.decline(expense, item, item.amount)
    settled = step(call, request, RequestStatus(request.status), (*act, None), None)
    put(call.state, Collection.REQUESTS, place.key, replace(settled, adopted=0))


def requests_of(state: StateReader, budget: str, year: int) -> list[tuple[Place, Request]]:
    """Every request of a budget and year: as many as the classification has programmes."""
    prefix = prefix_of(4, budget, year)
    found: list[tuple[Place, Request]] = []
    start = prefix
    while True:
        page = state.scan(Collection.REQUESTS, start, REQUESTS_PER_PAGE)
        ours = [(key, value) for key, value in page if key.startswith(prefix)]
        found += [(Place(*trusted(key)), Request.decode(value)) for key, value in ours]
        if len(ours) < REQUESTS_PER_PAGE:
            return found
        start = page[-1][0] + b"\x00"


def refuse_unsettled(state: StateReader, budget: str, year: int) -> None:
    """The whole law names every programme that was asked for. Refuses REQ-LEFT."""
    for place, request in requests_of(state, budget, year):
        if request.adopted is None and request.amount:
            raise RejectionError(
                reasons.REQUEST_LEFT,
                administrator=place.administrator, programme=place.programme, amount_tiyn=request.amount,
            )  # fmt: skip
