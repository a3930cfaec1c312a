from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from chain.codec import encode
from chain.errors import DecodeError
from chain.genesis import (
    PARAM_RULES,
    Genesis,
    GenesisInstitution,
    GenesisSigner,
    GenesisValidator,
    Params,
    Role,
)
from chain.hashing import Tag, tagged_hash
from chain.keys import SigningKey
from chain.types import InstitutionId
from chain.validators import ValidatorSet

KEYS = [SigningKey.from_seed(bytes([seed]) * 32).public_key for seed in range(1, 6)]
MINFIN, HEALTH = InstitutionId("minfin"), InstitutionId("health")


def an_institution(name: InstitutionId, **changed: Any) -> GenesisInstitution:
    institution = GenesisInstitution(name, "finance", None, None, "атауы", "название", None)
    return replace(institution, **changed)


WHOLE = Genesis(
    name="сеть",
    time_ms=1_000,
    params=Params.default(),
    app_version=1,
    validators=(GenesisValidator(KEYS[0], 1, MINFIN), GenesisValidator(KEYS[1], 1, HEALTH)),
    institutions=(an_institution(HEALTH, kind="abp", code="226"), an_institution(MINFIN)),
    signers=(
        GenesisSigner(MINFIN, 1, 1, KEYS[2], int(Role.HEAD)),
        GenesisSigner(MINFIN, 2, 1, KEYS[3], Role.ACCOUNTANT | Role.MODERATOR),
    ),
)


def test_a_genesis_comes_back() -> None:
    assert Genesis.decode(WHOLE.encode()) == WHOLE
    assert WHOLE.chain_id == tagged_hash(Tag.GENESIS, WHOLE.encode())


def test_the_order_it_was_written_in_makes_no_difference() -> None:
    other = replace(
        WHOLE,
        validators=WHOLE.validators[::-1],
        institutions=WHOLE.institutions[::-1],
        signers=WHOLE.signers[::-1],
    )
    assert other == WHOLE


def test_its_validators_vote_from_block_1() -> None:
    assert WHOLE.validator_set() == ValidatorSet.of(1, [(KEYS[0], 1), (KEYS[1], 1)])


@pytest.mark.parametrize(
    "changed",
    [
        {"validators": ()},
        {"validators": (GenesisValidator(KEYS[0], 1, InstitutionId("nobody")),)},
        {"validators": (GenesisValidator(KEYS[0], 1, MINFIN), GenesisValidator(KEYS[1], 1, MINFIN))},
        {"validators": (GenesisValidator(bytes(32), 1, MINFIN),)},
        {"institutions": (an_institution(MINFIN), an_institution(HEALTH), an_institution(MINFIN, kind="gu"))},
        {"institutions": (an_institution(MINFIN), an_institution(HEALTH, parent=InstitutionId("nobody")))},
        {"signers": (GenesisSigner(InstitutionId("nobody"), 1, 1, KEYS[2], 1),)},
        {"signers": (GenesisSigner(MINFIN, 1, 1, KEYS[2], 1), GenesisSigner(MINFIN, 1, 1, KEYS[3], 1))},
        {"signers": (GenesisSigner(MINFIN, 1, 1, KEYS[2], 1), GenesisSigner(HEALTH, 1, 1, KEYS[2], 1))},
        {"signers": (GenesisSigner(MINFIN, 1, 1, KEYS[0], 1),)},
    ],
    ids=[
        "no validator",
        "validator of an unknown institution",
        "two validators of one institution",
        "small-order key",
        "institution twice",
        "unknown parent",
        "signer of an unknown institution",
        "serial twice",
        "key of two people",
        "key of a node and a person",
    ],
)
def test_parts_that_contradict_each_other_are_refused(changed: Mapping[str, Any]) -> None:
    with pytest.raises(DecodeError) as caught:
        Genesis.decode(replace(WHOLE, **changed).encode())
    assert caught.value.code == "GENESIS"


@pytest.mark.parametrize("roles", [0, 32])
def test_roles_are_a_sum_of_known_bits(roles: int) -> None:
    with pytest.raises(DecodeError, match="roles"):
        Genesis.decode(replace(WHOLE, signers=(GenesisSigner(MINFIN, 1, 1, KEYS[2], roles),)).encode())


def test_an_algorithm_but_ed25519_is_refused() -> None:
    with pytest.raises(DecodeError, match="algorithm"):
        Genesis.decode(replace(WHOLE, signers=(GenesisSigner(MINFIN, 1, 2, KEYS[2], 1),)).encode())


def test_parameters_come_back() -> None:
    params = Params.default(block_interval_ms=0)
    assert Params.decode(params.encode()) == params
    assert params.hash == tagged_hash(Tag.PARAMS, params.encode())
    assert (params["block-interval-ms"], params["replay-window-ms"]) == (0, 604_800_000)


def test_defaults_lie_within_their_bounds() -> None:
    assert all(rule.minimum <= rule.default <= rule.maximum for rule in PARAM_RULES.values())


def _values(**changed: int) -> list[tuple[str, int]]:
    return [(name, changed.get(name.replace("-", "_"), value)) for name, value in Params.default().values]


@pytest.mark.parametrize(
    "values",
    [
        _values()[1:],
        [*_values(), ("zebra", 1)],
        _values()[::-1],
        [_values()[0], *_values()],
        _values(block_cost=10_001),
        _values(timeout_vote_ms=0),
    ],
    ids=["missing", "unknown", "out of order", "twice", "above its bound", "below its bound"],
)
def test_parameters_are_exactly_the_known_ones_within_their_bounds(values: list[tuple[str, int]]) -> None:
    with pytest.raises(DecodeError) as caught:
        Params.decode(encode([1, values]))
    assert caught.value.code == "PARAMS"


def test_an_unknown_parameter_cannot_be_set() -> None:
    with pytest.raises(DecodeError, match="zebra"):
        Params.default().with_values({"zebra": 1})
    with pytest.raises(KeyError):
        Params.default()["zebra"]
