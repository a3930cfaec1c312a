"""`year.close` over a year of very many tokens: blocks, and processor time a row."""

from __future__ import annotations

import time
from typing import Any

from contracts import years
from contracts.executor import Execution
from tests.support.big_year import a_big_year
from tests.support.year import BUDGET, YEAR, a_closing

TOKENS = 100_000
ROWS = 1_000


def year_close(tokens: int = TOKENS, rows: int = ROWS) -> dict[str, Any]:
    """Closes the year in memory, a document a block, within the limits of the genesis.

    `rows_ms`: milliseconds of processor time a token that is settled, roots and invariants of its block
    included; `longest_ms`: of the longest block; `cost`: of the dearest document.
    """
    ledger = a_big_year(tokens)
    ledger.open_day(YEAR + 1, 1, 5)
    times: list[float] = []
    costs: list[int] = []
    settled = 0
    while not years.is_closed(ledger.state, BUDGET, YEAR):
        document = ledger.document("treasury", "year.close", *a_closing(rows))
        started = time.process_time()
        execution = ledger.run(document)
        times.append(time.process_time() - started)
        assert isinstance(execution, Execution), execution.reason.code
        costs.append(execution.cost)
        settled += rows
    return {
        "tokens": tokens,
        "blocks": len(times),
        "seconds": round(sum(times), 2),
        "rows_ms": round(1_000 * sum(times) / settled, 3),
        "longest_ms": round(1_000 * max(times), 1),
        "cost": max(costs),
    }
