"""`eqz node recover`: what is wrong with the directory of a stopped node, and how it is put right.

First it looks and says what it found and what it will do; then it asks. Nothing is deleted: what is not
believed is moved aside, and it says where. Interrupted at any moment, it is called again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.documents import Json
from cli.failures import Details, InputError, NothingAcceptedError
from cli.output import emit_item
from cli.recovery_texts import said
from cli.session import Session, global_options, pass_session

if TYPE_CHECKING:
    from node.config import NodeConfig
    from node.diagnosis import Diagnosis
    from node.world import Identity

_NODE = click.Path(exists=True, file_okay=False, path_type=Path)
_LOG_LEVEL = "warning"

LOST = ("VOTES-MISSING", "VOTES-DAMAGED", "VOTES-RETIRED", "VOTES-BEHIND", "KEY-UNREADABLE")
"""What this key has signed is not known any more, or the key cannot be used."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the operator asks for beside the repair."""

    rebuild_state: bool = False
    from_peers: bool = False
    snapshot: Path | None = None
    new_key: bool = False

    @property
    def replaces_chain(self) -> bool:
        return self.from_peers or self.snapshot is not None


@dataclass(slots=True)
class _Work:
    """One recovery: what was done, and what came of it."""

    session: Session
    config: NodeConfig
    identity: Identity
    wanted: Wanted
    kept: list[Path] = field(default_factory=list)

    def say(self, code: str, **facts: object) -> None:
        self.session.say("  " + said(code, self.session.language, **facts))


@click.command("recover", help="Find what is wrong with the stopped node in DIRECTORY, and put it right.")
@click.argument("directory", type=_NODE)
@click.option("--yes", is_flag=True, help="Do it without asking.")
@click.option("--rebuild-state", is_flag=True, help="Make the state anew from the block log.")
@click.option("--from-peers", is_flag=True, help="Begin from the newest snapshot that the peers have.")
@click.option("--snapshot", type=_NODE, help="Begin from a copied snapshot directory.")
@click.option("--new-key", is_flag=True, help="A new validator key; the old one votes no more.")
@global_options
@pass_session
def recover(
    session: Session,
    directory: Path,
    yes: bool,
    rebuild_state: bool,
    from_peers: bool,
    snapshot: Path | None,
    new_key: bool,
) -> int:
    """Ends with 0 when the node can start and vote, with 7 when it can start and follows."""
    from cli.logs import log_to_stderr
    from node.config import NodeConfig
    from node.diagnosis import diagnose
    from node.node import this_machine
    from node.running import claimed

    if from_peers and snapshot is not None:
        raise InputError("--from-peers or --snapshot, not both", "USAGE")
    directory = directory.absolute()
    config = NodeConfig.load(directory)
    log_to_stderr(_LOG_LEVEL)
    wanted = Wanted(rebuild_state, from_peers, snapshot, new_key)
    with claimed(directory):
        identity, trouble = _identity(config)
        diagnosis = diagnose(config, identity, this_machine())
        found = [(one.code, one.facts) for one in diagnosis.found]
        if trouble:
            found[-1:] = [("KEY-UNREADABLE", {"detail": trouble})]
        plan = list(_plan(diagnosis, wanted, {code for code, _ in found}))
        _tell(session, directory, found, plan)
        if plan and plan[0][0] != "NOTHING":
            _confirm(session, yes)
        work = _Work(session, config, identity, wanted)
        item = _carry_out(work, diagnosis, plan)
        item = {
            "directory": str(directory),
            "found": _rows(found),
            "plan": _rows(plan),
            "kept": [str(one) for one in work.kept],
            **item,
        }
    emit_item(session, "eqz.node.recover/1", item)
    return 0 if item["votes"] or item["key_less"] else NothingAcceptedError.exit_status


def _identity(config: NodeConfig) -> tuple[Identity, str]:
    """Genesis and key; without the key, and why, when it cannot be opened. Raises ConfigError when there is
    no genesis: without one nothing can be checked."""
    from chain.errors import ConfigError
    from node.diagnosis import genesis_only
    from node.opening import read_genesis, read_identity

    data = read_genesis(config)
    try:
        return read_identity(config), ""
    except ConfigError as error:
        return genesis_only(data), str(error)


def _plan(diagnosis: Diagnosis, wanted: Wanted, codes: set[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """The steps, in their order."""
    steps: list[tuple[str, dict[str, str]]] = []
    if wanted.replaces_chain:
        steps.append(("ASIDE-CHAIN", {}))
        from_where = ("FROM-SNAPSHOT", {"path": str(wanted.snapshot)})
        steps.append(("FROM-PEERS", {}) if wanted.from_peers else from_where)
    else:
        if diagnosis.has("BASE-DAMAGED"):
            steps.append(("NEEDS-SNAPSHOT", {}))
        if diagnosis.has("LOG-REPAIR-BEGUN"):
            steps.append(("FINISH-REPAIR", {}))
        if diagnosis.has("LOG-TORN"):
            steps.append(("CUT-TAIL", {}))
        if diagnosis.damages:
            heights = sum(one.last_height - one.first_height + 1 for one in diagnosis.damages)
            steps.append(("REPAIR-LOG", {"heights": str(heights)}))
        if diagnosis.has("LOG-ABSENT"):
            steps.append(("LOG-FROM-PEERS", {}))
        if wanted.rebuild_state or diagnosis.has("STATE-DAMAGED", "STATE-MARKED", "STATE-OTHER"):
            steps.append(("REBUILD-STATE", {}))
        elif diagnosis.has("STATE-ABSENT", "STATE-AHEAD"):
            steps.append(("MAKE-STATE", {}))
    if wanted.new_key:
        steps.append(("NEW-KEY", {}))
    elif codes & set(LOST):
        steps.append(("NEEDS-NEW-KEY", {}))
    yield from steps or [("NOTHING", {})]


def _rows(lines: list[tuple[str, dict[str, str]]]) -> list[Json]:
    return [{"code": code, "text": said(code, "en", **facts)} for code, facts in lines]


def _tell(
    session: Session,
    directory: Path,
    found: list[tuple[str, dict[str, str]]],
    plan: list[tuple[str, dict[str, str]]],
) -> None:
    language = session.language
    session.say(said("FOUND", language, directory=directory))
    for code, facts in found:
        session.say("  " + said(code, language, **facts))
    session.say(said("WILL", language))
    for code, facts in plan:
        session.say("  " + said(code, language, **facts))


def _confirm(session: Session, yes: bool) -> None:
    if yes:
        return
    if not session.is_interactive:
        raise InputError(
            "nobody is there to confirm: without a terminal give --yes", "CONFIRM", Details(remedy="--yes")
        )
    if not click.confirm(said("ASK", session.language), err=True):
        raise NothingAcceptedError("not confirmed; nothing was changed", "CONFIRM")


# --- the steps


def _carry_out(work: _Work, diagnosis: Diagnosis, plan: list[tuple[str, dict[str, str]]]) -> dict[str, Json]:
    from node.config import NodeConfig
    from node.recovery import move_state_aside

    codes = {code for code, _ in plan}
    if "NEEDS-SNAPSHOT" in codes:
        raise InputError(
            f"{work.config.directory}: what this node began from is damaged",
            "BASE-DAMAGED",
            Details(remedy="eqz node recover --from-peers, or --snapshot with a copied snapshot directory"),
        )
    if work.wanted.replaces_chain:
        _replace_chain(work)
    elif "REBUILD-STATE" in codes:
        aside = move_state_aside(work.config, "eqz node recover")
        if aside is not None:
            work.kept.append(aside)
            work.say("KEPT", path=aside)
    item = asyncio.run(_start_once(work))
    if work.wanted.new_key:
        made = _new_key(work, str(item.pop("effect")))
        work.config = NodeConfig.load(work.config.directory)
        work.identity, _ = _identity(work.config)
        item = {**asyncio.run(_start_once(work)), "new_key": made}
        for line in ("CARD", "PROPOSE", "VOTE", "START"):
            work.say(line, **{**made, "directory": work.config.directory})
    item.pop("effect")
    _tell_end(work, item)
    return item


def _replace_chain(work: _Work) -> None:
    """Blocks, state and base aside, then what the peers or the snapshot have. When that fails, everything is
    where it was."""
    from chain.errors import LedgerError
    from node.node import this_machine
    from node.opening import BLOCKS, STATE
    from node.recovery import move_aside
    from node.snapshots import BASE, restore
    from node.state_sync import sync_from_peers

    moved: list[tuple[Path, Path]] = []
    for name in (BLOCKS, STATE, BASE):
        aside = move_aside(work.config.path(name))
        if aside is not None:
            moved.append((work.config.path(name), aside))
    try:
        if work.wanted.snapshot is not None:
            restore(work.wanted.snapshot, work.config, work.identity, this_machine())
        else:
            asyncio.run(sync_from_peers(work.config, work.identity, this_machine()))
    except (LedgerError, KeyboardInterrupt):
        for path, aside in moved:
            move_aside(path)
            aside.rename(path)
        raise
    for _, aside in moved:
        work.kept.append(aside)
        work.say("KEPT", path=aside)


async def _start_once(work: _Work) -> dict[str, Json]:
    """What a start does before it listens: the log repaired from the peers, the state brought up to it, the
    journal read. Then it ends, and says where the node stands."""
    from node.node import start, this_machine

    node = await start(work.config, work.identity, this_machine())
    try:
        driver, tip = node.driver, node.driver.tip
        silence = driver.silence
        reason = "" if silence is None else f"{silence.why.value}: {silence.detail}".removesuffix(": ")
        return {
            "height": tip.height,
            "block_id": tip.block_id.hex(),
            "state_root": node.application.state_root.hex(),
            "votes": silence is None,
            "why_not": reason or None,
            "key_less": work.config.validator_key is None,
            "new_key": None,
            "effect": _effect(node.application.state, work.config.name),
        }
    finally:
        node.close()


def _effect(state: Any, institution: str) -> str:
    """The ballot that enrols a key: another one for the validator of this institution, or its first."""
    from contracts.membership import latest_set
    from contracts.records import Collection, ValidatorRecord

    for member in latest_set(state).members:
        record = ValidatorRecord.find(state, Collection.VALIDATORS, member.address)
        if record is not None and record.institution == institution:
            return "validator.rotate"
    return "validator.add"


def _new_key(work: _Work, effect: str) -> dict[str, Json]:
    """Key, password, journal, ballot and card, then node.toml: until that names the new key nothing has
    changed. The old key and its journal stay where they are."""
    from cli.envelope import write_text
    from cli.joining import dump_card, own_card, set_settings
    from cli.peer import make_validator_key

    directory = work.config.directory
    path, key, proposal = make_validator_key(directory, work.config, effect)
    card = directory / f"{work.config.name}.card.json"
    if work.identity.key is not None:
        write_text(card, dump_card(own_card(directory, next_key=key)))
    set_settings(directory, validator_key=path.name, password_file=path.with_suffix(".password").name)
    if work.identity.key is None:
        write_text(card, dump_card(own_card(directory)))
    return {
        "key": path.name,
        "address": key.address.hex(),
        "proposal": str(proposal),
        "card": str(card),
    }


def _tell_end(work: _Work, item: dict[str, Json]) -> None:
    work.session.say(said("END", work.session.language, height=item["height"], root=str(item["state_root"])))
    if item["votes"]:
        work.say("VOTES")
    elif item["key_less"]:
        work.say("VOTES-NO-KEY")
    else:
        work.say("VOTES-NOT", reason=item["why_not"])
