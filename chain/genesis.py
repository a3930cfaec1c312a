"""Genesis: the parameters, validators, institutions and signers a chain starts with
(docs/formats.md, "Genesis"). Its hash is the chain id, the one thing all members compare."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from chain.codec import (
    HASH,
    NAME,
    UINT,
    Binary,
    Fields,
    ListOf,
    OneOf,
    Optional,
    Row,
    SetOf,
    Struct,
    Text,
    Uint,
    Value,
    decode_fields,
    encode,
)
from chain.errors import DecodeError
from chain.hashing import Tag, tagged_hash
from chain.keys import ED25519, is_strict_point
from chain.types import Hash32, InstitutionId
from chain.validators import POWER_MAXIMUM, VALIDATORS_MAXIMUM, ValidatorSet

GENESIS_BYTES = 1 << 20
PARAMS_BYTES = 4096

APP_VERSION = 1
"""Version of the rules as a whole; a block of another version is not valid here."""

INSTITUTIONS_MAXIMUM = 10_000
SIGNERS_MAXIMUM = 50_000

SERIAL_MAXIMUM = 10_000
"""People of one institution; whoever looks for its other heads walks the serials."""

KINDS = ("finance", "treasury", "abp", "gu", "government", "parliament", "audit")
"""What an institution is: ministry of finance, treasury, administrator of budget programmes, state
institution, government, parliament, audit chamber."""


class Role(IntEnum):
    """What a signer may do; a signer's roles are the sum of its bits."""

    PREPARER = 1
    ACCOUNTANT = 2
    HEAD = 4
    MODERATOR = 8
    OPERATOR = 16


ROLES_MAXIMUM = sum(Role)


# --- parameters


@dataclass(frozen=True, slots=True)
class ParamRule:
    """One parameter: its default and its bounds, both included; the unit ends the name."""

    default: int
    minimum: int
    maximum: int


PARAM_RULES: Mapping[str, ParamRule] = {
    "adjustment-percent": ParamRule(15, 0, 100),
    "adjustment-rural-percent": ParamRule(20, 0, 100),
    "ballot-days": ParamRule(30, 1, 3_660),
    "block-bytes": ParamRule(4 << 20, 64 << 10, 4 << 20),
    "block-cost": ParamRule(10_000, 100, 10_000),
    "block-interval-ms": ParamRule(200, 0, 60_000),
    "delay-ms": ParamRule(5_000, 1, 600_000),
    "development-free-percent": ParamRule(5, 0, 100),
    "development-percent": ParamRule(10, 0, 100),
    "idle-ms": ParamRule(30_000, 1, 3_600_000),
    "payment-request-days": ParamRule(10, 1, 366),
    "precision-ms": ParamRule(500, 1, 600_000),
    "rating-effects": ParamRule(0, 0, 1),
    "rating-floor": ParamRule(40, 0, 100),
    "replay-window-ms": ParamRule(604_800_000, 1_000, 31_622_400_000),
    "retention-percent": ParamRule(95, 0, 100),
    "sequester-exact-ten": ParamRule(0, 0, 2),
    "timeout-cap-ms": ParamRule(60_000, 1, 3_600_000),
    "timeout-propose-ms": ParamRule(3_000, 1, 3_600_000),
    "timeout-propose-step-ms": ParamRule(500, 0, 3_600_000),
    "timeout-vote-ms": ParamRule(500, 1, 3_600_000),
    "timeout-vote-step-ms": ParamRule(250, 0, 3_600_000),
    "transaction-keys": ParamRule(8_000, 5, 8_000),
    "transaction-signatures": ParamRule(8, 2, 8),
    "unaccepted-days": ParamRule(30, 1, 366),
}
"""Every parameter of version 1, by name. The vote that changes a parameter takes five keys, and a money
document two signatures: no limit may be below."""

PARAMS = Struct("Params", 1, (("values", ListOf(Row("parameter", (("name", NAME), ("value", UINT))), 64)),))


@dataclass(frozen=True, slots=True)
class Params:
    """The chain's parameters: exactly the known names, in their order, each within its bounds."""

    values: tuple[tuple[str, int], ...]

    @classmethod
    def default(cls, **changed: int) -> "Params":
        """The defaults, with some changed: `Params.default(block_interval_ms=0)`."""
        return cls(tuple((name, rule.default) for name, rule in sorted(PARAM_RULES.items()))).with_values(
            {name.replace("_", "-"): value for name, value in changed.items()}
        )

    def with_values(self, changed: Mapping[str, int]) -> "Params":
        """The same with some values changed. DecodeError for an unknown name or a value out of bounds."""
        for name in changed:
            if name not in PARAM_RULES:
                raise DecodeError(f"no parameter is called {name}", "PARAMS")
        params = Params(tuple((name, changed.get(name, value)) for name, value in self.values))
        params._check()
        return params

    def __getitem__(self, name: str) -> int:
        """The value of a parameter. KeyError for an unknown name."""
        for known, value in self.values:
            if known == name:
                return value
        raise KeyError(name)

    def encode(self) -> bytes:
        """`[1, [[name, value]…]]`."""
        return encode([PARAMS.number, self.values])

    @classmethod
    def decode(cls, data: bytes) -> "Params":
        """DecodeError also for a missing, unknown or misplaced name and a value out of bounds."""
        (values,) = decode_fields(data, PARAMS, PARAMS_BYTES)
        params = cls(values)
        params._check()
        return params

    @property
    def hash(self) -> Hash32:
        """H(params, bytes): params_hash of the headers."""
        return tagged_hash(Tag.PARAMS, self.encode())

    def _check(self) -> None:
        names = [name for name, _ in self.values]
        if names != sorted(PARAM_RULES):
            stray = sorted(set(names) ^ set(PARAM_RULES)) or names
            raise DecodeError(
                f"names are not the known ones in order: {', '.join(stray)}", "PARAMS", "values"
            )
        for name, value in self.values:
            rule = PARAM_RULES[name]
            if not rule.minimum <= value <= rule.maximum:
                raise DecodeError(f"{value} found, {rule.minimum}..{rule.maximum} allowed", "PARAMS", name)


# --- genesis


@dataclass(frozen=True, slots=True)
class GenesisValidator:
    """A node that votes from block 1 on, and the institution that runs it."""

    public_key: bytes
    power: int
    institution: InstitutionId


@dataclass(frozen=True, slots=True)
class GenesisInstitution:
    """An institution known from the start. `code` is its code in the budget classification (226, or
    2260101 for a state institution), `parent` the administrator of a state institution."""

    id: InstitutionId
    kind: str
    code: str | None
    parent: InstitutionId | None
    name_kk: str
    name_ru: str
    name_en: str | None


@dataclass(frozen=True, slots=True)
class GenesisSigner:
    """A person's key known from the start; `roles` is the sum of Role bits."""

    institution: InstitutionId
    serial: int
    algorithm: int
    public_key: bytes
    roles: int


_NAMES = Text(300, minimum=1)
_VALIDATOR: Fields = (("public_key", HASH), ("power", Uint(1, POWER_MAXIMUM)), ("institution", NAME))
_INSTITUTION: Fields = (
    ("id", NAME),
    ("kind", OneOf(*KINDS)),
    ("code", Optional(Text(16, minimum=1))),
    ("parent", Optional(NAME)),
    ("name_kk", _NAMES),
    ("name_ru", _NAMES),
    ("name_en", Optional(_NAMES)),
)
_SIGNER: Fields = (
    ("institution", NAME),
    ("serial", Uint(1, SERIAL_MAXIMUM)),
    ("algorithm", Uint(ED25519, ED25519)),
    ("public_key", HASH),
    ("roles", Uint(1, ROLES_MAXIMUM)),
)

GENESIS = Struct(
    "Genesis",
    1,
    (
        ("name", Text(100, minimum=1)),
        ("time_ms", UINT),
        ("params", Binary(1, PARAMS_BYTES)),
        ("app_version", Uint(1)),
        ("validators", SetOf(Row("validator", _VALIDATOR), VALIDATORS_MAXIMUM)),
        ("institutions", SetOf(Row("institution", _INSTITUTION), INSTITUTIONS_MAXIMUM)),
        ("signers", SetOf(Row("signer", _SIGNER), SIGNERS_MAXIMUM)),
    ),
)


@dataclass(frozen=True, slots=True)
class Genesis:
    """The first state. Its three sets are put in their order when it is made, whatever order they came
    in. Registrations are raw, without proofs of possession: those would have to sign the chain id."""

    name: str
    time_ms: int
    params: Params
    app_version: int
    validators: tuple[GenesisValidator, ...]
    institutions: tuple[GenesisInstitution, ...]
    signers: tuple[GenesisSigner, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "validators", tuple(sorted(self.validators, key=_encoded_validator)))
        object.__setattr__(self, "institutions", tuple(sorted(self.institutions, key=_encoded_institution)))
        object.__setattr__(self, "signers", tuple(sorted(self.signers, key=_encoded_signer)))

    def encode(self) -> bytes:
        """`[1, name, time_ms, params bin, app_version, validators, institutions, signers]`."""
        return encode(
            [
                GENESIS.number,
                self.name,
                self.time_ms,
                self.params.encode(),
                self.app_version,
                [_row(item, _VALIDATOR) for item in self.validators],
                [_row(item, _INSTITUTION) for item in self.institutions],
                [_row(item, _SIGNER) for item in self.signers],
            ]
        )

    @classmethod
    def decode(cls, data: bytes) -> "Genesis":
        """DecodeError also when a key, id or number stands twice, or a name is not explained."""
        name, time_ms, params, app_version, validators, institutions, signers = decode_fields(
            data, GENESIS, GENESIS_BYTES
        )
        try:
            decoded = Params.decode(params)
        except DecodeError as error:
            raise error.within("params") from None
        genesis = cls(
            name,
            time_ms,
            decoded,
            app_version,
            tuple(GenesisValidator(*row) for row in validators),
            tuple(GenesisInstitution(*row) for row in institutions),
            tuple(GenesisSigner(*row) for row in signers),
        )
        genesis.check()
        return genesis

    @property
    def chain_id(self) -> Hash32:
        """H(genesis, bytes): inside every signed message, and the hash people compare."""
        return tagged_hash(Tag.GENESIS, self.encode())

    def validator_set(self) -> ValidatorSet:
        """The set that votes from block 1 on."""
        return ValidatorSet.of(1, ((item.public_key, item.power) for item in self.validators))

    def check(self) -> None:
        """Raises DecodeError (code GENESIS) when the parts contradict each other."""
        _require(bool(self.validators), "validators", "there is none")
        known = {item.id: item for item in self.institutions}
        _require(len(known) == len(self.institutions), "institutions", "an id is given twice")
        for item in self.institutions:
            _require(item.parent is None or item.parent in known, f"institutions.{item.id}", "unknown parent")
        holders = [("validators", item.institution, item.public_key) for item in self.validators]
        holders += [("signers", item.institution, item.public_key) for item in self.signers]
        for place, institution, public_key in holders:
            _require(institution in known, place, f"unknown institution {institution}")
            _require(is_strict_point(public_key), place, f"weak key {public_key.hex()}")
        keys = [public_key for _, _, public_key in holders]
        _require(
            len(set(keys)) == len(keys), "public_key", "a key is given twice: one key cannot be two people"
        )
        runs = [item.institution for item in self.validators]
        _require(len(set(runs)) == len(runs), "validators", "an institution runs two validators")
        serials = [(item.institution, item.serial) for item in self.signers]
        _require(len(set(serials)) == len(serials), "signers", "a serial is given twice in one institution")


def _require(is_true: bool, where: str, what: str) -> None:
    if not is_true:
        raise DecodeError(what, "GENESIS", where)


def _row(item: object, fields: Fields) -> tuple[Value, ...]:
    return tuple(getattr(item, name) for name, _ in fields)


def _encoded_validator(item: GenesisValidator) -> bytes:
    return encode(_row(item, _VALIDATOR))


def _encoded_institution(item: GenesisInstitution) -> bytes:
    return encode(_row(item, _INSTITUTION))


def _encoded_signer(item: GenesisSigner) -> bytes:
    return encode(_row(item, _SIGNER))
