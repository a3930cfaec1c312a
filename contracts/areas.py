"""Imports every area module, which fills the register of actions."""

from __future__ import annotations

from contracts import (
    acts,
    agreements,
    appropriations,
    directories,
    governance,
    holds,
    membership,
    obligations,
    payments,
    plan_changes,
    plans,
    receipts,
    sequester,
    treasury,
)

LOADED = (
    acts, agreements, appropriations, directories, governance, holds, membership, obligations, payments,
    plan_changes, plans, receipts, sequester, treasury,
)  # fmt: skip
