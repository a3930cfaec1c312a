"""What `eqz node doctor` looks at: the directory of a node, and what the running node says of itself."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from chain.errors import LedgerError
from chain.genesis import Genesis
from cli.client import connected
from cli.documents import Json
from cli.failures import NothingAcceptedError
from cli.node import address_in
from node.config import NodeConfig
from node.findings import LANGUAGES, Finding, finding
from node.health import DAY_SECONDS, MIB, Vitals, certificates_ending, findings_of
from node.opening import certificate_ends, peer_certificates
from node.reserve import DiskReserve
from node.silence import Silence, Why

_WELL: Final[dict[str, tuple[str, str, str]]] = {
    "node.toml": ("{name}, {peers} көрші", "{name}, соседей: {peers}", "{name}, {peers} peers"),
    "genesis": ("{hash}", "{hash}", "{hash}"),
    "certificate": ("тағы {days} күн жарамды", "действует ещё {days} дн.", "valid for {days} days"),
    "mode": ("режимі {mode}", "режим {mode}", "mode {mode}"),
    "disk": ("{mib} МиБ бос", "свободно {mib} МиБ", "{mib} MiB free"),
    "running": ("{url}, биіктік {height}", "{url}, высота {height}", "{url}, height {height}"),
    "votes": ("бұл кілт дауыс береді", "этот ключ голосует", "this key votes"),
    "ready": ("дайын", "готов", "ready"),
}
"""What is said when nothing is wrong."""

_CHECKS: Final[dict[str, str]] = {
    "NO-QUORUM": "ready", "CATCHING-UP": "ready", "ROUNDS": "ready", "DISK-RESERVE": "disk",
    "DISK-FLOOR": "disk", "CLOCK": "clock", "LAWS-BROKEN": "laws", "KEY-NONE": "votes",
    "KEY-NOT-ENROLLED": "votes", "KEY-JOURNAL": "votes", "KEY-RETIRED": "votes",
}  # fmt: skip
"""The check that a finding of the running node belongs to; certificates are looked at in the directory."""


@dataclass(frozen=True, slots=True)
class Check:
    """One line: what was looked at, and what was found; `code` and `remedy` are empty when all is well."""

    check: str
    is_ok: bool
    found: str
    code: str = ""
    severity: str = ""
    remedy: str = ""

    @property
    def row(self) -> dict[str, Json]:
        return {
            "check": self.check, "ok": self.is_ok, "found": self.found, "code": self.code,
            "severity": self.severity, "remedy": self.remedy,
        }  # fmt: skip


def examine(directory: Path, language: str) -> list[Check]:
    """Every check, in a fixed order. Raises ConfigError when node.toml cannot be read."""
    return list(_Doctor(NodeConfig.load(directory), language).checks())


@dataclass(frozen=True, slots=True)
class _Doctor:
    config: NodeConfig
    language: str

    def checks(self) -> Iterator[Check]:
        config = self.config
        yield self._well("node.toml", name=config.name, peers=len(config.peers))
        yield self._genesis()
        yield from self._certificates()
        for name in (config.validator_key, config.password_file, config.certificate_key):
            if name is not None:
                yield self._mode(config.path(name))
        running = list(self._running())
        if not any(one.check == "disk" for one in running):
            yield self._disk()
        yield from running

    def _well(self, check: str, said: str = "", **facts: object) -> Check:
        text = _WELL[said or check][LANGUAGES.index(self.language)]
        return Check(check, True, text.format(**facts))

    def _wrong(self, check: str, found: Finding) -> Check:
        kind = found.kind
        is_ok = kind.severity == "info" and not kind.blocks
        return Check(
            check, is_ok, found.text(self.language), found.code, kind.severity, found.remedy(self.language)
        )

    def _genesis(self) -> Check:
        path = self.config.path(self.config.genesis)
        try:
            found = Genesis.decode(path.read_bytes()).chain_id.hex()
        except (OSError, LedgerError) as error:
            return self._wrong("genesis", finding("FILE-UNREADABLE", detail=str(error)))
        if found != self.config.genesis_hash:
            return self._wrong(
                "genesis", finding("GENESIS-OTHER", found=found, expected=self.config.genesis_hash)
            )
        return self._well("genesis", hash=found)

    def _certificates(self) -> Iterator[Check]:
        """Of this node and of its peers: there, the pinned ones, and for how long."""
        config, now = self.config, int(time.time())
        ends = certificate_ends(config)
        places = {config.name: "certificate"}
        places |= {one.institution: f"peers/{one.institution}.crt" for one in config.peers}
        if config.name not in ends:
            path = config.path(config.certificate)
            yield self._wrong("certificate", finding("FILE-UNREADABLE", detail=str(path)))
        for name, end in ends.items():
            ending = certificates_ending({name: end}, now)
            if ending:
                yield self._wrong(places[name], ending[0])
            elif name == config.name:
                yield self._well("certificate", days=(end - now) // DAY_SECONDS)
        for peer in config.peers:
            try:
                peer_certificates(config, peer)
            except LedgerError as error:
                yield self._wrong(places[peer.institution], finding("CERTIFICATE-PIN", detail=str(error)))

    def _mode(self, path: Path) -> Check:
        try:
            mode = path.stat().st_mode & 0o777
        except OSError as error:
            detail = f"{path}: {error.strerror}"
            return self._wrong(path.name, finding("FILE-UNREADABLE", detail=detail))
        if mode & 0o077:
            return self._wrong(path.name, finding("FILE-MODE", name=path.name, mode=f"{mode:04o}"))
        return self._well(path.name, "mode", mode=f"{mode:04o}")

    def _disk(self) -> Check:
        """By the node's own marks, when it does not say itself what it found."""
        free = shutil.disk_usage(self.config.directory).free
        reserve = DiskReserve(lambda: free, self.config.disk.reserve_bytes)
        vitals = Vitals(
            height=0, round=-1, validators=0, peers=1, votes=True, highest_claim=0,
            silence=Silence(Why.DISK), room=reserve.room, free_bytes=free,
            reserve_bytes=reserve.mark_bytes, resume_bytes=reserve.resume_bytes,
        )  # fmt: skip
        found = findings_of(vitals)
        return self._wrong("disk", found[0]) if found else self._well("disk", mib=free // MIB)

    def _running(self) -> Iterator[Check]:
        directory = self.config.directory
        try:
            url = address_in(directory)
        except NothingAcceptedError:
            yield self._wrong("running", finding("NOT-RUNNING", path=str(directory / "api.addr")))
            return
        with connected((url,)) as client:
            status = client.status_of(url)
            told = client.findings_of(url)
        if status is None:
            yield self._wrong("running", finding("NOT-ANSWERING", url=url))
            return
        yield self._well("running", url=url, height=status.get("height"))
        checks = [self._told(one) for one in told if one.get("code") in _CHECKS]
        if status.get("votes"):
            yield self._well("votes")
        if not any(one.get("blocks") for one in told):
            yield self._well("ready")
        yield from checks

    def _told(self, told: dict[str, Any]) -> Check:
        """As the node says it, which may be of another version than this program."""
        code, severity = str(told["code"]), str(told["severity"])
        is_ok = severity == "info" and not told["blocks"]
        text, remedy = told["texts"][self.language], told["remedies"][self.language]
        return Check(_CHECKS[code], is_ok, str(text), code, severity, str(remedy))
