"""Verbs of approvals and routes that are more than one document or one record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import click

from chain.codec import Value
from chain.keys import signer_id
from chain.types import Hash32, InstitutionId
from cli import ballots
from cli.client import Client, connected
from cli.documents import Json
from cli.failures import InputError, NotFoundError
from cli.flow import network_of
from cli.output import emit_item, emit_list
from cli.people import parse_signer
from cli.reading import Reading, reading_options
from cli.reads import as_of, read_page
from cli.session import Session, global_options, pass_session
from cli.views import VIEWS
from contracts.actions import REGISTER
from contracts.records import (
    DAY_KEY,
    ApprovalDocument,
    ApprovalRecord,
    ApprovalStatus,
    Awaited,
    Collection,
    Day,
    Deputy,
    Institution,
    Signer,
    approval_key,
    deputy_key,
    prefix_of,
    route_key,
    trusted,
)


@click.command("inbox", help="Documents that wait for an institution's approval, since when, and whose.")
@click.option("--institution", help="Whose inbox; the profile's when not given.")
@click.option(
    "--person", metavar="INSTITUTION:SERIAL",
    help="Only what this person may approve: by role or as a deputy, neither made nor approved before.",
)  # fmt: skip
@reading_options
@global_options
@pass_session
def inbox(session: Session, institution: str | None, person: str | None, read: Reading) -> None:
    """What is addressed to the institution itself, then what any institution of its kind may approve."""
    of_person = None if person is None else parse_signer(person)
    name = of_person[0] if of_person else institution or session.require("institution")
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
            if of_person is not None:
                approver = _Approver.of(session, client, *of_person, height)
                pairs = [pair for pair in pairs if approver.may(client, *pair)]
            items += [_waiting(client, key, value, height) for key, value in pairs]
        emit_list(session, "eqz.approval.inbox/1", items, as_of(client, at), following)


@dataclass(frozen=True, slots=True)
class _Approver:
    """One person: the roles of his own, the operational day, and the height at which all is read."""

    institution: str
    signer: bytes
    roles: int
    day: int
    height: int | None

    @classmethod
    def of(
        cls, session: Session, client: Client, institution: str, serial: int, height: int | None
    ) -> _Approver:
        chain_id = Hash32(network_of(session)[1])
        name = signer_id(chain_id, InstitutionId(institution), serial)
        found = client.value(Collection.SIGNERS, name, height)["value"]
        if found is None:
            raise NotFoundError(f"no signer {institution}:{serial}", "NOT-FOUND")
        signer = Signer.decode(bytes.fromhex(found))
        day = client.value(Collection.DAY, DAY_KEY, height)["value"]
        return cls(
            institution,
            name,
            0 if signer.revoked is not None else signer.roles,
            -1 if day is None else Day.decode(bytes.fromhex(day)).day,
            height,
        )

    def may(self, client: Client, key: bytes, value: bytes) -> bool:
        """Whether the person may give the approval that is awaited."""
        role = Awaited.decode(value).role
        found = client.value(Collection.APPROVALS, approval_key(int(trusted(key)[2])), self.height)["value"]
        if found is None:
            return False
        record = ApprovalRecord.decode(bytes.fromhex(found))
        if self.signer in record.makers or any(given[1] == self.signer for given in record.given):
            return False
        if self.roles & role:
            return True
        place = deputy_key(self.institution, role, self.signer)
        appointed = client.value(Collection.DEPUTIES, place, self.height)["value"]
        if appointed is None or not self.roles:
            return False
        deputy = Deputy.decode(bytes.fromhex(appointed))
        return deputy.first <= self.day <= deputy.last


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
    raise NotFoundError(
        f"no route of {action} is set: its documents come directly, except where the rules themselves ask "
        "for an approval (plan.amend of kind b: the treasury)",
        "NOT-FOUND",
    )


APPROVAL_COMMANDS = (inbox, show)
ROUTE_COMMANDS = (show_route,)
