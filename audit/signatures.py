"""Signatures verified beside the fold: in this process, or in a few children over pipes.

Jobs go out in chunks, each child with a bounded number of chunks unanswered, so memory
does not grow with the archive. Whichever order answers come in, the failure that is
reported is the first in the archive.
"""

import multiprocessing
import os
import signal
import sys
from collections import deque
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from typing import NamedTuple

from audit.blocks import Job
from audit.ed25519 import Verifier, base_table
from audit.failure import VerificationError
from audit.log import Place

CHUNK = 96
"""Jobs in one message: about 18 kB, well below what a pipe holds."""
UNANSWERED = 4
"""Chunks a child may have waiting, so that it is never idle and memory stays bounded."""
_JOB_BYTES = 32 + 96 + 64


class _Ticket(NamedTuple):
    """Where a job came from, for the sentence about its failure."""

    label: str
    height: int
    place: Place


class SignatureError(VerificationError):
    """A signature that does not hold, with its number in the order of the archive."""

    def __init__(self, ticket: _Ticket, number: int) -> None:
        what = f"the signature of the {ticket.label} does not hold"
        super().__init__(what, ticket.height, ticket.place.file, ticket.place.offset)
        self.number = number


class Signatures:
    """Takes jobs in the archive's order; raises VerificationError when one does not hold."""

    def __init__(self, workers: int = 0) -> None:
        self._verifier = Verifier()
        self._chunk: list[Job] = []
        self._tickets: list[_Ticket] = []
        self._children = [_Child() for _ in range(workers)]
        self.count = 0

    def add(self, jobs: list[Job], height: int, place: Place) -> None:
        """Take the signatures of one thing. May raise for an earlier one."""
        for job in jobs:
            self._chunk.append(job)
            self._tickets.append(_Ticket(job.label, height, place))
        self.count += len(jobs)
        if len(self._chunk) >= CHUNK:
            self._send()

    def close(self) -> None:
        """Wait for every answer; raises for the first failure, then there is no job left."""
        self._send()
        failures: list[SignatureError] = []
        for child in self._children:
            while child.waiting:
                failures += child.answer()
        if failures:
            raise min(failures, key=lambda failure: failure.number)

    def end(self) -> None:
        """End the children, whatever they are doing."""
        for child in self._children:
            child.end()
        self._children = []

    def _send(self) -> None:
        chunk, tickets = self._chunk, self._tickets
        if not chunk:
            return
        self._chunk, self._tickets = [], []
        first = self.count - len(chunk)
        if not self._children:
            items = [(job.public_key, job.message, job.signature) for job in chunk]
            _raise_first(self._verifier.verify_many(items), tickets, first)
            return
        child = min(self._children, key=lambda child: len(child.waiting))
        if len(child.waiting) >= UNANSWERED:
            child = self._wait()
        child.ask(chunk, tickets, first)

    def _wait(self) -> "_Child":
        """The first child that answers. A failure is reported once all that went out before is answered."""
        ready = wait([child.connection for child in self._children])
        child = next(child for child in self._children if child.connection in ready)
        failures = child.answer()
        if failures:
            for other in self._children:
                while other.waiting:
                    failures += other.answer()
            raise min(failures, key=lambda failure: failure.number)
        return child


def _raise_first(answers: list[bool], tickets: list[_Ticket], first: int) -> None:
    for position, holds in enumerate(answers):
        if not holds:
            raise SignatureError(tickets[position], first + position)


class _Child:
    """One forked process that verifies what is sent to it and answers a byte for each job."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("fork")
        self.connection, theirs = context.Pipe()
        base_table()  # made once, before the fork
        self._process: ForkProcess = context.Process(
            target=_serve, args=(theirs, self.connection), daemon=True
        )
        self._process.start()
        theirs.close()
        self.waiting: deque[tuple[list[_Ticket], int]] = deque()

    def ask(self, chunk: list[Job], tickets: list[_Ticket], first: int) -> None:
        data = b"".join(job.public_key + job.message + job.signature for job in chunk)
        try:
            self.connection.send_bytes(data)
        except OSError as error:
            raise ChildError(f"a process that verifies signatures ended: {error}") from error
        self.waiting.append((tickets, first))

    def answer(self) -> list[SignatureError]:
        """Wait for the oldest answer; the first failure in it, if any."""
        try:
            answers = self.connection.recv_bytes()
        except (EOFError, OSError) as error:
            raise ChildError("a process that verifies signatures ended before it answered") from error
        tickets, first = self.waiting.popleft()
        if len(answers) != len(tickets):
            raise ChildError("a process that verifies signatures answered something else")
        bad = answers.find(0)
        return [] if bad < 0 else [SignatureError(tickets[bad], first + bad)]

    def end(self) -> None:
        self.connection.close()
        self._process.terminate()
        self._process.join()


class ChildError(Exception):
    """A helping process ended: nothing can be said about the archive."""


def _serve(connection: "Connection[bytes, bytes]", parents: "Connection[bytes, bytes]") -> None:
    """A child's life: until its parent closes the pipe or dies."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parents.close()
    verifier = Verifier()
    while True:
        try:
            data = connection.recv_bytes()
        except EOFError:
            return
        items = [
            (data[at : at + 32], data[at + 32 : at + 128], data[at + 128 : at + 192])
            for at in range(0, len(data), _JOB_BYTES)
        ]
        connection.send_bytes(bytes(verifier.verify_many(items)))


def workers_for(log_bytes: int) -> int:
    """How many processes are worth starting for a log of this size."""
    cores = os.cpu_count() or 1
    if sys.platform != "linux" or cores < 2 or log_bytes < 1 << 20:
        return 0
    return min(cores, 16)


if __name__ == "__main__":
    raise SystemExit("a part of the verifier, which checks nothing by itself: run the folder")
