"""A golden year: the documents that the driver gets past the ledger, block by block, and the roots they make.

`python -m tests.machine.golden` prints the roots; `python -m tests.vectors.make` keeps them in
`tests/vectors/year.json`. Every process, locale, time zone, order of hashes and Python gives the same.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from chain.block import Change, Outcome
from chain.transaction import SignedTransaction
from contracts.actions import REGISTER
from contracts.context import BlockContext
from contracts.executor import Execution, Refusal, execute
from contracts.genesis import genesis_changes
from tests.machine.drive import a_driven_world
from tests.machine.world import World, false_check
from tests.support.budget import START_MS, MemoryReader

SEEDS = range(4, 40)
"""The first of them whose world has every action within so few documents makes the year."""

DOCUMENTS = 300
"""At least so many; then until every action stands among them once."""

SENT_MAXIMUM = 1_500

HASTE = ("treasury.open_day", "plan.approve", "year.close")
"""What brings the next year nearer, while actions that need it are missing."""

DAYS = 20
"""The treasury opens a day in up to so many: the year and its closing pass within these documents."""


Blocks = list[tuple[int, tuple[SignedTransaction, ...]]]


def documents() -> tuple[World, Blocks]:
    """Block time and documents of each block that holds any."""
    found = next(filter(None, map(_driven, SEEDS)), None)
    assert found is not None, "no seed brings every action"
    return found


def _driven(seed: int) -> tuple[World, Blocks] | None:
    """A world of every action, or None when it takes too many documents."""
    blocks: Blocks = []
    succeeded: Counter[str] = Counter()
    times = [START_MS]

    def keep(
        world: World,
        signed: Sequence[SignedTransaction],
        answers: Sequence[Outcome | Refusal],
        changes: Sequence[Change],
    ) -> None:
        passed = [one for one, answer in zip(signed, answers, strict=True) if isinstance(answer, Outcome)]
        time_ms = times.pop()
        if passed:
            blocks.append((time_ms, tuple(passed)))
        times.append(world.time_ms)
        succeeded.update(one.transaction.action for one in passed)

    driver = a_driven_world(seed, keep)
    driver.world.is_audited = False
    driver.world.days = DAYS
    actions = {name for name, _ in REGISTER}
    while sum(succeeded.values()) < DOCUMENTS or actions - succeeded.keys():
        driver.step()
        if sum(succeeded.values()) >= DOCUMENTS:
            driver.wanted = [*sorted(actions - succeeded.keys()), *HASTE]
        if driver.tally.sent > SENT_MAXIMUM:
            return None
    return driver.world, blocks


def golden_year() -> dict[str, Any]:
    """Every block executed again on a state with its tree: roots of state, outcomes and changes."""
    world, blocks = documents()
    state = MemoryReader(genesis_changes(world.genesis))
    found = [state.root.hex()]
    counted: Counter[str] = Counter()
    for height, (time_ms, signed) in enumerate(blocks, 1):
        context = BlockContext(world.chain_id, height, time_ms)
        execution = execute(state, context, signed, check=false_check)
        assert isinstance(execution, Execution), execution
        state.commit(execution.state_changes)
        roots = (execution.state_root, execution.outcomes_root, execution.changes_root)
        found.append(" ".join(root.hex() for root in roots))
        counted.update(one.transaction.action for one in signed)
    return {"documents": sum(counted.values()), "actions": dict(sorted(counted.items())), "roots": found}


def main() -> None:
    """Prints what the vector file holds."""
    print(json.dumps(golden_year()))


if __name__ == "__main__":
    main()
