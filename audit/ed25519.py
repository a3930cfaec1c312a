"""Strict Ed25519 verification, cofactorless (RFC 8032; docs/formats.md, "Keys and signatures").

A signature holds iff the key and R have y < p and y not one of the five small-order
values, the key is a point of the curve, S < L, and the encoding of [S]B - [k]A equals R.

Few keys sign many messages, so the work goes into tables: a key's first use computes its
multiples by powers of 16; a key used often gets a table of multiples by window of the
scalar, and a signature then costs 64 point additions, or 48, and no doubling. Points are extended coordinates
(X, Y, Z, T) on the twisted Edwards curve with a = -1; an *addend* is (y+x, y-x, 2dxy) of
an affine point. Products that go into another product are reduced only by folding the bits
above 255 (2^255 = 19 mod p), which is faster than division.
"""

from collections import OrderedDict
from collections.abc import Sequence
from hashlib import sha512
from typing import NamedTuple

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
_MASK = 2**255 - 1
_D = -121665 * pow(121666, -1, P) % P
_D2 = 2 * _D % P
_ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
_ORDER_8_Y = int.from_bytes(
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little"
)
SMALL_ORDER_Y = frozenset((0, 1, P - 1, _ORDER_8_Y, P - _ORDER_8_Y))
"""The y of every point whose order divides 8."""

Point = tuple[int, int, int, int]
Addend = tuple[int, int, int]

_IDENTITY: Point = (0, 1, 1, 0)

KEYS_KEPT = 4096
"""About 20 kB each: a bound on memory when an archive names very many keys."""


class Tier(NamedTuple):
    """Tables of one width of window: `uses` of a point pay for making one, `kept` bounds memory."""

    bits: int
    uses: int
    kept: int


TIERS = (Tier(8, 96, 64), Tier(11, 6_000, 8))
"""A table of 8 bits takes about 1.5 MB and 20 ms, one of 11 bits 10 MB and 150 ms."""


def _add(first: Point, second: Point) -> Point:
    x1, y1, z1, t1 = first
    x2, y2, z2, t2 = second
    a = (y1 - x1) * (y2 - x2) % P
    b = (y1 + x1) * (y2 + x2) % P
    c = t1 * t2 * _D2 % P
    d = 2 * z1 * z2 % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _double(point: Point) -> Point:
    x, y, z, _ = point
    a = x * x % P
    b = y * y % P
    h = a + b
    e = h - (x + y) * (x + y) % P
    g = a - b
    f = 2 * z * z % P + g
    return e * f % P, g * h % P, f * g % P, e * h % P


def _affine_addends(points: Sequence[Point]) -> list[Addend]:
    """Addends of many points with one inversion (Montgomery's trick)."""
    addends = []
    for (x, y, _, _), inverse in zip(points, _inverses([point[2] for point in points]), strict=True):
        x, y = x * inverse % P, y * inverse % P
        addends.append(((y + x) % P, (y - x) % P, _D2 * x * y % P))
    return addends


def _inverses(numbers: Sequence[int]) -> list[int]:
    """Inverses mod p of many nonzero numbers with one inversion: exact, whatever the numbers."""
    before = []
    product = 1
    for number in numbers:
        before.append(product)
        product = product * number % P
    inverse = pow(product, -1, P)
    result = [0] * len(numbers)
    for index in range(len(numbers) - 1, -1, -1):
        result[index] = inverse * before[index] % P
        inverse = inverse * numbers[index] % P
    return result


def decode_y(encoded: bytes) -> int | None:
    """The y of a 32-byte point encoding, or None when it is not below p or of small order."""
    y = int.from_bytes(encoded, "little") & _MASK
    return None if y >= P or y in SMALL_ORDER_Y else y


def _decompress(encoded: bytes) -> Point | None:
    """The point of a strict encoding, or None."""
    y = decode_y(encoded)
    if y is None:
        return None
    numerator = (y * y - 1) % P
    denominator = (_D * y * y + 1) % P
    x = numerator * pow(denominator, 3, P) * pow(numerator * pow(denominator, 7, P) % P, (P - 5) // 8, P) % P
    square = denominator * x * x % P
    if square == P - numerator:
        x = x * _ROOT_OF_MINUS_ONE % P
    elif square != numerator:
        return None
    if x & 1 != encoded[31] >> 7:
        x = P - x  # x is never 0 here: such points have small order
    return x, y, 1, x * y % P


class Table:
    """Multiples of a point by window of the scalar: for each window the addends of its signed digits."""

    __slots__ = ("bits", "centre", "windows")

    def __init__(self, point: Point, bits: int) -> None:
        self.bits = bits
        half, count = 1 << (bits - 1), -(-255 // bits)
        self.centre = sum(half << (bits * window) for window in range(count))
        positive: list[Point] = []
        for _ in range(count):
            multiple = point
            for _ in range(half):
                positive.append(multiple)
                multiple = _add(multiple, point)
            point = _double(positive[-1])
        addends = _affine_addends(positive)
        self.windows: list[list[Addend]] = []
        for start in range(0, len(addends), half):
            up = addends[start : start + half]
            down = [(minus, plus, P - product) for plus, minus, product in reversed(up)]
            self.windows.append([*down, _NEUTRAL, *up[:-1]])

    def addends(self, scalar: int) -> list[Addend]:
        """What sums to scalar * point, one addend a window; scalar below 2^253.

        With half a window added to every digit, digit i less that half is the i-th signed digit.
        """
        scalar += self.centre
        if self.bits == 8:
            return [
                window[digit]
                for window, digit in zip(self.windows, scalar.to_bytes(32, "little"), strict=True)
            ]
        found, mask = [], (1 << self.bits) - 1
        for window in self.windows:
            found.append(window[scalar & mask])
            scalar >>= self.bits
        return found


_NEUTRAL: Addend = (1, 1, 0)
_BASE_POINT_Y = 4 * pow(5, -1, P) % P
_base_tables: dict[int, Table] = {}


def base_table(bits: int = 8) -> Table:
    """The table of the base point, made at first use."""
    if bits not in _base_tables:
        base = _decompress(_BASE_POINT_Y.to_bytes(32, "little"))
        assert base is not None
        _base_tables[bits] = Table(base, bits)
    return _base_tables[bits]


def _add_all(start: Point, addends: Sequence[Addend]) -> Point:
    """start plus every addend. The loop that verification spends its time in."""
    x, y, z, t = start
    mask, prime = _MASK, P
    for plus, minus, product in addends:
        a = (y - x) * minus
        a = (a & mask) + 19 * (a >> 255)
        b = (y + x) * plus
        b = (b & mask) + 19 * (b >> 255)
        c = t * product
        c = (c & mask) + 19 * (c >> 255)
        d = z + z
        e = b - a
        f = d - c
        g = d + c
        h = b + a
        x = e * f % prime
        y = g * h % prime
        z = f * g % prime
        t = e * h % prime
    return x, y, z, t


class _Key:
    """One public key: its negated point, ready to be multiplied."""

    __slots__ = ("negated", "powers", "table", "uses")

    def __init__(self, negated: Point) -> None:
        points = [negated]
        for _ in range(63):
            point = points[-1]
            for _ in range(4):
                point = _double(point)
            points.append(point)
        self.negated = negated
        self.powers = _affine_addends(points)
        self.table: Table | None = None
        self.uses = 0

    def multiple(self, scalar: int) -> Point:
        """scalar times the negated point by Yao's method: no table, about 100 additions."""
        buckets: list[list[Addend]] = [[] for _ in range(16)]
        for position, addend in enumerate(self.powers):
            buckets[scalar >> (4 * position) & 15].append(addend)
        running = total = _IDENTITY
        for digit in range(15, 0, -1):
            running = _add_all(running, buckets[digit])
            total = _add(total, running)
        return total


class Verifier:
    """Verifies signatures and remembers keys, within bounds of memory."""

    def __init__(self) -> None:
        self._keys: OrderedDict[bytes, _Key | None] = OrderedDict()
        self._owners: tuple[OrderedDict[bytes, _Key], ...] = tuple(OrderedDict() for _ in TIERS)
        self._base = base_table()
        self._verified = 0

    def verify(self, public_key: bytes, message: bytes, signature: bytes) -> bool:
        """Whether this strict signature holds. Wrong lengths are a plain no."""
        return self.verify_many([(public_key, message, signature)])[0]

    def verify_many(self, items: Sequence[tuple[bytes, bytes, bytes]]) -> list[bool]:
        """One answer for each (public key, message, signature).

        Every signature is checked by itself; only the final divisions share one
        inversion, which is exact for each of them.
        """
        answers = [False] * len(items)
        open_items: list[tuple[int, int, int, int, int]] = []
        for index, (public_key, message, signature) in enumerate(items):
            point = self._candidate(public_key, message, signature)
            if point is not None:
                expected = int.from_bytes(signature[:32], "little")
                open_items.append((index, point[0], point[1], point[2], expected))
        inverses = _inverses([item[3] for item in open_items])
        for (index, x, y, _, expected), inverse in zip(open_items, inverses, strict=True):
            encoded = y * inverse % P | (x * inverse % P & 1) << 255
            answers[index] = encoded == expected
        return answers

    def _candidate(self, public_key: bytes, message: bytes, signature: bytes) -> Point | None:
        """[S]B - [k]A, or None when the strict rules already refuse."""
        if len(public_key) != 32 or len(signature) != 64:
            return None
        scalar = int.from_bytes(signature[32:], "little")
        key = self._key(public_key)
        if key is None or scalar >= L or decode_y(signature[:32]) is None:
            return None
        digest = sha512(signature[:32] + public_key + message).digest()
        challenge = int.from_bytes(digest, "little") % L
        addends = self._base_addends(scalar)
        table = self._table_of(public_key, key)
        if table is None:
            return _add_all(key.multiple(challenge), addends)
        return _add_all(_IDENTITY, addends + table.addends(challenge))

    def _base_addends(self, scalar: int) -> list[Addend]:
        self._verified += 1
        if self._verified == TIERS[-1].uses:
            self._base = base_table(TIERS[-1].bits)
        return self._base.addends(scalar)

    def _key(self, public_key: bytes) -> _Key | None:
        if public_key in self._keys:
            self._keys.move_to_end(public_key)
            return self._keys[public_key]
        point = _decompress(public_key)
        key = None if point is None else _Key((P - point[0], point[1], 1, P - point[3]))
        self._keys[public_key] = key
        if len(self._keys) > KEYS_KEPT:
            self._forget(self._keys.popitem(last=False)[0])
        return key

    def _table_of(self, public_key: bytes, key: _Key) -> Table | None:
        """The table of a key, a wider one the more it is used; the tables least used lately are dropped."""
        key.uses += 1
        for tier, owners in zip(TIERS, self._owners, strict=True):
            if key.uses == tier.uses:
                self._forget(public_key)
                key.table = Table(key.negated, tier.bits)
                owners[public_key] = key
                if len(owners) > tier.kept:
                    _, dropped = owners.popitem(last=False)
                    dropped.table, dropped.uses = None, 0
            elif public_key in owners:
                owners.move_to_end(public_key)
        return key.table

    def _forget(self, public_key: bytes) -> None:
        for owners in self._owners:
            owners.pop(public_key, None)


if __name__ == "__main__":
    raise SystemExit("a part of the verifier, which checks nothing by itself: run the folder")
