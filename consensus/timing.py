"""Durations that grow with the round, the bounds on block time, and the pause between heights. No clock here:
every moment is an argument, in milliseconds."""

from dataclasses import dataclass

from consensus.messages import Step


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Timer lengths in ms: first value, growth a round, and the cap of all (docs/consensus.md, Timers).

    Growth gives liveness after the network's unknown bound; linear, so that one bad minute does not cost an
    hour. `propose_ms` must exceed build, transfer and check of a block at full cost.
    """

    propose_ms: int = 3_000
    propose_step_ms: int = 500
    vote_ms: int = 500
    vote_step_ms: int = 250
    cap_ms: int = 60_000

    def duration_ms(self, step: Step, round_: int) -> int:
        if step is Step.PROPOSE:
            return min(self.propose_ms + self.propose_step_ms * round_, self.cap_ms)
        return min(self.vote_ms + self.vote_step_ms * round_, self.cap_ms)


@dataclass(frozen=True, slots=True)
class TimeBounds:
    """How far a fresh block's time may be from the arrival of its proposal (docs/consensus.md, Evidence and
    time).

    A Byzantine proposer moves time at most `precision_ms` ahead and `precision_ms + delay_ms` back; the
    growing delay ends a stall that bad clocks cause.
    """

    precision_ms: int = 500
    delay_ms: int = 5_000

    def is_timely(self, time_ms: int, received_at_ms: int, round_: int) -> bool:
        k = min(round_, 50)  # 11^50 // 10^50 is already more than a hundred
        delay_ms: int = self.delay_ms * 11**k // 10**k
        return received_at_ms - self.precision_ms - delay_ms <= time_ms <= received_at_ms + self.precision_ms


@dataclass(frozen=True, slots=True)
class Pacing:
    """When round 0 of the next height may be entered (docs/consensus.md, Timers).

    Not before `block_interval_ms` after the last decision; then when a waiting transaction passes against
    the new state, or a PROPOSAL or vote (not STATUS) of this height has come, or `idle_ms` has passed.
    """

    decided_at_ms: int
    block_interval_ms: int = 200
    idle_ms: int = 30_000

    def wait_ms(self, now_ms: int, has_transaction: bool, has_message: bool) -> int:
        """Milliseconds until the height may be entered if nothing else happens; 0 is now."""
        pause_ms = self.block_interval_ms if has_transaction or has_message else self.idle_ms
        return max(0, self.decided_at_ms + max(pause_ms, self.block_interval_ms) - now_ms)
