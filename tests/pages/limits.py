"""docs/limits.md: every bound of the node, from the constants that keep it and what they say of themselves.

`python -m tests.pages.limits` writes what stands between the two marks; a unit test compares. A new number at
the top of one of these modules is a new row, or it is named among those that bound nothing.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "limits.md"
BEGIN = "<!-- written by python -m tests.pages.limits: from here -->"
END = "<!-- to here -->"

ROOMS: dict[str, tuple[str, ...]] = {
    "The HTTP port": (
        "web.limits", "web.server", "web.work", "web.schemas", "web.routes.state", "web.routes.blocks",
        "node.ledger",
    ),
    "Links between nodes": (
        "network.framing", "network.handshake", "network.peer", "network.queues", "network.transport",
    ),
    "Messages, blocks and documents": (
        "consensus.messages", "chain.block", "chain.transaction", "chain.certificate", "chain.evidence",
        "chain.validators",
    ),
    "What a node keeps for its peers and for whoever asks": (
        "consensus.tally", "node.ahead", "node.application", "node.archive", "node.catch_up", "node.driver",
        "node.evidence", "node.intake", "node.repair", "node.snapshot_service", "node.snapshots",
        "node.state_sync", "node.chunks", "node.verified", "node.node",
    ),
    "Disk": ("storage.leveldb", "storage.blocks", "storage.journal"),
}  # fmt: skip

NO_BOUNDS = frozenset({
    "network.framing.HEADER_BYTES", "network.handshake.PROTOCOL_VERSION", "network.handshake.REFUSAL",
    "network.handshake.HELLO", "chain.evidence.PROPOSAL_KIND", "storage.journal.RECORD",
    "storage.journal.POSITION", "node.archive.HEIGHTS_PER_FILE",
})  # fmt: skip
"""Numbers that name something, or lay it out."""


def section() -> str:
    """The whole generated part."""
    parts = []
    for title, modules in ROOMS.items():
        rows = [row for module in modules for row in rows_of(module)]
        parts.append(f"## {title}\n\n| bound | value | why |\n|---|---|---|\n" + "\n".join(rows))
    return "\n\n".join(parts) + "\n"


def rows_of(module: str) -> Iterator[str]:
    """One row a number, in the order of the file; fields of the deadlines of a link as well."""
    tree = ast.parse((ROOT / (module.replace(".", "/") + ".py")).read_text("utf-8"))
    values = importlib.import_module(module)
    for name, why in described(tree.body):
        value = getattr(values, name, None)
        if isinstance(value, int | float) and f"{module}.{name}" not in NO_BOUNDS:
            yield row(f"{module}.{name}", name, value, why)
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name == "Deadlines":
            defaults = getattr(values, node.name)()
            for name, why in described(node.body):
                yield row(f"{module}.{node.name}.{name}", name, getattr(defaults, name), why)


def row(place: str, name: str, value: float, why: str) -> str:
    assert why, f"{place} does not say why it is what it is"
    return f"| `{place}` | {shown(name, value)} | {why} |"


def described(body: list[ast.stmt]) -> list[tuple[str, str]]:
    """(name, text) of public names; a text stands under its name, or under the last of a row of names."""
    found: list[tuple[str, str]] = []
    waiting: list[str] = []
    last_line = 0
    for statement in body:
        if statement.lineno > last_line + 1:
            found += [(name, "") for name in waiting]
            waiting = []
        last_line = statement.end_lineno or statement.lineno
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            text = " ".join(str(statement.value.value).split())
            found += [(name, text) for name in waiting]
            waiting = []
        elif isinstance(statement, ast.Assign | ast.AnnAssign):
            target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
            if isinstance(target, ast.Name) and not target.id.startswith("_"):
                waiting.append(target.id)
    return found + [(name, "") for name in waiting]


UNITS = (("_MS", " ms"), ("_SECONDS", " s"), ("_S", " s"), ("_s", " s"))


def shown(name: str, value: float) -> str:
    """As a person writes it, with its unit."""
    if name.endswith("_BYTES") or name.startswith("BYTES_"):
        for size, unit in ((1 << 20, "MiB"), (1 << 10, "KiB")):
            if value >= size and value % size == 0:
                return f"{int(value) // size:,} {unit}"
        return f"{value:,} bytes"
    unit = next((unit for end, unit in UNITS if name.endswith(end)), "")
    return f"{value:,}{unit}" if isinstance(value, int) else f"{value:g}{unit}"


def written() -> str:
    """The page with the part that this module writes."""
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{section()}\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(written(), "utf-8")
