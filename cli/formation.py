"""Verbs of the budget's formation that read more than one record: request show, difference, status."""

from __future__ import annotations

from typing import Any

import click

from cli.amounts import date_of, tenge_of
from cli.client import Client, connected
from cli.documents import Json
from cli.failures import NotFoundError
from cli.output import emit_item, emit_list
from cli.reading import Reading, reading_options
from cli.reads import as_of
from cli.remote import RemoteState
from cli.session import Session, global_options, pass_session
from contracts import formation, requests
from contracts.records import Collection, Request, RequestStatus, prefix_of
from contracts.requests import BLOCKS, Place

_YEAR = click.IntRange(2000, 2999)


def state_of(client: Client, budget: str, year: int, height: int | None) -> RemoteState:
    """What the readings of one budget's formation need: its requests and its appropriations."""
    prefix = (prefix_of(4, budget, year),)
    prefixes = {Collection.REQUESTS: prefix, Collection.APPROPRIATIONS: prefix}
    return RemoteState(client, (), height, prefixes)


def request_item(place: Place, request: Request) -> dict[str, Json]:
    """A request with its passport, blocks, parts and the history of its statuses."""
    goal, indicators, results, development = request.passport or (None, None, None, None)
    return {
        "budget": place.budget,
        "year": place.year,
        "administrator": place.administrator,
        "programme": place.programme,
        "source": request.source,
        "status": _word(request.status),
        "amount": tenge_of(request.amount),
        **{name: tenge_of(amount) for name, amount in zip(BLOCKS, request.blocks, strict=True)},
        "adopted": None if request.adopted is None else tenge_of(request.adopted),
        "goal": goal,
        "indicators": indicators,
        "results": results,
        "is_development": development,
        "items": request.items,
        "parts": [
            {"holder": holder, "amount": tenge_of(amount), "is_returned": is_returned}
            for holder, amount, is_returned in request.parts
        ],
        "history": [history_item(step) for step in request.history],
    }


def history_item(step: tuple[Any, ...]) -> dict[str, Json]:
    """One step of a request: from which status to which, by what act, or for what reason it went back."""
    before, after, act, date, digest, day, reason = step
    return {
        "from": _word(before),
        "to": _word(after),
        "act": act,
        "date": None if date is None else date_of(date),
        "hash": None if digest is None else digest.hex(),
        "day": date_of(day),
        "reason": reason,
    }


def _word(status: int) -> str:
    return RequestStatus(status).name.lower()


@click.command("show", help="A programme's request: statuses with their acts, returns, passport and parts.")
@click.argument("budget")
@click.argument("year", type=_YEAR)
@click.argument("administrator")
@click.argument("programme")
@reading_options
@global_options
@pass_session
def show_request(
    session: Session, budget: str, year: int, administrator: str, programme: str, read: Reading
) -> None:
    """Its items are `request items`."""
    place = Place(budget, year, administrator, programme)
    with connected(session.nodes()) as client:
        found = client.value(Collection.REQUESTS, place.key, read.height(client))
        at = as_of(client, int(found["height"]))
    if found["value"] is None:
        raise NotFoundError(f"no request {budget} {year} {administrator}/{programme}", "NOT-FOUND")
    request = Request.decode(bytes.fromhex(found["value"]))
    emit_item(session, "eqz.request.show/1", request_item(place, request), at)


@click.command("difference", help="The law beside the requests, a row a programme (BC 75(20)).")
@click.option("--budget", default="01.kz", show_default=True)
@click.option("--year", type=_YEAR, required=True)
@click.option("--all", "is_all", is_flag=True, help="Also programmes that the law gave what was asked for.")
@reading_options
@global_options
@pass_session
def show_difference(session: Session, budget: str, year: int, is_all: bool, read: Reading) -> None:
    """Programmes whose requests the administrators re-align by 30 December."""
    with connected(session.nodes()) as client:
        state = state_of(client, budget, year, read.height(client))
        found = formation.difference(state, budget, year)
        at = as_of(client, state.height)
    rows: list[dict[str, Json]] = [
        {
            "administrator": administrator,
            "programme": programme,
            "asked": tenge_of(asked),
            "adopted": tenge_of(adopted),
            "difference": tenge_of(adopted - asked),
        }
        for administrator, programme, asked, adopted in found
        if is_all or asked != adopted
    ]
    emit_list(session, "eqz.request.difference/1", rows, at)


@click.command(
    "status", help="Each administrator's request: the status that all its programmes have reached."
)
@click.option("--budget", default="01.kz", show_default=True)
@click.option("--year", type=_YEAR, required=True)
@reading_options
@global_options
@pass_session
def show_status(session: Session, budget: str, year: int, read: Reading) -> None:
    """The lowest status of the programmes that ask for money, and their sum."""
    with connected(session.nodes()) as client:
        state = state_of(client, budget, year, read.height(client))
        found = requests.requests_of(state, budget, year)
        at = as_of(client, state.height)
    sums: dict[str, list[Request]] = {}
    for place, request in found:
        sums.setdefault(place.administrator, []).append(request)
    rows: list[dict[str, Json]] = [
        {
            "administrator": administrator,
            "status": formation.status_of(state, budget, year, administrator),
            "programmes": len(all_),
            "amount": tenge_of(sum(one.amount for one in all_)),
        }
        for administrator, all_ in sums.items()
    ]
    emit_list(session, "eqz.request.status/1", rows, at)


REQUEST_COMMANDS = (show_request, show_difference, show_status)
