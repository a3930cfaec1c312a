"""Who may send what, as a naive list of people and institutions says."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import permutations
from typing import Any

from chain.genesis import Genesis
from chain.keys import signer_id
from chain.transaction import SignedTransaction
from chain.types import InstitutionId
from contracts.actions import REGISTER
from contracts.executor import Refusal

BY_ENVELOPE = frozenset({"ID-INSTITUTION", "ID-KIND", "ID-SIGNER", "ID-REVOKED", "ID-FOREIGN", "ID-ROLES"})
"""Codes that say that these people may not send this."""

ABOUT_PEOPLE = ("signer.", "deputy.", "approval.", "ballot.")
"""Actions whose own rules refuse with the same codes: about somebody named in the document."""


@dataclass
class Person:
    institution: str
    roles: int
    is_revoked: bool = False


@dataclass
class People:
    """From genesis on, by what documents about signers say."""

    genesis: Genesis
    kinds: dict[str, str] = field(default_factory=dict)
    people: dict[bytes, Person] = field(default_factory=dict)
    given: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for item in self.genesis.institutions:
            self.kinds[item.id] = item.kind
        for person in self.genesis.signers:
            self._join(person.institution, person.roles)

    def _join(self, institution: str, roles: int) -> None:
        serial = self.given[institution] = self.given.get(institution, 0) + 1
        name = signer_id(self.genesis.chain_id, InstitutionId(institution), serial)
        self.people[name] = Person(institution, roles)

    def may_send(self, signed: SignedTransaction) -> bool:
        """Whether the institution may do this, and exactly the right people of it signed."""
        transaction = signed.transaction
        found = REGISTER.get((transaction.action, transaction.version))
        kind = self.kinds.get(transaction.institution)
        if found is None or kind not in found.kinds:
            return False
        roles = tuple(int(role) for role in found.roles)
        if transaction.action == "approval.submit":
            submitted: Any = transaction.arguments
            inner = REGISTER.get(submitted[:2]) if isinstance(submitted, tuple) else None
            roles = roles if inner is None else tuple(int(role) for role in inner.roles)
        signers = [self.people.get(name) for name, _ in signed.signatures]
        masks = [
            one.roles
            for one in signers
            if one is not None and one.institution == transaction.institution and not one.is_revoked
        ]
        return len(masks) == len(signers) == len(roles) and any(
            all(mask & role for mask, role in zip(order, roles, strict=True)) for order in permutations(masks)
        )

    def follow(self, signed: SignedTransaction, answer: Any) -> None:
        """The ledger's answer agrees; what it took is carried out."""
        transaction, is_allowed = signed.transaction, self.may_send(signed)
        action, arguments = transaction.action, transaction.arguments
        if isinstance(answer, Refusal):
            is_about_people = action.startswith(ABOUT_PEOPLE)
            assert answer.reason.code not in BY_ENVELOPE or is_about_people or not is_allowed, (
                f"{action}: {answer.reason.code}, though they may"
            )
            return
        assert is_allowed, f"{action} of {transaction.institution} was taken from people who may not"
        assert isinstance(arguments, tuple)
        if action == "signer.add":
            assert isinstance(arguments[2], int)
            self._join(transaction.institution, arguments[2])
        elif action == "signer.revoke":
            self.people[arguments[0]].is_revoked = True  # type: ignore[index]
