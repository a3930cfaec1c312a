"""Floor 6: the `eqz` command."""
