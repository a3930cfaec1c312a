"""Parts of the documentation that are written by the code, so that they cannot drift from it."""
