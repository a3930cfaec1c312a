"""Documents that the state of the ledger makes likely to pass: one function for each action.

They read records as a clerk reads the register; none asks the rules. A function returns None when nothing in
the state is fit for its document. An action without a function of its own is tried by its shape alone
(`tests.machine.shapes`).

```python
@paper("act.correct")
def correct(world: World) -> Document | None:
    ...
```
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from importlib import import_module

from tests.machine.world import Document, World

Paper = Callable[[World], Document | None]

_PAPERS: dict[str, Paper] = {}


def paper(action: str) -> Callable[[Paper], Paper]:
    """The function writes documents of the action. One function an action."""

    def register(write: Paper) -> Paper:
        assert action not in _PAPERS, f"{action} is written twice"
        _PAPERS[action] = write
        return write

    return register


def papers() -> dict[str, Paper]:
    """Every function by its action, in the order of the actions."""
    for module in pkgutil.iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
    return dict(sorted(_PAPERS.items()))
