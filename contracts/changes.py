"""Changes of an adopted budget: refinement by law and adjustment by resolution (BC 94–98)."""

from __future__ import annotations

from contracts.budget_acts import record_act as record_act
