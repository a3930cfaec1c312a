"""How a network comes to be: each member's own part, the common genesis, the directories of nodes.

A part has only public things: institutions, the validator's key, the TLS certificate, signers' keys. From
the same parts everyone makes the same genesis, and its hash is what people compare.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from chain.errors import ConfigError, DecodeError
from chain.genesis import (
    APP_VERSION,
    KINDS,
    Genesis,
    GenesisInstitution,
    GenesisSigner,
    GenesisValidator,
    Params,
)
from chain.keys import ED25519, SigningKey, address_of
from chain.types import InstitutionId
from cli.documents import Json, as_object, parse_json
from cli.envelope import write_text
from cli.failures import InputError
from cli.keystore import new_seed, write_key, write_private
from cli.node_toml import peer_lines, toml_text
from cli.people import Person, names_of, public_path, role_mask, write_person
from network.certificates import certificate_der, fingerprint, make_identity
from node.opening import found_journal

PART_SCHEMA = "eqz.part/1"
NODE_KINDS = ("finance", "treasury", "abp")
"""Kinds whose institutions run a validator (budget-machine, section 1); the others are clients."""

CERTIFICATE_DAYS = 1095
"""Three years: a certificate is pinned by every peer, so a new one is agreed upon like a new node."""

SEALINGS_WORTH_A_PROCESS = 6
"""Starting two processes costs as much as two keys."""

DEFAULT_SIGNERS = ("head", "accountant", "preparer", "moderator", "operator")
"""One person a role, so that two signatures are two people from the first day."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where peers and clients reach a node: `host`; `listen` is the address it binds, `host` when empty.

    Port 0 lets the system choose when the node starts.
    """

    host: str = "127.0.0.1"
    p2p_port: int = 0
    api_port: int = 0
    listen: str = ""

    @property
    def bound(self) -> str:
        return self.listen or self.host


@dataclass(frozen=True, slots=True)
class NodePart:
    """What peers must know of one node."""

    public_key: bytes
    certificate: str
    """The TLS certificate, PEM: peers trust it and no other."""
    host: str
    p2p_port: int

    @property
    def certificate_sha256(self) -> str:
        """SHA-256 of the certificate's DER: what is pinned, and what people compare."""
        return fingerprint(certificate_der(self.certificate.encode("ascii"))).hex()


@dataclass(frozen=True, slots=True)
class Part:
    """What one member gives to the founders. The first institution runs `node`, the others are clients."""

    created_ms: int
    institutions: tuple[GenesisInstitution, ...]
    node: NodePart | None
    signers: tuple[GenesisSigner, ...]

    @property
    def name(self) -> InstitutionId:
        return self.institutions[0].id


# --- institutions named on the command line


def parse_institution(text: str, known: Iterable[GenesisInstitution] = ()) -> GenesisInstitution:
    """`id:kind[:code[:parent]]`; the parent of a `gu` is the administrator whose code begins its own."""
    name, _, rest = text.partition(":")
    kind, _, rest = rest.partition(":")
    code, _, parent = rest.partition(":")
    if kind not in KINDS:
        raise InputError(f"{text!r}: no kind {kind!r}; kinds are {', '.join(KINDS)}", "INPUT-INSTITUTION")
    if kind in ("abp", "gu") and not code:
        raise InputError(f"{text!r}: an {kind} has a code: id:{kind}:code", "INPUT-INSTITUTION")
    if kind == "gu" and not parent:
        parent = next((one.id for one in known if one.kind == "abp" and code.startswith(one.code or "-")), "")
        if not parent:
            raise InputError(
                f"{text!r}: no administrator before it has the code {code[:3]}; name it: id:gu:code:parent",
                "INPUT-INSTITUTION",
            )
    return GenesisInstitution(
        InstitutionId(name), kind, code or None, InstitutionId(parent) if parent else None, name, name, None
    )


def parse_institutions(texts: Sequence[str]) -> tuple[GenesisInstitution, ...]:
    """All of them, administrators before the state institutions that name them."""
    found: list[GenesisInstitution] = []
    for text in sorted(texts, key=lambda one: one.split(":")[1:2] == ["gu"]):
        found.append(parse_institution(text, found))
    return tuple(found)


# --- a member's own part


@dataclass(frozen=True, slots=True)
class Founded:
    """Keys of one member while they are open: written to disk once, not opened again."""

    part: Part
    directory: Path
    validator: SigningKey | None
    people: tuple[tuple[Person, SigningKey, Path], ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Sealing:
    """A key to be encrypted into a file: about a third of a second each."""

    path: Path
    seed: bytes = field(repr=False)
    password: str = field(repr=False)


def seal(sealings: Iterable[Sealing], workers: int = 2) -> None:
    """Write all keys; a password file of mode 0600 is written beside each.

    On processes, because scrypt in `cryptography` keeps the interpreter's lock.
    """
    todo = list(sealings)
    if len(todo) < SEALINGS_WORTH_A_PROCESS:
        for sealing in todo:
            _seal_one(sealing)
        return
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        for _ in pool.map(_seal_one, todo):
            pass


def _seal_one(sealing: Sealing) -> None:
    write_key(sealing.path, sealing.seed, sealing.password)
    write_private(sealing.path.with_suffix(".password"), sealing.password.encode() + b"\n")


def new_password() -> str:
    return secrets.token_urlsafe(24)


def found_member(
    directory: Path,
    institutions: Sequence[GenesisInstitution],
    endpoint: Endpoint,
    signers_directory: Path,
    *,
    created_ms: int,
    runs_node: bool = True,
    given: Sequence[Person] = (),
    roles: Sequence[str] = DEFAULT_SIGNERS,
    roles_by_kind: Mapping[str, Sequence[str]] | None = None,
    password: str | None = None,
) -> tuple[Founded, tuple[Sealing, ...]]:
    """Keys, certificate and part of one member in a new directory; the sealings are still to be done.

    Institutions for which `given` brings people get no keys made here: their people made their own.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    sealings: list[Sealing] = []
    validator, node = None, None
    if runs_node:
        seed = new_seed()
        validator = SigningKey.from_seed(seed)
        sealings.append(Sealing(directory / "validator.key", seed, password or new_password()))
        found_journal(directory, validator.address)
        certificate = write_certificate(directory, institutions[0].id, endpoint.host)
        node = NodePart(validator.public_key, certificate, endpoint.host, endpoint.p2p_port)
    people = [(person, None, None) for person in given]
    made: list[tuple[Person, SigningKey, Path]] = []
    for institution in institutions:
        if any(person.institution == institution.id for person in given):
            continue
        where = signers_directory / institution.id
        wanted = (roles_by_kind or {}).get(institution.kind, roles)
        for person, key, path, sealing in _new_people(where, institution.id, wanted, password):
            made.append((person, key, path))
            sealings.append(sealing)
    registrations = tuple(person.registration() for person, *_ in (*people, *made))
    part = Part(created_ms, tuple(institutions), node, registrations)
    return Founded(part, directory, validator, tuple(made)), tuple(sealings)


def _new_people(
    directory: Path, institution: InstitutionId, roles: Sequence[str], password: str | None
) -> Iterable[tuple[Person, SigningKey, Path, Sealing]]:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    for serial, names in enumerate(roles, 1):
        seed = new_seed()
        key = SigningKey.from_seed(seed)
        person = Person(institution, serial, role_mask(names.split("+")), key.public_key)
        path = directory / f"{names}.key"
        write_person(public_path(path), person)
        yield person, key, path, Sealing(path, seed, password or new_password())


def write_certificate(directory: Path, institution: str, host: str) -> str:
    """A self-signed certificate as tls.crt and tls.key; returns its PEM."""
    identity = make_identity(institution, [host], datetime.now(UTC).replace(microsecond=0), CERTIFICATE_DAYS)
    write_private(directory / "tls.key", identity.key_pem)
    certificate = identity.certificate_pem.decode("ascii")
    write_text(directory / "tls.crt", certificate)
    return certificate


# --- the part as a file


def dump_part(part: Part) -> str:
    """The text of a part: public things only."""
    node = part.node
    return (
        json.dumps(
            {
                "schema": PART_SCHEMA,
                "created_ms": part.created_ms,
                "institutions": [asdict(institution) for institution in part.institutions],
                "node": None
                if node is None
                else {
                    "public_key": node.public_key.hex(),
                    "certificate": node.certificate,
                    "certificate_sha256": node.certificate_sha256,
                    "host": node.host,
                    "p2p_port": node.p2p_port,
                },
                "signers": [
                    {
                        "institution": signer.institution,
                        "serial": signer.serial,
                        "roles": signer.roles,
                        "public_key": signer.public_key.hex(),
                    }
                    for signer in part.signers
                ],
            },
            ensure_ascii=False,
            indent=1,
        )
        + "\n"
    )


def parse_part(text: str, name: str) -> Part:
    """A part from a file. InputError when it is not one."""
    found = as_object(parse_json(text, name), name)
    if found.get("schema") != PART_SCHEMA:
        raise InputError(f"{name}: schema {found.get('schema')!r} found, {PART_SCHEMA} expected", "PART")
    try:
        node = found["node"]
        return Part(
            _int(found["created_ms"]),
            tuple(GenesisInstitution(**_texts(item, name)) for item in _items(found["institutions"])),
            None if node is None else _parse_node(as_object(node, name)),
            tuple(_parse_signer(as_object(item, name)) for item in _items(found["signers"])),
        )
    except (KeyError, TypeError, ValueError, ConfigError) as error:
        raise InputError(f"{name}: {error}", "PART") from error


def _int(found: Json) -> int:
    if not isinstance(found, int) or isinstance(found, bool):
        raise ValueError(f"{found!r} found, a whole number expected")
    return found


def _items(found: Json) -> list[Json]:
    if not isinstance(found, list):
        raise ValueError(f"{found!r} found, a list expected")
    return found


def _texts(item: Json, name: str) -> dict[str, Any]:
    found = as_object(item, name)
    if not all(value is None or isinstance(value, str) for value in found.values()):
        raise ValueError("an institution's fields are texts")
    return dict(found)


def _parse_node(found: Mapping[str, Json]) -> NodePart:
    node = NodePart(
        bytes.fromhex(str(found["public_key"])),
        str(found["certificate"]),
        str(found["host"]),
        _int(found["p2p_port"]),
    )
    if node.certificate_sha256 != found["certificate_sha256"]:
        raise ValueError(
            f"the certificate has SHA-256 {node.certificate_sha256}, not the one written beside it"
        )
    return node


def _parse_signer(found: Mapping[str, Json]) -> GenesisSigner:
    return GenesisSigner(
        InstitutionId(str(found["institution"])),
        _int(found["serial"]),
        ED25519,
        bytes.fromhex(str(found["public_key"])),
        _int(found["roles"]),
    )


def write_own(directory: Path, part: Part, endpoint: Endpoint) -> None:
    """part.json, which goes to all, and endpoint.json, which stays until the genesis is made."""
    write_text(directory / "part.json", dump_part(part))
    write_text(directory / "endpoint.json", json.dumps(asdict(endpoint)) + "\n")


def read_own(directory: Path) -> tuple[Part, Endpoint]:
    """What `write_own` wrote. InputError when the directory is not one of `eqz node init`."""
    try:
        part = parse_part((directory / "part.json").read_text(encoding="utf-8"), str(directory / "part.json"))
        endpoint = Endpoint(**json.loads((directory / "endpoint.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise InputError(
            f"{directory}: not a directory of `eqz node init`: {error}", "NODE-DIRECTORY"
        ) from error
    return part, endpoint


# --- the common genesis


def genesis_of(name: str, parts: Sequence[Part], params: Params) -> Genesis:
    """The genesis that everyone makes of the same parts, in whatever order; its time is the newest part's."""
    genesis = Genesis(
        name,
        max(part.created_ms for part in parts),
        params,
        APP_VERSION,
        tuple(
            GenesisValidator(part.node.public_key, 1, part.name) for part in parts if part.node is not None
        ),
        tuple(institution for part in parts for institution in part.institutions),
        tuple(signer for part in parts for signer in part.signers),
    )
    try:
        return Genesis.decode(genesis.encode())
    except DecodeError as error:
        raise InputError(f"the parts contradict each other: {error}", error.code) from error


def write_node(
    directory: Path, part: Part, parts: Sequence[Part], genesis: Genesis, endpoint: Endpoint
) -> None:
    """genesis.eqg and node.toml of one member's node, its peers pinned by certificate."""
    assert part.node is not None, "only a member with a node has a node directory"
    peers = [
        (
            {
                "institution": peer.name,
                "address": address_of(peer.node.public_key).hex(),
                "certificate_sha256": peer.node.certificate_sha256,
                "host": peer.node.host,
                "port": peer.node.p2p_port,
            },
            (peer.node.certificate,),
        )
        for peer in parts
        if peer.node is not None and peer.name != part.name
    ]
    write_settings(directory, part.name, peers, genesis, endpoint)


def write_settings(
    directory: Path,
    name: str,
    peers: Sequence[tuple[dict[str, Any], Sequence[str]]],
    genesis: Genesis,
    endpoint: Endpoint,
) -> None:
    """genesis.eqg, the certificates (PEM) of the peers, and node.toml, which comes last: with it the
    directory is complete. A peer is its part of node.toml and its certificates."""
    (directory / "genesis.eqg").write_bytes(genesis.encode())
    (directory / "peers").mkdir(exist_ok=True)
    lines = [
        f"name = {toml_text(name)}",
        f"network = {toml_text(genesis.name)}",
        f"genesis_hash = {toml_text(genesis.chain_id.hex())}",
        "",
        "[p2p]",
        f"host = {toml_text(endpoint.bound)}",
        f"port = {endpoint.p2p_port}",
        "",
        "[api]",
        f"host = {toml_text(endpoint.bound)}",
        f"port = {endpoint.api_port}",
    ]
    for peer, certificates in sorted(peers, key=lambda one: str(one[0]["institution"])):
        write_text(directory / "peers" / f"{peer['institution']}.crt", "".join(certificates))
        lines += ["", *peer_lines(peer)]
    write_text(directory / "node.toml", "\n".join(lines) + "\n")


# --- a whole network on one disk


@dataclass(frozen=True, slots=True)
class Network:
    """A network just written: its genesis and each member with open keys."""

    directory: Path
    genesis: Genesis
    members: tuple[Founded, ...]
    endpoints: tuple[Endpoint, ...]


def found_network(
    directory: Path,
    name: str,
    institutions: Sequence[GenesisInstitution],
    endpoints: Sequence[Endpoint],
    *,
    params: Params,
    created_ms: int,
    roles: Sequence[str] = DEFAULT_SIGNERS,
    roles_by_kind: Mapping[str, Sequence[str]] | None = None,
    password: str | None = None,
    workers: int = 2,
) -> Network:
    """Write a network: `nodes/ID/` for each validator, `signers/ID/` for people, network.json, genesis.eqg.

    Institutions of NODE_KINDS run a node, in the order of `endpoints`; a state institution is a client of its
    administrator, any other of the first node. `roles_by_kind` names people for some kinds of institution
    otherwise than `roles`; with `password` all keys have this one, else each its own.
    InputError when the directory is not empty.
    """
    if directory.exists() and any(directory.iterdir()):
        raise InputError(f"{directory} is not empty; write a network to a new directory", "NETWORK-DIRECTORY")
    runners = [one for one in institutions if one.kind in NODE_KINDS]
    if not runners:
        raise InputError("no institution runs a node: finance, treasury or abp", "NETWORK-NODES")
    assert len(endpoints) == len(runners), "one endpoint a node"
    members: list[Founded] = []
    sealings: list[Sealing] = []
    for runner, endpoint in zip(runners, endpoints, strict=True):
        clients = [one for one in institutions if _host_of(one, runners) == runner.id and one is not runner]
        member, sealed = found_member(
            directory / "nodes" / runner.id,
            (runner, *clients),
            endpoint,
            directory / "signers",
            created_ms=created_ms,
            roles=roles,
            roles_by_kind=roles_by_kind,
            password=password,
        )
        members.append(member)
        sealings.extend(sealed)
    seal(sealings, workers)
    parts = [member.part for member in members]
    genesis = genesis_of(name, parts, params)
    for member, endpoint in zip(members, endpoints, strict=True):
        write_node(member.directory, member.part, parts, genesis, endpoint)
    (directory / "genesis.eqg").write_bytes(genesis.encode())
    network = Network(directory, genesis, tuple(members), tuple(endpoints))
    write_text(directory / "network.json", json.dumps(describe(network), ensure_ascii=False, indent=1) + "\n")
    return network


def _host_of(institution: GenesisInstitution, runners: Sequence[GenesisInstitution]) -> InstitutionId:
    names = {one.id for one in runners}
    if institution.id in names:
        return institution.id
    return institution.parent if institution.parent in names else runners[0].id


def describe(network: Network) -> dict[str, Json]:
    """What people and programs are told of a network: `eqz.network/1`."""
    return {
        "name": network.genesis.name,
        "genesis": network.genesis.chain_id.hex(),
        "directory": str(network.directory.resolve()),
        "nodes": [
            {
                "institution": member.part.name,
                "directory": str(member.directory.resolve()),
                "host": endpoint.host,
                "p2p_port": endpoint.p2p_port,
                "api_port": endpoint.api_port,
                "clients": [one.id for one in member.part.institutions[1:]],
            }
            for member, endpoint in zip(network.members, network.endpoints, strict=True)
        ],
        "signers": [
            {
                "institution": signer.institution,
                "serial": signer.serial,
                "roles": "+".join(names_of(signer.roles)),
                "public_key": signer.public_key.hex(),
            }
            for signer in network.genesis.signers
        ],
    }
