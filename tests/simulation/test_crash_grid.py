"""Whatever happens at whichever durable operation, the node starts again and keeps its word."""

from __future__ import annotations

from tests.simulation.crash_grid import SCENES, run_all

CASES = 4_500


def test_every_crash_at_every_durable_operation_is_survived() -> None:
    """Nothing that clients were told is gone, nothing is half applied, log, state and journal agree, no
    second content is signed for a place, and the node goes on and votes."""
    counts = run_all()
    print(dict(sorted(counts.items())))
    assert counts["cases"] >= CASES
    for met in (
        "EIO",
        "ENOSPC",
        "second crash",
        "database compared",
        "process ended by an error of the disk",
        *(
            f"power cut {moment} {kind}"
            for moment in ("before", "after")
            for kind in (
                "make_directory", "create", "write", "sync", "cut", "rename", "unlink", "remove_directory",
                "sync_directory",
            )
        ),
    ):  # fmt: skip
        assert counts[met], f"never met: {met}"
    assert len(SCENES) == 11
