"""What the operator of a node writes down: `node.toml`, checked by name and type when the node starts."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from chain.errors import ConfigError
from node.mempool import MempoolLimits

Port = Annotated[int, Field(ge=0, le=65535)]
Hex32 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Endpoint(_Strict):
    """Where something listens. Port 0 lets the system choose; the choice is written to `<name>.addr`."""

    host: str = "127.0.0.1"
    port: Port = 0


class Peer(_Strict):
    """One other member's node: its validator address, and its TLS certificate in `peers/<institution>.crt`,
    whose SHA-256 (of the DER bytes) must be the one written here. A peer without a place is not dialled.

    While the peer changes its key or its certificate both stand here, the present and the next, as a list.
    """

    institution: str = Field(pattern=r"^[a-z0-9._-]{1,32}$")
    address: Hex32 | tuple[Hex32, Hex32]
    certificate_sha256: Hex32 | tuple[Hex32, Hex32]
    host: str | None = None
    port: Port | None = None

    @property
    def addresses(self) -> tuple[str, ...]:
        return (self.address,) if isinstance(self.address, str) else self.address

    @property
    def pins(self) -> tuple[str, ...]:
        """SHA-256 of the certificates that it may come with."""
        found = self.certificate_sha256
        return (found,) if isinstance(found, str) else found


class ApiLimits(_Strict):
    """What one node's HTTP API bears from strangers; see docs/operating.md for why each is what it is."""

    connections: int = Field(default=256, ge=1)
    connections_per_address: int = Field(default=64, ge=1)
    header_seconds: float = Field(default=10.0, gt=0)
    body_seconds: float = Field(default=30.0, gt=0)
    idle_seconds: float = Field(default=75.0, gt=0)
    body_bytes: int = Field(default=8 * 1024 * 1024, ge=1024)
    bodies_bytes: int = Field(default=64 * 1024 * 1024, ge=1024)
    unsent_bytes: int = Field(default=64 * 1024 * 1024, ge=1024)
    work_share: float = Field(default=0.1, gt=0, le=1)


class Mempool(_Strict):
    transactions: int = Field(default=MempoolLimits().transactions, ge=1)
    size_bytes: int = Field(default=MempoolLimits().size_bytes, ge=1 << 20)

    def limits(self) -> MempoolLimits:
        return MempoolLimits(self.transactions, self.size_bytes)


class Disk(_Strict):
    """`reserve_bytes`: with less free space the node does not vote until there is more (node/reserve.py)."""

    reserve_bytes: int = Field(default=1 << 30, ge=0)


class SnapshotSettings(_Strict):
    """A snapshot of the state every so many heights (0: only when asked for), how many are kept, and how long
    peers are asked for one while nothing new comes."""

    every_heights: int = Field(default=0, ge=0)
    keep: int = Field(default=2, ge=1, le=8)
    patience_seconds: float = Field(default=60.0, gt=0)


class NodeConfig(_Strict):
    """One node. Paths are relative to the directory of `node.toml`."""

    name: str = Field(pattern=r"^[a-z0-9._-]{1,32}$")
    network: str = Field(default="eqazyna", max_length=64)
    genesis: str = "genesis.eqg"
    genesis_hash: Hex32
    validator_key: str | None = "validator.key"
    password_file: str = "validator.password"
    certificate: str = "tls.crt"
    certificate_key: str = "tls.key"
    p2p: Endpoint = Endpoint()
    api: Endpoint = Endpoint()
    peers: tuple[Peer, ...] = ()
    mempool: Mempool = Mempool()
    api_limits: ApiLimits = ApiLimits()
    disk: Disk = Disk()
    snapshots: SnapshotSettings = SnapshotSettings()
    log_repair_seconds: float = Field(default=60.0, gt=0)
    """How long peers are asked for one damaged height of the block log before the node gives up."""
    log_level: str = Field(default="info", pattern=r"^(debug|info|warning|error)$")
    directory: Path = Field(default=Path(), exclude=True)

    @model_validator(mode="after")
    def _peers_differ(self) -> Self:
        for what, values in (
            ("institution", [peer.institution for peer in self.peers]),
            ("address", [address for peer in self.peers for address in peer.addresses]),
            ("certificate_sha256", [pin for peer in self.peers for pin in peer.pins]),
        ):
            twice = next((value for value in values if values.count(value) > 1), None)
            if twice is not None:
                raise ValueError(f"two peers with {what} {twice}")
        return self

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read `directory/node.toml`. Raises ConfigError, one line, naming the file and the field."""
        path = directory / "node.toml"
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise ConfigError(
                f"{path} is not there; `eqz network new` or `eqz node init` writes one", "CONFIG-MISSING"
            ) from None
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{path}: cannot be read: {error}") from None
        return cls.parse(text, directory)

    @classmethod
    def parse(cls, text: str, directory: Path) -> Self:
        """The text of a `node.toml` in this directory. Raises ConfigError."""
        path = directory / "node.toml"
        try:
            return cls(**{**tomllib.loads(text), "directory": directory})
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(f"{path}: not TOML: {error}") from None
        except ValidationError as error:
            first = error.errors()[0]
            where = "".join(f"{part}: " for part in [".".join(str(part) for part in first["loc"])] if part)
            raise ConfigError(f"{path}: {where}{first['msg']}") from None

    def path(self, name: str) -> Path:
        return self.directory / name
