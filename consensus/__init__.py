"""Floor 2: agreement on one block per height as a pure state machine."""
