"""docs/limits.md is what the code says, and operating.md has what an operator sets."""

from __future__ import annotations

from node.config import ApiLimits
from node.mempool import MempoolLimits
from tests.pages.limits import NO_BOUNDS, PAGE, ROOMS, ROOT, rows_of, written


def test_the_page_is_what_the_code_says() -> None:
    assert PAGE.read_text("utf-8") == written(), "python -m tests.pages.limits writes it"


def test_what_bounds_nothing_is_there() -> None:
    modules = {module for room in ROOMS.values() for module in room}
    assert {name.rpartition(".")[0] for name in NO_BOUNDS} <= modules
    assert all(list(rows_of(module)) for module in modules), "a module without a number has no place here"


def test_every_limit_that_an_operator_sets_stands_with_its_default() -> None:
    page = (ROOT / "docs" / "operating.md").read_text("utf-8")
    limits = page[page.index("## Limits") :]
    for name, field in ApiLimits.model_fields.items():
        default = field.default
        shown = f"{default >> 20} MiB" if name.endswith("_bytes") else f"{default:g}"
        assert f"| `{name}` | {shown} |" in limits, name
    pool = MempoolLimits()
    assert f"`transactions` {pool.transactions:,} and `size_bytes` {pool.size_bytes >> 20} MiB" in limits
