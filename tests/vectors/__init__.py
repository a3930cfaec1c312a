"""Golden bytes. A changed vector is a changed protocol: it has its own commit and changelog line."""
