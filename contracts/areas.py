"""Imports every area module, which fills the register of actions."""

from __future__ import annotations

from contracts import directories, governance, membership, receipts, treasury

LOADED = (directories, governance, membership, receipts, treasury)
