"""Why a document is refused: a stable code, the article of the law, texts in three languages."""

from __future__ import annotations

from dataclasses import dataclass

from chain.errors import LedgerError


@dataclass(frozen=True, slots=True)
class Reason:
    """One ground of refusal.

    `code` never changes its meaning. `article` names the rule (BC Budget Code, TP Treasury Procedures,
    LRB-26, or a section of docs/formats.md). The texts have `{name}` places that the facts fill;
    `remedy` (English; the others in `contracts.remedies`) says what the person can do.
    """

    code: str
    article: str
    kk: str
    ru: str
    en: str
    remedy: str


class RejectionError(LedgerError):
    """The user's mistake: refused, nothing changed.

    `facts` are what was found and where (`row`, `field`, amounts in tiyn), as (name, value) pairs in the
    order they were given.
    """

    def __init__(self, reason: Reason, **facts: int | str) -> None:
        self.reason = reason
        self.facts = tuple(facts.items())
        super().__init__(fill(reason.en, self.facts), reason.code)

    def at_row(self, row: int) -> RejectionError:
        """The same refusal, saying in which row of the document (from 1) it was met."""
        known = dict(self.facts)
        return RejectionError(self.reason, **{"row": row, **known})


Facts = tuple[tuple[str, int | str], ...]
"""What was found, as (name, value) in the order it was given."""


def fill(text: str, facts: Facts) -> str:
    """The text with its `{name}` places filled; an unknown place stays, so that a text can never fail."""
    for name, value in facts:
        text = text.replace("{" + name + "}", tenge(value) if name.endswith("_tiyn") else str(value))
    return text


def tenge(tiyn: int | str) -> str:
    """Tiyn as tenge with two digits."""
    if isinstance(tiyn, str):
        return tiyn
    return f"{tiyn // 100}.{tiyn % 100:02d}"
