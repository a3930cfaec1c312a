"""The command: `eqz demo`, `eqz demo attack`."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from cli.amounts import grouped
from cli.demo.attack import ATTACKS, FIRST_FOUR, run_attack
from cli.demo.nodes import NETWORK, demo_directory, interruptible, stop_running
from cli.demo.run import RECEIPTS, Result, run_bare, run_demo
from cli.demo.texts import line
from cli.failures import DIFFERENCES, InputError
from cli.session import Session, global_options, pass_session
from cli.texts import constant


class Teller:
    """Says what happens: on stdout for a reader, on stderr when stdout is one JSON object."""

    def __init__(self, session: Session) -> None:
        self._language = session.language
        self._is_json = session.output == "json"
        self._is_quiet = session.quiet

    def __call__(self, name: str, /, **facts: object) -> None:
        if not self._is_quiet:
            click.echo(line(name, self._language, facts), err=self._is_json)


@click.group("demo", invoke_without_command=True)
@click.option("--dir", "directory", type=click.Path(path_type=Path), help="Where its files lie; they stay.")
@click.option("--keep", is_flag=True, help="Leave the network running.")
@click.option("--bare", is_flag=True, help="Only the four nodes, left running; no budget years.")
@click.option("--stop", is_flag=True, help="End a network that was left running (with --dir).")
@global_options
@pass_session
@click.pass_context
def demo(
    context: click.Context, session: Session, directory: Path | None, keep: bool, bare: bool, stop: bool
) -> None:
    """Four nodes, the law on the republican budget of 2026, two budget years: about two minutes."""
    if context.invoked_subcommand is not None:
        context.ensure_object(Session)
        return
    say = Teller(session)
    if stop:
        if directory is None:
            raise InputError("which network? Give --dir, as `eqz demo --keep` printed it", "DEMO-DIRECTORY")
        names = stop_running(directory.resolve())
        say("stopped", names=", ".join(names)) if names else say("nothing")
        return
    place = demo_directory(directory)
    say("directory", directory=place)
    if bare:
        with interruptible(place):
            network = run_bare(place, say)
        if session.output == "json":
            click.echo(json.dumps(network.value, ensure_ascii=False))
        _say_kept(say, place, network.urls)
        return
    with interruptible(place):
        result = run_demo(place, say, keep=keep)
    if session.output == "json":
        click.echo(json.dumps(result.value, ensure_ascii=False))
    else:
        _report(session, say, result)
    if keep:
        _say_kept(say, place, result.urls)
    _say_next(say, result)
    if not result.is_good:
        context.exit(DIFFERENCES)


@demo.command("attack")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--all", "is_all", is_flag=True, help="Every attack: about three minutes.")
@click.option("--dir", "directory", type=click.Path(path_type=Path), help="Where its files lie; they stay.")
@global_options
@pass_session
@click.pass_context
def attack(
    context: click.Context, session: Session, names: tuple[str, ...], is_all: bool, directory: Path | None
) -> None:
    """A network of its own is attacked; each line says what was promised and what was seen.

    Without a NAME four attacks; NAMEs: overspend, one-stopped, two-stopped, flipped-byte, kills, all-killed,
    partition, damaged-log, full-disk, liar, lost-journal.
    """
    chosen = _chosen(names, is_all)
    say = Teller(session)
    place = demo_directory(directory)
    say("directory", directory=place)
    with interruptible(place):
        outcome = run_attack(place, say, chosen)
    if session.output == "json":
        click.echo(json.dumps(outcome, ensure_ascii=False))
    if not outcome["passed"]:
        context.exit(DIFFERENCES)


def _chosen(names: tuple[str, ...], is_all: bool) -> tuple[str, ...]:
    """Which attacks were asked for. InputError for one that is not there."""
    wanted = tuple(name.replace("-", "_") for name in names)
    for name in wanted:
        if name not in ATTACKS:
            known = ", ".join(one.replace("_", "-") for one in ATTACKS)
            raise InputError(f"no attack {name.replace('_', '-')}; there are {known}", "DEMO-ATTACK")
    return tuple(ATTACKS) if is_all else wanted or FIRST_FOUR


def _say_kept(say: Teller, place: Path, urls: Mapping[str, str]) -> None:
    for name, url in urls.items():
        say("urls", name=name, url=url)
    say("kept", command=f"{_program('eqz')} demo --stop --dir {shlex.quote(str(place))}")


def _report(session: Session, say: Teller, result: Result) -> None:
    value = result.value
    for table in ("stages", "statuses"):
        say(table)
        _print_table(session, value["years"], table)
    roots = {node["state_root"] for node in value["nodes"]}
    say(
        "network",
        height=value["nodes"][0]["height"],
        transactions=value["transactions"],
        p50=value["finality_ms"]["p50"],
        p95=value["finality_ms"]["p95"],
        differences=len(roots) - 1,
    )


def _print_table(session: Session, years: dict[str, Any], table: str) -> None:
    """A row a stage or status, a column a year; nothing is left blank where nothing stands."""
    click.echo(f"  {'':24}" + "".join(f"{year:>26}" for year in years))
    for name in next(iter(years.values()))[table]:
        amounts = (str(found[table][name]) for found in years.values())
        cells = "".join(f"{'—' if amount == '0.00' else grouped(amount):>26}" for amount in amounts)
        click.echo(f"  {constant(name, session.language):24}{cells}")


def _say_next(say: Teller, result: Result) -> None:
    """Three commands that can be pasted; they need no network."""
    value = result.value
    directory = Path(value["directory"])
    genesis = value["verification"]["protocol"].get("genesis", "")
    chain = directory / NETWORK / "nodes" / "treasury"
    receipt = directory / RECEIPTS / "payment.eqr"
    say("next")
    verify = _program("eqz-verify")
    for command in (
        f"{verify} chain {shlex.quote(str(chain))} --genesis {genesis}",
        f"{verify} receipt {shlex.quote(str(receipt))} --genesis {genesis}",
        f"{_program('eqz')} demo attack",
    ):
        say("command", command=command)


def _program(name: str) -> str:
    """How this installation's program is called from here."""
    return shlex.quote(str(Path(sys.executable).with_name(name)))


COMMANDS = {"demo": demo}
