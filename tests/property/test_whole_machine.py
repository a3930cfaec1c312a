"""The whole machine, by chance from a seed: every action of the register over years, in any order, with
documents that are right, nearly right and hostile.

After each document the naive model (`tests.machine.model`) and the list of people (`tests.machine.people`)
must agree with the ledger; after each block the laws of the ledger and of the auditor hold; now and then
everything is counted again. An action that never succeeded fails the run, and so does a code that neither
the run nor an example reached.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cache

import pytest

from chain.block import Change, Outcome
from chain.transaction import SignedTransaction
from contracts import invariants
from contracts.actions import REGISTER
from contracts.executor import Refusal
from contracts.reasons import CATALOGUE
from contracts.records import SLOTS, Collection, balance_of, trusted
from tests.examples import examples
from tests.machine.drive import Tally, a_driven_world
from tests.machine.model import Model
from tests.machine.people import People
from tests.machine.world import World

STEPS = 10_000
"""Documents of each world."""

COUNTED_AGAIN = 1_000
"""After so many documents everything is added up, and actions that never succeeded are wanted more."""

WORLDS = ((2026, 5), (2027, 14))
"""Seed, and how far the treasury opens the next day at most: one slow year, and some quick ones."""


class Watch:
    """The models of one world."""

    def __init__(self) -> None:
        self.model = Model()
        self.people: People | None = None

    def __call__(
        self,
        world: World,
        signed: Sequence[SignedTransaction],
        answers: Sequence[Outcome | Refusal],
        changes: Sequence[Change],
    ) -> None:
        if self.people is None:
            self.people = People(world.genesis)
        groups: dict[bytes | None, list[Change]] = {}
        for change in changes:
            groups.setdefault(change.tx_id, []).append(change)
        for one, answer in zip(signed, answers, strict=True):
            self.people.follow(one, answer)
            if isinstance(answer, Outcome):
                body = one.transaction
                self.model.follow(body.action, body.institution, body.arguments, groups[one.tx_id])
            else:
                assert one.tx_id not in groups, "a refused document changed something"

    def count_again(self, world: World) -> None:
        """The ledger's totals are the sums of the model's amounts, and every law holds over the whole."""
        scopes: dict[bytes, list[int]] = {}
        for place, amount in self.model.tokens.items():
            for scope, slot in self.model.scopes_of(place):
                scopes.setdefault(scope, [0] * SLOTS)[slot] += amount
        for key in world.state.keys.get(Collection.BALANCES, []):
            found = list(balance_of(world.state, key).amounts)
            assert scopes.pop(key, [0] * SLOTS) == found, f"balance {trusted(key)}"
        assert scopes == {}
        assert invariants.recount(world.state) == ()


@cache
def driven() -> tuple[Tally, Counter[str], Counter[str]]:
    """All worlds: what was sent, and what the model carried out itself and what it took over."""
    whole, followed, taken = Tally(), Counter[str](), Counter[str]()
    for seed, days in WORLDS:
        watch = Watch()
        driver = a_driven_world(seed, watch)
        driver.world.days = days
        due = COUNTED_AGAIN
        while driver.tally.sent < STEPS:
            driver.step()
            if driver.tally.sent >= due:
                watch.count_again(driver.world)
                due += COUNTED_AGAIN
                driver.wanted = sorted({name for name, _ in REGISTER} - driver.tally.succeeded.keys())
        whole.sent += driver.tally.sent
        whole.succeeded += driver.tally.succeeded
        whole.refused += driver.tally.refused
        followed += watch.model.followed
        taken += watch.model.unfollowed
    return whole, followed, taken


def test_every_action_of_the_register_succeeds() -> None:
    tally, _, _ = driven()
    assert tally.sent >= STEPS * len(WORLDS)
    assert {name for name, _ in REGISTER} - tally.succeeded.keys() == set()


def test_every_code_is_reached_by_chance_or_by_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    tally, _, _ = driven()
    by_example = examples().keys()
    with capsys.disabled():
        print(f"\n{tally.sent} documents, {sum(tally.succeeded.values())} succeeded; codes by chance:")
        for code in sorted(CATALOGUE):
            print(f"{code:20} {tally.refused[code] or 'by example'}")
    assert CATALOGUE.keys() - tally.refused.keys() - by_example == set()


def test_the_model_carries_out_nearly_all_that_moves_money_by_itself() -> None:
    """What it takes over from the ledger, without a tiyn from nowhere, is rare or has its own model."""
    _, followed, taken = driven()
    money = sum(followed[name] for name in followed)
    assert sum(taken.values()) * 100 <= money
