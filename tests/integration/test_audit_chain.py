"""The auditor's walk over whole archives: an honest one passes, each forgery is named where it lies.

The forgers here are all validators together: every root, certificate and checksum fits, except
what the test says.
"""

import random
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from audit.chain import verify_chain
from audit.failure import NothingFoundError, VerificationError
from chain.block import Block, BlockHeader, Change, Results, auth_root, transactions_root
from chain.certificate import Vote, VoteKind, vote_sign_bytes
from chain.codec import ANY, Value, decode, encode
from chain.evidence import Evidence
from chain.genesis import Params
from chain.hashing import Tag, merkle_root
from chain.keys import ED25519
from chain.transaction import decode_auth, encode_auth
from chain.types import NO_ROUND, Hash32, Height, Round, Signature
from chain.validators import ValidatorSet
from contracts import invariants, receipts
from contracts.actions import REGISTER, Call
from contracts.records import (
    STATUSES,
    Balance,
    CashAccount,
    Collection,
    Role,
    Token,
    balance_of,
    institution_of,
    programme_scope,
    signer_of,
    validator_set_key,
)
from contracts.state import Key
from storage.log_format import Records
from tests.support.archive import (
    Archive,
    Edit,
    agreement,
    an_archive,
    replace_value,
    with_directories,
    with_money,
)
from tests.support.budget import MEMBERS, a_key, a_line

TENGE = 100


@cache
def honest() -> Archive:
    """Shared by tests that only read it."""
    return with_money(an_archive())


def fails(archive: Archive, directory: Path, what: str, height: int) -> VerificationError:
    """The archive fails at this height with these words."""
    node = archive.write(directory / f"{random.Random(what).random()}", 3)
    with pytest.raises(VerificationError, match=what) as failure:
        verify_chain(node, None, 0)
    assert failure.value.height == height
    return failure.value


def test_an_honest_archive_is_verified_and_its_totals_are_those_of_the_state(tmp_path: Path) -> None:
    archive = honest()
    report = verify_chain(archive.write(tmp_path / "node", 3), archive.genesis.chain_id, 0)
    assert (report.height, report.files, report.transactions) == (6, 2, 15)
    assert report.is_genesis_compared
    assert report.block_id == archive.headers[-1].block_id
    assert report.state_root == archive.ledger.state.root
    balance = balance_of(archive.ledger.state, programme_scope(a_line()))
    year = report.years["01.kz", 2026]
    assert year.statuses == {status: balance.total(slots) for status, slots in STATUSES}
    assert year.statuses["contracted"] == 1_000_000 * TENGE
    assert sum(year.statuses.values()) == year.issued == balance.issued
    assert [item.place[2:] for item in report.programmes] == [("228", "003")]


def test_every_signature_is_counted_of_people_and_of_both_kinds_of_certificates(tmp_path: Path) -> None:
    archive = honest()
    report = verify_chain(archive.write(tmp_path / "node"), None, 0)
    people = sum(len(decode_auth(auth)) for auth in _auths(archive))
    assert report.signatures == people + 3 * (2 * report.height - 1)


def _auths(archive: Archive) -> list[bytes]:
    return [auth for records in archive.groups for _, auth in Block.decode(records.block).transactions]


def test_a_bare_copy_of_the_blocks_is_enough(tmp_path: Path) -> None:
    archive = honest()
    node = archive.write(tmp_path / "node", 2)
    shutil.copytree(node / "blocks", tmp_path / "copy" / "elsewhere")
    report = verify_chain(tmp_path / "copy" / "elsewhere", None, 0)
    assert report.height == 6
    assert not report.is_genesis_compared


def test_another_genesis_than_expected_is_refused_before_any_block(tmp_path: Path) -> None:
    node = honest().write(tmp_path / "node")
    with pytest.raises(VerificationError, match="the genesis hash is") as failure:
        verify_chain(node, bytes(32), 0)
    assert failure.value.height == 0


def test_a_foreign_genesis_file_in_the_node_s_directory_is_named(tmp_path: Path) -> None:
    node = honest().write(tmp_path / "node")
    (node / "genesis.eqg").write_bytes(b"other")
    with pytest.raises(VerificationError) as failure:
        verify_chain(node, None, 0)
    assert failure.value.file == "genesis.eqg"


def test_nothing_is_not_verified(tmp_path: Path) -> None:
    (tmp_path / "blocks").mkdir()
    for directory in (tmp_path, tmp_path / "blocks", tmp_path / "absent"):
        with pytest.raises(NothingFoundError):
            verify_chain(directory, None, 0)


def test_a_log_of_a_genesis_alone_is_not_verified(tmp_path: Path) -> None:
    with pytest.raises(VerificationError, match="holds no block"):
        verify_chain(an_archive().write(tmp_path / "node"), None, 0)


def test_a_flipped_byte_anywhere_fails_at_its_height(tmp_path: Path) -> None:
    node = honest().write(tmp_path / "node", 3)
    chance = random.Random(7)
    for path in sorted((node / "blocks").iterdir()):
        data = path.read_bytes()
        for _ in range(8):
            at = chance.randrange(len(data))
            path.write_bytes(data[:at] + bytes((data[at] ^ 1 << chance.randrange(8),)) + data[at + 1 :])
            with pytest.raises(VerificationError) as failure:
                verify_chain(node, None, 0)
            assert failure.value.file == path.name
            assert failure.value.height is not None
        path.write_bytes(data)
    assert verify_chain(node, None, 0).height == 6


def test_a_torn_tail_is_damage_to_an_auditor(tmp_path: Path) -> None:
    node = honest().write(tmp_path / "node")
    path = node / "blocks" / "00000001.log"
    data = path.read_bytes()
    for torn in (data[:-1], data + b"\x00", data + bytes(500)):
        path.write_bytes(torn)
        with pytest.raises(VerificationError):
            verify_chain(node, None, 0)


def with_another(field: str) -> Edit:
    """An edit of a header that puts another hash in a field."""

    def edit(header: BlockHeader) -> BlockHeader:
        other: Any = {field: Hash32(bytes(31) + b"\x01")}
        return replace(header, **other)

    return edit


HEADER_FORGERIES: dict[str, tuple[Edit, str]] = {
    name: (with_another(name), words)
    for name, words in (
        ("chain_id", "chain_id in the header"),
        ("proposer", "the proposer is not in the validator set"),
        ("parent_hash", "parent_hash in the header"),
        ("parent_certificate_hash", "the parent's certificate is not"),
        ("tx_root", "tx_root computed"),
        ("auth_root", "auth_root computed"),
        ("outcomes_root", "outcomes_root computed"),
        ("changes_root", "changes_root computed"),
        ("state_root", "the state root folded"),
        ("history_root", "history_root in the header"),
        ("validators_hash", "validators_hash in the header"),
        ("next_validators_hash", "next_validators_hash in the header"),
        ("params_hash", "params_hash in the header"),
        ("evidence_root", "evidence_root computed"),
    )
}
HEADER_FORGERIES |= {
    "height": (
        lambda header: replace(header, height=Height(9)),
        "height in the header|certificate of height",
    ),
    "time_ms": (lambda header: replace(header, time_ms=header.time_ms - 1), "time is not after"),
    "tx_count": (lambda header: replace(header, tx_count=1), "0 transactions, but"),
    "app_version": (lambda header: replace(header, app_version=2), "app_version in the header"),
}


@pytest.mark.parametrize("field", HEADER_FORGERIES)
def test_no_field_of_a_header_can_be_forged_even_by_all_validators(field: str, tmp_path: Path) -> None:
    edit, words = HEADER_FORGERIES[field]
    archive = with_directories(an_archive())
    archive.block(edit_header=edit)
    fails(archive, tmp_path, words, 3)


def test_every_field_of_a_header_has_its_forgery() -> None:
    assert set(HEADER_FORGERIES) == set(BlockHeader.__dataclass_fields__)


def test_a_certificate_of_two_out_of_four_is_no_quorum(tmp_path: Path) -> None:
    archive = an_archive()
    archive.block()
    archive.block(signers=2)
    fails(archive, tmp_path, "no quorum", 2)


def with_last(archive: Archive, **parts: bytes) -> None:
    archive.groups[-1] = archive.groups[-1]._replace(**parts)


def bad_signature(certificate: bytes) -> bytes:
    return certificate[:-1] + bytes((certificate[-1] ^ 1,))


def test_a_bad_signature_in_the_tip_s_certificate_fails(tmp_path: Path) -> None:
    archive = an_archive()
    archive.block()
    archive.block()
    with_last(archive, certificate=bad_signature(archive.groups[-1].certificate))
    fails(archive, tmp_path, "precommit of validator 2 does not hold", 2)


def test_a_bad_signature_in_the_certificate_inside_a_block_fails_there(tmp_path: Path) -> None:
    archive = an_archive()
    archive.block()
    good = archive.groups[-1].certificate
    with_last(archive, certificate=bad_signature(good))
    archive.block()
    archive.groups[0] = archive.groups[0]._replace(certificate=good)
    fails(archive, tmp_path, "precommit of validator 2 does not hold", 2)


def test_a_certificate_of_another_block_fails(tmp_path: Path) -> None:
    archive = an_archive()
    archive.block()
    archive.block()
    with_last(archive, certificate=archive.groups[0].certificate)
    fails(archive, tmp_path, "is for another block", 2)


def test_a_forged_signature_of_a_person_fails_whoever_certified_it(tmp_path: Path) -> None:
    archive = with_directories(an_archive())
    document = archive.ledger.document("treasury", "treasury.open_day", 20459)
    ((signer, signature),) = decode_auth(document.auth)
    forged = encode_auth([(signer, Signature(signature[:32] + bytes(32)))])
    parts = ((document.body, forged),)
    archive.block(
        document,
        edit_parts=lambda _: parts,
        edit_header=lambda header: replace(header, auth_root=auth_root(parts)),
    )
    archive.block()
    fails(archive, tmp_path, "under transaction 0 does not hold", 3)


def test_a_transaction_given_twice_is_a_replay(tmp_path: Path) -> None:
    archive = with_directories(an_archive())
    document = archive.ledger.document("treasury", "treasury.open_day", 20459)
    other = archive.ledger.document("treasury", "treasury.open_day", 20460)
    archive.block(document)
    again = ((document.body, document.auth),)
    archive.block(
        other,
        edit_parts=lambda _: again,
        edit_header=lambda header: replace(
            header, tx_root=transactions_root(again), auth_root=auth_root(again)
        ),
    )
    fails(archive, tmp_path, "outcome 0 is not that of transaction 0", 4)


def test_a_change_left_out_fails(tmp_path: Path) -> None:
    archive = with_directories(an_archive())
    document = archive.ledger.document("treasury", "treasury.open_day", 20459)
    archive.block(document, edit_changes=lambda changes: changes[1:])
    fails(archive, tmp_path, "not numbered from 0", 3)


def test_money_moved_by_all_validators_together_shows_in_the_totals(tmp_path: Path) -> None:
    """Every root fits: only the token grew, and the totals recorded beside it did not."""
    archive = with_money(an_archive())
    forged: list[Change] = []

    def grow(changes: list[bytes]) -> list[bytes]:
        decoded = [Change.decode(item) for item in changes]
        at, change = next(
            (at, change) for at, change in enumerate(decoded) if change.collection == Collection.TOKENS
        )
        assert change.new_value is not None
        token = Token.decode(change.new_value)
        forged.append(replace(change, new_value=replace(token, amount=token.amount + 1).encode()))
        return [*changes[:at], forged[0].encode(), *changes[at + 1 :]]

    def fit(header: BlockHeader) -> BlockHeader:
        assert forged[0].new_value is not None
        root = replace_value(archive.ledger.state, Collection.TOKENS, forged[0].key, forged[0].new_value)
        return replace(header, state_root=root)

    archive.block(agreement(archive, "2", 5_000 * TENGE), edit_changes=grow, edit_header=fit)
    fails(archive, tmp_path, "changed the sum of all tokens by 1 tiyn", 7)


def test_a_recorded_total_that_its_tokens_do_not_give_fails(tmp_path: Path) -> None:
    archive = with_money(an_archive())
    forged: list[Change] = []

    def raise_total(changes: list[bytes]) -> list[bytes]:
        decoded = [Change.decode(item) for item in changes]
        at, change = next(
            (at, change) for at, change in enumerate(decoded) if change.collection == Collection.BALANCES
        )
        assert change.new_value is not None
        balance = Balance.decode(change.new_value)
        amounts = (balance.amounts[0] + 1, *balance.amounts[1:])
        forged.append(replace(change, new_value=replace(balance, amounts=amounts).encode()))
        return [*changes[:at], forged[0].encode(), *changes[at + 1 :]]

    def fit(header: BlockHeader) -> BlockHeader:
        assert forged[0].new_value is not None
        root = replace_value(archive.ledger.state, Collection.BALANCES, forged[0].key, forged[0].new_value)
        return replace(header, state_root=root)

    archive.block(agreement(archive, "2", 5_000 * TENGE), edit_changes=raise_total, edit_header=fit)
    fails(archive, tmp_path, "its tokens give", 7)


def a_double_vote(archive: Archive, height: int, is_signed: bool = True) -> Evidence:
    validators = archive.validators(height)
    member = validators.members[0]
    votes = []
    for block_id in (Hash32(bytes(31) + b"\x01"), None):
        message = vote_sign_bytes(
            archive.genesis.chain_id, validators.hash, VoteKind.PRECOMMIT, height, 0, block_id
        )
        signature = archive.keys[member.address].sign(message if is_signed else b"")
        votes.append(
            Vote(VoteKind.PRECOMMIT, Height(height), Round(0), block_id, NO_ROUND, member.address, signature)
        )
    return Evidence.of(*votes)


def test_evidence_is_verified_and_counted(tmp_path: Path) -> None:
    archive = an_archive()
    archive.block()
    archive.block(evidence=[a_double_vote(archive, 1)])
    report = verify_chain(archive.write(tmp_path / "node"), None, 0)
    assert report.evidence == 1


def test_evidence_without_valid_signatures_fails(tmp_path: Path) -> None:
    archive = an_archive()
    archive.block()
    archive.block(evidence=[a_double_vote(archive, 1, is_signed=False)])
    fails(archive, tmp_path, "message in evidence does not hold", 2)


def rotate_a_validator(archive: Archive) -> None:
    """The members vote a new key for the Treasury's node."""
    key = a_key("new validator")
    proof = archive.ledger.possession("treasury", key)
    effect = ("treasury", ED25519, key.public_key, proof)
    archive.do("mof", "ballot.propose", "validator.rotate", effect, "")
    for member in MEMBERS[:3]:
        archive.do(member, "ballot.vote", 1, True)
    archive.keys[key.address] = key


def test_a_changed_set_of_validators_signs_from_the_second_block_after(tmp_path: Path) -> None:
    archive = an_archive()
    rotate_a_validator(archive)
    before = archive.headers[-1].validators_hash
    for _ in range(3):
        archive.block()
    assert archive.headers[-1].validators_hash != before
    report = verify_chain(archive.write(tmp_path / "node"), None, 0)
    assert report.set_changes == 1


def test_client_ids_are_forgotten_when_they_expire(tmp_path: Path) -> None:
    archive = with_directories(an_archive(replay_window_ms=600_000))
    archive.ledger.time_ms += 600_001
    archive.block()
    report = verify_chain(archive.write(tmp_path / "node"), None, 0)
    assert archive.ledger.state.scan(Collection.IDS, b"", 1) == []
    assert report.height == 3


def test_archives_mutated_under_right_checksums_fail_and_nothing_else(tmp_path: Path) -> None:
    """Hostile payloads with fitting CRCs, hash chain and segment headers: a sentence, never a crash."""
    chance = random.Random(8)
    archive = with_money(an_archive())
    groups = list(archive.groups)
    for number in range(60):
        at = chance.randrange(len(groups))
        part = chance.choice(Records._fields)
        payload = bytearray(getattr(groups[at], part))
        for _ in range(chance.randrange(1, 4)):
            payload[chance.randrange(len(payload))] = chance.choice((0xC0, 0xDD, 0x9F, chance.randrange(256)))
        archive.groups = list(groups)
        archive.groups[at] = groups[at]._replace(**{part: bytes(payload)})
        if archive.groups == groups:
            continue
        node = archive.write(tmp_path / str(number), 3)
        with pytest.raises(VerificationError) as failure:
            verify_chain(node, None, 0)
        assert failure.value.height is not None
        shutil.rmtree(node)


def mutated_value(chance: random.Random, value: Value) -> Value:
    """Another value of nearly the same form: one leaf of it replaced."""
    if isinstance(value, tuple) and value:
        at = chance.randrange(len(value))
        return (*value[:at], mutated_value(chance, value[at]), *value[at + 1 :])
    if isinstance(value, bytes) and value:
        at = chance.randrange(len(value))
        return value[:at] + bytes((chance.randrange(256),)) + value[at + 1 :]
    others: tuple[Value, ...] = (None, True, 0, 1, 2**63 - 1, b"", bytes(32), "", "x", (), (1,))
    return chance.choice(others)


def certified_again(archive: Archive, changes: list[bytes]) -> None:
    """The last block with other changes, under a changes_root and a certificate that fit them."""
    records = archive.groups[-1]
    block = Block.decode(records.block)
    header = replace(block.header, changes_root=merkle_root(Tag.CHANGE, changes))
    results = Results(Results.decode(records.results).outcomes, tuple(changes))
    certificate = archive.certify(header, archive.validators(header.height))
    archive.groups[-1] = Records(
        replace(block, header=header, header_bytes=header.encode()).encode(),
        results.encode(),
        certificate.encode(),
    )


def test_changes_mutated_under_right_roots_and_certificates_fail_and_nothing_else(tmp_path: Path) -> None:
    """What only colluding validators could write: a sentence, never a crash."""
    chance = random.Random(9)
    archive = with_money(an_archive())
    last = archive.groups[-1]
    for number in range(40):
        changes = list(Results.decode(last.results).changes)
        at = chance.randrange(len(changes))
        value = decode(changes[at], ANY, len(changes[at]))
        if number % 2 and isinstance(value, tuple) and isinstance(value[5], bytes):
            record = mutated_value(chance, decode(value[5], ANY, len(value[5])))
            value = (*value[:5], encode(record))
        else:
            value = mutated_value(chance, value)
        if encode(value) == changes[at]:
            continue
        changes[at] = encode(value)
        archive.groups[-1] = last
        certified_again(archive, changes)
        node = archive.write(tmp_path / str(number))
        with pytest.raises(VerificationError):
            verify_chain(node, None, 0)
        shutil.rmtree(node)


# --- rules that validators would have to break together

Forgery = Callable[[Archive], Mapping[Key, bytes | None]]


def forged_by_open_day(archive: Archive, forgery: Forgery, monkeypatch: pytest.MonkeyPatch) -> Archive:
    """All validators run a treasury.open_day that also makes these changes, and two blocks follow."""
    rule = REGISTER[("treasury.open_day", 1)]

    def handler(call: Call) -> None:
        for (collection, key), value in forgery(archive).items():
            assert value is not None
            call.state.put(collection, key, value)
        rule.handler(call)

    with monkeypatch.context() as forger:
        forger.setitem(REGISTER, ("treasury.open_day", 1), replace(rule, handler=handler))
        archive.do("treasury", "treasury.open_day", 20_459)
    archive.do("treasury", "treasury.open_day", 20_460)
    archive.do("treasury", "treasury.open_day", 20_461)
    return archive


def all_roles(archive: Archive) -> dict[Key, bytes | None]:
    name = archive.ledger.signer("moh", Role.PREPARER)
    signer = signer_of(archive.ledger.state, name)
    assert signer is not None
    return {(Collection.SIGNERS, name): replace(signer, roles=31).encode()}


def other_kind(archive: Archive) -> dict[Key, bytes | None]:
    found = institution_of(archive.ledger.state, "moh")
    assert found is not None
    return {(Collection.INSTITUTIONS, b"moh"): replace(found, kind="treasury").encode()}


def smaller_set(archive: Archive) -> dict[Key, bytes | None]:
    """Three validators, at once instead of from the second block after."""
    height = Height(archive.ledger.height + 2)
    members = archive.validators(height).members[:3]
    value = ValidatorSet(height, members).encode()
    return {(Collection.VALIDATOR_SETS, validator_set_key(height)): value}


def other_params(archive: Archive) -> dict[Key, bytes | None]:
    return {(Collection.PARAMS, b""): Params.default(retention_percent=1).encode()}


@pytest.mark.parametrize("forgery", [all_roles, other_kind, smaller_set, other_params])
def test_no_document_gives_rights_that_are_not_its_to_give(
    forgery: Forgery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = forged_by_open_day(with_directories(an_archive()), forgery, monkeypatch)
    fails(archive, tmp_path, "treasury.open_day may not change", 3)


def test_new_parameters_judge_the_next_block_and_not_the_rest_of_their_own(tmp_path: Path) -> None:
    archive = with_directories(an_archive())
    archive.do("mof", "ballot.propose", "params.set", ((("replay-window-ms", 1_000),),), "")
    for member in MEMBERS[:2]:
        archive.do(member, "ballot.vote", 1, True)
    deciding = archive.ledger.document(MEMBERS[2], "ballot.vote", 1, True)
    long_valid = archive.ledger.document("treasury", "treasury.open_day", 20_459)
    archive.block(deciding, long_valid)
    archive.block()
    assert verify_chain(archive.write(tmp_path / "node"), None, 0).height == 7


def test_evidence_is_of_a_lower_height_than_its_block(tmp_path: Path) -> None:
    archive = an_archive()
    archive.block(evidence=[a_double_vote(archive, 1)])
    fails(archive, tmp_path, "too old or too new", 1)


def test_a_payment_beyond_its_cash_account_fails_whoever_certified_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All validators execute a payment of a cash account that is empty."""
    archive = with_money(an_archive())
    monkeypatch.setattr(receipts, "_check_balance", lambda *_: None)
    monkeypatch.setattr(invariants, "_laws", lambda *_: ())
    monkeypatch.setattr(CashAccount, "encode", lambda account: encode((1, 0, 0, 0, account.redeemed)))
    number, amount = "2280101/26-1", 1_000 * TENGE
    act = ("act-1", "obligation-1", 20_458, "e-act", amount)
    archive.do("gu-2280101", "act.sign", (act,))
    request = (number, "obligation-1", "act-1", False, amount, "x")
    archive.do("gu-2280101", "payment.request", (request,))
    archive.do("treasury", "payment.execute", (("gu-2280101", number),))
    fails(archive, tmp_path, "law 6: the cash account .* stands at -100000 tiyn", 9)
