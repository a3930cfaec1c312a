"""Blocks, certificates, sets and evidence from the golden vectors, and what is refused of them."""

from collections.abc import Sequence
from typing import Any

import pytest

from audit.blocks import (
    Job,
    ValidatorSet,
    certificate_jobs,
    evidence_jobs,
    read_block,
    read_evidence,
    read_genesis,
    read_params,
    read_results,
    read_transaction,
    read_validator_set,
)
from audit.codec import decode, encode
from audit.ed25519 import Verifier
from audit.failure import VerificationError
from audit.merkle import tagged
from tests.support.vectors import vectors

BLOCKS = vectors("blocks")
CONSENSUS = vectors("consensus")
CHAIN_ID = bytes.fromhex(BLOCKS["chain_id"])
SET_BYTES = bytes.fromhex(CONSENSUS["validator_set"])
EVIDENCE = bytes.fromhex(CONSENSUS["evidence"])


def the_set() -> ValidatorSet:
    return read_validator_set(SET_BYTES)


def all_hold(jobs: Sequence[Job]) -> bool:
    return all(Verifier().verify_many([(job.public_key, job.message, job.signature) for job in jobs]))


def test_the_golden_genesis_gives_chain_id_params_and_first_set() -> None:
    genesis = read_genesis(bytes.fromhex(BLOCKS["genesis"]))
    assert genesis.chain_id == CHAIN_ID
    assert genesis.params.hex() == BLOCKS["params"]
    assert tagged("params", genesis.params).hex() == BLOCKS["params_hash"]
    assert genesis.validator_set() == SET_BYTES
    assert the_set().hash.hex() == CONSENSUS["validators_hash"]


def test_golden_blocks_results_and_certificates_hold() -> None:
    for case in BLOCKS["blocks"]:
        block = read_block(bytes.fromhex(case["block"]))
        assert block.id.hex() == case["block_id"]
        assert block.header.state_root.hex() == case["state_root"]
        assert read_results(bytes.fromhex(case["results"]), block)
        certificate = bytes.fromhex(case["certificate"])
        jobs = certificate_jobs(certificate, block.header.height, block.id, the_set(), CHAIN_ID)
        assert len(jobs) == 3
        assert all_hold(jobs)


def test_golden_transactions_have_their_ids() -> None:
    for case in vectors("transactions")["transactions"]:
        found = read_transaction(bytes.fromhex(case["body"]), bytes.fromhex(case["auth"]), CHAIN_ID)
        assert found.id.hex() == case["tx_id"]


def test_golden_evidence_holds_against_a_member_of_the_set() -> None:
    misconduct = read_evidence(EVIDENCE)
    jobs = evidence_jobs(misconduct, the_set(), CHAIN_ID)
    assert len(jobs) == 2
    assert all_hold(jobs)
    stranger = misconduct._replace(address=bytes(32))
    with pytest.raises(VerificationError, match="no validator of that height"):
        evidence_jobs(stranger, the_set(), CHAIN_ID)


def test_evidence_that_convicts_nobody_is_refused() -> None:
    _, kind, first, second = decode(EVIDENCE)
    other_height = encode((*decode(second)[:2], decode(second)[2] + 1, *decode(second)[3:]))
    same_content = encode((*decode(first)[:-1], bytes(64)))
    low, high = sorted((first, same_content))
    for value, words in (
        ((1, kind, second, first), "smaller"),
        ((1, 3, first, second), "fields"),
        ((1, 3 - kind, first, second), "another kind"),
        ((1, kind, *sorted((first, other_height))), "differ in height"),
        ((1, kind, low, high), "say the same"),
    ):
        with pytest.raises(VerificationError, match=words):
            read_evidence(encode(value))


def a_certificate(*indexes: int, height: int = 1) -> bytes:
    return encode((1, height, 0, bytes(32), tuple((index, bytes(64)) for index in indexes)))


def test_a_certificate_needs_rising_members_and_more_than_two_thirds() -> None:
    validators = the_set()
    size = len(validators.members)
    quorum = 2 * size // 3 + 1
    assert len(certificate_jobs(a_certificate(*range(quorum)), 1, bytes(32), validators, CHAIN_ID)) == quorum
    for indexes, words in (
        (tuple(range(quorum - 1)), "no quorum"),
        ((0, 0, 1), "index 0 after 0"),
        ((1, 0, 2), "index 0 after 1"),
        ((*range(quorum - 1), size), f"index {size} after"),
        ((), "no quorum"),
    ):
        with pytest.raises(VerificationError, match=words):
            certificate_jobs(a_certificate(*indexes), 1, bytes(32), validators, CHAIN_ID)
    with pytest.raises(VerificationError, match="another block"):
        certificate_jobs(a_certificate(*range(quorum), height=2), 1, bytes(32), validators, CHAIN_ID)


def test_exactly_two_thirds_of_the_power_are_no_quorum() -> None:
    members = the_set().members[:3]
    three = ValidatorSet(1, members, bytes(32))
    with pytest.raises(VerificationError, match="power 2 of 3"):
        certificate_jobs(a_certificate(0, 1), 1, bytes(32), three, CHAIN_ID)


def test_a_set_out_of_order_or_with_another_s_address_is_refused() -> None:
    _, first, rows = decode(SET_BYTES)
    for wrong, words in (
        (rows[::-1], "stand by address"),
        ((rows[0], rows[0]), "stand by address"),
        (((rows[0][0], rows[1][1], 1),), "is not its key's address"),
        ((), "no member"),
    ):
        with pytest.raises(VerificationError, match=words):
            read_validator_set(encode((1, first, wrong)))


def test_a_genesis_that_contradicts_itself_is_refused() -> None:
    good = decode(bytes.fromhex(BLOCKS["genesis"]))
    validators, institutions, signers = good[5:]
    (key, power, runs), *_ = validators
    weak = bytes(31) + b"\x80"
    wrong: tuple[tuple[Any, Any, Any, str], ...] = (
        ((), institutions, signers, "no validator"),
        (validators[::-1], institutions, signers, "strictly increasing"),
        (validators, (), signers, "is not given"),
        (validators, institutions, ((runs, 9, 1, key, 1),), "one key cannot be two people"),
        (((weak, 1, runs),), institutions, (), "weak"),
        (_sorted(*validators, (bytes(31) + b"\x02", power, runs)), institutions, (), "two validators"),
    )
    for *parts, words in wrong:
        with pytest.raises(VerificationError, match=words):
            read_genesis(encode((*good[:5], *parts)))


def _sorted(*rows: Any) -> tuple[Any, ...]:
    return tuple(sorted(rows, key=encode))


def test_params_are_exactly_the_known_ones_within_bounds() -> None:
    rows = decode(bytes.fromhex(BLOCKS["params"]))[1]
    for wrong in (rows[1:], rows[::-1], (*rows, ("z", 1)), (("adjustment-percent", 101), *rows[1:])):
        with pytest.raises(VerificationError, match="params"):
            read_params(encode((1, wrong)))


def test_a_transaction_without_signatures_or_with_one_signer_twice_is_refused() -> None:
    case = vectors("transactions")["transactions"][0]
    body, auth = bytes.fromhex(case["body"]), decode(bytes.fromhex(case["auth"]))
    for wrong, words in (((), "no signature"), ((auth[0], auth[0]), "strictly increasing")):
        with pytest.raises(VerificationError, match=words):
            read_transaction(body, encode(wrong), CHAIN_ID)
