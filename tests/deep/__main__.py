"""`python -m tests.deep`: the tests that take hours, with their totals as JSON; `--short`: ten minutes.

Stages run one after the other, each over two processes. A stage that finds something ends the run with 1
after the others have run; the totals say which.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import time
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chain.errors import LedgerError
from tests.deep.stages import STAGES, Stage

ROOT = Path(__file__).parent.parent.parent
RESULTS = ROOT / "tests" / "deep" / "results"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.deep", description=__doc__)
    parser.add_argument("--short", action="store_true", help="about ten minutes instead of two hours")
    parser.add_argument(
        "--only", action="append", choices=[stage.name for stage in STAGES], help="these stages"
    )
    parser.add_argument("--into", type=Path, default=RESULTS, help="directory of the totals")
    arguments = parser.parse_args()
    stages = [stage for stage in STAGES if not arguments.only or stage.name in arguments.only]
    outcomes = [_ran(stage, arguments.short) for stage in stages]
    report = {
        "schema": "eqazyna.deep/1",
        "began": outcomes[0]["began"],
        "commit": _commit(),
        "python": platform.python_version(),
        "is_short": arguments.short,
        "seconds": sum(outcome["seconds"] for outcome in outcomes),
        "passed": all(outcome["passed"] for outcome in outcomes),
        "stages": {outcome.pop("name"): outcome for outcome in outcomes},
    }
    arguments.into.mkdir(parents=True, exist_ok=True)
    path = arguments.into / ("short.json" if arguments.short else "deep.json")
    path.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{'passed' if report['passed'] else 'FAILED'} in {report['seconds']} s; totals in {path}")
    sys.exit(0 if report["passed"] else 1)


def _ran(stage: Stage, is_short: bool) -> dict[str, Any]:
    """One stage and what it came to; what it raises is told and kept, and the next one runs."""
    began, clock = datetime.now(UTC), time.monotonic()
    totals, failure = {}, ""
    try:
        totals = dict(stage.run(stage.short if is_short else stage.whole, not is_short))
    except (AssertionError, LedgerError, RuntimeError, OSError, ValueError) as error:
        failure = "".join(traceback.format_exception(error))
    seconds = round(time.monotonic() - clock)
    print(f"{stage.name:14} {'FAILED' if failure else 'held'} after {seconds} s", flush=True)
    for name, number in totals.items():
        print(f"    {number:13,}  {name}", flush=True)
    if failure:
        print(failure, flush=True)
    return {
        "name": stage.name,
        "began": began.isoformat(timespec="seconds"),
        "seconds": seconds,
        "passed": not failure,
        "failure": failure[-4_000:],
        "totals": totals,
    }


def _commit() -> str:
    """Of the tree that was run; "-" outside a checkout, "+" after it when files differ."""
    ended = subprocess.run(
        ["git", "describe", "--always", "--dirty=+", "--abbrev=12"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return ended.stdout.strip() or "-"


if __name__ == "__main__":
    main()
