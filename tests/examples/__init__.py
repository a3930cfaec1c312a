"""An example of every refusal: a ledger as it stands, and the document that it refuses.

The examples are what `eqz rule explain CODE` shows and what the test suite executes, so that an explanation
cannot be wrong. One module for each area of rules; a function builds one example, and its docstring is the
situation in one sentence:

```python
@example("BC90-ADOPTED")
def adopted_twice() -> Attempt:
    \"\"\"The law of 2026 is recorded a second time.\"\"\"
    return attempt(a_year(), "mof", "budget.adopt", *a_law(a_programme()))
```

`python -m tests.examples.make` executes all and writes `cli/data/examples.json`.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from chain.transaction import SignedTransaction
from contracts.executor import Execution, Refusal, apply_transaction, execute
from contracts.records import Role
from contracts.state import Overlay
from tests.support.budget import Ledger


@dataclass(frozen=True, slots=True)
class Attempt:
    """A document and the ledger that refuses it; `before` are documents of the same block that pass."""

    ledger: Ledger
    document: SignedTransaction
    before: tuple[SignedTransaction, ...] = ()

    def refusal(self) -> Refusal:
        """Why the ledger refuses the document. Fails when it does not, or when anything changed."""
        state, context = self.ledger.state, self.ledger.context()
        found = execute(state, context, (*self.before, self.document))
        assert isinstance(found, Refusal), "the document is not refused"
        if self.before:
            assert isinstance(execute(state, context, self.before), Execution), "not the last is refused"
        else:
            overlay = Overlay(state)
            assert apply_transaction(overlay, self.document, context) == found
            assert overlay.changes() == {}, "a refused document changed something"
        return found


@dataclass(frozen=True, slots=True)
class Example:
    """`situation`: what is the matter, in one sentence."""

    code: str
    situation: str
    build: Callable[[], Attempt]


_EXAMPLES: dict[str, Example] = {}


def example(code: str) -> Callable[[Callable[[], Attempt]], Callable[[], Attempt]]:
    """The function builds the example of a code. One example a code."""

    def register(build: Callable[[], Attempt]) -> Callable[[], Attempt]:
        assert code not in _EXAMPLES, f"{code} has two examples"
        situation = " ".join((build.__doc__ or "").split())
        assert situation, f"the example of {code} does not say its situation"
        _EXAMPLES[code] = Example(code, situation, build)
        return build

    return register


def attempt(
    ledger: Ledger,
    institution: str,
    action: str,
    *arguments: Any,
    signers: Sequence[tuple[str, Role]] | None = None,
    **envelope: Any,
) -> Attempt:
    """An institution sends a document, signed by the people the action asks for unless others are named;
    `envelope`: client_id, valid_until_ms, chain_id, version of `Ledger.document`."""
    return Attempt(ledger, ledger.document(institution, action, *arguments, signers=signers, **envelope))


def examples() -> dict[str, Example]:
    """Every example by its code, in the order of the codes."""
    for module in pkgutil.iter_modules(__path__):
        if module.name != "make":
            import_module(f"{__name__}.{module.name}")
    return dict(sorted(_EXAMPLES.items()))
