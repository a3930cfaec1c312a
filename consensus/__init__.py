"""Tendermint for one height as a pure machine: inputs in, effects out (arXiv 1807.04938)."""
