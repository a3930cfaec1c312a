"""The names of plain values: what a bin, an integer or a string means (docs/formats.md)."""

from typing import NewType

Hash32 = NewType("Hash32", bytes)
"""A SHA-256 digest, 32 bytes, never truncated."""

Address = NewType("Address", bytes)
"""H(key, algorithm ‖ public key), 32 bytes: a validator's name."""

SignerId = NewType("SignerId", bytes)
"""H(account, [chain_id, institution, serial]), 32 bytes: a person's place, whatever the key of the day."""

ClientId = NewType("ClientId", bytes)
"""16 bytes chosen by the author of a document; with the institution it enters the chain once."""

Signature = NewType("Signature", bytes)
"""64 bytes: Ed25519 R ‖ S."""

Height = NewType("Height", int)
"""Position of a block; the first block is 1, genesis is 0."""

Round = NewType("Round", int)
"""Attempt at one height, from 0; -1 in code is `none` and nil on the wire."""

InstitutionId = NewType("InstitutionId", str)
ActionName = NewType("ActionName", str)

ZERO_HASH = Hash32(bytes(32))
"""The empty state tree, and block 1's parent_certificate_hash."""

NO_ROUND = Round(-1)
"""No round: written as nil."""
