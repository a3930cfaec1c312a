"""A process that writes one store as fast as it can and says on stdout what is durable, until it is killed.

Run as `python -m tests.support.writer blocks|state|journal PATH`.
"""

import sys
from collections.abc import Callable
from pathlib import Path

from storage.journal import Journal
from storage.state import LevelState
from tests.support.log import a_group, open_log

KEYS = 40


def state_root(height: int) -> bytes:
    return height.to_bytes(32, "big")


def changes(height: int) -> dict[tuple[str, bytes], bytes | None]:
    """Every key is written at every height, but one, which is removed."""
    return {
        ("tokens", b"%02d" % key): None if key == height % KEYS else b"value %d" % height * 9
        for key in range(KEYS)
    }


def a_record(number: int) -> bytes:
    return b"record %d " % number * (1 + number % 7)


def main(store: str, path: Path) -> None:
    writers: dict[str, Callable[[Path], tuple[int, Callable[[int], None]]]] = {
        "blocks": _blocks,
        "state": _state,
        "journal": _journal,
    }
    number, write = writers[store](path)
    while True:
        write(number)
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()
        number += 1


def _blocks(path: Path) -> tuple[int, Callable[[int], None]]:
    log = open_log(path)
    return log.last_height + 1, lambda height: log.append(height, *a_group(height))


def _state(path: Path) -> tuple[int, Callable[[int], None]]:
    state = LevelState.open(path)
    height = 0 if state.height is None else state.height + 1
    return height, lambda height: state.commit(height, state_root(height), changes(height), {})


def _journal(path: Path) -> tuple[int, Callable[[int], None]]:
    """The position is the number of the first record kept; every tenth record the older ones go."""
    journal = Journal.open(path)

    def write(number: int) -> None:
        journal.append(a_record(number))
        if number % 10 == 9:
            journal.prune(journal.records()[-3:], position=b"%d" % (number - 2))

    return int(journal.position or b"0") + len(journal.records()), write


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
