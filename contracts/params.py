"""The parameters in force."""

from __future__ import annotations

from chain.genesis import Params
from contracts.records import Collection
from contracts.state import StateReader


def params_of(state: StateReader) -> Params:
    """The parameters in force. A ballot's change counts from the next block on."""
    data = state.get(Collection.PARAMS, b"")
    assert data is not None, "genesis writes the parameters"
    return Params.decode(data)
