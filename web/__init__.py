"""Floor 5: the HTTP interface to a node."""
