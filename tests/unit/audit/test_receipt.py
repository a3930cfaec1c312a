"""A receipt is checked from its file alone: a true one passes, each changed member fails."""

import json
from functools import cache
from typing import Any

import pytest

from audit.failure import VerificationError
from audit.receipt import verify_receipt
from chain.keys import ED25519
from chain.validators import ValidatorSet
from contracts.membership import validators_at
from contracts.records import Collection
from tests.support.archive import Archive, an_archive, with_directories
from tests.support.budget import MEMBERS, a_key
from tests.support.receipts import a_receipt, state_item

Json = dict[str, Any]


@cache
def story() -> tuple[Archive, dict[int, ValidatorSet]]:
    """Directories, a new validator key voted, and a document under the new set as the last block."""
    archive = with_directories(an_archive())
    sets = {}
    key = a_key("new validator")
    proof = archive.ledger.possession("treasury", key)
    archive.keys[key.address] = key
    archive.do("mof", "ballot.propose", "validator.rotate", ("treasury", ED25519, key.public_key, proof), "")
    for member in MEMBERS[:3]:
        archive.do(member, "ballot.vote", 1, True)
    archive.block()
    archive.block()
    archive.do("treasury", "treasury.open_day", 20459)
    for height in range(1, len(archive.groups) + 2):
        sets[height] = validators_at(archive.ledger.state, height)
    return archive, sets


def verify(receipt: Json, expected: bytes | None = None) -> Any:
    return verify_receipt(json.dumps(receipt).encode(), expected)


def of(height: int, index: int = 0) -> Json:
    return a_receipt(*story(), height, index)


def last() -> Json:
    """The receipt of the last document, with a record present and one absent."""
    archive = story()[0]
    receipt = of(len(archive.groups))
    receipt["states"] = [
        state_item(archive, Collection.DAY, b""),
        state_item(archive, Collection.DAY, b"none"),
    ]
    return receipt


def test_every_transaction_of_a_block_has_a_receipt_that_holds() -> None:
    for index in range(10):
        report = verify(of(1, index), story()[0].genesis.chain_id)
        assert (report.height, report.index, report.action) == (1, index, "directory.publish")
        assert report.is_genesis_compared
        assert report.is_set_proved


def test_the_chain_of_validator_sets_and_the_state_are_proved() -> None:
    archive = story()[0]
    receipt = last()
    assert len(receipt["steps"]) == 1
    report = verify(receipt)
    assert report.height == len(archive.groups)
    assert report.signatures == 6
    assert not report.is_genesis_compared
    day = archive.ledger.state.get(Collection.DAY, b"")
    assert day is not None
    assert report.states == [("day", "", day.hex()), ("day", b"none".hex(), None)]


def test_without_steps_the_set_is_said_to_be_uncompared() -> None:
    report = verify(last() | {"steps": None, "genesis": None})
    assert not report.is_set_proved
    assert report.validators_hash.hex() in story()[0].headers[-1].validators_hash.hex()


def test_another_genesis_than_expected_is_refused() -> None:
    with pytest.raises(VerificationError, match="the genesis hash is"):
        verify(last(), bytes(32))


HEX_MEMBERS = (
    "chain_id",
    "tx_id",
    "body",
    "auth",
    "outcome",
    "header",
    "certificate",
    "validators",
    "genesis",
)


@pytest.mark.parametrize("member", HEX_MEMBERS)
def test_a_changed_digit_of_a_member_fails(member: str) -> None:
    receipt = of(2)
    text = receipt[member]
    for at in range(0, len(text), max(1, len(text) // 24)):
        changed = text[:at] + format(int(text[at], 16) ^ 1, "x") + text[at + 1 :]
        with pytest.raises(VerificationError):
            verify(receipt | {member: changed})


@pytest.mark.parametrize("member", ["height", "index", "count"])
def test_a_changed_number_fails(member: str) -> None:
    receipt = of(1, 3)
    for number in (receipt[member] + 1, receipt[member] - 1, -1, 1 << 64, 1.0, "1", True, None):
        with pytest.raises(VerificationError):
            verify(receipt | {member: number})


@pytest.mark.parametrize("member", ["body_path", "auth_path", "outcome_path"])
def test_a_changed_path_fails(member: str) -> None:
    receipt = of(1, 3)
    path = receipt[member]
    wrong: tuple[Any, ...] = (
        path[1:], [*path, path[0]], path[::-1], [path[0][:-2], *path[1:]], None, {}, [1],
    )  # fmt: skip
    for changed in wrong:
        with pytest.raises(VerificationError):
            verify(receipt | {member: changed})


def test_a_state_that_is_not_proved_fails() -> None:
    archive = story()[0]
    receipt = last()
    present, absent = receipt["states"]
    for changed in (
        present | {"value": None},
        present | {"value": "9201"},
        present | {"value": ""},
        absent | {"value": present["value"]},
        absent | {"key": ""},
        present | {"collection": "tokens"},
        present | {"collection": "\x1b[2J"},
        present | {"proof": absent["proof"]},
        present | {"extra": 1},
        state_item(archive, Collection.DAY, b"x" * 600),
    ):
        with pytest.raises(VerificationError):
            verify(receipt | {"states": [changed]})


def test_steps_that_do_not_lead_from_the_genesis_to_the_set_fail() -> None:
    receipt = last()
    (step,) = receipt["steps"]
    wrong: tuple[Any, ...] = (
        [],
        [step, step],
        [step | {"certificate": receipt["certificate"]}],
        [step | {"header": receipt["header"]}],
        [step | {"next_validators": of(2)["validators"]}],
        [{"header": step["header"]}],
        None,
    )
    for changed in wrong:
        with pytest.raises(VerificationError):
            verify(receipt | {"steps": changed})


def test_a_file_that_is_no_receipt_is_refused_in_words() -> None:
    good = json.dumps(of(2))
    for data in (
        b"",
        b"\xff",
        b"[]",
        b"{}",
        b"[" * 100_000,
        good.replace("eqz.receipt/1", "eqz.receipt/2").encode(),
        good.replace('"count"', '"coun"').encode(),
        (good[:-1] + ', "height": 2}').encode(),
        (good[:-1] + ', "more\\u001b": 2}').encode(),
        (good[:-1] + ', "witnesses": 2}').encode(),
        (good[:-1] + ', "witnesses": NaN}').encode(),
        (good[:-1] + ', "witnesses": ' + "1" * 5000 + "}").encode(),
        good.upper().encode(),
    ):
        with pytest.raises(VerificationError) as failure:
            verify_receipt(data, None)
        assert str(failure.value).isprintable()
