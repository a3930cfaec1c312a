"""Where money stands: totals counted again from token changes (docs/formats.md, "State records").

Amounts are tiyn, 100 to a tenge. A token's key says where its amount belongs, so totals need
no contract: every token that comes, grows, shrinks or goes is counted under its programme,
its holder's line and its obligation, and what the state records as totals must be the same.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from audit.codec import UINT, Value, decode, encode, list_of, name, optional, row, struct, text, uint
from audit.effects import Movement
from audit.failure import VerificationError

SLOTS = 17
HELD = {2: 15, 3: 16}
"""The slot of an amount under a hold, by its stage: only adopted and allocated can be held."""

STATUSES: dict[str, tuple[int, ...]] = {
    "announced": (0, 1, 2, 3),
    "contracted": (4,),
    "placed": (5, 6),
    "redeemed": (7, 8, 9),
    "blocked": (15, 16),
    "annulled": (10, 11, 12, 13, 14),
}
"""The six statuses and the slots they are the sum of."""

ISSUING = frozenset({"request.form", "budget.adopt", "budget.quarter", "budget.refine", "budget.adjust"})
"""The only actions that bring money into being; none destroys any."""

_TEXT = text(512)
_LINE = row(
    ("budget", _TEXT),
    ("year", uint(1, 9999)),
    ("source", _TEXT),
    ("administrator", _TEXT),
    ("programme", _TEXT),
    ("subprogramme", optional(_TEXT)),
    ("specific", optional(_TEXT)),
)
_TOKEN_KEY = row(
    ("line", _LINE),
    ("holder", name),
    ("expense", optional(_TEXT)),
    ("stage", uint(0, 14)),
    ("hold", optional(_TEXT)),
    ("obligation", optional(_TEXT)),
    ("act", optional(_TEXT)),
    ("payment", optional(_TEXT)),
)
_TOKEN = struct(1, ("id", UINT), ("parents", list_of(UINT, 8_000)), ("amount", uint(1)), ("height", uint(1)))
_BALANCE = struct(1, ("issued", UINT), ("received", UINT), ("given", UINT), ("amounts", list_of(UINT, SLOTS)))


class Place(NamedTuple):
    """Where a token's amount counts: its slot, its totals, and its holder, position and programme."""

    slot: int
    scopes: tuple[bytes, ...]
    holder: str
    position: tuple[object, ...]
    programme: tuple[object, ...]
    key: Value


class Programme(NamedTuple):
    """Whose total a programme's balance is."""

    budget: str
    year: int
    administrator: str
    programme: str


class Recorded(NamedTuple):
    """A total as the state records it."""

    issued: int
    received: int
    given: int
    amounts: tuple[int, ...]


EMPTY = Recorded(0, 0, 0, (0,) * SLOTS)


class Money:
    """Tokens and their totals, following the recorded changes."""

    def __init__(self) -> None:
        self._tokens: dict[bytes, int] = {}
        self._counted: dict[bytes, list[int]] = {}
        self._recorded: dict[bytes, Recorded] = {}
        self._touched: set[bytes] = set()
        self._places: dict[bytes, Place] = {}
        self._programmes: dict[bytes, Programme] = {}
        self._action = ""
        self._issued = 0
        self.movements: list[Movement] = []
        """How each token changed since `begin`."""
        self.totals_compared = 0

    @property
    def tokens(self) -> int:
        """Live tokens."""
        return len(self._tokens)

    def begin(self, action: str) -> None:
        """A transaction of this action changes money from here on."""
        self._action, self._issued, self.movements = action, 0, []

    def end(self, index: int) -> None:
        """What came into being came by an action that may issue; nothing was destroyed."""
        if self._issued < 0 or (self._issued and self._action not in ISSUING):
            raise VerificationError(
                f"transaction {index} ({self._action}) changed the sum of all tokens by {self._issued} tiyn"
            )

    def note(self, collection: str, key: bytes, value: bytes | None) -> None:
        """A change of `tokens` or `balances`."""
        if collection == "tokens":
            self._note_token(key, value)
            return
        self._touched.add(key)
        if value is None:
            self._recorded.pop(key, None)
            return
        found = decode(value)
        _BALANCE(found, "balances")
        if len(found[4]) != SLOTS:
            raise VerificationError(f"balances: {len(found[4])} amounts, expected {SLOTS}")
        self._recorded[key] = Recorded(*found[1:])

    def _note_token(self, key: bytes, value: bytes | None) -> None:
        amount = 0
        if value is not None:
            found = decode(value)
            _TOKEN(found, "tokens")
            amount = found[3]
        before = self._tokens.get(key, 0)
        place = self._place(key)
        if value is None:
            self._tokens.pop(key, None)
            self._places.pop(key, None)
        else:
            self._tokens[key] = amount
        difference = amount - before
        self._issued += difference
        self.movements.append(
            Movement(place.slot, place.holder, place.position, place.programme, difference, place.key)
        )
        for scope in place.scopes:
            counted = self._counted.setdefault(scope, [0] * SLOTS)
            counted[place.slot] += difference
            self._touched.add(scope)

    def _place(self, key: bytes) -> Place:
        """The slot of a token and the totals it counts in; remembered while the token lives."""
        known = self._places.get(key)
        if known is None:
            known = self._places[key] = self._read_place(key)
        return known

    def _read_place(self, key: bytes) -> Place:
        found: Value = decode(key)
        _TOKEN_KEY(found, "token key")
        line, holder, expense, stage, hold, obligation, _, _ = found
        if hold is not None and stage not in HELD:
            raise VerificationError(f"a token of stage {stage} is under a hold")
        budget, year, _, administrator, programme, _, specific = line
        scope = encode((1, budget, year, administrator, programme))
        if scope not in self._programmes:
            self._programmes[scope] = Programme(budget, year, administrator, programme)
        scopes = [scope]
        if specific is not None:
            scopes.append(encode((2, holder, line)))
        if obligation is not None:
            scopes.append(encode((3, holder, obligation)))
        slot = stage if hold is None else HELD[stage]
        return Place(slot, tuple(scopes), holder, (line, holder, expense), tuple(line[:5]), found)

    def close_block(self, height: int) -> list[bytes]:
        """Every total that this block touched: as recorded = counted from the tokens. Returns which."""
        for scope in self._touched:
            recorded = self._recorded.get(scope, EMPTY)
            counted = self._counted.get(scope)
            if recorded.amounts != (EMPTY.amounts if counted is None else tuple(counted)):
                raise VerificationError(
                    f"the total {_words(scope)} is recorded as {_sum(recorded.amounts)} tiyn by slot,"
                    f" but its tokens give {_sum(counted or ())}"
                )
            if scope in self._programmes:
                self._check_issued(scope, recorded)
            self.totals_compared += 1
        touched, self._touched = sorted(self._touched), set()
        return touched

    def amounts(self, scope: bytes) -> Sequence[int]:
        """Tiyn by slot, counted from the tokens of a total."""
        return self._counted.get(scope, EMPTY.amounts)

    def _check_issued(self, scope: bytes, recorded: Recorded) -> None:
        expected = recorded.issued + recorded.received - recorded.given
        if sum(recorded.amounts) != expected:
            raise VerificationError(
                f"the statuses of {_words(scope)} sum to {sum(recorded.amounts)} tiyn, but {expected} were"
                " issued, received and not given away"
            )

    def close(self) -> None:
        """At the end: what one programme gave another received, in each budget and year."""
        for (budget, year), found in self.by_year().items():
            if sum(found.statuses.values()) != found.issued:
                raise VerificationError(
                    f"budget {budget}, {year}: the six statuses sum to {sum(found.statuses.values())} tiyn,"
                    f" but {found.issued} were issued"
                )

    def by_year(self) -> "dict[tuple[str, int], YearTotals]":
        """Totals of every budget and year, in their order."""
        years: dict[tuple[str, int], YearTotals] = {}
        for item in self.programmes():
            key = (item.place.budget, item.place.year)
            before = years.get(key, YearTotals(dict.fromkeys(STATUSES, 0), 0))
            years[key] = YearTotals(
                {status: before.statuses[status] + item.statuses[status] for status in STATUSES},
                before.issued + item.issued,
            )
        return dict(sorted(years.items()))

    def programmes(self) -> "list[ProgrammeTotals]":
        """Totals of every programme, in order."""
        found = [
            ProgrammeTotals(
                place,
                {
                    status: sum(self._counted[scope][slot] for slot in slots)
                    for status, slots in STATUSES.items()
                },
                self._recorded.get(scope, EMPTY).issued,
            )
            for scope, place in self._programmes.items()
        ]
        return sorted(found, key=lambda item: item.place)


class YearTotals(NamedTuple):
    """Tiyn by status, and tiyn issued."""

    statuses: dict[str, int]
    issued: int


class ProgrammeTotals(NamedTuple):
    """Tiyn by status of one programme, and tiyn issued in it."""

    place: Programme
    statuses: dict[str, int]
    issued: int


def _sum(amounts: Iterable[int]) -> str:
    return "/".join(str(amount) for amount in amounts) or "nothing"


def _words(scope: bytes) -> str:
    """A scope for people; it came from the archive, so it may be anything."""
    try:
        return repr(decode(scope))[:200]
    except VerificationError:
        return scope.hex()[:200]


if __name__ == "__main__":
    raise SystemExit("a part of the verifier, which checks nothing by itself: run the folder")
