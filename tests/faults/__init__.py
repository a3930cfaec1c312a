"""Faults of the machine itself: what needs root, or tools that a build machine has not. `make faults`."""
