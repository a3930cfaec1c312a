"""What must hold after every block, of money and the papers it stands on: laws 1 to 10 of docs/formats.md,
"What holds after every block", on what the block touched.

A token's key says where it counts; the papers (appropriations, plans, obligations, agreements, acts,
payments, cash accounts, holds) say how much there must be. No contract is asked.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta

from audit.codec import (
    UINT,
    Shape,
    Value,
    anything,
    decode,
    encode,
    list_of,
    optional,
    row,
    struct,
    text,
    uint,
)
from audit.failure import VerificationError

APPROPRIATED = (2, 3, 4, 5, 6, 7, 8, 9, 13, 14, 15, 16)
ANNUAL = (3, 4, 5, 6, 7, 8, 9, 13, 14, 16)
ACCEPTED = (4, 5, 6, 7, 8, 9)
REDEEMED = (7, 8, 9)
UNDER_AGREEMENT = (4, 5, 6, 7, 8, 14)
OPEN = (0, 1, 2, 3, 4, 5, 6, 15, 16)
EXECUTED = 2
"""Slots that each law adds up, and the status of an executed payment."""

_SAID = {"acts": range(1, 7), "agreements": range(20, 21), "payments": range(1, 7)}
"""Fields that never change: what an act confirmed, when an agreement was registered first, what a payment was
asked for."""

_TEXT = text(600)
_ANY = anything
_MONTHS = list_of(UINT, 12)
_NAMES = list_of(_TEXT, 20_000)
_PROGRAMME = [*((f"field {at}", _ANY) for at in range(8)), *((f"sum {at}", UINT) for at in range(6))]
_RECORDS: dict[str, Shape] = {
    "appropriations": struct(1, *_PROGRAMME),
    "plans": struct(1, ("obligations", _MONTHS), ("payments", _MONTHS)),
    "obligations": struct(
        1, ("line", _ANY), ("expense", _ANY), ("kind", _TEXT), ("agreement", optional(_TEXT)),
        ("payee", _ANY), ("amount", UINT), *((f"field {at}", _ANY) for at in range(8)),
    ),
    "agreements": struct(
        1, *((f"field {at}", _ANY) for at in range(10)), ("total", UINT), ("years", _ANY),
        ("obligations", _NAMES), ("debts", _NAMES), *((f"later {at}", _ANY) for at in range(5)),
        ("registered", UINT),
    ),
    "acts": struct(
        1, ("obligation", _TEXT), ("date", UINT), ("document", _TEXT), ("amount", UINT), ("worked off", _ANY),
        ("retained", UINT), ("is_corrected", _ANY), ("withdrawn", UINT),
    ),
    "payments": struct(
        1, ("obligation", _TEXT), ("act", _ANY), ("is_advance", _ANY), ("amount", UINT), ("purpose", _TEXT),
        ("requested", UINT), ("status", uint(0, 2)), ("decided", _ANY), ("refusal", _ANY), ("restored", UINT),
        ("priority", uint(1, 3)), ("account", _ANY),
    ),
    "cash": struct(1, ("opening", UINT), ("received", UINT), ("debited", UINT), ("redeemed", UINT)),
    "holds": struct(
        1, *((f"field {at}", _ANY) for at in range(6)), ("total", UINT), ("placed", UINT), ("lifted", UINT),
        ("consumed", UINT), *((f"later {at}", _ANY) for at in range(4)),
    ),
}  # fmt: skip

_DAY = struct(1, ("day", uint(0, 376_199)), ("opened", UINT))
_OF_HOLDER = row(("holder", _TEXT), ("name", _TEXT))
_OF_PROGRAMME = row(
    ("budget", _TEXT), ("year", uint(1, 9999)), ("administrator", _TEXT), ("programme", _TEXT)
)
_LINE = row(("budget", _TEXT), ("year", uint(1, 9999)), *((f"part {at}", optional(_TEXT)) for at in range(5)))
_POSITION = row(("holder", _TEXT), ("line", _LINE))

_YEAR = row(("budget", _TEXT), ("year", UINT))
_CLOSING = struct(
    1, ("status", uint(1, 2)), ("cursor", _ANY), *((f"sum {at}", UINT) for at in range(4)), ("began", UINT),
    ("ended", optional(UINT)),
)  # fmt: skip
CLOSED = 2
"""Status of a year that is closed (law 10)."""

COLLECTIONS = frozenset((*_RECORDS, "day", "closings"))
"""What `Laws.note` understands."""

Counted = Callable[[bytes], Sequence[int]]
"""The amounts by slot of a scope of totals."""


class Laws:
    """The papers as the changes recorded them."""

    def __init__(self, counted: Counted) -> None:
        self._counted = counted
        self._papers: dict[str, dict[bytes, tuple[int, ...]]] = {name: {} for name in _RECORDS}
        self._agreement_of: dict[bytes, bytes] = {}
        self._obligations_of: dict[bytes, tuple[bytes, ...]] = {}
        self._named: dict[str, dict[bytes, int]] = {
            name: {} for name in ("acts", "payments", "holds", "cash")
        }
        self._touched: dict[str, dict[bytes, None]] = {name: {} for name in _RECORDS}
        self._said: dict[tuple[str, bytes], Value] = {}
        self._day: date | None = None
        self._programmes: dict[bytes, dict[bytes, None]] = {}
        self._closed: set[bytes] = set()

    def note(self, collection: str, key: bytes, value: bytes | None) -> None:
        """A paper came, changed or went. Raises VerificationError for one of another form."""
        if collection == "day":
            self._note_day(value)
            return
        if collection == "closings":
            self._note_closing(key, value)
            return
        self._touched[collection][key] = None
        papers = self._papers[collection]
        if value is None:
            papers.pop(key, None)
            self._said.pop((collection, key), None)
            return
        found = decode(value)
        _RECORDS[collection](found, collection)
        if collection in _SAID:
            said = tuple(found[at] for at in _SAID[collection])
            if self._said.setdefault((collection, key), said) != said:
                raise VerificationError(f"{collection} {_words(key)} says something else than it did")
        papers[key] = _FIGURES[collection](found[1:])
        if collection not in ("obligations", "agreements"):
            return
        holder = _decoded(key, _OF_HOLDER)[0]
        if collection == "obligations" and found[4] is not None:
            self._agreement_of[key] = encode((holder, found[4]))
        elif collection == "agreements":
            self._obligations_of[key] = tuple(encode((holder, item)) for item in found[13])

    def _note_day(self, value: bytes | None) -> None:
        if value is None:
            raise VerificationError("the operational day was removed from the state")
        found = decode(value)
        _DAY(found, "day")
        self._day = date(1970, 1, 1) + timedelta(days=found[1])

    def _note_closing(self, key: bytes, value: bytes | None) -> None:
        """A year that closes: every programme of it is held to law 10 in this block."""
        _, year = _decoded(key, _YEAR)
        if self._day is None or self._day.year <= year:
            raise VerificationError(f"the year {_words(key)} was closed before it ended")
        if value is None or key in self._closed:
            raise VerificationError(f"law 10: the closing of {_words(key)} was changed or removed")
        found = decode(value)
        _CLOSING(found, "closings")
        if found[1] == CLOSED:
            self._closed.add(key)
            self._touched["appropriations"].update(self._programmes.get(key, {}))

    def cash_balance(self, key: bytes) -> int:
        """Tiyn on a cash account."""
        return self._papers["cash"].get(key, (0, 0))[1]

    def note_token(self, key: Value, slot: int, difference: int) -> None:
        """A token changed by so much; `key` is its decoded key."""
        line, holder, _, _, hold, _, act, payment = key
        named = [
            ("acts", act, (holder, act)),
            ("payments", payment, (holder, payment)),
            ("holds", hold, (hold,)),
        ]
        if slot in REDEEMED:
            named.append(("cash", "", (line[0], line[2], line[1])))
        for collection, name, parts in named:
            if name is not None:
                place = encode(parts)
                sums = self._named[collection]
                sums[place] = sums.get(place, 0) + difference
                self._touched[collection][place] = None

    def close_block(self, scopes: Iterable[bytes]) -> None:
        """Every law that has a part among the papers and totals (`scopes`) of this block."""
        touched = self._touched
        for scope in scopes:
            if scope[:2] not in _BY_SCOPE:
                raise VerificationError(f"a total of no known scope: {scope.hex()[:200]}")
            touched[_BY_SCOPE[scope[:2]]][_key_of(scope)] = None
        agreements = touched["agreements"]
        for key in touched["obligations"]:
            if key in self._agreement_of:
                agreements[self._agreement_of[key]] = None
        for collection, check in _CHECKS:
            for key in touched[collection]:
                check(self, key)
            touched[collection] = {}

    def _programme(self, key: bytes) -> None:
        ups = self._papers["appropriations"].get(key, (0, 0, 0, 0, 0, 0))
        stated = ups[0] + ups[1] - ups[2] + ups[3] - ups[4] - ups[5]
        amounts = self._counted(b"\x95\x01" + key[1:])
        _same(1, "programme", key, stated, _sum(amounts, APPROPRIATED))
        budget, year, *_ = _decoded(key, _OF_PROGRAMME)
        place = encode((budget, year))
        self._programmes.setdefault(place, {})[key] = None
        if place in self._closed and _sum(amounts, OPEN):
            raise VerificationError(
                f"law 10: the programme {_words(key)} keeps {_sum(amounts, OPEN)} tiyn in a closed year"
            )

    def _position(self, key: bytes) -> None:
        figures = self._papers["plans"].get(key, (0,) * 24)
        obligations, payments = figures[:12], figures[12:]
        amounts = self._counted(b"\x93\x02" + key[1:])
        _same(2, "obligations plan", key, obligations[11], _sum(amounts, ANNUAL))
        _same(2, "payments plan", key, payments[11], _sum(amounts, ANNUAL))
        accepted, redeemed = _sum(amounts, ACCEPTED), _sum(amounts, REDEEMED)
        low = (accepted, redeemed)
        for month in range(self._first_open_month(_decoded(key, _POSITION)[1][1]), 13):
            high = (obligations[month - 1], payments[month - 1])
            if high[0] < low[0] or high[1] < low[1] or high[1] > high[0]:
                raise VerificationError(
                    f"law 3: month {month} of the plans {_words(key)} is {high[0]} and {high[1]} tiyn after"
                    f" {low[0]} and {low[1]}"
                )
            low = high

    def _first_open_month(self, year: int) -> int:
        if self._day is None or year > self._day.year:
            return 1
        return self._day.month if year == self._day.year else 13

    def _obligation(self, key: bytes) -> None:
        stated = self._papers["obligations"].get(key, (0,))[0]
        _same(4, "obligation", key, stated, sum(self._counted(b"\x93\x03" + key[1:])))

    def _agreement(self, key: bytes) -> None:
        (total,) = self._papers["agreements"].get(key, (0,))
        used = sum(
            _sum(self._counted(b"\x93\x03" + item[1:]), UNDER_AGREEMENT)
            for item in self._obligations_of.get(key, ())
        )
        if used > total:
            raise VerificationError(f"law 5: the agreement {_words(key)} of {total} tiyn carries {used}")

    def _act(self, key: bytes) -> None:
        self._named_sum(4, "acts", key)

    def _payment(self, key: bytes) -> None:
        self._named_sum(4, "payments", key)

    def _hold(self, key: bytes) -> None:
        self._named_sum(7, "holds", key)

    def _named_sum(self, law: int, collection: str, key: bytes) -> None:
        stated = self._papers[collection].get(key, (0,))[0]
        _same(law, collection, key, stated, self._named[collection].get(key, 0))

    def _cash(self, key: bytes) -> None:
        redeemed, balance = self._papers["cash"].get(key, (0, 0))
        _same(6, "cash account", key, redeemed, self._named["cash"].get(key, 0))
        if balance < 0:
            raise VerificationError(f"law 6: the cash account {_words(key)} stands at {balance} tiyn")


_BY_SCOPE = {b"\x95\x01": "appropriations", b"\x93\x02": "plans", b"\x93\x03": "obligations"}
_HEADS = {b"\x95\x01": b"\x94", b"\x93\x02": b"\x92", b"\x93\x03": b"\x92"}


def _key_of(scope: bytes) -> bytes:
    """The paper's key is the total's without its first part."""
    return _HEADS[scope[:2]] + scope[2:]


_FIGURES: dict[str, Callable[[Value], tuple[int, ...]]] = {
    "appropriations": lambda fields: fields[8:14],
    "plans": lambda fields: (*_twelve(fields[0]), *_twelve(fields[1])),
    "obligations": lambda fields: (fields[5],),
    "agreements": lambda fields: (fields[10],),
    "acts": lambda fields: (0 if fields[6] else fields[3] - fields[7],),
    "payments": lambda fields: (fields[3] - fields[9] if fields[6] == EXECUTED else 0,),
    "cash": lambda fields: (fields[3], fields[0] + fields[1] - fields[2] - fields[3]),
    "holds": lambda fields: (fields[7] - fields[8] - fields[9],),
}
"""What the laws ask of a paper."""

_CHECKS: tuple[tuple[str, Callable[[Laws, bytes], None]], ...] = (
    ("appropriations", Laws._programme),
    ("plans", Laws._position),
    ("obligations", Laws._obligation),
    ("agreements", Laws._agreement),
    ("acts", Laws._act),
    ("payments", Laws._payment),
    ("holds", Laws._hold),
    ("cash", Laws._cash),
)


def _twelve(months: tuple[int, ...]) -> tuple[int, ...]:
    if len(months) != 12:
        raise VerificationError(f"plans: {len(months)} months")
    return months


def _sum(amounts: Sequence[int], slots: tuple[int, ...]) -> int:
    return sum(amounts[slot] for slot in slots)


def _same(law: int, what: str, key: bytes, stated: int, counted: int) -> None:
    if stated != counted:
        raise VerificationError(
            f"law {law}: {what} {_words(key)} says {stated} tiyn, but the tokens give {counted}"
        )


def _decoded(key: bytes, shape: Shape) -> Value:
    """The parts of a key; it came from the archive, so it may be anything."""
    found = decode(key)
    shape(found, "key")
    return found


def _words(key: bytes) -> str:
    try:
        return repr(decode(key))[:200]
    except VerificationError:
        return key.hex()[:200]


if __name__ == "__main__":
    raise SystemExit("a part of the verifier, which checks nothing by itself: run the folder")
