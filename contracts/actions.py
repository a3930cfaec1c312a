"""The register of actions: name, version, arguments, who may call, and the rules that run.

A handler checks first and then changes; it raises `RejectionError` for the user's mistake. It sees the
state and the block's context through a `Call`, nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from chain.codec import Shape, Value
from chain.types import Hash32, SignerId
from contracts import reasons
from contracts.context import BlockContext
from contracts.records import Institution, Role, operational_day
from contracts.rejection import RejectionError
from contracts.state import Overlay

TOKENS_PER_TRANSACTION = 1 << 14
TRANSACTIONS_PER_BLOCK = 1 << 14
"""Parts of a token id. A document is refused at TOKENS_MAXIMUM, and a block costs at most 10,000
(docs/formats.md), so neither number can be reached."""

TOKENS_MAXIMUM = 8_000
"""Ids that one document may give: as many as the keys it may change. Met while the rules run, so that a
document of very many small rows ends before its work does."""


@dataclass(slots=True)
class Call:
    """One transaction while it runs.

    `approval`: the number of the approval under which an approved document is carried out, else None; then
    `institution`, `actor` and `arguments` are those of the document, `signers` those of the last approval.
    """

    state: Overlay
    context: BlockContext
    index: int
    tx_id: Hash32
    institution: str
    actor: Institution
    signers: tuple[SignerId, ...]
    arguments: tuple[Value, ...]
    events: list[tuple[Value, ...]] = field(default_factory=list)
    tokens_made: int = 0
    approval: int | None = None
    _day: int | None = None

    def emit(self, name: str, *values: Value) -> None:
        """An event of the outcome: `[name, fields…]`."""
        self.events.append((name, *values))

    def new_token_id(self) -> int:
        """Unique for the life of the chain: height, place in the block, number in the transaction."""
        self.tokens_made += 1
        if self.tokens_made > TOKENS_MAXIMUM:
            raise RejectionError(reasons.TOO_COSTLY, keys=self.tokens_made, limit=TOKENS_MAXIMUM)
        assert self.index < TRANSACTIONS_PER_BLOCK
        place = self.context.height * TRANSACTIONS_PER_BLOCK + self.index
        return place * TOKENS_PER_TRANSACTION + self.tokens_made

    def day(self) -> int:
        """The operational day; refused while the treasury has opened none.

        Read once: no document changes the day and goes on by it.
        """
        if self._day is None:
            self._day = operational_day(self.state)
            if self._day is None:
                raise RejectionError(reasons.NO_OPEN_DAY)
        return self._day


Handler = Callable[[Call], None]

ANYBODY: Final = sum(Role)
"""In place of a role: whoever is registered; the rules of the action say more."""

SUBMIT: Final = "approval.submit"
"""Is signed as the document that it carries would be."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an approval route: who must agree.

    Either any institution of a `kind` or the named `institution`; `role` is a number of `Role`. The step is
    asked for when the document's amount is at least `from_amount` tiyn.
    """

    kind: str | None
    institution: str | None
    role: int
    from_amount: int = 0


@dataclass(frozen=True, slots=True)
class Approval:
    """What an action does around its approval (`contracts.approvals`).

    `statutory`: steps that the law asks for whatever route is set, from institution and arguments; none: the
    document may come directly. `amount`: tiyn that the thresholds of a route look at; without it, the sum of
    the document's amounts. `begin` runs when the document is submitted for approval, `end` when it is carried
    out, rejected or withdrawn; both with the number of the approval.
    """

    statutory: Callable[[str, tuple[Value, ...]], tuple[Step, ...]] = lambda institution, arguments: ()
    amount: Callable[[tuple[Value, ...]], int] | None = None
    begin: Callable[[Call, int], None] | None = None
    end: Callable[[Call, int], None] | None = None


NO_APPROVAL = Approval()


@dataclass(frozen=True, slots=True)
class Action:
    """What one kind of document is. `source` cites the article; `summary` says the meaning in one line.

    `roles`: one distinct signer for each, `ANYBODY` for a person of any role. `is_routed`: whether approvals
    may be asked for before it (`route.set`).
    """

    name: str
    version: int
    arguments: Shape
    kinds: tuple[str, ...]
    roles: tuple[int, ...]
    is_batch: bool
    handler: Handler
    source: str
    summary: str
    approval: Approval = NO_APPROVAL
    is_routed: bool = True


REGISTER: dict[tuple[str, int], Action] = {}
"""Filled by the `@action` decorators when `contracts.executor` imports every area module."""


def action(
    name: str,
    arguments: Shape,
    *,
    kinds: tuple[str, ...],
    roles: tuple[int, ...],
    source: str,
    summary: str,
    version: int = 1,
    is_batch: bool = False,
    approval: Approval = NO_APPROVAL,
    is_routed: bool = True,
) -> Callable[[Handler], Handler]:
    """Register a handler as an action. `roles`: one distinct signer of the institution for each."""

    def register(handler: Handler) -> Handler:
        assert (name, version) not in REGISTER, f"{name} version {version} is registered twice"
        REGISTER[(name, version)] = Action(
            name, version, arguments, kinds, roles, is_batch, handler, source, summary, approval, is_routed
        )
        return handler

    return register


def carried(arguments: tuple[Value, ...]) -> Action | None:
    """The action of the document that an `approval.submit` of these arguments carries."""
    name, version = arguments[:2]
    return REGISTER.get((name, version)) if isinstance(name, str) and isinstance(version, int) else None


def roles_asked(found: Action, arguments: Value) -> tuple[int, ...]:
    """Who signs a document of an action: one distinct person for each role."""
    if found.name != SUBMIT or not isinstance(arguments, tuple) or len(arguments) < 2:
        return found.roles
    document = carried(arguments)
    return found.roles if document is None else document.roles


def role_words(roles: Iterable[int]) -> tuple[str, ...]:
    """The roles of an action, for people."""
    return tuple("anybody" if role == ANYBODY else Role(role).name.lower() for role in roles)


@contextmanager
def row(number: int) -> Iterator[None]:
    """Name the row (from 1) in the refusal of what is checked inside."""
    try:
        yield
    except RejectionError as rejection:
        raise rejection.at_row(number) from None
