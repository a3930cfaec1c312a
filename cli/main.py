"""`eqz`: the command of signers, operators and auditors (docs/cli.md).

Help must be fast and needs none of the ledger's libraries: a noun's module is imported when it is used.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version

import click

from chain.errors import LedgerError
from cli.failures import (
    InputError,
    NotFinalError,
    NothingAcceptedError,
    error_json,
    exit_status,
    render_error,
)
from cli.session import Session, global_options

NOUNS: dict[str, tuple[str, str]] = {
    "limit": ("cli.nouns", "limits of expenditure of a year to come: set, list"),
    "request": (
        "cli.nouns",
        "budget requests: form, consolidate, decide, return, align, list, items, show, difference, status",
    ),
    "budget": (
        "cli.nouns",
        "the budget: adopt, quarter, refine, adjust, list, programmes, show, acts, no-shift, adjustments, "
        "proposals, transfers, transfers-plan, consolidated",
    ),
    "plan": (
        "cli.nouns",
        "financing plans: approve, amend, recode, list, amendments, amended, compare, show",
    ),
    "agreement": (
        "cli.nouns",
        "agreements: register, reregister, amend, penalty, terminate, list, promised, show",
    ),
    "act": ("cli.nouns", "acts: sign, correct, commission, list, show"),
    "obligation": (
        "cli.nouns",
        "obligations: accept without an agreement, correct, list, show, debts, claims",
    ),
    "payment": ("cli.nouns", "payments: request, refuse, execute, restore, list, queue, show"),
    "receipts": ("cli.nouns", "revenue: plan, post, list, cash, show"),
    "treasury": (
        "cli.nouns",
        "the treasury: open-day, day, suspend, resume, list, block, unblock, blocks, held, notices",
    ),
    "sequester": ("cli.nouns", "sequester: plan, decide, apply, cancel, list, held, show"),
    "year": ("cli.nouns", "the end of a year: close, carry-over, list, debts, claims, carried, status"),
    "rating": (
        "cli.nouns",
        "ratings: compute, warn, object, list, conduct, warnings, show, figures, explain, unaccepted, "
        "propose",
    ),
    "approval": ("cli.nouns", "documents on their way: submit, sign, reject, withdraw, inbox, list, show"),
    "route": ("cli.nouns", "routes of approval: set, list, show"),
    "deputy": ("cli.nouns", "deputies in approvals: appoint, revoke, list"),
    "directory": ("cli.nouns", "directories: list, show, history, publish, propose, import"),
    "institution": ("cli.nouns", "institutions: add, close, list, show"),
    "signer": ("cli.nouns", "signers: add, rotate, revoke, list"),
    "token": ("cli.token", "tokens: list, show, history, tree, proof"),
    "rule": ("cli.rule", "grounds of refusal: list, explain"),
    "tx": (
        "cli.tx",
        "any document: actions, template, build, batch, show, check, why, sign, merge, submit, wait, "
        "status, receipt",
    ),
    "key": ("cli.key", "keys of people: new, list, show, rotate, prove, test"),
    "profile": ("cli.config", "sets of settings: list, use, set"),
    "config": ("cli.config", "settings in force: show, set"),
    "network": (
        "cli.network",
        "networks: new, genesis, show, members, validators, params, propose, vote, ballots, evidence",
    ),
    "node": (
        "cli.node",
        "one node: init, join, run, status, doctor, recover, reload, peer, certificate, key",
    ),
    "snapshot": (
        "cli.snapshot",
        "the state of a network in a directory: create, list, verify, restore, fetch",
    ),
    "backup": ("cli.backup", "backups of a node: create, verify, restore, drill"),
    "demo": ("cli.demo", "two budget years on four nodes, on this machine"),
}
"""Noun, its module (which has a click command of the noun's name in `COMMANDS`), one line of help."""


class LazyGroup(click.Group):
    """The nouns: listed from the table, imported when used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(NOUNS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in NOUNS:
            return None
        commands: dict[str, click.Command] = import_module(NOUNS[cmd_name][0]).COMMANDS
        return commands[cmd_name]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Nouns"):
            formatter.write_dl([(noun, text) for noun, (_, text) in NOUNS.items()])


def _say_version(context: click.Context, _: click.Parameter, asked: bool) -> None:
    """The installed distribution's version; a bare tree has none."""
    if not asked:
        return
    try:
        found = version("eqazyna")
    except PackageNotFoundError:
        found = "not installed"
    click.echo(f"eqz {found}")
    context.exit()


@click.command(
    cls=LazyGroup,
    name="eqz",
    subcommand_metavar="NOUN VERB …",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_say_version,
    help="Show the version.",
)
@global_options
def eqz() -> None:
    """The ledger of the state budget: eqz NOUN VERB. Global options stand before or after both.

    Exit: 0 done · 1 our bug · 2 usage · 3 not found · 4 identity · 5 refused · 6 conflict · 7 nothing was
    accepted, safe to repeat · 8 accepted or unknown, wait · 9 verification failed · 10 differences.
    """


def run(arguments: Sequence[str], session: Session | None = None) -> int:
    """Run one command; the exit status. An exception that is none of the ledger's passes: it is our bug."""
    session = session or Session()
    try:
        result = eqz.main(list(arguments), "eqz", standalone_mode=False, obj=session)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return error.exit_code
    except click.ClickException as error:
        return _fail(InputError(_usage(error), "USAGE"), session, arguments)
    except click.Abort:
        return _fail(_interrupted(session), session, arguments)
    except OSError as error:
        return _fail(InputError(f"{error.filename or ''}: {error.strerror}", "FILE"), session, arguments)
    except LedgerError as error:
        return _fail(error, session, arguments)
    return result if isinstance(result, int) else 0


def _usage(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    hint = f" (see {context.command_path} --help)" if context is not None else ""
    return error.format_message() + hint


def _interrupted(session: Session) -> LedgerError:
    """Ctrl-C: what matters to the person is whether a node may have the document."""
    if session.in_flight is not None:
        return NotFinalError(
            f"interrupted while transaction {session.in_flight} was on its way", "INTERRUPTED"
        )
    return NothingAcceptedError("interrupted; nothing was sent", "INTERRUPTED")


def _fail(error: LedgerError, session: Session, arguments: Sequence[str]) -> int:
    as_json = session.output_of_errors() in ("json", "jsonl") or _asks_json(arguments)
    text = error_json(error) if as_json else render_error(error, session.language_of_errors())
    click.echo(text, err=True)
    return exit_status(error)


def _asks_json(arguments: Sequence[str]) -> bool:
    """Whether -o json stands anywhere: a usage error ends the parsing before the option is stored."""
    for index, argument in enumerate(arguments):
        if argument in ("-o", "--output"):
            return list(arguments[index + 1 : index + 2]) in (["json"], ["jsonl"])
        if argument in ("-ojson", "-ojsonl", "--output=json", "--output=jsonl"):
            return True
    return False


def main() -> None:
    """The entry point of the `eqz` script."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
