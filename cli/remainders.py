"""What a document leaves of the financing plans: the plan remainder before and after, read from a node."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cli.amounts import date_of, tenge_of
from cli.client import connected
from cli.documents import Json, json_of
from cli.envelope import Envelope
from cli.remote import RemoteState
from cli.session import Session
from contracts.calendar import civil
from contracts.records import (
    ACCEPTED,
    REDEEMED,
    Agreement,
    Collection,
    Line,
    Obligation,
    Payment,
    Plan,
    Stage,
    agreement_key,
    balance_of,
    institution_of,
    obligation_key,
    operational_day,
    payment_key,
    plan_key,
    position_scope,
)
from contracts.state import StateReader


@dataclass(frozen=True, slots=True)
class Wanted:
    """An amount that a document takes from one position; `is_payment`: of the payments plan."""

    holder: str
    line: Line
    amount: int
    is_payment: bool


def remainders(session: Session, envelope: Envelope) -> list[dict[str, Json]]:
    """For each position the document takes from: what the plan of the open month leaves before and after."""
    with connected(session.nodes()) as client:
        state = RemoteState(client, ())
        day = operational_day(state)
        month = 12 if day is None else civil(day)[1]
        taken: dict[tuple[str, Line, bool], int] = {}
        for wanted in wanted_by(state, envelope):
            place = (wanted.holder, wanted.line, wanted.is_payment)
            taken[place] = taken.get(place, 0) + wanted.amount
        return [
            {
                "holder": holder,
                "line": line_text(line),
                "plan": "payments" if is_payment else "obligations",
                "day": None if day is None else date_of(day),
                **_remainder(state, holder, line, month, amount, is_payment),
            }
            for (holder, line, is_payment), amount in taken.items()
        ]


def line_text(line: Line) -> str:
    """`01.kz/2026/1/226/001/100/149`; parts that a line does not name yet are left out."""
    parts = (line.budget, str(line.year), line.source, line.administrator, line.programme)
    return "/".join((*parts, *(part for part in (line.subprogramme, line.specific) if part is not None)))


def _remainder(
    state: StateReader, holder: str, line: Line, month: int, amount: int, is_payment: bool
) -> dict[str, Json]:
    plan = Plan.find(state, Collection.PLANS, plan_key(holder, line))
    balance = balance_of(state, position_scope(holder, line))
    if plan is None:
        before = 0
    elif is_payment:
        before = plan.payments[month - 1] - balance.total(REDEEMED)
    else:
        room = plan.obligations[month - 1] - balance.total(ACCEPTED)
        before = min(room, balance.total((Stage.ALLOCATED,)))
    return {"before": tenge_of(before), "amount": tenge_of(amount), "after": tenge_of(before - amount)}


def wanted_by(state: StateReader, envelope: Envelope) -> Iterator[Wanted]:
    """What a document takes from the plans, position by position."""
    transaction = envelope.transaction
    found = json_of(envelope.action.arguments, transaction.arguments)
    assert isinstance(found, dict), "an action's arguments are fields"
    if transaction.action in ("agreement.register", "obligation.accept"):
        actor = institution_of(state, transaction.institution)
        administrator = "" if actor is None else actor.code[:3]
        yield from _positions(found, {"holder": transaction.institution, "administrator": administrator})
    elif transaction.action == "agreement.reregister":
        yield from _continued(state, transaction.institution, found)
    elif transaction.action in ("payment.request", "payment.execute"):
        rows = found.get("requests") or found.get("payments")
        for row in rows if isinstance(rows, list) else []:
            if isinstance(row, dict):
                yield from _payment(state, transaction.institution, row)


def _positions(found: Json, known: dict[str, str]) -> Iterator[Wanted]:
    """Rows that name a specific, with what the objects around them say of the line."""
    if isinstance(found, list):
        for item in found:
            yield from _positions(item, known)
    if not isinstance(found, dict):
        return
    inside = {**known, **{name: str(value) for name, value in found.items() if isinstance(value, str | int)}}
    if "specific" in found and isinstance(found.get("amount"), str):
        line = Line(
            inside["budget"],
            int(inside["year"]),
            inside["source"],
            inside["administrator"],
            inside["programme"],
            inside["subprogramme"],
            inside["specific"],
        )
        yield Wanted(inside["holder"], line, _tiyn(inside["amount"]), False)
        return
    for value in found.values():
        yield from _positions(value, inside)


def _continued(state: StateReader, holder: str, found: dict[str, Json]) -> Iterator[Wanted]:
    """The codes of an agreement that goes on stand under its programme, which the document does not say."""
    rows = found["agreements"]
    for row in rows if isinstance(rows, list) else []:
        number = str(row["agreement"]) if isinstance(row, dict) else ""
        agreement = Agreement.find(state, Collection.AGREEMENTS, agreement_key(holder, number))
        if agreement is not None:
            known = {"holder": holder, "administrator": agreement.administrator}
            yield from _positions({**found, "agreements": [row]}, {**known, "programme": agreement.programme})


def _payment(state: StateReader, institution: str, row: dict[str, Json]) -> Iterator[Wanted]:
    """A payment's position is its obligation's line; `payment.execute` names the request only."""
    holder = str(row.get("holder", institution))
    obligation, amount = row.get("obligation"), row.get("amount")
    if obligation is None:
        payment = Payment.find(state, Collection.PAYMENTS, payment_key(holder, str(row.get("number"))))
        if payment is None:
            return
        obligation, amount = payment.obligation, tenge_of(payment.amount)
    record = Obligation.find(state, Collection.OBLIGATIONS, obligation_key(holder, str(obligation)))
    if record is not None:
        yield Wanted(holder, record.line, _tiyn(str(amount)), True)


def _tiyn(tenge: str) -> int:
    whole, _, rest = tenge.partition(".")
    return int(whole) * 100 + int(rest)
