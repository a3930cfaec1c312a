"""`python -m tests.fuzz TARGET --seconds N` searches for bytes that break a target, guided by the branches
they reach; `python -m tests.fuzz TARGET FILE…` runs inputs again.

What breaks is written to the directory of `--findings`; put it into tests/fuzz/regressions/TARGET once it is
mended.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("target", choices=("decoder", "certificate", "frame", "log"))
    parser.add_argument("files", nargs="*", type=Path, help="run these inputs and nothing else")
    parser.add_argument("--seconds", type=int, default=60, help="for how long to search (default 60)")
    parser.add_argument("--seed", type=int, default=1, help="of the search (default 1)")
    parser.add_argument("--findings", type=Path, default=Path(), help="where what breaks is written")
    arguments = parser.parse_args()
    if arguments.files:
        from tests.fuzz.targets import run_one

        for path in arguments.files:
            run_one(arguments.target, path.read_bytes())
        print(f"{arguments.target}: {len(arguments.files)} inputs hold")
        return
    search(arguments.target, arguments.seconds, arguments.seed, arguments.findings)


def search(target: str, seconds: int, seed: int, findings: Path) -> None:
    """Ends the process: with 0 when nothing broke."""
    import atheris

    with atheris.instrument_imports(include=["chain", "consensus", "network", "storage"]):
        from tests.fuzz.targets import run_one, seeds

    def test_one_input(data: bytes) -> None:
        run_one(target, data)

    with tempfile.TemporaryDirectory(prefix="eqazyna-corpus-") as corpus:
        for number, value in enumerate(seeds(target)):
            (Path(corpus) / f"{number:05d}").write_bytes(value)
        options = [
            sys.argv[0], f"-max_total_time={seconds}", f"-seed={seed}", "-max_len=16384", "-timeout=20",
            "-rss_limit_mb=2048", "-print_final_stats=1", f"-artifact_prefix={findings}/{target}-", corpus,
        ]  # fmt: skip
        atheris.Setup(options, test_one_input)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
