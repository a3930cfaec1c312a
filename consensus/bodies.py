"""Blocks of one height by id, and what their check said."""

from collections.abc import Collection

from chain.block import Block
from chain.types import Hash32
from consensus.effects import CheckBlock, Effect, RequestBody
from consensus.inputs import Verdict


class Bodies:
    """A body counts as known when it is held and its check is answered. `valid` and `invalid` are remembered
    for the height, an execution fault for the round: another round asks again (docs/consensus.md, Bodies)."""

    def __init__(self) -> None:
        self._blocks: dict[Hash32, Block] = {}
        self._verdicts: dict[Hash32, Verdict] = {}
        self._requested: set[Hash32] = set()
        self._checking: set[Hash32] = set()
        self._tried_again: set[Hash32] = set()

    def get(self, block_id: Hash32) -> Block | None:
        return self._blocks.get(block_id)

    def ids(self) -> tuple[Hash32, ...]:
        """Ids held, in byte order."""
        return tuple(sorted(self._blocks))

    def put(self, block: Block) -> None:
        """A body whose parts match its header; the caller has decided that it is worth keeping."""
        self._blocks.setdefault(block.block_id, block)
        self._requested.discard(block.block_id)

    def turn_away(self, block_id: Hash32) -> None:
        """It came when nobody wanted it any more; wanted again, it must be asked for again."""
        self._requested.discard(block_id)

    def put_built(self, block: Block) -> None:
        """Our own builder executed it a moment ago: a second execution would say the same."""
        self.put(block)
        self._verdicts[block.block_id] = Verdict.VALID

    def checked(self, block_id: Hash32, verdict: Verdict) -> None:
        if block_id in self._checking:
            self._checking.discard(block_id)
            self._verdicts[block_id] = verdict

    def verdict(self, block_id: Hash32, effects: list[Effect]) -> Verdict | None:
        """What is known of a block; when nothing is, ask for its body or its check, once, and answer None."""
        if block_id not in self._blocks:
            if block_id not in self._requested:
                self._requested.add(block_id)
                effects.append(RequestBody(block_id))
            return None
        verdict = self._verdicts.get(block_id)
        if verdict is None and block_id not in self._checking:
            self._checking.add(block_id)
            effects.append(CheckBlock(self._blocks[block_id]))
        return verdict

    def verdict_at_decision(self, block_id: Hash32, effects: list[Effect]) -> Verdict | None:
        """As `verdict`, but a fault is tried once more before it is believed."""
        verdict = self.verdict(block_id, effects)
        if verdict is Verdict.FAULT and block_id not in self._tried_again:
            self._tried_again.add(block_id)
            del self._verdicts[block_id]
            return self.verdict(block_id, effects)
        return verdict

    def forget_faults(self) -> None:
        """A new round has begun: a fault of the old one may have been a passing one."""
        for block_id in [held for held, verdict in self._verdicts.items() if verdict is Verdict.FAULT]:
            del self._verdicts[block_id]

    def keep(self, wanted: Collection[Hash32]) -> None:
        """Let every other body go; one wanted again later is asked for again."""
        for block_id in [held for held in self._blocks if held not in wanted]:
            del self._blocks[block_id]
