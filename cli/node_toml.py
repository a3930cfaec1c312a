"""`node.toml` changed by a command: only the lines that change, comments and order stay.

A change is computed on the text and then read again: the file is replaced, in one step, only when it says
exactly what was meant; a form that these rules do not know is refused and left to a person.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from chain.errors import ConfigError
from cli.envelope import write_text
from cli.failures import Details, InputError

PEERS = "[[peers]]"


def toml_text(value: str | int | Sequence[str]) -> str:
    """A TOML value; JSON's escapes are a part of TOML's."""
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)


def peer_lines(peer: dict[str, Any]) -> list[str]:
    """The lines of one peer."""
    return [PEERS, *(f"{name} = {toml_text(value)}" for name, value in peer.items() if value is not None)]


def with_peer(text: str, institution: str, peer: dict[str, Any] | None) -> str:
    """The text with this peer in place of the one of that institution, or behind the last; None removes it.

    Comments inside the peer's lines stay when it is replaced and go with it when it is removed.
    """
    lines = text.rstrip("\n").split("\n")
    place = next((one for one in _blocks(lines) if _institution(lines[slice(*one)]) == institution), None)
    if place is None:
        assert peer is not None, "only a peer that stands there is removed"
        return "\n".join([*lines, "", *peer_lines(peer)]) + "\n"
    first, end = place
    before, after = lines[:first], lines[end:]
    if peer is None:
        while before and not before[-1].strip():
            before.pop()
        return "\n".join([*before, *after]) + "\n"
    header, *fields = peer_lines(peer)
    comments = [line for line in lines[first:end] if line.lstrip().startswith("#")]
    return "\n".join([*before, header, *comments, *fields, *after]) + "\n"


def with_setting(text: str, name: str, value: str) -> str:
    """The text with one field of the first part, above all tables."""
    lines = text.rstrip("\n").split("\n")
    top = next((number for number, line in enumerate(lines) if line.lstrip().startswith("[")), len(lines))
    written = f"{name} = {toml_text(value)}"
    for number in range(top):
        if lines[number].split("=")[0].strip() == name:
            lines[number] = written
            return "\n".join(lines) + "\n"
    while top and not lines[top - 1].strip():
        top -= 1
    return "\n".join([*lines[:top], written, *lines[top:]]) + "\n"


def _blocks(lines: list[str]) -> list[tuple[int, int]]:
    """First line and end of each peer; blank lines and comments before the next table belong to that."""
    heads = [number for number, line in enumerate(lines) if line.lstrip().startswith("[")]
    found = []
    for first, following in pairwise([*heads, len(lines)]):
        if lines[first].split("#")[0].strip() != PEERS:
            continue
        end = following
        while following < len(lines) and (
            not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#")
        ):
            end -= 1
        found.append((first, end))
    return found


def _institution(lines: list[str]) -> str | None:
    try:
        return str(tomllib.loads("\n".join(lines))["peers"][0]["institution"])
    except (tomllib.TOMLDecodeError, KeyError, IndexError):
        return None


def replace_toml(path: Path, text: str, wanted: dict[str, Any]) -> None:
    """Put the text in place, when it says what is wanted. InputError and nothing written when it does not."""
    try:
        found: dict[str, Any] | None = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        found = None
    if found != wanted:
        raise InputError(
            f"{path} is written in a form that this command does not change",
            "CONFIG-FORM",
            Details(
                remedy="change it in an editor, then `eqz node reload`; docs/operating.md shows the form"
            ),
        )
    mode = path.stat().st_mode & 0o777
    write_text(path, text)
    path.chmod(mode)
    _sync(path.parent)


def read_toml(path: Path) -> tuple[str, dict[str, Any]]:
    """Text and values. Raises ConfigError."""
    try:
        text = path.read_text(encoding="utf-8")
        return text, tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from None


def _sync(directory: Path) -> None:
    """The new name survives a power cut."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
