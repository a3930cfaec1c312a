"""Signatures of transactions, verified once: at admission, on worker threads, and remembered for execution.

`cryptography` releases the interpreter's lock while it verifies, so the work spreads over the cores; the
block's execution then only looks up what is known.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor

from chain.keys import verify
from chain.transaction import SignedTransaction, tx_sign_bytes
from chain.types import Hash32
from contracts.records import signer_of
from contracts.state import StateReader

REMEMBERED = 65_536
"""Entries kept, each about 300 bytes: more than the transactions of any mempool (see `MempoolLimits`)."""

CHUNK = 64
"""Signatures one worker call verifies: about 6 ms, so that a call's overhead vanishes and no thread is held
long."""

Item = tuple[bytes, bytes, bytes]
"""(public key, message, signature)."""


class VerifiedSignatures:
    """A `SignatureCheck` that remembers what was valid. An invalid one is verified again each time it is
    asked."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._known: dict[Item, None] = {}

    def __call__(self, public_key: bytes, message: bytes, signature: bytes) -> bool:
        item = (public_key, message, signature)
        if item in self._known:
            return True
        if not verify(*item):
            return False
        self._remember((item,))
        return True

    async def prepare(
        self,
        transactions: Iterable[SignedTransaction],
        state: StateReader,
        chain_id: Hash32,
        at_once: int | None = None,
    ) -> None:
        """Verify ahead, on worker threads, what execution will ask for; `at_once` chunks wait for them, or
        all.

        Keys are looked up in the state of now; execution looks again, so a key that changes in between costs
        time and nothing else.
        """
        wanted = [item for item in _items(transactions, state, chain_id) if item not in self._known]
        if len(wanted) < CHUNK // 8:
            return  # a hop to a thread costs more than these few
        loop = asyncio.get_running_loop()
        chunks = [wanted[at : at + CHUNK] for at in range(0, len(wanted), CHUNK)]
        step = at_once or len(chunks)
        for at in range(0, len(chunks), step):
            for valid in await asyncio.gather(
                *(loop.run_in_executor(self._executor, _valid, chunk) for chunk in chunks[at : at + step])
            ):
                self._remember(valid)

    def _remember(self, items: Iterable[Item]) -> None:
        for item in items:
            self._known[item] = None
        while len(self._known) > REMEMBERED:
            del self._known[next(iter(self._known))]


def _items(transactions: Iterable[SignedTransaction], state: StateReader, chain_id: Hash32) -> Iterable[Item]:
    for signed in transactions:
        message = tx_sign_bytes(chain_id, signed.tx_id)
        for signer_id, signature in signed.signatures:
            signer = signer_of(state, signer_id)
            if signer is not None:
                yield signer.public_key, message, signature


def _valid(items: Sequence[Item]) -> list[Item]:
    return [item for item in items if verify(*item)]
