"""Makes the golden vectors of the formats: `python -m tests.vectors.make` writes them beside this file.

Everything comes from fixed seeds. `ed25519_speccheck.json` is not made here: it is published with "Taming the
many EdDSAs" (ed25519-speccheck). The blocks below carry made-up changes: they fix the bytes of the formats,
not the rules of the budget.
"""

import hashlib
import json
import zlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeAlias

from chain.block import (
    Block,
    BlockHeader,
    Change,
    Outcome,
    Results,
    auth_root,
    evidence_root,
    transactions_root,
)
from chain.certificate import (
    CommitCertificate,
    SignedProposal,
    Vote,
    VoteKind,
    certificate_hash,
    proposal_sign_bytes,
    vote_sign_bytes,
)
from chain.codec import Value, encode
from chain.evidence import Evidence
from chain.genesis import (
    Genesis,
    GenesisInstitution,
    GenesisSigner,
    GenesisValidator,
    Params,
    Role,
)
from chain.hashing import (
    TAGS,
    History,
    Tag,
    consistency_path,
    history_leaf,
    inclusion_path,
    merkle_root,
    tagged_hash,
    tree_root,
)
from chain.keys import (
    ED25519,
    SigningKey,
    possession_bytes,
    possession_digest,
    signer_id,
)
from chain.snapshot import ChunkDigest, SnapshotManifest, chunk_of, prefix_of
from chain.state_tree import prove, shares_bits, state_path, update, value_hash
from chain.transaction import SignedTransaction, Transaction, tx_id_of, tx_sign_bytes
from chain.types import (
    NO_ROUND,
    ZERO_HASH,
    ActionName,
    Address,
    ClientId,
    Hash32,
    Height,
    InstitutionId,
    Round,
    Signature,
)
from tests.machine.golden import golden_year
from tests.vectors.peer_messages import peer_messages

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | bool | None"

FOLDER = Path(__file__).parent
GENESIS_MS = 1_767_225_600_000
INSTITUTIONS = ("minfin", "treasury", "health", "transport")


def key_of(number: int) -> SigningKey:
    """The signing key of a fixed seed."""
    return SigningKey.from_seed(hashlib.sha256(b"vector key %d" % number).digest())


NODE_KEYS = {key.address: key for key in map(key_of, range(4))}
PEOPLE = (key_of(10), key_of(11))


class Pages:
    """Pages of a state tree in memory."""

    def __init__(self) -> None:
        self._pages: dict[tuple[int, bytes], bytes] = {}

    def tree_node(self, depth: int, prefix: bytes) -> bytes | None:
        return self._pages.get((depth, prefix))

    def change(self, changes: Iterable[tuple[str, bytes, bytes | None]]) -> Hash32:
        """The root after these changes of (collection, key, value or None)."""
        updated = update(
            self,
            [
                (state_path(name, key), None if value is None else value_hash(value))
                for name, key, value in changes
            ],
        )
        for place, record in updated.nodes.items():
            if record is None:
                self._pages.pop(place, None)
            else:
                self._pages[place] = record
        return updated.root


def a_genesis() -> Genesis:
    """Four validators of four institutions, two signers of the treasury."""
    return Genesis(
        name="vectors",
        time_ms=GENESIS_MS,
        params=Params.default(),
        app_version=1,
        validators=tuple(
            GenesisValidator(key_of(number).public_key, 1, InstitutionId(institution))
            for number, institution in enumerate(INSTITUTIONS)
        ),
        institutions=(
            _institution("minfin", "finance", None, None, "Қаржы министрлігі", "Министерство финансов"),
            _institution("treasury", "treasury", None, None, "Қазынашылық комитеті", "Комитет казначейства"),
            _institution("health", "abp", "226", None, "Денсаулық сақтау министрлігі", "Минздрав"),
            _institution("transport", "abp", "228", None, "Көлік министрлігі", "Минтранс"),
            _institution("gu-2260101", "gu", "2260101", "health", "№ 1 мекеме", "Учреждение № 1"),
        ),
        signers=(
            GenesisSigner(InstitutionId("treasury"), 1, ED25519, PEOPLE[0].public_key, int(Role.HEAD)),
            GenesisSigner(InstitutionId("treasury"), 2, ED25519, PEOPLE[1].public_key, int(Role.ACCOUNTANT)),
        ),
    )


def _institution(
    name: str, kind: str, code: str | None, parent: str | None, name_kk: str, name_ru: str
) -> GenesisInstitution:
    return GenesisInstitution(
        InstitutionId(name),
        kind,
        code,
        None if parent is None else InstitutionId(parent),
        name_kk,
        name_ru,
        None,
    )


GENESIS = a_genesis()
CHAIN_ID = GENESIS.chain_id
SET = GENESIS.validator_set()


def a_transaction(number: int, arguments: Value) -> SignedTransaction:
    """A document of the treasury, signed by both people."""
    transaction = Transaction(
        CHAIN_ID,
        ClientId(bytes([number]) * 16),
        GENESIS_MS + 3_600_000,
        InstitutionId("treasury"),
        ActionName("treasury.open_day"),
        1,
        arguments,
    )
    message = tx_sign_bytes(CHAIN_ID, tx_id_of(transaction.encode()))
    return SignedTransaction.of(
        transaction,
        [
            (signer_id(CHAIN_ID, InstitutionId("treasury"), serial), person.sign(message))
            for serial, person in enumerate(PEOPLE, start=1)
        ],
    )


def a_vote(kind: VoteKind, address: Address, block_id: Hash32 | None, pol: int = NO_ROUND) -> Vote:
    """A signed vote at height 7, round 3."""
    message = vote_sign_bytes(CHAIN_ID, SET.hash, kind, 7, 3, block_id, pol)
    signature = NODE_KEYS[address].sign(message)
    return Vote(kind, Height(7), Round(3), block_id, Round(pol), address, signature)


def a_certificate(height: int, block_id: Hash32) -> CommitCertificate:
    """Precommits of the first three members in round 0."""
    message = vote_sign_bytes(CHAIN_ID, SET.hash, VoteKind.PRECOMMIT, height, 0, block_id)
    signatures = [
        (index, NODE_KEYS[member.address].sign(message)) for index, member in enumerate(SET.members[:3])
    ]
    return CommitCertificate(Height(height), Round(0), block_id, tuple(signatures))


# --- the files


def encoding() -> Json:
    """Values and their one encoding; bytes that are refused whatever is expected."""
    values: list[tuple[str, Value]] = [
        ("nil", None),
        ("false", False),
        ("true", True),
        *((f"integer {number}", number) for number in (0, 127, 128, 255, 256, 65_535, 65_536)),
        *((f"integer {number}", number) for number in (2**32 - 1, 2**32, 2**63 - 1)),
        ("empty bin", b""),
        ("bin of 255", bytes(255)),
        ("bin of 256", bytes(256)),
        ("empty text", ""),
        ("text of 31 bytes", "a" * 31),
        ("text of 32 bytes", "a" * 32),
        ("Kazakh text", "Қазақстан № 1 — «бюджет» ₸"),
        ("empty array", ()),
        ("array of 15", tuple(range(15))),
        ("array of 16", tuple(range(16))),
        ("depth 8", ((((((((),),),),),),),)),
        ("structure", (1, None, True, b"\x00\xff", "a", (0, 1))),
    ]
    refused = {
        "map": "80",
        "negative fixint": "ff",
        "int 8": "d001",
        "float 64": "cb3ff0000000000000",
        "ext": "d40100",
        "timestamp": "d6ff00000000",
        "never used": "c1",
        "no bytes": "",
        "integer longer than needed": "cc7f",
        "integer of 16 bits longer than needed": "cd00ff",
        "2^63": "cf8000000000000000",
        "text header longer than needed": "d90161",
        "bin header longer than needed": "c5000100",
        "array header longer than needed": "dc000100",
        "bytes after the value": "c0c0",
        "cut short": "a2",
        "text that is not UTF-8": "a1ff",
        "overlong UTF-8": "a2c0a0",
        "combining accent": "a365cc81",
        "surrogate": "a3eda080",
        "control character": "a10a",
        "soft hyphen": "a2c2ad",
        "emoji": "a4f09f9880",
        "depth 9": "919191919191919190",
    }
    return {
        "values": [
            {"name": name, "value": plain(value), "encoded": encode(value).hex()} for name, value in values
        ],
        "refused": [{"name": name, "encoded": data} for name, data in refused.items()],
    }


def plain(value: Value) -> Json:
    """A value in JSON: bytes as {"bin": hex}."""
    if isinstance(value, bytes):
        return {"bin": value.hex()}
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    return value


def hashing() -> Json:
    """Tagged hashes, lists with their proofs, the history tree."""
    items = [b"item %d" % number for number in range(7)]
    leaves = [history_leaf(0, CHAIN_ID), *(history_leaf(n, _some_hash(n)) for n in range(1, 9))]
    history = History.start(CHAIN_ID)
    for number in range(1, 9):
        history = history.append(_some_hash(number))
    return {
        "tagged": [{"tag": tag, "message": "616263", "hash": tagged_hash(tag, b"abc").hex()} for tag in TAGS],
        "lists": [
            {
                "tag": Tag.OUTCOME,
                "items": [item.hex() for item in items[:size]],
                "root": merkle_root(Tag.OUTCOME, items[:size]).hex(),
                "paths": [_hexes(inclusion_path(Tag.OUTCOME, items[:size], at)) for at in range(size)],
            }
            for size in range(8)
        ],
        "history": {
            "chain_id": CHAIN_ID.hex(),
            "block_ids": [_some_hash(number).hex() for number in range(1, 9)],
            "roots": [tree_root(leaves[:size]).hex() for size in range(1, 10)],
            "consistency": [
                {"old": old, "new": new, "path": _hexes(consistency_path(leaves, old, new))}
                for new in range(1, 10)
                for old in range(new + 1)
            ],
            "frontier": history.encode().hex(),
        },
    }


def _some_hash(number: int) -> Hash32:
    return Hash32(hashlib.sha256(b"hash %d" % number).digest())


def _hexes(hashes: Sequence[bytes]) -> list[Json]:
    return [item.hex() for item in hashes]


def keys() -> Json:
    """Keys, addresses, signer ids, proof of possession."""
    entries: list[Json] = []
    for number in range(4):
        key, institution = key_of(number), InstitutionId(INSTITUTIONS[number])
        message = possession_bytes(CHAIN_ID, institution, ED25519, key.public_key)
        entries.append(
            {
                "seed": hashlib.sha256(b"vector key %d" % number).hexdigest(),
                "public_key": key.public_key.hex(),
                "address": key.address.hex(),
                "institution": institution,
                "serial": number + 1,
                "signer_id": signer_id(CHAIN_ID, institution, number + 1).hex(),
                "possession_digest": possession_digest(institution, ED25519, key.public_key).hex(),
                "possession_message": message.hex(),
                "possession": key.sign(message).hex(),
            }
        )
    return {"chain_id": CHAIN_ID.hex(), "keys": entries}


def transactions() -> Json:
    """Signed documents."""
    entries: list[Json] = []
    for number, arguments in enumerate(((20_000,), ("текст", b"\x01\x02", None, (1, (2, ())))), start=1):
        signed = a_transaction(number, arguments)
        entries.append(
            {
                "arguments": plain(arguments),
                "body": signed.body.hex(),
                "tx_id": signed.tx_id.hex(),
                "signed_message": tx_sign_bytes(CHAIN_ID, signed.tx_id).hex(),
                "auth": signed.auth.hex(),
            }
        )
    return {"transactions": entries}


def state_tree() -> Json:
    """Roots after each step of a state's life, and proofs of its last state."""
    steps: list[list[tuple[str, bytes, bytes | None]]] = [
        [("lines", b"one", b"\x01")],
        [("lines", b"two", b"\x02"), ("lines", b"three", b"\x03")],
        [("tokens", bytes([number]), b"value %d" % number) for number in range(40)],
        [("lines", b"one", b"\x04"), ("lines", b"two", None), ("tokens", b"\x07", None)],
        [("lines", b"never there", None)],
    ]
    pages, state = Pages(), dict[tuple[str, bytes], bytes]()
    written: list[Json] = []
    root = ZERO_HASH
    for step in steps:
        root = pages.change(step)
        for name, key, value in step:
            state.pop((name, key), None)
            if value is not None:
                state[name, key] = value
        changes: list[Json] = [
            {"collection": name, "key": key.hex(), "value": None if value is None else value.hex()}
            for name, key, value in step
        ]
        written.append({"changes": changes, "root": root.hex()})
    asked = [("lines", b"one"), ("lines", b"two"), ("tokens", b"\x07"), ("tokens", b"\x08"), ("x", b"")]
    proofs: list[Json] = []
    for name, key in asked:
        found = state.get((name, key))
        proofs.append(
            {
                "collection": name,
                "key": key.hex(),
                "value": None if found is None else found.hex(),
                "proof": prove(pages, name, key).encode().hex(),
            }
        )
    chunks: list[Json] = []
    for number in range(8):
        prefix = prefix_of(number, 3)
        entries = [
            (name, key, value)
            for (name, key), value in state.items()
            if shares_bits(state_path(name, key), prefix, 3)
        ]
        chunks.append(chunk_of(pages, 3, prefix, entries).encode().hex())
    return {"steps": written, "proofs": proofs, "chunks": chunks}


def consensus() -> Json:
    """Validator set, votes, proposal, certificate, evidence."""
    address = SET.members[0].address
    block_id = _some_hash(100)
    votes = [
        a_vote(VoteKind.PREVOTE, address, block_id),
        a_vote(VoteKind.PREVOTE, address, block_id, 1),
        a_vote(VoteKind.PREVOTE, address, None),
        a_vote(VoteKind.PRECOMMIT, address, block_id),
        a_vote(VoteKind.PRECOMMIT, address, None),
    ]
    message = proposal_sign_bytes(CHAIN_ID, SET.hash, 7, 3, block_id, 1)
    signature = Signature(NODE_KEYS[address].sign(message))
    proposal = SignedProposal(Height(7), Round(3), block_id, Round(1), address, signature)
    certificate = a_certificate(7, block_id)
    return {
        "chain_id": CHAIN_ID.hex(),
        "validator_set": SET.encode().hex(),
        "validators_hash": SET.hash.hex(),
        "proposers": [
            {"height": height, "round": turn, "address": SET.proposer(Height(height), Round(turn)).hex()}
            for height in (1, 2, 7)
            for turn in range(5)
        ],
        "votes": [
            {"message": vote.sign_bytes(CHAIN_ID, SET.hash).hex(), "encoded": vote.encode().hex()}
            for vote in votes
        ],
        "proposal": {"message": message.hex(), "encoded": proposal.encode().hex()},
        "certificate": certificate.encode().hex(),
        "certificate_hash": certificate_hash(certificate.encode()).hex(),
        "evidence": Evidence.of(votes[0], votes[2]).encode().hex(),
    }


def chain_of_blocks() -> tuple[Genesis, list[tuple[Block, Results, CommitCertificate]]]:
    """Two blocks after genesis with made-up changes over an empty state."""
    pages, history = Pages(), History.start(CHAIN_ID)
    parent, parent_certificate = CHAIN_ID, None
    made: list[tuple[Block, Results, CommitCertificate]] = []
    for height in (1, 2):
        signed = [a_transaction(10 * height + number, (20_000 + height, number)) for number in range(2)]
        outcomes, changes = [], []
        for index, transaction in enumerate(signed):
            key, value = b"key %d" % index, b"value of %d" % height
            old = None if height == 1 else value_hash(b"value of %d" % (height - 1))
            outcomes.append(Outcome(transaction.tx_id, Height(height), index, (("made-up", index),)))
            changes.append(Change(index, transaction.tx_id, "vectors", key, old, value))
        state_root = pages.change((change.collection, change.key, change.new_value) for change in changes)
        results = Results(
            tuple(outcome.encode() for outcome in outcomes), tuple(change.encode() for change in changes)
        )
        parts = tuple((transaction.body, transaction.auth) for transaction in signed)
        header = BlockHeader(
            chain_id=CHAIN_ID,
            height=Height(height),
            time_ms=GENESIS_MS + 1_000 * height,
            proposer=SET.proposer(Height(height), Round(0)),
            parent_hash=parent,
            parent_certificate_hash=(
                ZERO_HASH if parent_certificate is None else certificate_hash(parent_certificate)
            ),
            tx_root=transactions_root(parts),
            tx_count=len(parts),
            auth_root=auth_root(parts),
            outcomes_root=results.outcomes_root(),
            changes_root=results.changes_root(),
            state_root=state_root,
            history_root=history.root(),
            validators_hash=SET.hash,
            next_validators_hash=SET.hash,
            params_hash=GENESIS.params.hash,
            app_version=1,
            evidence_root=evidence_root(()),
        )
        block = Block.of(header, parent_certificate, parts)
        certificate = a_certificate(height, block.block_id)
        made.append((block, results, certificate))
        parent, parent_certificate = block.block_id, certificate.encode()
        history = history.append(block.block_id)
    return GENESIS, made


def blocks() -> Json:
    """Genesis, parameters, two blocks and what is kept beside them."""
    genesis, made = chain_of_blocks()
    return {
        "genesis": genesis.encode().hex(),
        "chain_id": genesis.chain_id.hex(),
        "params": genesis.params.encode().hex(),
        "params_hash": genesis.params.hash.hex(),
        "blocks": [
            {
                "block": block.encode().hex(),
                "header": block.header_bytes.hex(),
                "block_id": block.block_id.hex(),
                "state_root": block.header.state_root.hex(),
                "results": results.encode().hex(),
                "certificate": certificate.encode().hex(),
            }
            for block, results, certificate in made
        ],
    }


def snapshot() -> Json:
    """The state after the second block in two chunks, and its manifest."""
    _, made = chain_of_blocks()
    block, _, certificate = made[1]
    entries = [("vectors", b"key %d" % index, b"value of 2") for index in range(2)]
    pages = Pages()
    root = pages.change(entries)
    chunks = []
    for number in range(2):
        prefix = prefix_of(number, 1)
        under = [one for one in entries if shares_bits(state_path(one[0], one[1]), prefix, 1)]
        chunks.append(chunk_of(pages, 1, prefix, under).encode())
    history = History.start(CHAIN_ID).append(made[0][0].block_id)
    manifest = SnapshotManifest(
        block.header_bytes,
        certificate.encode(),
        history.encode(),
        1,
        tuple(ChunkDigest.of(chunk) for chunk in chunks),
    )
    return {
        "manifest": manifest.encode().hex(),
        "history": history.encode().hex(),
        "state_root": root.hex(),
        "chunks": [chunk.hex() for chunk in chunks],
    }


def block_log() -> Json:
    """The same two blocks as a log of two segments."""
    genesis, made = chain_of_blocks()
    head, chain = _segment_head(0, CHAIN_ID), CHAIN_ID
    record, chain = _record(chain, 0, 0, genesis.encode())
    segments = [head + record]
    for height, (block, results, certificate) in enumerate(made, start=1):
        if height == 2:
            segments.append(_segment_head(height, chain))
        for kind, payload in ((1, block.encode()), (2, results.encode()), (3, certificate.encode())):
            record, chain = _record(chain, kind, height, payload)
            segments[-1] += record
    return {
        "segments": {f"{number:08}.log": data.hex() for number, data in enumerate(segments, start=1)},
        "last_chain_value": chain.hex(),
    }


def _segment_head(first_height: int, previous: bytes) -> bytes:
    head = b"QZNLOG1\n" + CHAIN_ID + first_height.to_bytes(8, "big") + previous
    return head + zlib.crc32(head).to_bytes(4, "big")


def _record(previous: bytes, kind: int, height: int, payload: bytes) -> tuple[bytes, Hash32]:
    head = len(payload).to_bytes(4, "big") + bytes([kind]) + height.to_bytes(8, "big")
    chain = hashlib.sha256(previous + head + payload).digest()
    checks = [zlib.crc32(part).to_bytes(4, "big") for part in (head, payload)]
    return head + checks[0] + payload + checks[1] + chain, Hash32(chain)


FILES: dict[str, Callable[[], Json]] = {
    "encoding.json": encoding,
    "hashing.json": hashing,
    "keys.json": keys,
    "transactions.json": transactions,
    "state_tree.json": state_tree,
    "consensus.json": consensus,
    "blocks.json": blocks,
    "block_log.json": block_log,
    "snapshot.json": snapshot,
    "peer_messages.json": peer_messages,
    "year.json": golden_year,
}


def text_of(vectors: Json) -> str:
    """The text of a vector file."""
    return json.dumps(vectors, ensure_ascii=True, indent=1) + "\n"


def main() -> None:
    """Writes every file that this script makes."""
    for name, make in FILES.items():
        (FOLDER / name).write_text(text_of(make()), encoding="ascii")


if __name__ == "__main__":
    main()
