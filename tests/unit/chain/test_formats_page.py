"""docs/formats.md and the code state the same numbers."""

from pathlib import Path

import pytest

from chain import block, certificate, evidence, genesis, snapshot, state_tree, transaction, validators
from chain.codec import Struct
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
    snapshot.CHUNK,
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


@pytest.mark.parametrize(
    "limit",
    [
        transaction.BODY_BYTES,
        transaction.AUTH_BYTES,
        transaction.SIMPLE_BODY_BYTES,
        certificate.VOTE_BYTES,
        certificate.CERTIFICATE_BYTES,
        evidence.EVIDENCE_BYTES,
        block.HEADER_BYTES,
        block.BLOCK_BYTES,
        block.FRAME_BYTES,
        block.CHANGE_BYTES,
        block.RESULTS_BYTES,
        genesis.PARAMS_BYTES,
        state_tree.PROOF_BYTES,
    ],
)
def test_every_limit_stands_there(limit: int) -> None:
    assert f"{limit:,}" in PAGE


def test_small_order_points_stand_there() -> None:
    written = [y.to_bytes(32, "little").hex() for y in SMALL_ORDER_Y - {0, 1, FIELD_PRIME - 1}]
    assert len(written) == 2
    assert all(f"`{text}`" in PAGE for text in written)
