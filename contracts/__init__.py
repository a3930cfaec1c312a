"""Floor 2: the budget rules as a pure state-transition function."""
