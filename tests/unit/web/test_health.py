"""When a node says that requests should not come to it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chain.types import ZERO_HASH
from node.ledger import NodeStatus
from web.routes.health import reasons_not_ready

READY = NodeStatus(
    name="mof", network="test", chain_id=ZERO_HASH, height=10, block_id=ZERO_HASH, state_root=ZERO_HASH,
    block_time_ms=0, age_ms=0, round=-1, validators=4, votes=True, peers=3, highest_claim=11, mempool=0,
    operational_day=None,
)  # fmt: skip


@pytest.mark.parametrize(
    ("validators", "peers", "votes", "is_ready"),
    [
        (1, 0, True, True), (1, 0, False, False), (2, 0, True, False), (2, 1, True, True),
        (3, 1, True, False), (3, 2, True, True), (4, 1, True, False), (4, 2, True, True),
        (4, 2, False, False),
        (4, 3, False, True), (6, 3, True, False), (6, 4, True, True), (7, 3, True, False), (7, 4, True, True),
    ],
)  # fmt: skip
def test_ready_is_more_than_two_thirds_heard(
    validators: int, peers: int, votes: bool, is_ready: bool
) -> None:
    status = replace(READY, validators=validators, peers=peers, votes=votes)
    assert (reasons_not_ready(status) == []) == is_ready


def test_one_that_is_behind_says_how_far() -> None:
    assert reasons_not_ready(replace(READY, highest_claim=14)) == []
    assert reasons_not_ready(replace(READY, highest_claim=15)) == ["catching up: height 10, peers claim 14"]


def test_a_height_that_takes_many_rounds() -> None:
    assert reasons_not_ready(replace(READY, round=3)) == ["height 11 is in round 3"]
