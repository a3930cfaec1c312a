"""Imports every area module, which fills the register of actions."""

from __future__ import annotations

from contracts import (
    acts,
    agreements,
    appropriations,
    approvals,
    changes,
    directories,
    formation,
    governance,
    holds,
    incentives,
    membership,
    obligations,
    payments,
    plan_changes,
    plans,
    receipts,
    recodes,
    registrations,
    sequester,
    supplements,
    treasury,
    year_end,
)

LOADED = (
    acts, agreements, appropriations, approvals, changes, directories, formation, governance, holds,
    membership, obligations, payments, plan_changes, plans, receipts, recodes, registrations, sequester,
    supplements, treasury, year_end,
    incentives,
)  # fmt: skip
