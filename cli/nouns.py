"""The nouns of the year: every state-changing verb is the one flow, every reading verb one view.

Tables say which verb is which action and which noun shows which collection; nothing is written twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click

from cli import ballots, flow, reading
from cli.approval import APPROVAL_COMMANDS, ROUTE_COMMANDS
from cli.client import connected
from cli.directories import DIRECTORY_COMMANDS
from cli.documents import Json, as_object
from cli.envelope import known_action
from cli.failures import InputError, NothingAcceptedError
from cli.flow import Signing, Source, Way
from cli.formation import REQUEST_COMMANDS
from cli.options import signing_options, source_options
from cli.output import emit_item, emit_list
from cli.people import parse_signer, read_person
from cli.reading import Reading, reading_options
from cli.session import Session, global_options, pass_session
from cli.statements import PLAN_STATEMENTS
from cli.views import VIEWS, View
from cli.year import BUDGET_COMMANDS, SEQUESTER_COMMANDS, TREASURY_COMMANDS, decision_of_plan
from cli.year_end import RATING_COMMANDS, YEAR_COMMANDS
from contracts.actions import Action
from contracts.records import Collection, Institution

_FILE = click.Path(path_type=Path, dir_okay=False)

CHANGES: Final[dict[str, dict[str, str]]] = {
    "limit": {"set": "limit.set"},
    "request": {
        "form": "request.form", "consolidate": "request.consolidate", "decide": "request.decide",
        "return": "request.return", "align": "request.align",
    },
    "budget": {
        "adopt": "budget.adopt", "quarter": "budget.quarter", "refine": "budget.refine",
        "adjust": "budget.adjust",
    },
    "plan": {"approve": "plan.approve", "amend": "plan.amend", "recode": "plan.recode"},
    "agreement": {
        "register": "agreement.register", "reregister": "agreement.reregister", "amend": "agreement.amend",
        "penalty": "agreement.penalty", "terminate": "agreement.terminate",
    },
    "act": {"sign": "act.sign", "correct": "act.correct", "commission": "act.commission"},
    "obligation": {"accept": "obligation.accept", "correct": "obligation.correct"},
    "payment": {
        "request": "payment.request", "refuse": "payment.refuse", "execute": "payment.execute",
        "restore": "payment.restore",
    },
    "receipts": {"plan": "receipts.plan", "post": "receipts.post"},
    "treasury": {
        "open-day": "treasury.open_day", "suspend": "treasury.suspend", "resume": "treasury.resume",
        "block": "treasury.block", "unblock": "treasury.unblock",
    },
    "sequester": {
        "decide": "sequester.decide", "apply": "sequester.apply", "cancel": "sequester.cancel",
    },
    "year": {"close": "year.close", "carry-over": "carry-over.list"},
    "rating": {"compute": "rating.compute", "warn": "unaccepted.warn", "object": "unaccepted.object"},
    "approval": {
        "submit": "approval.submit", "sign": "approval.sign", "reject": "approval.reject",
        "withdraw": "approval.withdraw",
    },
    "route": {"set": "route.set"},
    "deputy": {"appoint": "deputy.appoint", "revoke": "deputy.revoke"},
    "directory": {"publish": "directory.publish", "propose": "directory.publish"},
    "institution": {"add": "ballot.propose", "close": "ballot.propose"},
    "signer": {"add": "signer.add", "rotate": "signer.rotate", "revoke": "signer.revoke"},
    "network": {"propose": "ballot.propose", "vote": "ballot.vote"},
}  # fmt: skip
"""Noun, verb, action."""

LISTS: Final[dict[str, dict[str, str]]] = {
    "limit": {"list": "limit"},
    "request": {"list": "request", "items": "request-item"},
    "budget": {
        "list": "budget",
        "programmes": "appropriation",
        "adjustments": "adjustment",
        "proposals": "adjustment-proposal",
        "transfers": "transfer-totals",
    },
    "plan": {"list": "plan", "amendments": "certificate", "amended": "amendments"},
    "agreement": {"list": "agreement", "promised": "commitment"},
    "act": {"list": "act"},
    "obligation": {"list": "obligation", "claims": "claim", "debts": "debt"},
    "payment": {"list": "payment", "queue": "queue"},
    "receipts": {"list": "receipts", "cash": "cash"},
    "treasury": {"blocks": "hold", "held": "hold-row"},
    "sequester": {"list": "hold", "held": "hold-row"},
    "year": {"list": "closing", "debts": "debt", "claims": "claim", "carried": "carry-over"},
    "rating": {"list": "rating", "conduct": "conduct", "warnings": "warning"},
    "approval": {"list": "approval"},
    "route": {"list": "route"},
    "deputy": {"list": "deputy"},
    "institution": {"list": "institution"},
    "signer": {"list": "signer"},
    "network": {"ballots": "ballot", "validators": "validator", "evidence": "evidence"},
}
"""Noun, verb, view."""

KEEP: Final[dict[tuple[str, str], Callable[[Mapping[str, Json]], bool]]] = {
    ("sequester", "list"): lambda hold: hold["kind"] == "sequester",
    ("treasury", "blocks"): lambda hold: hold["kind"] != "sequester",
}
"""Both stand in one collection; each noun lists its own."""


def _ballot_told(session: Session, item: dict[str, Json]) -> dict[str, Json]:
    """A ballot with what it would do, in the language of the session."""
    return {**item, "text": ballots.told_of(item["effect"])[session.language]}


TELL: Final[dict[tuple[str, str], Callable[[Session, dict[str, Json]], dict[str, Json]]]] = {
    ("network", "ballots"): _ballot_told,
}
"""What a list says besides the record."""

SHOWS: Final[dict[str, str]] = {
    "plan": "plan",
    "agreement": "agreement",
    "act": "act",
    "obligation": "obligation",
    "payment": "payment",
    "receipts": "receipts",
    "sequester": "hold",
    "rating": "rating",
    "institution": "institution",
}
"""Nouns whose `show` is one record by the parts of its key."""


HELP: Final = {
    ("institution", "add"): "Propose to the members to register institutions with their first signers",
    ("institution", "close"): "Propose to the members to close an institution",
    ("directory", "propose"): "Write and sign a directory's new versions as their maker, for the checker",
}
"""Verbs that say more than their action's summary."""

LIST_HELP: Final = {
    ("request", "items"): "Items of requests: what is asked for, item by item",
    ("budget", "programmes"): "Programmes of a budget: approved, refined, adjusted, sequestered",
    ("budget", "adjustments"): "What programmes gave by adjustments of the year, by case (BC 98)",
    ("budget", "proposals"): "Proposals of adjustment that administrators made, by quarter (TP 59)",
    ("budget", "transfers"): "What budgets sent each other in a year",
    ("plan", "amendments"): "Certificates carried out: what each moved, took and returned (TP 33)",
    ("plan", "amended"): "How often plans of a programme were amended, by month and kind (TP 33)",
    ("agreement", "promised"): "What agreements promise of later years, by administrator and programme",
    ("obligation", "debts"): "Debts of closed years (TP 208)",
    ("obligation", "claims"): "Claims: advances outstanding when the year was closed (TP 191)",
    ("payment", "queue"): "What waits to be paid, by day of the request and priority 1, 2, 3 (TP 228)",
    ("receipts", "cash"): "Cash accounts: opening balance, received, debited, redeemed",
    ("treasury", "blocks"): "Blocks of amounts: ground, document, placed, lifted",
    ("treasury", "held"): "Rows of blocks and of decisions on sequester",
    ("sequester", "list"): "Decisions on sequester and how far they are applied",
    ("sequester", "held"): "Rows of decisions on sequester and of blocks",
    ("year", "list"): "Years that are closed or being closed",
    ("year", "debts"): "Debts of closed years (TP 208)",
    ("year", "claims"): "Claims: advances outstanding when the year was closed (TP 191)",
    ("year", "carried"): "Programmes whose unused money may be used in the next year (BC 115(2))",
    ("rating", "conduct"): "What the formula counts: amendments of plans, requests, returned requests",
    ("rating", "warnings"): "Warnings of money not accepted in time, and objections",
}
"""Lists whose collection says too little."""

OTHERS: Final[dict[str, tuple[click.Command, ...]]] = {
    "request": REQUEST_COMMANDS,
    "budget": BUDGET_COMMANDS,
    "plan": PLAN_STATEMENTS,
    "treasury": TREASURY_COMMANDS,
    "sequester": SEQUESTER_COMMANDS,
    "directory": DIRECTORY_COMMANDS,
    "approval": APPROVAL_COMMANDS,
    "route": ROUTE_COMMANDS,
    "year": YEAR_COMMANDS,
    "rating": RATING_COMMANDS,
}
"""Verbs that are neither one document nor one view."""


# --- state-changing verbs


@dataclass(frozen=True, slots=True)
class Extra:
    """What a verb's own options say: public sides of keys, and a signer by institution and serial."""

    publics: tuple[Path, ...] = ()
    signer: str | None = None
    note: str = ""


Preparer = Callable[[Session, str, Extra, Json], Json]
"""(session, verb, extra, what the person wrote) -> the action's document."""


def _as_written(session: Session, verb: str, extra: Extra, document: Json) -> Json:
    return document


def _deputy_document(session: Session, verb: str, extra: Extra, document: Json) -> Json:
    """deputy appoint|revoke with the person as INSTITUTION:SERIAL."""
    found = dict(as_object(document, "document"))
    if extra.signer is not None:
        found["signer"] = _signer_id(session, extra.signer)
    return found


def _signer_document(session: Session, verb: str, extra: Extra, document: Json) -> Json:
    """signer add|rotate|revoke from the public side of a key and INSTITUTION:SERIAL."""
    found = dict(as_object(document, "document"))
    if extra.signer is not None:
        found["signer"] = _signer_id(session, extra.signer)
    if extra.publics:
        if len(extra.publics) > 1:
            raise InputError("one --public: one document registers one key", "USAGE")
        found.update(_registration(extra.publics[0]))
        if verb == "rotate":
            del found["roles"]
        if verb == "add":
            _tell_number(session, extra.publics[0])
    return found


def _tell_number(session: Session, path: Path) -> None:
    """The ledger numbers signers in the order they come. A public side that says another number would sign
    as somebody else: say so while it can be put right. Without a node in reach nothing is said."""
    person = read_person(path)
    if not session.nodes():
        return
    try:
        with connected(session.nodes()) as client:
            found = client.value(Collection.INSTITUTIONS, person.institution.encode("ascii"))["value"]
    except NothingAcceptedError:
        return
    if found is None:
        return
    following = Institution.decode(bytes.fromhex(found)).signers + 1
    if following != person.serial:
        session.say(
            f"{path} says serial {person.serial}, the ledger will give {following}: write {following} into "
            f"{path}, or sign with --as {person.institution}:{following}"
        )


def _signer_id(session: Session, text: str) -> str:
    from chain.keys import signer_id
    from chain.types import Hash32

    institution, serial = parse_signer(text)
    return signer_id(Hash32(flow.network_of(session)[1]), institution, serial).hex()


def _registration(path: Path) -> dict[str, Json]:
    """The fields that register a key, from its public side."""
    person = read_person(path)
    if person.possession is None:
        raise InputError(
            f"{path} has no proof of possession: eqz key prove {path.with_suffix('.key')}", "KEY-FILE"
        )
    return {
        "algorithm": 1,
        "public_key": person.public_key.hex(),
        "roles": person.roles,
        "possession": person.possession.hex(),
    }


def _institution_document(session: Session, verb: str, extra: Extra, document: Json) -> Json:
    """institution add|close as a proposal to the members; first signers from the public sides of keys."""
    arguments = dict(as_object(document, "document"))
    if verb == "add":
        arguments = {"rows": [_with_signers(row, extra.publics) for row in _rows(arguments)]}
    return {"effect": f"institution.{verb}", "arguments": arguments, "note": extra.note}


def _rows(arguments: dict[str, Json]) -> list[Json]:
    """Rows as written; a document of one institution is one row."""
    rows = arguments.get("rows")
    return rows if isinstance(rows, list) else [dict(arguments)]


def _with_signers(row: Json, publics: Sequence[Path]) -> Json:
    found = dict(as_object(row, "row"))
    if not publics:
        return found
    people = [path for path in publics if read_person(path).institution == found.get("id")]
    people.sort(key=lambda path: read_person(path).serial)
    found["signers"] = [_registration(path) for path in people]
    return found


def _proposal(session: Session, verb: str, extra: Extra, document: Json) -> Json:
    found = dict(as_object(document, "document"))
    return {"note": extra.note, **found} if verb == "propose" else found


def _sequester_document(session: Session, verb: str, extra: Extra, document: Json) -> Json:
    """sequester decide takes what sequester plan says."""
    return decision_of_plan(document) if verb == "decide" else document


PREPARE: Final[dict[str, Preparer]] = {
    "sequester": _sequester_document,
    "signer": _signer_document,
    "deputy": _deputy_document,
    "institution": _institution_document,
    "network": _proposal,
}


def _change(noun: str, verb: str, action_name: str) -> click.Command:
    """One state-changing verb: build, show, ask, sign, submit, wait."""
    prepare = PREPARE.get(noun, _as_written)

    def change(
        session: Session,
        fields: tuple[str, ...],
        from_file: str | None,
        settings: tuple[str, ...],
        institution: str | None,
        valid_for: str | None,
        client_id: str | None,
        corrects: Path | None,
        keys: tuple[Path, ...],
        password_files: tuple[Path, ...],
        signers: tuple[str, ...],
        template: bool,
        **rest: Any,
    ) -> None:
        action = known_action(action_name)
        if template:
            emit_form(action)
            return
        extra = Extra(rest.pop("publics", ()), rest.pop("signer", None), rest.pop("note", None) or "")
        has_extra = bool(extra.publics or extra.signer)
        source = Source(
            from_file,
            (*settings, *fields),
            institution,
            valid_for,
            client_id,
            corrects,
            None
            if prepare is _as_written and not has_extra
            else lambda document: prepare(session, verb, extra, document),
            rest.pop("is_for_approval", False),
        )
        if verb == "propose" and noun == "directory" and rest["out"] is None:
            raise InputError("a proposal goes to its checker: give --out FILE.eqtx", "USAGE")
        done = flow.run(session, action, source, Signing(keys, password_files, signers), Way(**rest))
        emit_item(session, f"eqz.{noun}.{verb}/1", done)

    change.__doc__ = f"The document {action_name}: shown, signed, submitted, final."
    command: Any = change
    for option in reversed((*_WAY_OPTIONS, *_extra_options(noun, verb))):
        command = option(command)
    command = pass_session(global_options(source_options(signing_options(command))))
    fields = click.argument("fields", nargs=-1, metavar="[FIELD=VALUE]…")
    summary = HELP.get((noun, verb)) or known_action(action_name).summary
    return click.command(verb, help=f"{summary} ({action_name}).")(fields(command))


def emit_form(action: Action) -> None:
    """The empty document on stdout."""
    import json

    click.echo(json.dumps(ballots.template(action), ensure_ascii=False, indent=1))


_WAY_OPTIONS = (
    click.option("--yes", is_flag=True, help="Do not ask; needed without a terminal."),
    click.option(
        "--dry-run", "is_dry_run", is_flag=True, help="Only ask a node whether it would be accepted."
    ),
    click.option("--out", type=_FILE, metavar="FILE.eqtx", help="Write the envelope here and do not submit."),
    click.option("--receipt", type=_FILE, metavar="FILE.eqr", help="Where the receipt goes."),
    click.option("--timeout", metavar="LENGTH", help="How long to wait for finality; 60s."),
    click.option("--template", is_flag=True, help="Print an empty document and end."),
)


def _extra_options(noun: str, verb: str) -> tuple[Any, ...]:
    public = click.option(
        "--public", "publics", multiple=True, type=_FILE, metavar="FILE.pub", help="Public side of a new key."
    )
    signer = click.option("--signer", metavar="INSTITUTION:SERIAL", help="The signer it is about.")
    for_approval = click.option(
        "--for-approval", "is_for_approval", is_flag=True,
        help="Submit it for the approvals that its route asks for.",
    )  # fmt: skip
    note = click.option("--note", help="For the members who vote.")
    if noun == "signer":
        return (public,) if verb == "add" else (public, signer)
    if noun == "deputy":
        return (signer,)
    if noun == "institution":
        return (public, note)
    if noun == "network":
        return (note,) if verb == "propose" else ()
    return (for_approval,) if known_action(CHANGES[noun][verb]).is_routed else ()


# --- reading verbs


def _listing(noun: str, verb: str, view: View) -> click.Command:
    """All of a collection that matches FIELD=VALUE, in the order of the ledger's keys."""

    summary = LIST_HELP.get((noun, verb)) or f"List {view.collection}"

    @click.command(verb, help=f"{summary}; FIELD=VALUE narrows, the first key parts fastest.")
    @click.argument("filters", nargs=-1, metavar="[FIELD=VALUE]…")
    @reading_options
    @global_options
    @pass_session
    def listing(session: Session, filters: tuple[str, ...], read: Reading) -> None:
        keep, tell = KEEP.get((noun, verb)), TELL.get((noun, verb))
        found = reading.view_items(session, view, reading.parse_filters(filters), read, keep)
        items = found.items if tell is None else [tell(session, item) for item in found.items]
        emit_list(session, f"eqz.{noun}.{verb}/1", items, found.as_of, found.following)

    return listing


def _showing(noun: str, view: View) -> click.Command:
    """One record by the parts of its key."""
    names = reading.key_names(view)
    metavar = " ".join(name.upper() for name in names)

    @click.command("show", help=f"One of {view.collection}: {metavar}.")
    @click.argument("parts", nargs=-1, metavar=metavar)
    @reading_options
    @global_options
    @pass_session
    def showing(session: Session, parts: tuple[str, ...], read: Reading) -> None:
        if len(parts) != len(names):
            raise InputError(f"{len(parts)} of {len(names)} parts given: eqz {noun} show {metavar}", "USAGE")
        item, as_of = reading.view_item(session, view, parts, read)
        emit_item(session, f"eqz.{noun}.show/1", item, as_of)

    return showing


def _group(noun: str) -> click.Group:
    @click.group(name=noun)
    @global_options
    def group() -> None:
        """The documents and records of one noun."""

    group.help = f"{noun.capitalize()}: {', '.join(_verbs(noun))}."
    return group


def _verbs(noun: str) -> list[str]:
    shown = ["show"] if noun in SHOWS else []
    others = [str(one.name) for one in OTHERS.get(noun, ())]
    return [*CHANGES.get(noun, {}), *LISTS.get(noun, {}), *shown, *others]


def verbs_of(noun: str) -> list[click.Command]:
    """The commands of a noun that the tables make."""
    changes = [_change(noun, verb, action) for verb, action in CHANGES.get(noun, {}).items()]
    lists = [_listing(noun, verb, VIEWS[view]) for verb, view in LISTS.get(noun, {}).items()]
    shows = [_showing(noun, VIEWS[SHOWS[noun]])] if noun in SHOWS else []
    return [*changes, *lists, *shows]


def make(noun: str, others: Sequence[click.Command] = ()) -> click.Group:
    """A noun's group with the commands of the tables and its own."""
    group = _group(noun)
    for command in (*verbs_of(noun), *others):
        group.add_command(command)
    return group


COMMANDS: Final[Mapping[str, click.Command]] = {
    noun: make(noun, OTHERS.get(noun, ())) for noun in CHANGES if noun != "network"
}
