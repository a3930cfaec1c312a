"""The guard of the validator's key: one object, one rule (docs/consensus.md, Stable storage).

A position (height, round, PROPOSE < PREVOTE < PRECOMMIT) must rise. The same position with the same bytes
returns the stored signature; anything else is refused. Nobody else holds the key. This object keeps its
memory; the journal keeps it across restarts, and the caller feeds every record of the journal to `restore`
before it signs.
"""

from collections.abc import Callable, Iterable

from chain.types import Address, Height, Signature
from consensus.records import HeightEnded, KeyRetired, OwnMessage, OwnRecord, Position


class Signer:
    """Signs each position once. `sign` must be deterministic (Ed25519): the same bytes, the same
    signature."""

    def __init__(self, address: Address, sign: Callable[[bytes], Signature]) -> None:
        self.address = address
        self._sign = sign
        self._last: Position | None = None
        self._last_bytes = b""
        self._last_signature: Signature | None = None
        self.retired: str | None = None
        """Why this key never signs again; None while it may."""
        self.refusals: list[str] = []
        """What was refused since the caller last looked: log each, then clear. Every entry is a bug or a
        lost journal."""

    @property
    def position(self) -> Position | None:
        """The last position signed, or raised to."""
        return self._last

    def is_past(self, height: int) -> bool:
        """Whether nothing of this height will be signed any more: it is done, by the journal."""
        return self._last is not None and self._last >= HeightEnded(Height(height)).position

    def sign(self, position: Position, sign_bytes: bytes) -> Signature | None:
        """The signature, or None when the rule forbids it; then say nothing."""
        if self.retired is not None:
            return None
        if self._last is not None and position <= self._last:
            if position == self._last and sign_bytes == self._last_bytes:
                return self._last_signature
            self.refusals.append(
                "asked to sign at height {}, round {}, step {};".format(*map(int, position))
                + " signed already up to height {}, round {}, step {}".format(*map(int, self._last))
            )
            return None
        signature = self._sign(sign_bytes)
        self._last, self._last_bytes, self._last_signature = position, sign_bytes, signature
        return signature

    def retire(self, reason: str) -> None:
        """For ever: the caller records KeyRetired."""
        self.retired = self.retired or reason

    def end_height(self, record: HeightEnded) -> None:
        """Raise to the end of a height decided or caught up, after the record is on disk."""
        self._raise_to(record.position, b"", None)

    def restore(self, records: Iterable[OwnRecord]) -> None:
        """Take in the journal, in any order."""
        for record in records:
            match record:
                case KeyRetired(_, reason):
                    self.retire(reason)
                case HeightEnded():
                    self._raise_to(record.position, b"", None)
                case OwnMessage():
                    self._raise_to(record.position, record.sign_bytes, record.signature)

    def _raise_to(self, position: Position, sign_bytes: bytes, signature: Signature | None) -> None:
        if self._last is None or position > self._last:
            self._last, self._last_bytes, self._last_signature = position, sign_bytes, signature


def journal_fault(records: Iterable[OwnRecord], last_height: int) -> str | None:
    """Why a key must not sign with this journal, or None. `last_height`: of the block log; 0 when it is
    empty.

    A journal more than one height behind the block log has forgotten votes: an older copy was put back, or a
    new file made. (A journal that cannot be read is damage too; the storage says so.) A fresh one beside an
    empty block log is lawful.
    """
    height = 0
    for record in records:
        if isinstance(record, KeyRetired):
            return record.reason
        height = max(height, record.height)
    if height + 1 < last_height:
        return f"journal ends at height {height}, block log at {last_height}: votes may be forgotten"
    return None
