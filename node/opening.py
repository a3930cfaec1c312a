"""What the operator gave the node and what its own key has said: genesis, keys, certificates, the journal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from random import Random

import structlog
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from chain.block import Block
from chain.certificate import CommitCertificate
from chain.errors import ConfigError, CorruptionError, DecodeError, StorageError
from chain.genesis import Genesis
from chain.keys import SigningKey
from chain.types import Address, Height
from consensus.messages import LIMIT_BYTES
from consensus.records import HeightEnded, KeyRetired, OwnRecord, decode_record, encode_record
from consensus.signer import Signer, journal_fault
from contracts.records import Collection, ValidatorRecord
from network.certificates import certificates_der, fingerprint, valid_until
from network.transport import PinnedPeer, Transport, TransportConfig
from node.application import LedgerApplication
from node.config import NodeConfig
from node.config import Peer as PeerConfig
from node.ports import BlockStore
from node.secrets import read_password
from node.world import Identity, World
from storage.disk import REAL_DISK, Disk
from storage.files import failing_as
from storage.journal import Journal

BLOCKS, STATE, JOURNAL, VOTES = "blocks", "state", "journal", "votes"
"""What a node keeps, each in a directory of its own beside node.toml."""

log = structlog.get_logger("node")


def read_identity(config: NodeConfig) -> Identity:
    """Genesis and key of the node's directory. Raises ConfigError."""
    data = read_genesis(config)
    return Identity(data, Genesis.decode(data), _read_validator_key(config))


def read_genesis(config: NodeConfig) -> bytes:
    """The bytes of the genesis that node.toml names. Raises ConfigError."""
    path = config.path(config.genesis)
    try:
        data = path.read_bytes()
        found = Genesis.decode(data).chain_id.hex()
    except FileNotFoundError:
        raise ConfigError(f"{path} is not there; copy the genesis file that all members compared") from None
    except DecodeError as error:
        raise ConfigError(f"{path}: not a genesis file: {error}") from None
    if found != config.genesis_hash:
        raise ConfigError(
            f"{path} has hash {found}, node.toml says {config.genesis_hash}: another network's genesis"
        )
    return data


def _read_validator_key(config: NodeConfig) -> SigningKey | None:
    if config.validator_key is None:
        return None
    path = config.path(config.validator_key)
    password = read_password(config.path(config.password_file))
    try:
        private = load_pem_private_key(path.read_bytes(), password)
    except FileNotFoundError:
        raise ConfigError(f"{path} is not there; a node without a key says `validator_key` nowhere") from None
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ConfigError(f"{path}: wrong password, or not an encrypted PKCS#8 key: {error}", "KEY") from None
    if not isinstance(private, Ed25519PrivateKey):
        raise ConfigError(f"{path}: not an Ed25519 key")
    return SigningKey(private)


def open_journal(config: NodeConfig, key: SigningKey | None, disk: Disk) -> tuple[Journal | None, str | None]:
    """The journal of this key's votes, or why there is none.

    None is ever made here: the first one came with the directory (`found_journal`), so where it is not any
    more the key may have voted, whatever else is missing beside it.
    """
    if key is None:
        return None, "this node has no validator key"
    try:
        return Journal.open(journal_path(config, key.address), disk), None
    except StorageError as error:
        if error.code != "JOURNAL-MISSING" and not isinstance(error, CorruptionError):
            raise
        return None, str(error)


def journal_path(config: NodeConfig, address: Address) -> Path:
    """A new key begins a new journal; the old one keeps what the old key has said."""
    return config.path(JOURNAL) / address.hex()


def found_journal(directory: Path, address: Address, disk: Disk = REAL_DISK) -> None:
    """The empty journal of a key that was just made, in a node's directory: before anybody else knows the
    key. Raises StorageError JOURNAL-EXISTS."""
    Journal.create(directory / JOURNAL / address.hex(), disk).close()


def journal_of_new_key(
    config: NodeConfig, key: SigningKey | None, application: LedgerApplication, disk: Disk
) -> Journal | None:
    """A journal for a key that a ballot has yet to enrol: what the chain does not know has never voted."""
    if key is None or application.state.get(Collection.KEYS, key.address) is not None:
        return None
    path = journal_path(config, key.address)
    if disk.exists(path):
        return None
    journal = Journal.create(path, disk)
    journal.append(encode_record(HeightEnded(Height(application.height))))
    return journal


def signer_of(
    key: SigningKey | None,
    journal: Journal | None,
    fault: str | None,
    application: LedgerApplication,
    blocks: BlockStore,
) -> tuple[Signer | None, str | None]:
    """The guard of the key, or None and why: what it has signed cannot be known. Then the node follows."""
    if key is None:
        return None, None
    if journal is not None:
        try:
            records = [decode_record(record) for record in journal.records()]
            if records:
                fault = journal_fault(records, application.height)
            else:
                fault = fresh_journal_fault(key.address, application, blocks)
            is_retired = any(isinstance(record, KeyRetired) for record in records)
            if fault is not None and not is_retired:
                journal.append(encode_record(KeyRetired(Height(application.height), fault)))
            if fault is None:
                _raise_to_tip(journal, records, application.height)
        except DecodeError as error:
            fault = f"the journal is damaged: {error}"
    if fault is not None:
        log.critical("this key will not vote", reason=fault)
        return None, fault
    return Signer(key.address, key.sign), None


def fresh_journal_fault(address: Address, application: LedgerApplication, blocks: BlockStore) -> str | None:
    """Why an empty journal is not that of a key's first start: a decided block carries the key's signature.

    A key may be made long before a ballot enrols it, and used when the chain has gone on; its journal is then
    far behind the block log, and lawful.
    """
    record = ValidatorRecord.find(application.state, Collection.VALIDATORS, address)
    if record is None:
        return None
    for height in range(max(blocks.first_height, record.added + 1), blocks.last_height + 1):
        stored = blocks.read(height)
        parent = Block.decode(stored.block).parent_certificate
        for data, of in ((stored.certificate, height), (parent, height - 1)):
            if data is None or of < blocks.first_height:
                continue
            index = application.validators_then(of).index_of(address)
            if any(one == index for one, _ in CommitCertificate.decode(data).signatures):
                return f"journal is empty, and block {of} carries this key's signature"
    return None


def _raise_to_tip(journal: Journal, records: Sequence[OwnRecord], height: int) -> None:
    """The last life may have ended between the block log and the journal, at a height it had only caught up.
    The journal is then one height behind, which is no fault; after another such end it would be two."""
    if max((record.height for record in records), default=Height(0)) < height:
        journal.append(encode_record(HeightEnded(Height(height))))


def certificate_ends(config: NodeConfig) -> dict[str, int]:
    """When the certificates of this node and its peers end, in seconds since 1970; of those that can be
    read."""
    places = {config.name: config.path(config.certificate)}
    places |= {one.institution: config.path("peers") / f"{one.institution}.crt" for one in config.peers}
    ends: dict[str, int] = {}
    for name, path in places.items():
        with suppress(OSError, ConfigError):  # of two the last: the other is about to be given up
            found = certificates_der(path.read_bytes())
            ends[name] = max(int(valid_until(one).timestamp()) for one in found)
    return ends


def free_bytes(config: NodeConfig, world: World) -> int:
    """What may still be written: `blocks/` and the rest may lie on disks of their own, the fullest counts.
    Raises StorageError."""
    return free_space(config, world)()


def free_space(config: NodeConfig, world: World) -> Callable[[], int]:
    """`free_bytes`, for whoever asks at every step."""
    places = [config.directory, *(config.path(name) for name in (BLOCKS, STATE, JOURNAL))]

    def found() -> int:
        with failing_as("find the free space of", config.directory):
            return min(world.disk.free_bytes(place) for place in places if world.disk.exists(place))

    return found


def links_of(config: NodeConfig, identity: Identity, height: Callable[[], int]) -> Transport:
    """The links to the peers that node.toml names. Raises ConfigError."""
    return Transport(
        TransportConfig(
            address=identity.address,
            chain_id=identity.genesis.chain_id,
            certificate_file=config.path(config.certificate),
            key_file=config.path(config.certificate_key),
            key_password=None,
            listen_host=config.p2p.host,
            listen_port=config.p2p.port,
            peers=pinned_peers(config),
            limits={int(kind): limit for kind, limit in LIMIT_BYTES.items()},
        ),
        height,
        Random(),
    )


def pinned_peers(config: NodeConfig) -> tuple[PinnedPeer, ...]:
    """The peers with their certificates. Raises ConfigError."""
    return tuple(_pinned(peer, peer_certificates(config, peer)) for peer in config.peers)


def _pinned(peer: PeerConfig, certificates: tuple[bytes, ...]) -> PinnedPeer:
    addresses = tuple(Address(bytes.fromhex(address)) for address in peer.addresses)
    return PinnedPeer(
        address=addresses[0],
        certificate=certificates[0],
        host=peer.host,
        port=peer.port,
        other_address=addresses[1] if len(addresses) > 1 else None,
        other_certificate=certificates[1] if len(certificates) > 1 else None,
    )


def peer_certificates(config: NodeConfig, peer: PeerConfig) -> tuple[bytes, ...]:
    """DER of the certificates that a peer is pinned to, in the order of node.toml. ConfigError when the file
    lacks one; what else it holds is not believed."""
    path = config.path("peers") / f"{peer.institution}.crt"
    try:
        certificates = {fingerprint(one).hex(): one for one in certificates_der(path.read_bytes())}
    except OSError as error:
        raise ConfigError(
            f"{path}: the certificate of peer {peer.institution} cannot be read: {error.strerror}"
        ) from None
    for pin in peer.pins:
        if pin not in certificates:
            raise ConfigError(
                f"{path} has SHA-256 {', '.join(certificates)}, node.toml pins {pin} for {peer.institution}: "
                "compare with that institution which one is theirs",
                "CERTIFICATE-PIN",
            )
    return tuple(certificates[pin] for pin in peer.pins)
