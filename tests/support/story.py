"""The demonstration's desk without nodes: the same documents on a ledger in memory, a block each batch.

What takes two minutes over four processes takes seconds here, so that the story is told in every test run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from chain.block import Outcome
from chain.genesis import Genesis, GenesisInstitution, GenesisSigner, GenesisValidator, Params
from chain.keys import ED25519, SigningKey
from chain.types import Hash32, InstitutionId
from cli import envelope as envelopes
from cli.demo.desk import Document, arguments_of
from contracts.actions import REGISTER
from contracts.context import BlockContext
from contracts.executor import Execution, Refusal, execute
from contracts.genesis import genesis_changes
from contracts.records import Role
from contracts.rejection import RejectionError, fill
from contracts.state import StateReader
from tests.support.budget import START_MS, MemoryReader

ROLES: Mapping[str, tuple[Role, ...]] = {"finance": (Role.HEAD, Role.ACCOUNTANT, Role.MODERATOR)}
VALIDATORS = ("finance", "treasury", "abp")
VALID_MS = 3_600_000


def key_of(institution: str, role: str) -> SigningKey:
    return SigningKey.from_seed(sha256(f"{institution}/{role}".encode()).digest())


def genesis_of(institutions: Sequence[GenesisInstitution]) -> Genesis:
    """One person for each role, one validator for each institution that runs a node."""
    return Genesis(
        name="story",
        time_ms=START_MS - 1,
        params=Params.default(),
        app_version=1,
        validators=tuple(
            GenesisValidator(key_of(one.id, "validator").public_key, 1, InstitutionId(one.id))
            for one in institutions
            if one.kind in VALIDATORS
        ),
        institutions=tuple(institutions),
        signers=tuple(
            GenesisSigner(one.id, serial, ED25519, key_of(one.id, role.name.lower()).public_key, int(role))
            for one in institutions
            for serial, role in enumerate(ROLES.get(one.kind, (Role.HEAD, Role.ACCOUNTANT)), 1)
        ),
    )


@dataclass(slots=True)
class MemoryDesk:
    """Takes the documents that `cli.demo.desk.Desk` takes."""

    chain_id: Hash32
    memory: MemoryReader
    kinds: dict[str, str]
    height: int = 0
    committed: int = 0
    refusals: dict[str, int] = field(default_factory=dict)
    last_ids: list[str] = field(default_factory=list)
    newcomers: dict[str, tuple[Role, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, institutions: Sequence[GenesisInstitution]) -> MemoryDesk:
        genesis = genesis_of(institutions)
        kinds = {str(one.id): one.kind for one in institutions}
        return cls(genesis.chain_id, MemoryReader(genesis_changes(genesis)), kinds)

    def submit(self, documents: Sequence[Document]) -> None:
        """One block a document, as small blocks show a wrong document at once."""
        self.last_ids = []
        for document in documents:
            found = self._run(document)
            assert isinstance(found, Execution), f"{document.action} of {document.institution}: {found}"
            self.memory.commit(found.state_changes)
            self.height += 1
            self.committed += 1
            self.last_ids.append(Outcome.decode(found.outcomes[0]).tx_id.hex())

    def refused(self, document: Document) -> Mapping[str, Any]:
        found = self._run(document)
        assert isinstance(found, Refusal), f"{document.action} of {document.institution} is not refused"
        reason = found.reason
        self.refusals[reason.code] = self.refusals.get(reason.code, 0) + 1
        texts = {name: fill(getattr(reason, name), found.facts) for name in ("kk", "ru", "en")}
        message = str(RejectionError(reason, **dict(found.facts)))
        return {"code": reason.code, "article": reason.article, "message": message, "texts": texts}

    def state(self, collections: Sequence[str] = ()) -> StateReader:
        return self.memory

    def new_person(self, institution: str, role: str) -> SigningKey:
        """The key of somebody who is not registered yet."""
        roles = self.newcomers.setdefault(institution, ())
        self.newcomers[institution] = (*roles, Role[role.upper()])
        return key_of(institution, role)

    def _run(self, document: Document) -> Execution | Refusal:
        action = REGISTER[(document.action, 1)]
        envelope = envelopes.build(
            network="story",
            chain_id=self.chain_id,
            institution=document.institution,
            action=action,
            arguments=arguments_of(document),
            valid_until_ms=START_MS + self.height + VALID_MS,
            client_id=(self.height * 1_000 + sum(self.refusals.values()) + 1).to_bytes(16, "big"),
        )
        names = document.roles or envelopes.role_names(action.roles)
        for name in names:
            envelope = envelopes.sign(
                envelope, key_of(document.institution, name), document.institution,
                self._serial(document.institution, name),
            )  # fmt: skip
        context = BlockContext(self.chain_id, self.height + 1, START_MS + self.height)
        return execute(self.memory, context, (envelope.signed(),))

    def _serial(self, institution: str, role: str) -> int:
        known = self.newcomers.get(institution) or ROLES.get(
            self.kinds.get(institution, ""), (Role.HEAD, Role.ACCOUNTANT)
        )
        return known.index(Role[role.upper()]) + 1
