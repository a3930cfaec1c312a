"""Settings read again while the node runs: peers, their places and certificates, and its own certificate.

Everything is checked before anything is taken over; what cannot be used leaves the old settings in force.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import Any

import structlog

from chain.errors import ConfigError, StorageError
from network.transport import Transport
from node.config import NodeConfig
from node.node import Node
from node.opening import pinned_peers
from node.running import answer, asked

TAKEN_OVER = frozenset({"peers", "certificate", "certificate_key", "disk"})
"""Fields of node.toml that a running node takes over; the others wait for the next start."""

log = structlog.get_logger("node")


@dataclass(frozen=True, slots=True)
class Reloaded:
    """What is in force now that was not before. `later`: fields that differ and wait for the next start."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    is_certificate_new: bool = False
    later: tuple[str, ...] = ()

    def facts(self) -> dict[str, Any]:
        return {
            "added": list(self.added),
            "removed": list(self.removed),
            "changed": list(self.changed),
            "certificate": self.is_certificate_new,
            "later": list(self.later),
        }


def show_lost_links(node: Node) -> None:
    """As a metric: what a renewal of certificates must leave at 0."""
    transport = node.transport
    if isinstance(transport, Transport):
        node.ledger.metrics.expose(
            "peer_lost",
            "Links that ended with no other in their place, by address.",
            "peer",
            lambda: {address.hex(): count for address, count in transport.lost.items()},
        )


def reload(node: Node) -> Reloaded:
    """Read node.toml and the certificates again. Raises ConfigError, and then nothing is changed."""
    transport = node.transport
    assert isinstance(transport, Transport), "a simulation has links of its own, and no files"
    before, found = node.config, NodeConfig.load(node.config.directory)
    peers = pinned_peers(found)
    settings = replace(
        transport.config,
        peers=peers,
        certificate_file=found.path(found.certificate),
        key_file=found.path(found.certificate_key),
    )
    certificate = transport.own_certificate
    transport.adopt(settings)
    node.config = before.model_copy(update={name: getattr(found, name) for name in TAKEN_OVER})
    node.certificates.forget()
    node.driver.reserve.mark_bytes = found.disk.reserve_bytes
    old = {peer.institution: peer for peer in before.peers}
    new = {peer.institution: peer for peer in found.peers}
    return Reloaded(
        added=tuple(sorted(new.keys() - old.keys())),
        removed=tuple(sorted(old.keys() - new.keys())),
        changed=tuple(sorted(name for name in new.keys() & old.keys() if new[name] != old[name])),
        is_certificate_new=transport.own_certificate != certificate,
        later=tuple(
            name
            for name in NodeConfig.model_fields
            if name not in TAKEN_OVER and getattr(before, name) != getattr(found, name)
        ),
    )


async def reload_when(asked_for: asyncio.Event, node: Node) -> None:
    """Read again each time the event is set, and leave the answer in the directory; until cancelled."""
    directory = node.config.directory
    while True:
        await asked_for.wait()
        asked_for.clear()
        request = asked(directory)
        try:
            found = reload(node)
        except ConfigError as error:
            log.error(
                "the settings are refused: those before stay in force", reason=str(error), code=error.code
            )
            told: dict[str, Any] = {"error": {"code": error.code, "message": error.message}}
        else:
            log.info("the settings were read again", **found.facts())
            told = found.facts()
        try:
            answer(directory, {"schema": "eqz.node.reload/1", "request": request, **told})
        except StorageError as error:  # whoever asked learns that there is no answer; the node goes on
            log.error("the answer to a reload cannot be written", reason=str(error))
