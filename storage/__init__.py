"""Floor 3: block log, committed state and journal on disk."""
