"""CPU time of every action, a row, on a ledger of a hundred thousand tokens.

One process, the state in LevelDB as a node has it. A document is measured as a block of its own: signatures,
rules, invariants of what it touched, roots of outcomes, changes and state; not its commit to disk.
"""

from __future__ import annotations

import gc
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final

from chain.block import Outcome
from chain.codec import Value
from chain.keys import SigningKey, signer_id, verify
from chain.state_tree import state_path, update, value_hash
from chain.types import Hash32, InstitutionId
from contracts import appropriations, incentives, planner
from contracts.actions import REGISTER, SUBMIT
from contracts.calendar import day_number
from contracts.executor import Execution, execute
from contracts.records import Collection, Role, Stage, balance_of, operational_day, programme_scope
from contracts.state import Key
from storage.state import LevelState
from tests.support import year as papers
from tests.support.big_year import a_big_year, position_of, programme_of
from tests.support.budget import MEMBERS, PEOPLE, Ledger, a_key, a_line
from tests.support.year import BUDGET, DAY, GU, OTHER_GU, YEAR, U

TOKENS: Final = 100_000
ROWS: Final = 100
LIMIT_MS: Final = 3.0
"""Of CPU a row: what is above it is marked."""

SPARE: Final = 10_000_000
"""Units of the programme for the documents that are measured."""

PROGRAMMES: Final = 231
"""Of the law on the republican budget of 2026, over which the tokens are spread."""

VERIFICATIONS: Final = 2_000

ALONE: Final = 10
"""Documents measured of an action that has no rows."""

CODES: Final = tuple(f"5{number:02d}" for number in range(ROWS))
"""Specifics of the measured positions."""

Figures = dict[str, Any]


class DiskReader:
    """Committed state in LevelDB behind the doors of the tests' ledger."""

    def __init__(self, state: LevelState) -> None:
        self.level = state
        self.root = Hash32(bytes(32))
        self._height = -1

    def get(self, collection: str, key: bytes) -> bytes | None:
        return self.level.get(collection, key)

    def scan(self, collection: str, start: bytes, limit: int) -> Sequence[tuple[bytes, bytes]]:
        return self.level.scan(collection, start, limit)

    def tree_node(self, depth: int, prefix: bytes) -> bytes | None:
        return self.level.tree_node(depth, prefix)

    def commit(self, changes: Mapping[Key, bytes | None]) -> None:
        hashes = sorted(
            (state_path(*place), None if value is None else value_hash(value))
            for place, value in changes.items()
        )
        tree = update(self, hashes)
        self._height += 1
        self.root = tree.root
        self.level.commit(self._height, tree.root, changes, tree.nodes)


@dataclass(slots=True)
class Meter:
    """A ledger and what was measured on it: action → figures, in the order of measuring."""

    ledger: Ledger
    found: dict[str, Figures] = field(default_factory=dict)

    def document(
        self, institution: str, action: str, *arguments: Value, rows: int = 1, people: Sequence[Role] = ()
    ) -> list[Any]:
        """One document in a block of its own, kept; its events. `rows`: what its time is divided by; `people`
        sign, else those that the action asks for."""
        ledger = self.ledger
        signers = [(institution, role) for role in people] or None
        signed = ledger.document(institution, action, *arguments, signers=signers)
        began = time.process_time()
        execution = execute(ledger.state, ledger.context(), (signed,))
        seconds = time.process_time() - began
        assert isinstance(execution, Execution), f"{action}: {execution}"
        ledger.state.commit(execution.state_changes)
        assert ledger.state.root == execution.state_root
        ledger.height += 1
        ledger.time_ms += 1
        figures = self.found.setdefault(action, {"samples": [], "rows": 0, "seconds": 0.0, "keys": 0})
        figures["samples"].append(seconds / rows)
        figures["rows"] += rows
        figures["seconds"] += seconds
        figures["keys"] += len(execution.state_changes)
        return [*Outcome.decode(execution.outcomes[0]).events]


def measure(tokens: int = TOKENS, say: Callable[[str], None] = lambda _: None) -> Figures:
    """Every action in turn on one ledger; `year.close` last. A few minutes."""
    with tempfile.TemporaryDirectory(prefix="eqazyna-actions-") as place:
        meter = Meter(on_disk(a_big_year(tokens, SPARE, PROGRAMMES), Path(place)))
        say(f"{tokens} tokens of {len(meter.ledger.state.scan(Collection.PLANS, b'', 1 << 20))} positions")
        _directories(meter)
        gc.collect()
        gc.freeze()
        for story in STORIES:
            story(meter)
            say(f"{story.__name__.strip('_')}: {len(meter.found)} actions")
        sequester = _sequester(meter)
        closing = _closing(meter)
    check_ms = _verification_ms()
    actions = {name: _per_row(one, check_ms) for name, one in sorted(meter.found.items())}
    return {
        "signature_ms": round(check_ms, 4),
        "tokens": tokens,
        "limit_ms": LIMIT_MS,
        "actions": actions,
        "above": [name for name, one in actions.items() if one["ms_per_row"] > LIMIT_MS],
        "not_measured": sorted({name for name, _ in REGISTER} - set(actions)),
        "sequester": sequester,
        "closing": closing,
    }


def on_disk(ledger: Ledger, place: Path) -> Ledger:
    """The same ledger with its state in LevelDB."""
    reader = DiskReader(LevelState.open(place / "state"))
    values = ledger.state.values
    places = sorted(values)
    for at in range(0, len(places), 50_000):
        reader.commit({one: values[one] for one in places[at : at + 50_000]})
    assert reader.root == ledger.state.root
    moved: Any = reader
    return Ledger(ledger.chain_id, moved, ledger.height, ledger.time_ms, ledger.documents, ledger.keys)


def _verification_ms() -> float:
    """CPU of one Ed25519 verification on this machine, in the same run: what the other figures are held
    against."""
    key = SigningKey.from_seed(bytes(32))
    message = bytes(96)
    signature = key.sign(message)
    began = time.process_time()
    for _ in range(VERIFICATIONS):
        assert verify(key.public_key, message, signature)
    return (time.process_time() - began) * 1000 / VERIFICATIONS


def _per_row(found: Figures, check_ms: float) -> Figures:
    """The median over the documents of an action: one that meets a collection of the interpreter's garbage
    says nothing of the rules."""
    ms = statistics.median(found["samples"]) * 1000
    return {
        "documents": len(found["samples"]),
        "rows": found["rows"],
        "ms_per_row": round(ms, 3),
        "signature_checks": round(ms / check_ms, 1),
        "keys_per_row": round(found["keys"] / found["rows"], 1),
    }


# --- the stories, in the order of a year


def _directories(meter: Meter) -> None:
    rows: Any = tuple((code, DAY, None, code, code, None, ()) for code in CODES)
    meter.document("mof", "directory.publish", "economic", rows, rows=ROWS)
    payees = tuple((f"9908400{n:05d}", DAY, None, "x", "x", None, ()) for n in range(100, 100 + ROWS))
    meter.document("mof", "directory.publish", "payees", payees, rows=ROWS)
    codes = tuple((f"1{n:05d}", DAY, None, "x", "x", None, ()) for n in range(ROWS))
    meter.document("mof", "directory.publish", "receipts", codes, rows=ROWS)
    papers.replace_codes(meter.ledger, "institutions", ("2280101", "2280102"), ("2280102", "2280101"))
    programmes = tuple((f"228/{n}", DAY, None, "x", "x", None, ()) for n in range(100, 100 + ROWS))
    meter.document("mof", "directory.publish", "functional", programmes, rows=ROWS)


def _receipts(meter: Meter) -> None:
    months = (SPARE * U,) * 12
    planned: Any = tuple((BUDGET, YEAR, f"1{n:05d}", months) for n in range(ROWS))
    meter.document("treasury", "receipts.plan", "план", planned, rows=ROWS)
    posted: Any = tuple(("receipt", BUDGET, "1", f"1{n:05d}", 100 * U, "") for n in range(ROWS))
    meter.document("treasury", "receipts.post", "выписка", posted, rows=ROWS)


def _plans(meter: Meter) -> None:
    rows = tuple(papers.a_plan(20_000, specific=code) for code in CODES)
    meter.document("mot", "plan.approve", *papers.plan_document(*rows), rows=ROWS)


def _amendments(meter: Meter) -> None:
    """Both kinds of certificates; kind b by an approval of the treasury. Whole positions to another
    institution."""
    figures = [20_001 - 2 * (n % 2) for n in range(ROWS)]
    rows = tuple(papers.a_plan(one, specific=code) for one, code in zip(figures, CODES, strict=True))
    meter.document("mot", "plan.amend", *papers.a_certificate(*rows), rows=ROWS)
    rows = tuple(papers.a_plan(20_000, specific=code) for code in CODES)
    certificate = papers.a_certificate(*rows, kind="b", number="2")
    submitted = ("plan.amend", 1, certificate)
    meter.document("mot", "approval.submit", *submitted, rows=ROWS, people=(Role.HEAD, Role.ACCOUNTANT))
    meter.document("treasury", "approval.sign", 1, rows=ROWS, people=(Role.HEAD,))
    there = [(papers.a_code(specific=one), papers.a_code(OTHER_GU, one)) for one in CODES]
    meter.document("treasury", "plan.recode", *papers.a_recode(*there, cause="reorganisation"), rows=ROWS)
    back = [(new, old) for old, new in there]
    meter.document("treasury", "plan.recode", *papers.a_recode(*back, cause="reorganisation"), rows=ROWS)


def _formation(meter: Meter) -> None:
    """A hundred items of one programme, from the institution to the law and back under their expense ids."""
    meter.document("mof", "limit.set", *papers.limits(papers.a_limit(), papers.a_limit("226")), rows=2)
    items = [papers.an_item(f"e-{n}", 100, specific=code) for n, code in enumerate(CODES)]
    meter.document(GU, "request.form", *papers.a_budget_request(*items), rows=ROWS)
    left = 100 * ROWS
    meter.document("mot", "request.consolidate", *papers.a_consolidation(left), rows=ROWS)
    for number in range(ALONE):
        if number:
            meter.ledger.do("mot", "request.consolidate", *papers.a_consolidation(left))
        meter.document("mof", "request.return", *papers.a_request_return("formed"))
    cut = [(f"e-{n}", 10) for n in range(ROWS)]
    left -= 10 * ROWS
    meter.document("mot", "request.consolidate", *papers.a_consolidation(left, *cut), rows=ROWS)
    for status in ("mof", "government", "mazhilis", "senate"):
        left -= 10 * ROWS
        meter.document("mof", "request.decide", *papers.a_stage(status, left, *cut), rows=ROWS)
    names = [str(number) for number in range(100, 100 + ROWS)]
    law = papers.a_law(
        papers.a_programme(units=SPARE),
        *(papers.a_programme(name, 1_000) for name in names),
        year=YEAR + 1,
    )
    meter.document("mof", "budget.adopt", *law, rows=ROWS + 1)
    rows = [(f"e-{n}", 50, 0) for n in range(ROWS)]
    meter.document("mot", "request.align", *papers.an_alignment(*rows), rows=ROWS)
    quarter = papers.a_quarter(
        *(papers.a_programme(name, 1_000) for name in names), budget="02.bench", year=YEAR
    )
    meter.document("mof", "budget.quarter", *quarter, rows=ROWS)


def _changes(meter: Meter) -> None:
    """A law that adds programmes, and a resolution that moves money between them."""
    names = [str(number) for number in range(100, 100 + ROWS)]
    record = appropriations.budget_of(meter.ledger.state, BUDGET, YEAR)
    refinement = papers.a_refinement(
        *(papers.an_increase(1_000, name) for name in names),
        costs=record.costs // U + 1_000 * ROWS,
        programmes=tuple(papers.a_new_programme(name) for name in names),
    )
    meter.document("mof", "budget.refine", *refinement, rows=ROWS)
    moves = [papers.a_move(1, target=f"228/{name}") for name in names]
    meter.document("mof", "budget.adjust", *papers.an_adjustment(*moves), rows=ROWS)
    listed = papers.a_carry_over_list(*(("228", name, 10) for name in names))
    meter.document("mof", "carry-over.list", *listed, rows=ROWS)


def _ratings(meter: Meter) -> None:
    """In March: the rating of an administrator, and warnings of what January's plan has not accepted."""
    meter.document("treasury", "treasury.open_day", day_number(YEAR, 3, 5))
    rating = papers.a_rating_document(papers.a_rating_row(meter.ledger, month=3), month=3)
    # every programme is one administrator's here; the largest of the law has some twenty
    meter.document("mof", "rating.compute", *rating, rows=PROGRAMMES)
    found = incentives.unaccepted(meter.ledger.state, BUDGET, YEAR, day_number(YEAR, 3, 5))
    warned = list(islice(found, ROWS))
    document = papers.a_warning(*(one.row() for one in warned))
    meter.document("mof", "unaccepted.warn", *document, rows=len(warned))
    for one in warned[:ALONE]:
        line = one.line
        objection = papers.an_objection(holder=one.holder, programme=line.programme, specific=line.specific)
        meter.document("mot", "unaccepted.object", *objection)


def _agreements(meter: Meter) -> None:
    """Each of the measured positions has an agreement; all are paid an advance, acted, paid, some ended."""
    rows = tuple(
        papers.an_agreement(f"B-{n}", papers.an_obligation(f"b-{n}", 1_000, 300, specific=code))
        for n, code in enumerate(CODES)
    )
    meter.document(GU, "agreement.register", *papers.registration(*rows), rows=ROWS)
    asked = tuple(papers.a_request(1 + n, f"b-{n}", 300, is_advance=True) for n in range(ROWS))
    meter.document(GU, "payment.request", asked, rows=ROWS)
    named = tuple((GU, papers.payment_number(1 + n)) for n in range(ROWS))
    meter.document("treasury", "payment.execute", named, rows=ROWS)
    signed = tuple(papers.an_act(f"act-{n}", f"b-{n}", 500) for n in range(ROWS))
    meter.document(GU, "act.sign", signed, rows=ROWS)
    last = range(ROWS - ALONE, ROWS)
    for n in last:
        meter.document(GU, "act.correct", f"act-{n}", "ошибка")
    again = tuple(papers.an_act(f"again-{n}", f"b-{n}", 600) for n in last)
    meter.document(GU, "act.sign", again, rows=ALONE)
    paid = range(ROWS - ALONE)
    asked = tuple(papers.a_request(200 + n, f"b-{n}", 100, f"act-{n}") for n in paid)
    meter.document(GU, "payment.request", asked, rows=len(paid))
    refused = tuple((GU, papers.payment_number(200 + n), 6, "нет акта") for n in range(20))
    meter.document("treasury", "payment.refuse", refused, rows=len(refused))
    named = tuple((GU, papers.payment_number(200 + n)) for n in paid[20:])
    meter.document("treasury", "payment.execute", named, rows=len(named))
    back = tuple(papers.a_return(200 + n, 50) for n in paid[20:])
    meter.document("treasury", "payment.restore", back, rows=len(back))
    signed = tuple(papers.an_act(f"rest-{n}", f"b-{n}", 500) for n in range(ALONE))
    meter.document(GU, "act.sign", signed, rows=ALONE)
    for n in range(ALONE):
        meter.document(GU, "act.commission", *papers.a_commissioning(f"B-{n}"))
        meter.document(GU, "agreement.amend", *papers.an_amendment(f"B-{20 + n}", 1_200, 300))
        meter.document(GU, "agreement.terminate", *papers.a_termination(f"B-{40 + n}"))
        penalty = papers.a_penalty(f"B-{60 + n}", 10, f"pen-{n}", act=f"act-{60 + n}")
        meter.document(GU, "agreement.penalty", *penalty)


def _obligations(meter: Meter) -> None:
    rows = tuple(papers.an_invoice(f"inv-{n}", 10, specific=code) for n, code in enumerate(CODES))
    meter.document(GU, "obligation.accept", *papers.registration(*rows), rows=ROWS)
    for n in range(ALONE):
        meter.document(GU, "obligation.correct", *papers.a_correction(f"inv-{n}"))


def _suspension(meter: Meter) -> None:
    arguments = papers.filled(REGISTER[("treasury.suspend", 1)].arguments, **_scope())  # type: ignore[arg-type]
    for _ in range(ALONE):
        meter.document("treasury", "treasury.suspend", *arguments)
        meter.document("treasury", "treasury.resume", *arguments)


def _scope() -> dict[str, Any]:
    shape: Any = REGISTER[("treasury.suspend", 1)].arguments
    inner: Any = dict(shape.fields)["scope"]
    given = {"kind": "gu", "budget": BUDGET, "holder": GU}
    scope = tuple(given.get(name) for name, _ in inner.fields)
    return {"scope": scope, "ground": 8, "document": "распоряжение 8"}


def _blocks(meter: Meter) -> None:
    places = [position_of(n, programme_of(n, PROGRAMMES)) for n in range(ROWS)]
    rows = tuple(
        papers.a_held_row(1, holder, programme=line.programme, specific=line.specific)
        for holder, line in places
    )
    meter.document("treasury", "treasury.block", *papers.a_block(*rows), rows=ROWS)
    meter.document("treasury", "treasury.unblock", *papers.an_unblock(*rows[:50]), rows=50)
    meter.document("treasury", "treasury.unblock", *papers.an_unblock(units=50), rows=50)


def _people(meter: Meter) -> None:
    """Signers, deputies, routes, approvals that end otherwise, ballots: documents without rows."""
    ledger = meter.ledger
    deputy = (int(Role.HEAD), ledger.signer("mof", Role.ACCOUNTANT))
    day = operational_day(ledger.state)
    shape: Any = REGISTER[("treasury.suspend", 1)].arguments
    routed = ("treasury.suspend", 1, papers.filled(shape, **_scope()))
    for number in range(ALONE):
        first, second = a_key(f"bench-{number}"), a_key(f"bench-again-{number}")
        proofs = [ledger.possession("mot", key) for key in (first, second)]
        name = signer_id(ledger.chain_id, InstitutionId("mot"), len(PEOPLE) + 1 + number)
        meter.document("mot", "signer.add", 1, first.public_key, int(Role.HEAD), proofs[0])
        meter.document("mot", "signer.rotate", name, 1, second.public_key, proofs[1])
        meter.document("mot", "signer.revoke", name)
        meter.document("mof", "deputy.appoint", *deputy, day, day, "приказ 1")
        meter.document("mof", "deputy.revoke", *deputy)
        step = (None, "mof", int(Role.HEAD), 0)
        meter.document("mof", "route.set", routed[0], None, (step,), "приказ 2")
        for institution, verb in (("mof", "approval.reject"), ("treasury", "approval.withdraw")):
            ((_, approval, *_),) = meter.document("treasury", SUBMIT, *routed, people=(Role.HEAD,))
            meter.document(institution, verb, approval, "причина", people=(Role.HEAD,))
        meter.document("mof", "route.set", routed[0], None, (), "приказ 3")
        values = ((("ballot-days", 31 + number),),)
        ((_, ballot, _),) = meter.document("mof", "ballot.propose", "params.set", values, "")
        for member in MEMBERS[:3]:
            meter.document(member, "ballot.vote", ballot, True)


STORIES: list[Callable[[Meter], None]] = [
    _receipts, _plans, _amendments, _agreements, _obligations, _suspension, _blocks, _formation, _changes,
    _ratings, _people,
]  # fmt: skip


# --- what takes many documents


def _sequester(meter: Meter) -> Figures:
    """What-if over everything, then decided and applied in documents of a thousand rows."""
    state = meter.ledger.state
    began = time.process_time()
    total = planner.share_amount(state, BUDGET, YEAR, 700)
    plan = planner.plan_sequester(state, BUDGET, YEAR, "1", total)
    planned = time.process_time() - began
    rows = [row.cut_row() for row in plan.rows]
    tried = tuple(rows[:ROWS])
    decision = papers.a_decision(*tried, name="tried", instrument="resolution")
    meter.document("mof", "sequester.decide", *decision, rows=len(tried))
    meter.document("mof", "sequester.cancel", "tried", len(tried), rows=len(tried))
    del meter.found["sequester.decide"]
    parts = [tuple(rows[at : at + 1_000]) for at in range(0, len(rows), 1_000)]
    for number, part in enumerate(parts):
        decision = papers.a_decision(*part, name=f"cut-{number}", instrument=plan.instrument)
        meter.document("mof", "sequester.decide", *decision, rows=len(part))
    for number, part in enumerate(parts):
        meter.document("mof", "sequester.apply", f"cut-{number}", len(part), rows=len(part))
    found = meter.found
    return {
        "rows": len(rows),
        "plan_seconds": round(planned, 2),
        "decide_documents": len(found["sequester.decide"]["samples"]),
        "decide_seconds": round(found["sequester.decide"]["seconds"], 2),
        "apply_documents": len(found["sequester.apply"]["samples"]),
        "apply_seconds": round(found["sequester.apply"]["seconds"], 2),
    }


def _closing(meter: Meter) -> Figures:
    """`year.close` in documents of a thousand rows until the year is closed."""
    for number in range(1, 6):
        meter.document("treasury", "treasury.open_day", day_number(YEAR + 1, 1, number))
    line = a_line(subprogramme=None, specific=None)
    before = balance_of(meter.ledger.state, programme_scope(line)).amounts
    open_stages = (Stage.ADOPTED, Stage.ALLOCATED, Stage.REGISTERED, Stage.PAYABLE, Stage.RETAINED)
    assert any(before[stage] for stage in open_stages)
    documents = 0
    while True:
        documents += 1
        ((name, *figures),) = meter.document("treasury", "year.close", *papers.a_closing(1_000), rows=1_000)
        if name == "year.closed":
            break
    found = meter.found["year.close"]
    found["rows"] = figures[2]
    found["samples"] = [found["seconds"] / figures[2]]
    _begin_next(meter)
    return {"tokens": figures[2], "documents": documents, "seconds": round(found["seconds"], 2)}


def _begin_next(meter: Meter) -> None:
    """Agreements that run on are registered again in the new year; a debt of the old one is accepted."""
    next_year = YEAR + 1
    rows = tuple(papers.a_plan(2_000, specific=code) for code in CODES)
    plan = (BUDGET, next_year, "1", "003", rows)
    meter.document("mot", "plan.approve", *plan, rows=ROWS)
    going_on = [
        papers.a_reregistration(
            f"B-{n}", papers.a_continuation(f"next-{n}", 350, f"b-{n}", specific=CODES[n])
        )
        for n in range(70, 90)
    ]
    agreements: Any = tuple(document[3][0] for document in going_on)
    document = (BUDGET, next_year, "1", agreements)
    meter.document(GU, "agreement.reregister", *document, rows=len(agreements))


def table(figures: Figures) -> str:
    """The figures for a person; what is above the limit is marked."""
    lines = [f"{'action':24} {'rows':>6} {'ms a row':>9} {'x signature':>12} {'keys a row':>11}"]
    for name, one in figures["actions"].items():
        mark = "  above the limit" if name in figures["above"] else ""
        lines.append(
            f"{name:24} {one['rows']:>6} {one['ms_per_row']:>9} {one['signature_checks']:>12} "
            f"{one['keys_per_row']:>11}{mark}"
        )
    cut, closing = figures["sequester"], figures["closing"]
    lines.append(
        f"sequester plan: {cut['rows']} rows in {cut['plan_seconds']} s; decide: {cut['decide_documents']} "
        f"blocks, {cut['decide_seconds']} s; apply: {cut['apply_documents']} blocks, {cut['apply_seconds']} s"
    )
    lines.append(
        f"year.close: {closing['tokens']} tokens in {closing['documents']} blocks, {closing['seconds']} s"
    )
    lines.append(f"not measured: {', '.join(figures['not_measured'])}")
    return "\n".join(lines)


if __name__ == "__main__":
    print(
        table(
            measure(
                int(sys.argv[1]) if sys.argv[1:] else TOKENS, say=lambda what: print(what, file=sys.stderr)
            )
        )
    )
