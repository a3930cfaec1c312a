"""Section 8 of docs/budget-machine.md: every action with what it moves and every refusal, from the code.

`python -m tests.pages.budget_machine` writes it between the two marks; everything else of the page is written
by hand. A unit test compares the page with what this module writes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from audit.effects import EFFECTS as MOVES
from audit.effects import HELD_ADOPTED, HELD_ALLOCATED
from contracts.actions import ANYBODY, REGISTER, Action
from contracts.areas import LOADED
from contracts.membership import EFFECTS
from contracts.records import Role, Stage
from contracts.rejection import Reason
from tests.pages.rules_of import names_of, reasons_of, refusals_of, refusals_of_every_document

assert LOADED, "importing the area modules fills the register"

PAGE = Path(__file__).resolve().parents[2] / "docs" / "budget-machine.md"

BEGIN = "<!-- written by python -m tests.pages.budget_machine: from here -->"
END = "<!-- to here -->"

SHARED = 4
"""A refusal of more actions than this stands in the table of shared ones; an action names its code."""


def section() -> str:
    """The whole generated part."""
    actions = [action for _, action in sorted(REGISTER.items()) if action.version == 1]
    every = refusals_of_every_document()
    general = {one.code for one in every}
    found = {
        action.name: [one for one in refusals_of(action) if one.code not in general] for action in actions
    }
    counted = Counter(one.code for refusals in found.values() for one in refusals)
    shared = {one.code: one for refusals in found.values() for one in refusals if counted[one.code] > SHARED}
    parts = [
        "## 8. Every action and what it refuses",
        "Written by the code: what an action moves is the auditor's table (`audit/effects.py`), what it can"
        " refuse is found in the syntax trees of its rules. `{…}` is filled with what was found. What stands"
        f" with more than {SHARED} actions is in the two tables at the end.",
    ]
    parts += [_action(action, found[action.name], shared) for action in actions]
    parts += [
        "### Effects of ballots",
        "`ballot.propose` tries an effect in full, `ballot.vote` carries it out: both refuse with its codes.",
        *(_effect(name, general) for name in sorted(EFFECTS)),
        "### Refusals that many actions share",
        _table(shared[code] for code in sorted(shared)),
        "### Refusals of every document",
        _table(every),
    ]
    return "\n\n".join(parts) + "\n"


def _action(action: Action, refusals: list[Reason], shared: dict[str, Reason]) -> str:
    own = [one for one in refusals if one.code not in shared]
    more = ", ".join(f"`{one.code}`" for one in refusals if one.code in shared)
    lines = [
        f"### `{action.name}`",
        f"{action.summary}. {_signers(action)}; {action.source}. {_moves(action.name)}",
    ]
    if own:
        lines.append(_table(own))
    if more:
        lines.append(f"{'Also' if own else 'Refused'}: {more}.")
    return "\n\n".join(lines)


def _signers(action: Action) -> str:
    people = ", ".join(
        "one person of any role" if role == ANYBODY else Role(role).name.lower() for role in action.roles
    )
    kinds = "any institution" if len(action.kinds) > 4 else " or ".join(f"`{kind}`" for kind in action.kinds)
    return f"Signed by {people} of {kinds}"


def _moves(name: str) -> str:
    effect = MOVES[name]
    brings = _slots(effect.brings)
    if not brings:
        return "Moves no money."
    takes = _slots(effect.takes)
    issued = (
        "∅ → " if effect.is_issue and not takes else f"{takes}, ∅ → " if effect.is_issue else f"{takes} → "
    )
    return f"Moves {issued}{brings}."


def _slots(slots: Iterable[int]) -> str:
    names = {HELD_ADOPTED: "`adopted` held", HELD_ALLOCATED: "`allocated` held"}
    return ", ".join(names.get(slot) or f"`{Stage(slot).name.lower()}`" for slot in sorted(slots))


def _effect(name: str, general: set[str]) -> str:
    effect = EFFECTS[name]
    place = (effect.run.__module__.removeprefix("contracts."), effect.run.__name__)
    refusals = [one for one in reasons_of(names_of(place)) if one.code not in general]
    return f"**`{name}`**: {effect.summary}.\n\n{_table(refusals)}"


def _table(refusals: Iterable[Reason]) -> str:
    rows = [f"| `{one.code}` | {one.article} | {_cell(one.en)} |" for one in refusals]
    return "\n".join(("| code | article | refused because |", "|---|---|---|", *rows))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def with_section(page: str) -> str:
    """The page with the generated part made anew."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    assert rest, "the page has the first mark"
    assert after, "the page has the second mark"
    return f"{before}{BEGIN}\n\n{section()}\n{END}{after}"


def main() -> None:
    """Writes the page."""
    PAGE.write_text(with_section(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
