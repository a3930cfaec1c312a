"""Facts carried with the program: the law on the budget of 2026 and the classification; see README.md."""
