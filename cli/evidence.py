"""`eqz network evidence`: double signatures on the chain; with `--archive`, whom the archives of institutions
convict."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from cli import forensics, reading
from cli.documents import Json
from cli.failures import Details, DifferencesError, InputError
from cli.forensics import Case, said
from cli.output import emit_item, emit_list
from cli.reading import Reading, reading_options
from cli.session import Session, global_options, pass_session
from cli.views import VIEWS
from consensus.forensics import Culprit, Question

_DIRECTORY = click.Path(exists=True, file_okay=False, path_type=Path)

_FOUND: Final = {
    "kk": "консенсус ережелерін бұзған валидаторлар: {names}",
    "ru": "валидаторы, нарушившие правила консенсуса: {names}",
    "en": "validators that broke the rules of consensus: {names}",
}
_FOUND_REMEDY: Final = {
    "kk": "екі хабарлама дәлел болып табылады: оларды сақтап, мүшелерге көрсетіңіз; валидатор дауыс беру "
    "арқылы шығарылады (docs/operating.md, Evidence and forensics)",
    "ru": "два сообщения — доказательство: сохраните их и покажите участникам; валидатора исключает "
    "голосование (docs/operating.md, Evidence and forensics)",
    "en": "the two messages are the proof: keep them and show them to the members; a ballot removes a "
    "validator (docs/operating.md, Evidence and forensics)",
}
_FORK: Final = {
    "kk": "желі {height} биіктігінде тармақталған, ал берілген мұрағаттар ешкімді әшкерелемейді",
    "ru": "сеть разветвилась на высоте {height}, а данные архивы никого не изобличают",
    "en": "the network forked at height {height}, and these archives convict nobody",
}
_FORK_REMEDY: Final = {
    "kk": "екі тармақтағы мекемелердің votes/ каталогтарын қосыңыз: --archive DIR",
    "ru": "добавьте каталоги votes/ учреждений обеих ветвей: --archive DIR",
    "en": "add the votes/ directories of institutions on both branches: --archive DIR",
}


@click.command(
    "evidence",
    help="Double signatures on the chain; FIELD=VALUE narrows. With --archive: whom archives convict.",
)
@click.argument("filters", nargs=-1, metavar="[FIELD=VALUE]…")
@click.option(
    "--archive", "archives", multiple=True, type=_DIRECTORY, metavar="DIR",
    help="A node's directory, or a copy of its votes/ or blocks/ (repeatable); ends with 10 on culprits.",
)  # fmt: skip
@click.option("--from-height", type=click.IntRange(1), default=1, show_default=True, help="With --archive.")
@click.option("--to-height", type=click.IntRange(1), help="With --archive; the last when not given.")
@reading_options
@global_options
@pass_session
def evidence(
    session: Session,
    filters: tuple[str, ...],
    archives: tuple[Path, ...],
    from_height: int,
    to_height: int | None,
    read: Reading,
) -> None:
    """From a node's state; or from archives alone, without asking any node."""
    if not archives:
        found = reading.view_items(session, VIEWS["evidence"], reading.parse_filters(filters), read)
        emit_list(session, "eqz.network.evidence/1", found.items, found.as_of, found.following)
        return
    if filters:
        raise InputError("FIELD=VALUE narrows the list of the chain, not --archive", "USAGE")
    case = forensics.investigate(archives, from_height, to_height)
    emit_item(session, "eqz.network.forensics/1", _item(case))
    _end(case)


def _item(case: Case) -> dict[str, Json]:
    commits: list[Json] = []
    if case.fork is not None:
        for round_, block_id in case.fork.commits:
            commits.append({"height": case.fork.height, "round": round_, "block_id": block_id.hex()})
    return {
        "genesis": case.chain_id.hex(),
        "archives": case.archives,
        "heights": case.heights,
        "fork": commits,
        "culprits": [_culprit(case, one) for one in case.culprits.values()],
        "not_listed": case.left_out,
        "questions": [_question(case, one) for one in case.questions],
        "unreadable": list(case.unreadable),
    }


def _culprit(case: Case, culprit: Culprit) -> dict[str, Json]:
    return {
        "institution": case.names.get(culprit.address),
        "address": culprit.address.hex(),
        "kind": culprit.offence.value,
        "height": culprit.height,
        "rounds": ", ".join(str(round_) for round_ in dict.fromkeys(culprit.rounds)),
        "first_says": said(culprit.first),
        "first_message": culprit.first.encode().hex(),
        "second_says": said(culprit.second),
        "second_message": culprit.second.encode().hex(),
    }


def _question(case: Case, question: Question) -> dict[str, Json]:
    """Who is asked to show a polka of that block from its valid round."""
    return {
        "institution": case.names.get(question.address),
        "address": question.address.hex(),
        "height": question.first.height,
        "rounds": f"{question.first.round}, {question.second.round}",
        "first_says": said(question.first),
        "first_message": question.first.encode().hex(),
        "second_says": said(question.second),
        "second_message": question.second.encode().hex(),
    }


def _end(case: Case) -> None:
    """10 when somebody is convicted, or when there is a fork that convicts nobody."""
    if case.culprits:
        named = dict.fromkeys(
            case.names.get(one.address) or one.address.hex() for one in case.culprits.values()
        )
        texts = {language: text.format(names=", ".join(named)) for language, text in _FOUND.items()}
        raise DifferencesError(
            texts["en"],
            "CULPRITS",
            Details(remedy=_FOUND_REMEDY["en"], remedies=_FOUND_REMEDY, texts=texts),
        )
    if case.fork is not None:
        texts = {language: text.format(height=case.fork.height) for language, text in _FORK.items()}
        raise DifferencesError(
            texts["en"], "FORK", Details(remedy=_FORK_REMEDY["en"], remedies=_FORK_REMEDY, texts=texts)
        )
