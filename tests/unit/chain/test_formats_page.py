"""docs/formats.md and the code state the same numbers."""

from collections.abc import Callable
from pathlib import Path

import pytest

from chain import (
    block,
    certificate,
    evidence,
    genesis,
    set_chain,
    snapshot,
    state_tree,
    transaction,
    validators,
)
from chain.codec import Struct
from chain.errors import DecodeError
from chain.hashing import TAGS
from chain.keys import FIELD_PRIME, SMALL_ORDER_Y

PAGE = (Path(__file__).parents[3] / "docs/formats.md").read_text(encoding="utf-8")

STRUCTURES = (
    block.BLOCK,
    block.HEADER,
    block.OUTCOME,
    block.RESULTS,
    certificate.CERTIFICATE,
    certificate.PROPOSAL,
    certificate.VOTE,
    evidence.EVIDENCE,
    genesis.GENESIS,
    genesis.PARAMS,
    set_chain.SET_STEP,
    snapshot.CHUNK,
    snapshot.MANIFEST,
    transaction.BODY,
    validators.VALIDATOR_SET,
)


@pytest.mark.parametrize("name", genesis.PARAM_RULES)
def test_every_parameter_stands_there_with_default_and_bounds(name: str) -> None:
    rule = genesis.PARAM_RULES[name]
    assert f"| `{name}` | {rule.default:,} | {rule.minimum:,} … {rule.maximum:,} |" in PAGE


@pytest.mark.parametrize("tag", TAGS)
def test_every_tag_stands_there(tag: str) -> None:
    assert f"`{tag.removeprefix('QZN1/')}`" in PAGE


@pytest.mark.parametrize("structure", STRUCTURES, ids=lambda structure: structure.name)
def test_every_structure_stands_there_with_its_number_and_as_many_fields(structure: Struct) -> None:
    (line,) = [line for line in PAGE.splitlines() if line.startswith(f"| {structure.name} ")]
    number, *fields = _top_level(line[line.index("`[") + 2 : line.rindex("]`")])
    assert (number, len(fields)) == (str(structure.number), len(structure.fields))
    assert structure.depth <= 8


def _top_level(inside: str) -> list[str]:
    """The items of an array, its inner arrays left whole."""
    items, level = [""], 0
    for character in inside:
        level += {"[": 1, "]": -1}.get(character, 0)
        if character == "," and level == 0:
            items.append("")
        else:
            items[-1] += character
    return [item.strip() for item in items]


LIMITS = {
    "transaction body / its auth": (transaction.BODY_BYTES, transaction.AUTH_BYTES),
    "vote, proposal": (certificate.VOTE_BYTES,),
    "commit certificate, validator set": (certificate.CERTIFICATE_BYTES,),
    "evidence": (evidence.EVIDENCE_BYTES,),
    "header": (block.HEADER_BYTES,),
    "block": (block.BLOCK_BYTES,),
    "outcome / change": (block.OUTCOME_BYTES, block.CHANGE_BYTES),
    "results": (block.RESULTS_BYTES,),
    "genesis / params": (genesis.GENESIS_BYTES, genesis.PARAMS_BYTES),
    "state proof": (state_tree.PROOF_BYTES,),
    "snapshot chunk": (snapshot.CHUNK_BYTES,),
    "snapshot manifest": (snapshot.MANIFEST_BYTES,),
    "payload of a peer frame": (block.FRAME_BYTES,),
}


@pytest.mark.parametrize("what", LIMITS)
def test_every_limit_stands_there(what: str) -> None:
    assert f"| {what} | {' / '.join(f'{limit:,}' for limit in LIMITS[what])} |" in PAGE


def test_limits_that_share_a_row_are_equal() -> None:
    assert certificate.VOTE_BYTES == certificate.PROPOSAL_BYTES
    assert certificate.CERTIFICATE_BYTES == validators.VALSET_BYTES
    assert f"at most {transaction.SIMPLE_BODY_BYTES:,} bytes" in PAGE


DECODERS = (
    (transaction.Transaction.decode, transaction.BODY_BYTES),
    (certificate.Vote.decode, certificate.VOTE_BYTES),
    (certificate.SignedProposal.decode, certificate.PROPOSAL_BYTES),
    (certificate.CommitCertificate.decode, certificate.CERTIFICATE_BYTES),
    (validators.ValidatorSet.decode, validators.VALSET_BYTES),
    (evidence.Evidence.decode, evidence.EVIDENCE_BYTES),
    (block.BlockHeader.decode, block.HEADER_BYTES),
    (block.Block.decode, block.BLOCK_BYTES),
    (block.Outcome.decode, block.OUTCOME_BYTES),
    (block.Change.decode, block.CHANGE_BYTES),
    (block.Results.decode, block.RESULTS_BYTES),
    (genesis.Genesis.decode, genesis.GENESIS_BYTES),
    (genesis.Params.decode, genesis.PARAMS_BYTES),
    (state_tree.StateProof.decode, state_tree.PROOF_BYTES),
    (snapshot.SnapshotChunk.decode, snapshot.CHUNK_BYTES),
    (snapshot.SnapshotManifest.decode, snapshot.MANIFEST_BYTES),
    (set_chain.SetStep.decode, set_chain.SET_STEP_BYTES),
)


@pytest.mark.parametrize(("read", "limit"), DECODERS, ids=lambda each: getattr(each, "__qualname__", None))
def test_one_byte_above_its_limit_nothing_is_decoded(read: Callable[[bytes], object], limit: int) -> None:
    with pytest.raises(DecodeError) as caught:
        read(bytes(limit + 1))
    assert caught.value.code == "TOO-LARGE"


def test_small_order_points_stand_there() -> None:
    written = [y.to_bytes(32, "little").hex() for y in SMALL_ORDER_Y - {0, 1, FIELD_PRIME - 1}]
    assert len(written) == 2
    assert all(f"`{text}`" in PAGE for text in written)
