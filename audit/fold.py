"""The state as the recorded changes make it, from genesis on, without the code of any contract.

Of every key the hash of its value is kept, in the tree whose root each header names. Of the
records that decide who may sign, what was used before, who votes and where money stands,
the meaning is kept too (docs/formats.md, "State records").
"""

import heapq
from typing import NamedTuple

from audit.approvals import COLLECTIONS as APPROVALS
from audit.approvals import SUSPENDING, VERBS, Approvals, Work
from audit.blocks import (
    Change,
    Genesis,
    Transaction,
    ValidatorSet,
    address_of,
    read_params,
    read_validator_set,
    signer_id,
)
from audit.codec import (
    HASH,
    UINT,
    Shape,
    Value,
    anything,
    decode,
    encode,
    name,
    optional,
    struct,
    text,
    uint,
)
from audit.effects import EFFECTS, check_collections, check_movements
from audit.failure import VerificationError
from audit.laws import COLLECTIONS as PAPERS
from audit.laws import Laws
from audit.merkle import StateTree, state_path, tagged, value_hash
from audit.money import Money
from audit.rights import COLLECTIONS as RIGHTS
from audit.rights import Moment, Rights
from audit.stated import check_cash, check_papers, check_stated

IDS_REMOVED_PER_BLOCK = 1_000
SETS_KEPT_HEIGHTS = 10_000
SETS_REMOVED_PER_BLOCK = 10
SET_DELAY = 2
"""A set written in block h votes from h + 2 on."""

GENESIS_HEIGHT = 0
BALLOT = "ballot.vote"
"""The deciding vote carries out what the members decided: of any institution."""

BLOCK_COLLECTIONS = frozenset({"ids", "expiry", "evidence", "validator-sets"})
"""What a block changes before its transactions: never money, people or rights."""


class Institution(NamedTuple):
    """What authority needs of institutions[id]."""

    kind: str
    closed: int | None
    signers: int = 0
    code: str = ""


class Signer(NamedTuple):
    """What authority needs of signers[signer id]."""

    institution: str
    public_key: bytes
    roles: int
    revoked: int | None


_TEXT = text(300)
_INSTITUTION = struct(
    1,
    ("kind", name),
    ("code", text(16)),
    ("parent", optional(name)),
    ("name_kk", _TEXT),
    ("name_ru", _TEXT),
    ("name_en", optional(_TEXT)),
    ("is_member", anything),
    ("signers", UINT),
    ("opened", UINT),
    ("closed", optional(UINT)),
)
_SIGNER = struct(
    1,
    ("institution", name),
    ("serial", UINT),
    ("algorithm", uint(1, 1)),
    ("public_key", HASH),
    ("roles", uint(0, 31)),
    ("added", UINT),
    ("revoked", optional(UINT)),
)
_ID = struct(1, ("tx_id", HASH), ("height", uint(1)), ("index", UINT), ("valid_until_ms", UINT))
_OWNER = struct(1, ("institution", name), ("is_validator", anything), ("owner", HASH))
_EXPIRY = encode((1,))


def _record(data: bytes, shape: Shape, path: str) -> Value:
    value = decode(data)
    shape(value, path)
    return value[1:]


def id_key(institution: str, client_id: bytes) -> bytes:
    """institution ‖ 0x00 ‖ client id."""
    return institution.encode("ascii") + b"\x00" + client_id


def expiry_key(valid_until_ms: int, key: bytes) -> bytes:
    """valid_until, 8 bytes ‖ the key of `ids`."""
    return valid_until_ms.to_bytes(8, "big") + key


class State:
    """Folded state; `apply_*` in the order of the block, then `close_block`."""

    def __init__(self, genesis: Genesis) -> None:
        self.chain_id = genesis.chain_id
        self._tree = StateTree()
        self._hashes: dict[bytes, bytes] = {}
        self._batch: dict[bytes, bytes | None] = {}
        self._used_ids: dict[bytes, int] = {}
        self._expiring: list[tuple[int, bytes]] = []
        self.institutions: dict[str, Institution] = {}
        self.signers: dict[bytes, Signer] = {}
        self.owners: dict[bytes, bytes] = {}
        self.params: dict[str, int] = {}
        self.params_hash = b""
        self._written_params: tuple[dict[str, int], bytes] = ({}, b"")
        self._height = GENESIS_HEIGHT
        self._actor: str | None = None
        self.sets: dict[int, ValidatorSet] = {}
        self.money = Money()
        self.approvals = Approvals()
        self.laws = Laws(self.money.amounts)
        self.rights = Rights()
        self._time_ms = genesis.time_ms
        self.changes = 0
        for (collection, key), value in sorted(genesis_state(genesis).items()):
            self._put(collection, key, value)
        self.params, self.params_hash = self._written_params
        self._tree.update(self._batch)
        self._batch = {}

    @property
    def root(self) -> bytes:
        """The state root after the last closed block."""
        return self._tree.root()

    @property
    def params_to_come(self) -> dict[str, int]:
        """The parameters as the state now has them: they count from the next block on."""
        return self._written_params[0]

    @property
    def height(self) -> int:
        """The block whose changes are being applied."""
        return self._height

    @property
    def size(self) -> int:
        """Keys that have a value."""
        return len(self._hashes)

    def set_at(self, height: int) -> ValidatorSet:
        """The validators that vote on this height, as the state now says."""
        first = max((first for first in self.sets if first <= height), default=None)
        if first is None:
            raise VerificationError(f"the state names no validators for height {height}")
        return self.sets[first]

    def holds(self, collection: str, key: bytes) -> bool:
        """Whether the key has a value."""
        return state_path(collection.encode("ascii"), key) in self._hashes

    def is_id_used(self, transaction: Transaction) -> bool:
        """Whether the institution has already used this client id."""
        return id_key(transaction.institution, transaction.client_id) in self._used_ids

    def apply_block_changes(
        self, changes: list[Change], height: int, time_ms: int, evidence: list[bytes]
    ) -> None:
        """What the block changed before its transactions: expired client ids leave, all that must and no
        other; old validator sets leave; its evidence, given by keys, is recorded."""
        self._height, self._time_ms = height, time_ms
        found: dict[str, dict[bytes, bytes | None]] = {name: {} for name in BLOCK_COLLECTIONS}
        for change in changes:
            if change.collection not in BLOCK_COLLECTIONS:
                raise VerificationError(
                    f"change {change.seq}: a block by itself may not change {change.collection}"
                )
            found[change.collection][change.key] = change.new_value
        expired = self._expired(time_ms)
        if found["ids"] != dict.fromkeys(key for _, key in expired) or found["expiry"] != dict.fromkeys(
            expiry_key(*item) for item in expired
        ):
            raise VerificationError("the client ids that this block forgets are not those that expired")
        if found["evidence"] != dict.fromkeys(evidence, encode((1, height))):
            raise VerificationError("the evidence recorded in the state is not that in the block")
        removed = found["validator-sets"]
        if len(removed) > SETS_REMOVED_PER_BLOCK or any(
            value is not None or self._last_height(key) + SETS_KEPT_HEIGHTS >= height
            for key, value in removed.items()
        ):
            raise VerificationError("the block changes validator sets that it may not")
        self._apply(changes)

    def _last_height(self, key: bytes) -> int:
        """The last height that the set under this key votes on; without end for the newest."""
        first = (1 << 64) - 1 - int.from_bytes(key, "big")
        return min((later for later in self.sets if later > first), default=1 << 64) - 1

    def _expired(self, time_ms: int) -> list[tuple[int, bytes]]:
        """What this block must forget, (valid until, key) in this order: at most 1,000."""
        found: list[tuple[int, bytes]] = []
        while self._expiring and self._expiring[0][0] < time_ms and len(found) < IDS_REMOVED_PER_BLOCK:
            found.append(heapq.heappop(self._expiring))
        return found

    def apply_transaction(
        self, transaction: Transaction, changes: list[Change], height: int, index: int
    ) -> None:
        """What a transaction changed, its own client id among it; money is counted under its action, or under
        that of the approved document which it carries out."""
        key = id_key(transaction.institution, transaction.client_id)
        entry = encode((1, transaction.id, height, index, transaction.valid_until_ms))
        expiry = expiry_key(transaction.valid_until_ms, key)
        found = {
            (change.collection, change.key): change.new_value
            for change in changes
            if change.collection in ("ids", "expiry")
        }
        if found != {("ids", key): entry, ("expiry", expiry): _EXPIRY}:
            raise VerificationError(f"transaction {index} does not record its client id as it must")
        heapq.heappush(self._expiring, (transaction.valid_until_ms, key))
        self.approvals.begin()
        self._actor = None if transaction.action == BALLOT else transaction.institution
        try:
            work = self.approvals.work(transaction, changes)
            self.money.begin(work.action)
            for_both = {transaction.action, work.action}
            check_collections(for_both, (change.collection for change in changes))
            self._check_work(transaction, work, changes)
            self.rights.check(transaction, changes, self, Moment(height, self._time_ms))
            self._apply(changes)
            self.approvals.check(transaction, self, height)
        except VerificationError as error:
            raise VerificationError(f"transaction {index}: {error.what}") from None
        self._actor = None
        self.money.end(index)
        movements = self.money.movements
        check_movements(work.action, work.institution, movements)
        if movements:
            code = self.institutions[work.institution].code
            check_stated(work.action, code, work.arguments, movements)

    def _check_work(self, transaction: Transaction, work: Work, changes: list[Change]) -> None:
        """Papers of the own institution; suspensions only with what may bring them."""
        check_papers(work.action, work.institution, work.arguments, changes)
        check_cash(work.action, work.arguments, changes, self.laws.cash_balance)
        if transaction.action not in VERBS or work.about == SUSPENDING:
            return
        is_carried = work.action == work.about and "suspensions" in EFFECTS[work.action].collections
        if not is_carried and any(change.collection == "suspensions" for change in changes):
            raise VerificationError(f"an approval of {work.about} changed suspensions")

    def close_block(self, height: int) -> None:
        """Hash what the block changed, and compare the recorded totals with the tokens. New parameters
        count from the next block on."""
        self.params, self.params_hash = self._written_params
        self._tree.update(self._batch)
        self._batch = {}
        self.laws.close_block(self.money.close_block(height))

    def _apply(self, changes: list[Change]) -> None:
        previous = ("", b"")
        for change in changes:
            place = (change.collection, change.key)
            if place <= previous:
                raise VerificationError(f"change {change.seq} does not stand in order of collection and key")
            previous = place
            self._change(change)
        self.changes += len(changes)

    def _change(self, change: Change) -> None:
        path = state_path(change.collection.encode("ascii"), change.key)
        if self._hashes.get(path) != change.old_value_hash:
            raise VerificationError(
                f"change {change.seq} ({change.collection}): the old value it names is not the state's"
            )
        new = change.new_value
        if new is None:
            if change.old_value_hash is None:
                raise VerificationError(f"change {change.seq} changes nothing")
            del self._hashes[path]
            self._batch[path] = None
            self._note(change.collection, change.key, None)
            return
        digest = value_hash(new)
        if digest == change.old_value_hash:
            raise VerificationError(f"change {change.seq} changes nothing")
        self._hashes[path] = self._batch[path] = digest
        self._note(change.collection, change.key, new)

    def _put(self, collection: str, key: bytes, value: bytes) -> None:
        path = state_path(collection.encode("ascii"), key)
        self._hashes[path] = self._batch[path] = value_hash(value)
        self._note(collection, key, value)

    def _note(self, collection: str, key: bytes, value: bytes | None) -> None:
        """Keep the meaning of what an auditor needs to understand."""
        if collection in RIGHTS:
            self.rights.note(collection, key, value)
        if collection == "tokens":
            self.money.note(collection, key, value)
            moved = self.money.movements[-1]
            self.laws.note_token(moved.key, moved.slot, moved.difference)
        elif collection == "balances":
            self.money.note(collection, key, value)
        elif collection in APPROVALS or collection in PAPERS:
            # the operational day counts for both
            if collection in APPROVALS:
                self.approvals.note(collection, key, value)
            if collection in PAPERS:
                self.laws.note(collection, key, value)
        elif collection == "ids":
            self._note_id(key, value)
        elif collection in _NOTES:
            _NOTES[collection](self, key, value)

    def _note_id(self, key: bytes, value: bytes | None) -> None:
        if value is None:
            self._used_ids.pop(key, None)
        else:
            self._used_ids[key] = _record(value, _ID, "ids")[3]

    def _note_institution(self, key: bytes, value: bytes | None) -> None:
        found = None if value is None else _record(value, _INSTITUTION, "institutions")
        if found is None:
            raise VerificationError("an institution was removed from the state")
        identity, new = key.decode("ascii", "replace"), Institution(found[0], found[9], found[7], found[1])
        before = self.institutions.get(identity)
        if self._actor not in (None, identity):
            raise VerificationError(f"{self._actor} changed the institution {identity}")
        if before is not None and (
            before.kind != new.kind or before.closed is not None or new.signers < before.signers
        ):
            raise VerificationError(f"the institution {identity} changed its kind, its past or came back")
        if before is not None and self._actor is not None and new.closed is not None:
            raise VerificationError(f"the institution {identity} was closed without a ballot")
        self.institutions[identity] = new

    def _note_signer(self, key: bytes, value: bytes | None) -> None:
        if value is None:
            raise VerificationError("a signer was removed from the state")
        institution, _, _, public_key, roles, _, revoked = _record(value, _SIGNER, "signers")
        before = self.signers.get(key)
        if before is not None and (before.institution != institution or (before.revoked and not revoked)):
            raise VerificationError("a signer changed institution, or came back after being revoked")
        if before is not None and before.roles != roles:
            raise VerificationError("a signer's roles were changed: they are given once")
        if self._actor not in (None, institution):
            raise VerificationError(f"{self._actor} changed a signer of {institution}")
        if before is not None and self._actor is None and self._height != GENESIS_HEIGHT:
            raise VerificationError("a ballot changed a signer who was registered before")
        if self.owners.get(address_of(public_key)) != key:
            raise VerificationError("a signer's key is not registered as his")
        self.signers[key] = Signer(institution, public_key, roles, revoked)

    def _note_owner(self, key: bytes, value: bytes | None) -> None:
        if value is None or key in self.owners:
            raise VerificationError("a registered key was removed or given to another")
        _, is_validator, owner = _record(value, _OWNER, "keys")
        if is_validator is not (owner == key):
            raise VerificationError("a registered key belongs neither to a signer nor to a validator")
        self.owners[key] = owner

    def _note_params(self, key: bytes, value: bytes | None) -> None:
        if key or value is None:
            raise VerificationError("the parameters were removed or stand under a wrong key")
        self._written_params = read_params(value), tagged("params", value)

    def _note_set(self, key: bytes, value: bytes | None) -> None:
        first_height = (1 << 64) - 1 - int.from_bytes(key, "big")
        if value is None:
            self.sets.pop(first_height, None)
            return
        found = read_validator_set(value)
        if len(key) != 8 or found.first_height != first_height:
            raise VerificationError("a validator set stands under another height than it says")
        due = 1 if self._height == GENESIS_HEIGHT else self._height + SET_DELAY
        if first_height != due:
            raise VerificationError(
                f"a validator set written in block {self._height} votes from {first_height}, not from {due}"
            )
        if any(self.owners.get(member.address) != member.address for member in found.members):
            raise VerificationError("a validator's key is not registered")
        self.sets[first_height] = found


_NOTES = {
    "institutions": State._note_institution,
    "signers": State._note_signer,
    "params": State._note_params,
    "validator-sets": State._note_set,
    "keys": State._note_owner,
}


def genesis_state(genesis: Genesis) -> dict[tuple[str, bytes], bytes]:
    """The state before block 1: its root is nowhere written; block 1 changes it."""
    members = {item.institution for item in genesis.validators}
    serials: dict[str, int] = {}
    for person in genesis.signers:
        serials[person.institution] = max(serials.get(person.institution, 0), person.serial)
    state = {("params", b""): genesis.params}
    for item in genesis.institutions:
        state["institutions", item.id.encode("ascii")] = encode(
            (
                1, item.kind, item.code or "", item.parent, item.name_kk, item.name_ru, item.name_en,
                item.id in members, serials.get(item.id, 0), 0, None,
            )
        )  # fmt: skip
    for person in genesis.signers:
        identity = signer_id(genesis.chain_id, person.institution, person.serial)
        state["signers", identity] = encode(
            (1, person.institution, person.serial, person.algorithm, person.public_key, person.roles, 0, None)
        )
        state["keys", address_of(person.public_key)] = encode((1, person.institution, False, identity))
    for votes in genesis.validators:
        address = address_of(votes.public_key)
        state["validators", address] = encode((1, votes.institution, votes.public_key, votes.power, 0, None))
        state["keys", address] = encode((1, votes.institution, True, address))
    state["validator-sets", ((1 << 64) - 2).to_bytes(8, "big")] = genesis.validator_set()
    return state


if __name__ == "__main__":
    raise SystemExit("a part of the verifier, which checks nothing by itself: run the folder")
