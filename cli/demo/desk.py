"""The desk where people's documents are built, signed and submitted, many at a time, by the code the CLI
uses."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import httpx

from chain.codec import Value
from chain.keys import SigningKey
from chain.types import Hash32, InstitutionId
from cli import ballots
from cli import envelope as envelopes
from cli.client import Client
from cli.documents import Json, plain_json, value_of
from cli.envelope import Envelope
from cli.failures import CommandError
from cli.founding import Network
from cli.people import Person, names_of
from cli.remote import RemoteState
from contracts.actions import REGISTER
from contracts.records import Role
from contracts.state import StateReader

BATCH = 128
"""Documents in one request: about 200 KB."""

FINAL_SECONDS = 120.0
"""Far above what a busy machine needs: a wait that ends is an error to look into, not a measurement."""
VALID_MS = 3_600_000


class Watch:
    """Listens to the event streams of all nodes: when each transaction was decided there."""

    def __init__(self, urls: Sequence[str]) -> None:
        self._urls = tuple(urls)
        self._changed = threading.Condition()
        self._seen: dict[str, list[float]] = {}
        self._open = 0
        self._threads = [
            threading.Thread(target=self._listen, args=(url,), daemon=True) for url in self._urls
        ]

    def start(self) -> None:
        """Returns when every stream is open."""
        for thread in self._threads:
            thread.start()
        with self._changed:
            if not self._changed.wait_for(lambda: self._open == len(self._urls), FINAL_SECONDS):
                raise CommandError("the nodes' event streams do not open", "DEMO-EVENTS")

    def wait_for(self, tx_ids: Iterable[str]) -> None:
        """Until every node has decided all of them."""
        wanted = set(tx_ids)

        def is_done() -> bool:
            return all(len(self._seen.get(tx_id, ())) >= len(self._urls) for tx_id in wanted)

        with self._changed:
            if not self._changed.wait_for(is_done, FINAL_SECONDS):
                missing = [one for one in wanted if len(self._seen.get(one, ())) < len(self._urls)]
                raise CommandError(
                    f"{len(missing)} documents are not final on all nodes, first {missing[0]}", "DEMO-FINAL"
                )

    def first_seen(self, tx_id: str) -> float:
        """Monotonic seconds when the first node had decided it."""
        with self._changed:
            return min(self._seen[tx_id])

    def _listen(self, url: str) -> None:
        try:
            with httpx.stream("GET", url + "/v1/events", timeout=None) as stream:
                for line in stream.iter_lines():
                    self._take(line)
        except httpx.HTTPError:
            return  # the node ended: waiting for it fails by time and says what is missing

    def _take(self, line: str) -> None:
        with self._changed:
            if line.startswith(": height"):
                self._open += 1
            elif line.startswith("data: "):
                now = time.monotonic()
                for item in json.loads(line[6:])["transactions"]:
                    self._seen.setdefault(item["tx_id"], []).append(now)
            self._changed.notify_all()


@dataclass(frozen=True, slots=True)
class Document:
    """One document of an institution: the JSON a person would write in a file."""

    institution: str
    action: str
    content: Json
    roles: tuple[str, ...] | None = None
    """Who signs; None is whom the action asks for."""


class Clerks(Protocol):
    """Who takes the documents of the story: the desk of a running network, or a ledger in memory."""

    last_ids: list[str]

    @property
    def chain_id(self) -> Hash32: ...

    def submit(self, documents: Sequence[Document]) -> None: ...

    def refused(self, document: Document) -> Mapping[str, Any]: ...

    def state(self, collections: Sequence[str]) -> StateReader: ...

    def new_person(self, institution: str, role: str) -> SigningKey: ...


@dataclass(slots=True)
class Desk:
    """Signs for everybody in the demonstration, whose keys are open, and counts what happened."""

    network: Network
    clients: dict[str, Client]
    """Name of a node -> its API."""
    watch: Watch
    home: dict[str, str]
    """Institution -> name of the node it works through."""
    people: dict[tuple[str, str], tuple[Person, SigningKey]]
    """(institution, role) -> the person and the open key."""
    finality_ms: list[float] = field(default_factory=list)
    refusals: dict[str, int] = field(default_factory=dict)
    committed: int = 0
    last_ids: list[str] = field(default_factory=list)

    @property
    def chain_id(self) -> Hash32:
        return self.network.genesis.chain_id

    def submit(self, documents: Sequence[Document]) -> None:
        """Build, sign and offer all, each to its institution's node; return when all nodes have decided
        all."""
        by_node: dict[str, list[Envelope]] = {}
        for document in documents:
            by_node.setdefault(self.home[document.institution], []).append(self.prepare(document))
        sent: dict[str, float] = {}
        for node, prepared in by_node.items():
            for at in range(0, len(prepared), BATCH):
                group = prepared[at : at + BATCH]
                now = time.monotonic()
                replies = self.clients[node].submit_many(node_url(self.clients[node]), group_pairs(group))
                for envelope, reply in zip(group, replies, strict=True):
                    if reply.status != "accepted":
                        raise CommandError(
                            f"{envelope.transaction.action} of {envelope.transaction.institution}: "
                            f"{reply.status}: {reply.error}",
                            "DEMO-REFUSED",
                        )
                    sent[envelope.tx_id.hex()] = now
        self.watch.wait_for(sent)
        self.committed += len(sent)
        self.last_ids = list(sent)
        self.finality_ms.extend((self.watch.first_seen(tx_id) - then) * 1000 for tx_id, then in sent.items())

    def refused(self, document: Document) -> Mapping[str, Any]:
        """Offer a document that must be refused; the error the node gives."""
        client = self.clients[self.home[document.institution]]
        envelope = self.prepare(document)
        (reply,) = client.submit_many(node_url(client), group_pairs([envelope]))
        if reply.status != "refused" or reply.error is None:
            raise CommandError(
                f"{document.action} of {document.institution} should be refused and is {reply.status}",
                "DEMO-ACCEPTED",
            )
        code = str(reply.error["code"])
        self.refusals[code] = self.refusals.get(code, 0) + 1
        return reply.error

    def state(self, collections: Sequence[str]) -> RemoteState:
        """The state of now; the named collections are fetched whole."""
        return RemoteState(self.clients["treasury"], collections)

    def new_person(self, institution: str, role: str) -> SigningKey:
        """The key of somebody who is not registered yet, known at the desk from now on."""
        key = SigningKey.from_seed(os.urandom(32))
        serial = sum(1 for known, _ in self.people if known == institution) + 1
        person = Person(
            InstitutionId(institution), serial, int(Role[role.upper()]), key.public_key, None, None
        )
        self.people[(institution, role)] = (person, key)
        self.home.setdefault(institution, "mof")
        return key

    def prepare(self, document: Document) -> Envelope:
        """Built from the JSON by the action's shape, signed by one person for each role."""
        action = REGISTER[(document.action, 1)]
        envelope = envelopes.build(
            network=self.network.genesis.name,
            chain_id=self.network.genesis.chain_id,
            institution=document.institution,
            action=action,
            arguments=arguments_of(document),
            valid_until_ms=time.time_ns() // 1_000_000 + VALID_MS,
        )
        names = document.roles or envelopes.role_names(action.roles)
        for name in names:
            person, key = self.people[(document.institution, name)]
            envelope = envelopes.sign(envelope, key, person.institution, person.serial)
        return envelope


def arguments_of(document: Document) -> Value:
    """What the ledger reads of a document; the effect of a ballot and the document of an approval go without
    names of fields."""
    action = REGISTER[(document.action, 1)]
    return value_of(action.arguments, ballots.to_wire(document.action, document.content))


def approval_of(document: Document) -> Document:
    """The same document submitted for approval, signed as itself."""
    action = REGISTER[(document.action, 1)]
    content: dict[str, Json] = {
        "action": document.action,
        "version": 1,
        "arguments": plain_json(arguments_of(document)),
    }
    roles = document.roles or envelopes.role_names(action.roles)
    return Document(document.institution, "approval.submit", content, roles)


def desk_of(network: Network, urls: Mapping[str, str]) -> Desk:
    """The desk of a running network; `urls`: name of a node -> its API."""
    home: dict[str, str] = {}
    people: dict[tuple[str, str], tuple[Person, SigningKey]] = {}
    for member in network.members:
        home.update({institution.id: member.part.name for institution in member.part.institutions})
        for person, key, _ in member.people:
            people.update({(person.institution, role): (person, key) for role in names_of(person.roles)})
    watch = Watch(tuple(urls.values()))
    watch.start()
    return Desk(network, {name: Client([url]) for name, url in urls.items()}, watch, home, people)


def node_url(client: Client) -> str:
    return client.nodes[0]


def group_pairs(envelopes_: Sequence[Envelope]) -> list[tuple[bytes, bytes]]:
    """(body, auth) of each."""
    return [(envelope.body, envelope.auth()) for envelope in envelopes_]
