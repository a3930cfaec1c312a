"""The driver: which document comes next, and what became of all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from chain.block import Change, Outcome
from chain.transaction import SignedTransaction
from contracts.actions import REGISTER
from contracts.calendar import day_number
from contracts.executor import Refusal
from contracts.records import Role
from tests.machine.chance import Chance
from tests.machine.papers import papers
from tests.machine.shapes import INSTITUTIONS, changed, value_of
from tests.machine.world import ENVELOPES, Document, World
from tests.support.budget import DIRECTORIES, PEOPLE

WEIGHTS: dict[str, int] = {
    "agreement.register": 12, "act.sign": 12, "payment.request": 14, "payment.execute": 14,
    "obligation.accept": 6, "plan.approve": 8, "receipts.post": 4, "budget.adopt": 3, "year.close": 3,
    "agreement.amend": 5, "payment.restore": 3, "treasury.resume": 6, "sequester.apply": 4,
    "sequester.cancel": 4, "treasury.unblock": 3, "treasury.open_day": 3, "approval.sign": 4,
    "request.decide": 6, "request.consolidate": 4, "request.return": 1, "agreement.reregister": 3,
    "directory.publish": 1, "signer.add": 1, "ballot.propose": 1,
}  # fmt: skip
"""How often an action is chosen; 2 where it is not said. What begins something is as likely as what ends it,
or a world of suspensions would come to a halt."""

PREPARATION = (
    *DIRECTORIES,
    ("functional", ("226/001/106",)),
    ("institutions", ("2260101", "2260102", "2280101", "2280102")),
)


@dataclass(slots=True)
class Tally:
    """What was sent and what became of it."""

    sent: int = 0
    succeeded: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    years: int = 1

    def codes(self) -> list[str]:
        return sorted(self.refused)


Observer = Callable[[World, Sequence[SignedTransaction], Sequence[Outcome | Refusal], Sequence[Change]], None]


def prepare(world: World, observe: Observer | None = None) -> None:
    """Directories and the first day."""
    documents = []
    for directory, codes in PREPARATION:
        rows = tuple((code, 0, None, code, code, None, _successors(directory, code, codes)) for code in codes)
        documents.append(Document("mof", "directory.publish", (directory, rows)))
    attributes = (("budget", "02.abai"), ("receipts", "201510"))
    transfer = (("111240000001", 0, None, "облыс", "область", None, attributes),)
    documents.append(Document("mof", "directory.publish", ("payees", transfer)))
    lower = (("02.abai", 0, None, "Абай", "Абай", None, (("upper", "01.kz"),)),)
    documents.append(Document("mof", "directory.publish", ("budgets", lower)))
    for document in documents:
        send(world, document, observe=observe)
    send(world, Document("treasury", "treasury.open_day", (day_number(2026, 1, 5),)), observe=observe)


def _successors(directory: str, code: str, codes: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """A change of codes may make any specific of any other, and hand an institution to its neighbour."""
    if directory == "economic":
        return (("replaced-by", " ".join(one for one in codes if one != code)),)
    if directory == "institutions":
        return (("replaced-by", " ".join(one for one in codes if one[:3] == code[:3] and one != code)),)
    return ()


def send(world: World, *documents: Document, observe: Observer | None = None) -> list[Outcome | Refusal]:
    """One block of the documents."""
    signed = [world.signed(document) for document in documents]
    answers, changes = world.block(*signed)
    if observe is not None:
        observe(world, signed, answers, changes)
    return answers


@dataclass(slots=True)
class Driver:
    """Documents without end, of every action, by chance."""

    world: World
    observe: Observer | None = None
    tally: Tally = field(default_factory=Tally)
    actions: list[str] = field(default_factory=list)
    wanted: list[str] = field(default_factory=list)
    """Actions that one document of two shall be of, if there are any."""

    def __post_init__(self) -> None:
        for name in sorted({name for name, _ in REGISTER}):
            self.actions += [name] * WEIGHTS.get(name, 2)

    def step(self) -> None:
        """One block of one to three documents, most often one."""
        chance = self.world.chance
        count = 1 if chance.bits() % 8 else chance.between(2, 3)
        documents = [self.document() for _ in range(count)]
        answers = send(self.world, *documents, observe=self.observe)
        self.tally.sent += count
        for document, answer in zip(documents, answers, strict=True):
            if isinstance(answer, Outcome):
                self.tally.succeeded[document.action] += 1
            else:
                self.tally.refused[answer.reason.code] += 1

    def document(self) -> Document:
        """Four of six are likely to pass, one has a mistake, one is made of a shape alone."""
        chance = self.world.chance
        how = chance.between(0, 11)
        if how < 9:
            return self._likely()
        if how == 9:
            return self._mistaken(self._likely())
        return self._shapeless(chance.pick(self.actions))

    def _likely(self) -> Document:
        chance, known = self.world.chance, papers()
        for _ in range(20):
            action = chance.pick(self.wanted if self.wanted and chance.one_in(2) else self.actions)
            write = known.get(action)
            found = self._shapeless(action) if write is None else write(self.world)
            if found is not None:
                return found
        return self._shapeless(action)

    def _mistaken(self, document: Document) -> Document:
        """One value, the institution, the signers or the version is another."""
        chance = self.world.chance
        how = chance.between(0, 9)
        shape = REGISTER[(document.action, document.version)].arguments
        if how < 7:
            return Document(
                document.institution,
                document.action,
                changed(self.world, shape, document.arguments),
                document.signers,
            )
        if how == 7:
            return Document(
                chance.pick(INSTITUTIONS),
                document.action,
                document.arguments,
                document.signers or self._somebody(),
            )
        if how == 8 and chance.one_in(2):
            return replace(document, envelope=chance.pick(ENVELOPES))
        if how == 8:
            return Document(document.institution, document.action, document.arguments, self._somebody())
        return Document(
            document.institution, document.action, document.arguments, self._somebody(), chance.between(2, 9)
        )

    def _somebody(self) -> tuple[tuple[str, Role], ...]:
        chance = self.world.chance
        people = {
            (chance.pick(INSTITUTIONS[:9]), chance.pick(PEOPLE)): None for _ in range(chance.between(1, 3))
        }
        return tuple(people)

    def _shapeless(self, action: str) -> Document:
        """By the shape, from an institution that may send it, mostly."""
        world = self.world
        found = REGISTER[(action, 1)]
        arguments = value_of(world, "arguments", found.arguments)
        of_kind = [item.id for item in world.genesis.institutions if item.kind in found.kinds]
        if not of_kind or world.chance.one_in(20):
            return Document(world.chance.pick(INSTITUTIONS), action, arguments, self._somebody())
        return Document(str(world.chance.pick(of_kind)), action, arguments)


def a_driven_world(seed: int, observe: Observer | None = None, **params: int) -> Driver:
    """A prepared world and its driver."""
    world = World(Chance(seed), dict(params))
    prepare(world, observe)
    return Driver(world, observe)
