"""Imports every area module, which fills the register of actions."""

from __future__ import annotations

from contracts import (
    acts,
    agreements,
    appropriations,
    directories,
    governance,
    membership,
    obligations,
    payments,
    plans,
    receipts,
    treasury,
)

LOADED = (
    acts, agreements, appropriations, directories, governance, membership, obligations, payments, plans,
    receipts, treasury,
)  # fmt: skip
