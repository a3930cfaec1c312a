"""What a node's peers must know of it, and how a node that is not in the genesis gets its settings.

A card has only public things: the validator's key, the certificate, the place. While one of the two changes
the card shows both, the present one and the next.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chain.errors import ConfigError
from chain.genesis import Genesis
from chain.keys import ED25519, SigningKey, address_of, possession_bytes
from chain.types import Hash32, InstitutionId
from cli.documents import Json, as_object, parse_json
from cli.envelope import write_text
from cli.failures import Details, InputError, VerificationError
from cli.founding import PART_SCHEMA, parse_part, read_own, write_settings
from cli.node_toml import read_toml, replace_toml, with_peer, with_setting
from network.certificates import certificate_der, fingerprint
from node.config import NodeConfig, Peer
from node.opening import peer_certificates, pinned_peers, read_identity

CARD_SCHEMA = "eqz.peer/1"
CARD_BYTES = 64 << 10
"""A card is some 3 KiB."""


@dataclass(frozen=True, slots=True)
class Card:
    """One node, for its peers: one or two keys and certificates, the present ones first."""

    institution: str
    public_keys: tuple[bytes, ...]
    certificates: tuple[str, ...]
    """PEM."""
    host: str | None
    p2p_port: int | None
    genesis: str | None

    @property
    def addresses(self) -> tuple[str, ...]:
        return tuple(address_of(key).hex() for key in self.public_keys)

    @property
    def pins(self) -> tuple[str, ...]:
        """SHA-256 of the certificates: what people compare."""
        return tuple(pin_of(pem) for pem in self.certificates)

    def settings(self) -> dict[str, Any]:
        """As one peer of node.toml; one value where there is one."""
        found: dict[str, Any] = {
            "institution": self.institution,
            "address": _one_or_two(self.addresses),
            "certificate_sha256": _one_or_two(self.pins),
        }
        if self.host is not None and self.p2p_port is not None:
            found |= {"host": self.host, "port": self.p2p_port}
        return found


def _one_or_two(values: tuple[str, ...]) -> str | list[str]:
    return values[0] if len(values) == 1 else list(values)


def pin_of(pem: str) -> str:
    return fingerprint(certificate_der(pem.encode("ascii"))).hex()


# --- cards as files


def dump_card(card: Card) -> str:
    return (
        json.dumps(
            {
                "schema": CARD_SCHEMA,
                "institution": card.institution,
                "genesis": card.genesis,
                "public_keys": [key.hex() for key in card.public_keys],
                "addresses": list(card.addresses),
                "certificates": list(card.certificates),
                "certificate_sha256": list(card.pins),
                "host": card.host,
                "p2p_port": card.p2p_port,
            },
            ensure_ascii=False,
            indent=1,
        )
        + "\n"
    )


def read_card(path: Path) -> Card:
    """A card, or the part that `eqz node init` left. InputError when it is neither."""
    try:
        text = path.read_text(encoding="utf-8")[: CARD_BYTES + 1]
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: {error}", "FILE") from None
    found = as_object(parse_json(text, str(path)), str(path))
    if found.get("schema") == PART_SCHEMA:
        part = parse_part(text, str(path))
        if part.node is None:
            raise InputError(f"{path}: {part.name} runs no node", "CARD")
        node = part.node
        return Card(part.name, (node.public_key,), (node.certificate,), node.host, node.p2p_port, None)
    if found.get("schema") != CARD_SCHEMA:
        raise InputError(
            f"{path}: schema {found.get('schema')!r} found, {CARD_SCHEMA} or {PART_SCHEMA} expected", "CARD"
        )
    try:
        return _parse_card(found)
    except (KeyError, TypeError, ValueError, ConfigError) as error:
        raise InputError(f"{path}: not what `eqz node peer card` writes: {error}", "CARD") from None


def _parse_card(found: Mapping[str, Json]) -> Card:
    port = found["p2p_port"]
    if port is not None and not isinstance(port, int):
        raise ValueError(f"p2p_port {port!r}")
    card = Card(
        str(found["institution"]),
        tuple(bytes.fromhex(text) for text in _texts(found["public_keys"])),
        _texts(found["certificates"]),
        None if found["host"] is None else str(found["host"]),
        port,
        None if found["genesis"] is None else str(found["genesis"]),
    )
    if list(card.pins) != found["certificate_sha256"] or list(card.addresses) != found["addresses"]:
        raise ValueError("a hash written beside a key or a certificate is not its own")
    return card


def _texts(found: Json) -> tuple[str, ...]:
    """One or two texts."""
    if not isinstance(found, list) or not 1 <= len(found) <= 2:
        raise ValueError(f"{found!r} found, one or two expected")
    return tuple(str(one) for one in found)


def own_card(
    directory: Path,
    *,
    host: str | None = None,
    next_certificate: str | None = None,
    next_key: SigningKey | None = None,
) -> Card:
    """What this directory's node tells its peers. Raises ConfigError, InputError."""
    config = NodeConfig.load(directory)
    identity = read_identity(config)
    if identity.key is None:
        raise InputError(f"{directory}: a node without a key follows, and has no card", "CARD")
    place = host or _told_host(directory) or config.p2p.host
    if place in ("0.0.0.0", "::"):
        raise InputError(
            f"{directory}: the node listens on all addresses ({place}); say with --host where peers reach it",
            "CARD",
        )
    names = [config.certificate, *([next_certificate] if next_certificate else [])]
    try:
        certificates = tuple(config.path(name).read_text(encoding="ascii") for name in names)
    except OSError as error:
        raise InputError(f"{error.filename}: {error.strerror}", "FILE") from None
    keys = [identity.key, *([next_key] if next_key is not None else [])]
    port = config.p2p.port or _told_port(directory)
    return Card(
        config.name, tuple(key.public_key for key in keys), certificates, place, port, config.genesis_hash
    )


def _told_host(directory: Path) -> str | None:
    """Where the operator said that peers reach it: `eqz node init` wrote that down."""
    if not (directory / "endpoint.json").exists():
        return None
    return read_own(directory)[1].host


def _told_port(directory: Path) -> int | None:
    """Where the running node listens, when the system chose."""
    try:
        return int((directory / "p2p.addr").read_text(encoding="ascii").rpartition(":")[2])
    except (OSError, ValueError):
        return None


# --- peers of a node


def check_card(config: NodeConfig, card: Card, expected: Sequence[str]) -> None:
    """Of the same network, not the node itself, and with the certificates that were read out: InputError,
    VerificationError."""
    if card.genesis is not None and card.genesis != config.genesis_hash:
        raise InputError(
            f"{card.institution} belongs to the network {card.genesis}, this node to {config.genesis_hash}",
            "OTHER-NETWORK",
        )
    if card.institution == config.name:
        raise InputError(f"{card.institution} is this node itself", "PEER-SELF")
    known = next((peer.pins for peer in config.peers if peer.institution == card.institution), ())
    for pin in card.pins:
        if expected and pin not in known and pin not in expected:
            raise VerificationError(
                f"the certificate of {card.institution} has SHA-256 {pin}, expected {', '.join(expected)}",
                "CERTIFICATE-PIN",
                Details(remedy="nothing was written: ask that institution which one is theirs"),
            )


def set_peer(directory: Path, card: Card) -> None:
    """Write the peer's certificate and its part of node.toml: first a file with the old and the new
    certificates, then node.toml, which says which of them count. A stop in between leaves what was."""
    config = NodeConfig.load(directory)
    path = directory / "node.toml"
    text, values = read_toml(path)
    peers = [dict(peer) for peer in values.get("peers", [])]
    settings = card.settings()
    place = next((n for n, peer in enumerate(peers) if peer.get("institution") == card.institution), None)
    if place is None:
        peers.append(settings)
    else:
        kept = {name: peers[place][name] for name in ("host", "port") if name in peers[place]}
        settings = {**kept, **settings}
        settings = {name: settings[name] for name in _ORDER if name in settings}
        peers[place] = settings
    changed = with_peer(text, card.institution, settings)
    certificates = _certificates_of(config, card)
    NodeConfig.parse(changed, directory)
    folder = directory / "peers"
    folder.mkdir(exist_ok=True)
    write_text(folder / f"{card.institution}.crt", "".join(certificates))
    replace_toml(path, changed, {**values, "peers": peers})
    write_text(folder / f"{card.institution}.crt", "".join(card.certificates))


_ORDER = ("institution", "address", "certificate_sha256", "host", "port")


def _certificates_of(config: NodeConfig, card: Card) -> list[str]:
    """The card's, and before them those that node.toml pins now and the card has no more. ConfigError when
    the peer's file lacks one that is pinned."""
    known = next((peer for peer in config.peers if peer.institution == card.institution), None)
    pinned = () if known is None else peer_certificates(config, known)
    kept = [ssl.DER_cert_to_PEM_cert(one) for one in pinned if fingerprint(one).hex() not in card.pins]
    return [*kept, *card.certificates]


def drop_peer(directory: Path, institution: str) -> None:
    """Take a peer out of node.toml; its certificate file goes after that."""
    path = directory / "node.toml"
    text, values = read_toml(path)
    peers = [dict(peer) for peer in values.get("peers", []) if peer.get("institution") != institution]
    wanted = {**values, "peers": peers}
    if not peers:
        del wanted["peers"]
    replace_toml(path, with_peer(text, institution, None), wanted)
    (directory / "peers" / f"{institution}.crt").unlink(missing_ok=True)


def set_settings(directory: Path, **settings: str) -> None:
    """Fields of the first part of node.toml. Raises ConfigError, InputError; nothing is written then."""
    path = directory / "node.toml"
    text, values = read_toml(path)
    for name, value in settings.items():
        text = with_setting(text, name, value)
    NodeConfig.parse(text, directory)
    replace_toml(path, text, {**values, **settings})


# --- a node that was not in the genesis


def join(directory: Path, genesis: bytes, cards: Sequence[Card]) -> NodeConfig:
    """genesis.eqg, peers/ and node.toml for a directory of `eqz node init`. InputError when it is not one, or
    runs already."""
    part, endpoint = read_own(directory)
    if (directory / "node.toml").exists():
        raise InputError(
            f"{directory}/node.toml is there already: peers are changed with `eqz node peer`",
            "NODE-DIRECTORY",
        )
    made = Genesis.decode(genesis)
    names = [card.institution for card in cards]
    if len(set(names)) < len(names) or part.name in names:
        raise InputError("each other member's card once, and not this node's own", "CARD")
    for card in cards:
        if card.genesis is not None and card.genesis != made.chain_id.hex():
            raise InputError(
                f"{card.institution} belongs to the network {card.genesis}, the genesis file is of "
                f"{made.chain_id.hex()}",
                "OTHER-NETWORK",
            )
    write_settings(
        directory, part.name, [(card.settings(), card.certificates) for card in cards], made, endpoint
    )
    config = NodeConfig.load(directory)
    pinned_peers(config)
    return config


def enrolment(key: SigningKey, chain_id: Hash32, institution: str, effect: str) -> dict[str, Json]:
    """What the members vote on: that this key votes on blocks. It proves that its owner asks for that."""
    message = possession_bytes(chain_id, InstitutionId(institution), ED25519, key.public_key)
    return {
        "effect": effect,
        "arguments": {
            "institution": institution,
            "algorithm": ED25519,
            "public_key": key.public_key.hex(),
            "possession": key.sign(message).hex(),
        },
    }


def peer_row(peer: Peer) -> dict[str, Json]:
    """One peer for a table."""
    return {
        "institution": peer.institution,
        "addresses": " ".join(peer.addresses),
        "certificates": " ".join(peer.pins),
        "host": peer.host,
        "port": peer.port,
    }
