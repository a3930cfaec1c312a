"""One height of Tendermint: every rule that decides a vote (consensus.md; arXiv 1807.04938)."""

from collections.abc import Callable, Iterable

from chain import keys
from chain.types import Address, Hash32, Height, Signature
from chain.validators import ValidatorSet
from consensus.effects import Effect
from consensus.inputs import Input
from consensus.messages import Status, Step
from consensus.records import OwnMessage
from consensus.signer import Signer
from consensus.timing import TimeBounds, Timeouts

Verify = Callable[[bytes, bytes, Signature], bool]
"""(public key, message, signature) -> is it valid."""


class Consensus:
    """The machine of one height.

    The caller makes one for height h when h - 1 is stored and applied, hands in what it hears from then on, and
    calls `recover` with the journal's records of h, once; when there are none it calls `start` as soon as
    `Pacing` allows. Every call answers with effects to perform in order. `address` and `signer` are None for a
    node that only follows.
    """

    def __init__(
        self,
        height: Height,
        chain_id: Hash32,
        validators: ValidatorSet,
        address: Address | None,
        signer: Signer | None,
        timeouts: Timeouts,
        bounds: TimeBounds,
        verify: Verify = keys.verify,
    ) -> None:
        raise NotImplementedError

    # Public surface (bodies follow):
    # round: int                      -1 before start; step: Step; is_decided: bool
    # start() -> tuple[Effect, ...]
    # recover(records: Iterable[OwnMessage]) -> tuple[Effect, ...]     records of other heights are ignored; () and round -1 when there are none
    # handle(received: Input) -> tuple[Effect, ...]
    # status() -> Status              what STATUS says now
    # votes_lacking(peer: Status) -> bytes | None       one VOTES payload for that peer, or nothing lacks
    # body(block_id) -> Block | None  for GET_BLOCK
    # votes() -> tuple[Vote, ...]     all held, for the archive of heights with more than one round
