"""The golden vectors as plain values."""

import json
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent.parent / "vectors"


def vectors(name: str) -> Any:
    """The content of tests/vectors/NAME.json."""
    return json.loads((_FOLDER / f"{name}.json").read_text("utf-8"))


def from_plain(value: Any) -> Any:
    """A value as the vectors write it: {"bin": hex} for bytes, lists for arrays."""
    if isinstance(value, dict):
        return bytes.fromhex(value["bin"])
    if isinstance(value, list):
        return tuple(from_plain(item) for item in value)
    return value
