"""Ballots of the members: one institution, one vote, no implicit yes (budget-machine 4).

A ballot is checked in full when it is proposed, by running its effect on an overlay that is thrown away. It
passes when more than two thirds of the members said yes, and then takes effect in the transaction of the
deciding vote; it fails as soon as it cannot pass any more.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final, cast

from chain.codec import BOOL, NAME, UINT, Anything, ListOf, OneOf, Row, Text, Uint
from chain.errors import DecodeError
from contracts import reasons
from contracts.actions import REGISTER, Call, action
from contracts.approvals import NEVER_PAUSED, module_of
from contracts.membership import EFFECTS, effect, institutions
from contracts.params import params_of
from contracts.records import (
    BALLOT_COUNT_KEY,
    FIRST_RULES,
    RULES_KEY,
    Ballot,
    BallotCount,
    BallotStatus,
    Collection,
    Kind,
    Role,
    Rules,
    ballot_key,
    put,
    rules_of,
)
from contracts.rejection import RejectionError, fill
from contracts.state import Overlay

OPEN_MAXIMUM: Final = 100
"""Ballots open at once: members read each one before they vote."""

OPEN_OF_MEMBER_MAXIMUM: Final = 10
"""Ballots that one member may have open: it cannot take all places of the others."""

DAY_MS: Final = 86_400_000


# --- parameters

SET_PARAMS = Row(
    "params.set",
    (("values", ListOf(Row("parameter", (("name", NAME), ("value", UINT))), 64, minimum=1)),),
)


@effect("params.set", SET_PARAMS, "Change parameters of the network, from the next block")
def set_params(call: Call, arguments: tuple[Any, ...]) -> None:
    (values,) = arguments
    changed = dict(values)
    if len(changed) < len(values):
        raise RejectionError(reasons.PARAMS_WRONG, found="a name stands twice")
    try:
        params = params_of(call.state).with_values(changed)
    except DecodeError as error:
        raise RejectionError(reasons.PARAMS_WRONG, found=str(error)) from None
    call.state.put(Collection.PARAMS, b"", params.encode())
    call.emit("params.set", tuple(values))


# --- versions of actions and paused modules

ACTIVATION_DELAY: Final = 10
"""Blocks between the decision and the first block of a version: every node has heard of it by then."""

ACTIVATE = Row("rules.activate", (("action", NAME), ("version", Uint(1, 65_535)), ("height", Uint(1))))
MODULE = (("module", NAME),)


@effect("rules.activate", ACTIVATE, "From a height on, take only this version of an action")
def activate(call: Call, arguments: tuple[Any, ...]) -> None:
    """Blocks before the height keep the version before it: a replay judges each by its own."""
    name, version, first = arguments
    now = call.context.height
    if (name, version) not in REGISTER:
        raise RejectionError(reasons.RULES_UNKNOWN, action=name, version=version)
    if first < now + ACTIVATION_DELAY:
        raise RejectionError(reasons.RULES_HEIGHT, found=first, minimum=now + ACTIVATION_DELAY)
    rules = rules_of(call.state)
    of_action = [entry for entry in rules.versions if entry[0] == name]
    pending = [entry for entry in of_action if entry[2] > now]
    in_force = max(
        (entry for entry in of_action if entry[2] <= now), key=lambda entry: entry[2], default=None
    )
    if pending:
        raise RejectionError(reasons.RULES_PENDING, action=name, version=pending[0][1], height=pending[0][2])
    if version == rules.version_of(name, now):
        since = 0 if in_force is None else in_force[2]
        raise RejectionError(reasons.RULES_PENDING, action=name, version=version, height=since)
    kept = [entry for entry in rules.versions if entry[0] != name or entry == in_force]
    _put_rules(call, replace(rules, versions=tuple(sorted((*kept, (name, version, first))))))
    call.emit("rules.activated", name, version, first)


@effect("module.pause", Row("module.pause", MODULE), "Stop all documents of one module, until it is resumed")
def pause_module(call: Call, arguments: tuple[Any, ...]) -> None:
    (module,) = arguments
    if module in NEVER_PAUSED or all(module_of(name) != module for name, _ in REGISTER):
        raise RejectionError(reasons.MODULE_UNKNOWN, module=module)
    rules = rules_of(call.state)
    if any(paused == module for paused, _ in rules.paused):
        raise RejectionError(reasons.MODULE_PAUSED, module=module)
    _put_rules(call, replace(rules, paused=tuple(sorted((*rules.paused, (module, call.context.height))))))
    call.emit("module.paused", module)


@effect("module.resume", Row("module.resume", MODULE), "Take documents of a paused module again")
def resume_module(call: Call, arguments: tuple[Any, ...]) -> None:
    (module,) = arguments
    rules = rules_of(call.state)
    kept = tuple(entry for entry in rules.paused if entry[0] != module)
    if len(kept) == len(rules.paused):
        raise RejectionError(reasons.MODULE_RUNNING, module=module)
    _put_rules(call, replace(rules, paused=kept))
    call.emit("module.resumed", module)


def _put_rules(call: Call, rules: Rules) -> None:
    """The state keeps no empty rules: then version 1 of everything is in force."""
    if rules == FIRST_RULES:
        call.state.delete(Collection.RULES, RULES_KEY)
    else:
        put(call.state, Collection.RULES, RULES_KEY, rules)


# --- ballots

PROPOSE = Row(
    "ballot.propose",
    (
        ("effect", OneOf(*EFFECTS)),
        ("arguments", Anything(5)),
        ("note", Text(500)),
    ),
)


@action(
    "ballot.propose",
    PROPOSE,
    kinds=Kind.ALL,
    roles=(Role.HEAD,),
    source="budget-machine 4",
    summary="Put a change of institutions, validators or parameters to the members' vote",
    is_routed=False,
)
def propose(call: Call) -> None:
    name, arguments, note = cast(tuple[str, tuple[Any, ...], str], call.arguments)
    _check_member(call)
    try:
        EFFECTS[name].arguments.check(arguments, f"arguments.arguments of {name}")
    except DecodeError as error:
        raise RejectionError(reasons.BAD_ARGUMENTS, found=str(error)) from None
    count = BallotCount.find(call.state, Collection.BALLOTS, BALLOT_COUNT_KEY) or BallotCount(0, 0, ())
    if count.open >= OPEN_MAXIMUM:
        raise RejectionError(reasons.BALLOTS_FULL, limit=OPEN_MAXIMUM)
    own = dict(count.by_proposer).get(call.institution, 0)
    if own >= OPEN_OF_MEMBER_MAXIMUM:
        raise RejectionError(
            reasons.BALLOTS_OF_MEMBER, institution=call.institution, limit=OPEN_OF_MEMBER_MAXIMUM
        )
    EFFECTS[name].run(_on_overlay(call), arguments)
    number = count.given + 1
    ballot = Ballot(
        proposer=call.institution,
        effect=(name, arguments),
        note=note,
        opened=call.context.height,
        expires_ms=call.context.time_ms + params_of(call.state)["ballot-days"] * DAY_MS,
        votes=(),
        status=int(BallotStatus.OPEN),
        closed=None,
    )
    put(call.state, Collection.BALLOTS, ballot_key(number), ballot)
    put(call.state, Collection.BALLOTS, BALLOT_COUNT_KEY, _counted(count, call.institution, 1, number))
    call.emit("ballot.proposed", number, name)


VOTE = Row("ballot.vote", (("ballot", Uint(1)), ("yes", BOOL)))


@action(
    "ballot.vote",
    VOTE,
    kinds=Kind.ALL,
    roles=(Role.HEAD,),
    source="budget-machine 4",
    summary="Vote in a ballot; the deciding vote carries it out",
    is_routed=False,
)
def vote(call: Call) -> None:
    number, is_yes = cast(tuple[int, bool], call.arguments)
    _check_member(call)
    ballot = Ballot.find(call.state, Collection.BALLOTS, ballot_key(number))
    if ballot is None:
        raise RejectionError(reasons.BALLOT_UNKNOWN, ballot=number)
    if ballot.status != BallotStatus.OPEN:
        raise RejectionError(reasons.BALLOT_CLOSED, ballot=number)
    if call.context.time_ms > ballot.expires_ms:
        # the vote does not count, but it is what closes a ballot whose time has passed
        _close(call, number, ballot, BallotStatus.FAILED, "BALLOT-EXPIRED")
        return
    if any(institution == call.institution for institution, _, _ in ballot.votes):
        raise RejectionError(reasons.BALLOT_TWICE, institution=call.institution, ballot=number)
    ballot = replace(ballot, votes=(*ballot.votes, (call.institution, is_yes, call.context.height)))
    call.emit("ballot.voted", number, is_yes)
    _decide(call, number, ballot)


def _decide(call: Call, number: int, ballot: Ballot) -> None:
    """Count the votes of those who are members now; close the ballot once it is decided."""
    members = {name for name, item in institutions(call.state) if item.is_member and item.closed is None}
    yes = sum(1 for institution, is_yes, _ in ballot.votes if is_yes and institution in members)
    no = sum(1 for institution, is_yes, _ in ballot.votes if not is_yes and institution in members)
    if 3 * yes > 2 * len(members):
        _carry_out(call, number, ballot)
    elif 3 * (len(members) - no) <= 2 * len(members):
        _close(call, number, ballot, BallotStatus.FAILED, "BALLOT-OUTVOTED")
    else:
        put(call.state, Collection.BALLOTS, ballot_key(number), ballot)


def _carry_out(call: Call, number: int, ballot: Ballot) -> None:
    """Run the effect; one that is refused by now closes the ballot as failed, with its reason."""
    name, arguments = ballot.effect
    trial = _on_overlay(call)
    try:
        EFFECTS[name].run(trial, arguments)
    except RejectionError as rejection:
        found = fill(rejection.reason.en, rejection.facts)
        _close(call, number, ballot, BallotStatus.FAILED, rejection.reason.code, found)
        return
    call.state.absorb(trial.state)
    _close(call, number, ballot, BallotStatus.PASSED, None)
    call.events.extend(trial.events)


def _close(
    call: Call, number: int, ballot: Ballot, status: BallotStatus, code: str | None, found: str | None = None
) -> None:
    put(
        call.state, Collection.BALLOTS, ballot_key(number),
        replace(ballot, status=int(status), closed=call.context.height),
    )  # fmt: skip
    count = BallotCount.find(call.state, Collection.BALLOTS, BALLOT_COUNT_KEY)
    assert count is not None, "a ballot is counted when it is proposed"
    put(call.state, Collection.BALLOTS, BALLOT_COUNT_KEY, _counted(count, ballot.proposer, -1, count.given))
    call.emit("ballot.closed", number, status is BallotStatus.PASSED, code, found)


def _counted(count: BallotCount, proposer: str, opened: int, given: int) -> BallotCount:
    """The counts after a ballot of the proposer was opened (1) or closed (-1)."""
    of_each = dict(count.by_proposer)
    of_each[proposer] = of_each.get(proposer, 0) + opened
    by_proposer = tuple(sorted((name, open_) for name, open_ in of_each.items() if open_))
    return BallotCount(given, count.open + opened, by_proposer)


def _check_member(call: Call) -> None:
    if not call.actor.is_member:
        raise RejectionError(reasons.NOT_MEMBER, institution=call.institution)


def _on_overlay(call: Call) -> Call:
    """The same call on an overlay of its own, with events of its own."""
    return replace(call, state=Overlay(call.state), events=[])
