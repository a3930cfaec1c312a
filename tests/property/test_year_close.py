"""A year of very many tokens closes, document by document, within the limits of transactions and blocks."""

from contracts import invariants, years
from contracts.executor import Execution
from contracts.records import ClosingStatus, Collection, closing_of
from tests.support.big_year import PART, STAGES, TOKENS_PER_POSITION, a_big_year
from tests.support.year import BUDGET, YEAR, a_closing

TOKENS = 20_000
POSITIONS = TOKENS // TOKENS_PER_POSITION


def test_a_year_of_twenty_thousand_tokens_closes_in_blocks_within_the_limits() -> None:
    ledger = a_big_year(TOKENS)
    assert len(ledger.state.scan(Collection.TOKENS, b"", 2 * TOKENS)) == TOKENS
    ledger.open_day(2027, 1, 5)
    costs = []
    while not years.is_closed(ledger.state, BUDGET, YEAR):
        execution = ledger.run(ledger.document("treasury", "year.close", *a_closing(1_000)))
        assert isinstance(execution, Execution), execution.reason.code
        costs.append(execution.cost)
    assert max(costs) <= 8_000
    closing = closing_of(ledger.state, BUDGET, YEAR)
    assert closing is not None
    assert closing.status == ClosingStatus.CLOSED
    open_stages = [stage.name for stage in STAGES if stage.name != "PAID"]
    assert closing.tokens == POSITIONS * (1 + len(open_stages))
    assert closing.lapsed == POSITIONS * PART * 3
    assert closing.carried == POSITIONS * PART * 2
    assert closing.claimed == POSITIONS * PART
    assert invariants.recount(ledger.state) == ()
