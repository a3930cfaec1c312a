"""Floor 4: one ledger node, composed of the floors below; owns the event loop and the clock."""
