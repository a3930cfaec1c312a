"""Verbs of approvals and routes that are more than one document or one record."""

from __future__ import annotations

from collections.abc import Sequence

import click

from chain.codec import Value
from cli import ballots
from cli.client import Client, connected
from cli.documents import Json
from cli.failures import InputError, NotFoundError
from cli.output import emit_item, emit_list
from cli.reading import Reading, reading_options
from cli.reads import as_of, read_page
from cli.session import Session, global_options, pass_session
from cli.views import VIEWS
from contracts.actions import REGISTER
from contracts.records import (
    ApprovalDocument,
    ApprovalRecord,
    ApprovalStatus,
    Collection,
    Institution,
    approval_key,
    prefix_of,
    route_key,
    trusted,
)


@click.command("inbox", help="Documents that wait for an institution's approval, since when, and whose.")
@click.option("--institution", help="Whose inbox; the profile's when not given.")
@reading_options
@global_options
@pass_session
def inbox(session: Session, institution: str | None, read: Reading) -> None:
    """What is addressed to the institution itself, then what any institution of its kind may approve."""
    name = institution or session.require("institution")
    with connected(session.nodes()) as client:
        height = read.height(client)
        found = client.value(Collection.INSTITUTIONS, name.encode("ascii", "replace"), height)
        if found["value"] is None:
            raise NotFoundError(f"no institution {name}", "NOT-FOUND")
        kind = Institution.decode(bytes.fromhex(found["value"])).kind
        items: list[dict[str, Json]] = []
        following, at = None, int(found["height"])
        for prefix in (prefix_of(3, None, name), prefix_of(3, kind, None)):
            left = read.limit - len(items)
            if left <= 0:
                break
            pairs, following, at = read_page(client, Collection.AWAITED, prefix, None, left, height)
            items += [_waiting(client, key, value, height) for key, value in pairs]
        emit_list(session, "eqz.approval.inbox/1", items, as_of(client, at), following)


def _waiting(client: Client, key: bytes, value: bytes, height: int | None) -> dict[str, Json]:
    """One document of the inbox, with what its approval says of it."""
    number = int(trusted(key)[2])
    seen = VIEWS["awaited"].item(key, value)
    item: dict[str, Json] = {
        "approval": number,
        "institution": seen["institution"],
        "action": seen["action"],
        "role": seen["role"],
        "since": seen["since"],
    }
    found = client.value(Collection.APPROVALS, approval_key(number), height)["value"]
    if found is not None:
        record = VIEWS["approval"].item(approval_key(number), bytes.fromhex(found))
        item["amount"] = record["amount"]
        item["step"] = f"{len(_list(record['given'])) + 1}/{len(_list(record['steps']))}"
    return item


def _list(value: Json) -> Sequence[Json]:
    return value if isinstance(value, list) else ()


@click.command("show", help="A document on its way: what it says, who approved it, who is awaited.")
@click.argument("number", type=click.IntRange(1))
@reading_options
@global_options
@pass_session
def show(session: Session, number: int, read: Reading) -> None:
    """The fields of the document while it is on its way; then its transaction carries them."""
    key = approval_key(number)
    with connected(session.nodes()) as client:
        height = read.height(client)
        found = client.value(Collection.APPROVALS, key, height)
        if found["value"] is None:
            raise NotFoundError(f"no approval {number}", "NOT-FOUND")
        value = bytes.fromhex(found["value"])
        record, item = ApprovalRecord.decode(value), VIEWS["approval"].item(key, value)
        if record.status == ApprovalStatus.OPEN:
            item["awaited"] = _list(item["steps"])[len(record.given)]
            document = client.value(Collection.APPROVAL_DOCUMENTS, key, height)["value"]
            if document is not None:
                arguments = ApprovalDocument.decode(bytes.fromhex(document)).arguments
                item["document"] = _document(record, arguments)
        emit_item(session, "eqz.approval.show/1", item, as_of(client, int(found["height"])))


def _document(record: ApprovalRecord, arguments: tuple[Value, ...]) -> Json:
    action = REGISTER.get((record.action, record.version))
    if action is None:
        raise InputError(f"no action {record.action} of version {record.version}", "INPUT-ACTION")
    return ballots.document_of(action, arguments)


@click.command("show", help="The route of an action: of one institution, or of all.")
@click.argument("action")
@click.argument("institution", required=False)
@reading_options
@global_options
@pass_session
def show_route(session: Session, action: str, institution: str | None, read: Reading) -> None:
    """The institution's own route stands before that of all."""
    with connected(session.nodes()) as client:
        height = read.height(client)
        for whose in dict.fromkeys((institution, None)):
            key = route_key(action, whose)
            found = client.value(Collection.ROUTES, key, height)
            if found["value"] is not None:
                item = VIEWS["route"].item(key, bytes.fromhex(found["value"]))
                emit_item(session, "eqz.route.show/1", item, as_of(client, int(found["height"])))
                return
    raise NotFoundError(f"no route of {action}: its documents come directly", "NOT-FOUND")


APPROVAL_COMMANDS = (inbox, show)
ROUTE_COMMANDS = (show_route,)
