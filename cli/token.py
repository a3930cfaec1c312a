"""`eqz token`: money as tokens: where it stands, where it came from, and the proof of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

from chain.block import BlockHeader, Change
from chain.certificate import CommitCertificate, verify_certificate
from chain.state_tree import StateProof, verify_proof
from chain.types import Hash32
from chain.validators import ValidatorSet
from cli.client import Client, connected
from cli.documents import Json
from cli.envelope import write_text
from cli.failures import InputError, NotFoundError, VerificationError
from cli.output import AsOf, emit_item, emit_list
from cli.reading import Found, Reading, check_choices, items_of, parse_filters, reading_options
from cli.reads import as_of
from cli.session import Session, global_options, pass_session
from cli.views import token_item
from contracts.actions import TOKENS_PER_TRANSACTION, TRANSACTIONS_PER_BLOCK
from contracts.records import STATUSES, Collection, Stage, Token

HISTORY_MAXIMUM = 10_000
"""Tokens of one walk; every one is a block to fetch."""

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group(name="token", help="Money as tokens: list, show, history, tree, proof.")
@global_options
def token() -> None:
    """One live token per line, holder, stage and what it is bound to."""


@token.command(
    "list", help="Live tokens that match FIELD=VALUE (holder, stage, status, agreement's obligation…)."
)
@click.argument("filters", nargs=-1, metavar="[FIELD=VALUE]…")
@reading_options
@global_options
@pass_session
def list_tokens(session: Session, filters: tuple[str, ...], read: Reading) -> None:
    """In the order of the ledger's keys: budget, year, source, administrator, programme."""
    found = _tokens(session, parse_filters(filters), read)
    emit_list(session, "eqz.token.list/1", found.items, found.as_of, found.following)


_CHOICES = {
    "status": tuple(name for name, _ in STATUSES),
    "stage": tuple(stage.name.lower() for stage in Stage),
}


def _tokens(session: Session, filters: dict[str, str], read: Reading) -> Found:
    check_choices(filters, _CHOICES)
    return items_of(
        session, Collection.TOKENS, b"", lambda key, value: [token_item(key, value)], filters, read
    )


@token.command("show", help="One token by its key (hexadecimal, as `token list` shows it) or its id.")
@click.argument("key")
@reading_options
@global_options
@pass_session
def show(session: Session, key: str, read: Reading) -> None:
    """An id is given once in the life of the ledger; a key names the token of now."""
    with connected(session.nodes()) as client:
        place, value, height = _live(client, key, read.height(client))
        emit_item(session, "eqz.token.show/1", token_item(place, value), as_of(client, height))


def _live(client: Client, text: str, height: int | None) -> tuple[bytes, bytes, int]:
    """Key, value and height of a live token. NotFoundError also for one that was merged or taken since."""
    place = _change_of(client, int(text)).key if text.isdecimal() and len(text) < 20 else _key(text)
    found = client.value(Collection.TOKENS, place, height)
    if found["value"] is None:
        raise NotFoundError(f"no token stands under {text} now", "NOT-FOUND")
    return place, bytes.fromhex(found["value"]), int(found["height"])


def _key(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise InputError(
            f"{text!r} is neither a token's key in hexadecimal nor its id", "INPUT-KEY"
        ) from None


@token.command("history", help="Where a token came from: the walk over parents, newest first.")
@click.argument("key")
@click.option("--limit", type=click.IntRange(1, HISTORY_MAXIMUM), default=200, show_default=True)
@global_options
@pass_session
def history(session: Session, key: str, limit: int) -> None:
    """A token's id says its block, so every step is read from the block that made it."""
    items: list[dict[str, Json]] = []
    with connected(session.nodes()) as client:
        at = int(client.status()["height"])
        if key.isdecimal() and len(key) < 20:
            waiting = [int(key)]
        else:
            waiting = [Token.decode(_live(client, key, None)[1]).id]
        seen: set[int] = set()
        while waiting and len(items) < limit:
            identity = max(waiting)
            waiting.remove(identity)
            seen.add(identity)
            change = _change_of(client, identity)
            assert change.new_value is not None, "the change that made a token has its value"
            item = token_item(change.key, change.new_value)
            items.append({**item, "tx_id": None if change.tx_id is None else change.tx_id.hex()})
            parents = Token.decode(change.new_value).parents
            waiting += [one for one in parents if one not in seen and one not in waiting]
    emit_list(session, "eqz.token.history/1", items, AsOf(at), str(max(waiting)) if waiting else None)


@token.command("tree", help="Where a token came from, as a tree: parents stand under what they became.")
@click.argument("key")
@click.option("--limit", type=click.IntRange(1, HISTORY_MAXIMUM), default=200, show_default=True)
@global_options
@pass_session
def tree(session: Session, key: str, limit: int) -> None:
    """By depth; the same steps as `history`, in the order of the branches."""
    with connected(session.nodes()) as client:
        at = int(client.status()["height"])
        is_id = key.isdecimal() and len(key) < 20
        top = int(key) if is_id else Token.decode(_live(client, key, None)[1]).id
        items, following = tree_items(lambda identity: _change_of(client, identity), top, limit)
    emit_list(session, "eqz.token.tree/1", items, AsOf(at), following)


def tree_items(
    change_of: Callable[[int], Change], top: int, limit: int
) -> tuple[list[dict[str, Json]], str | None]:
    """A token and all it came from, depth first, and the id to go on from when there are more than `limit`.

    A token that two branches share is followed once; after that it is `repeated`, without its parents.
    """
    items: list[dict[str, Json]] = []
    seen: set[int] = set()
    waiting = [(top, 0)]
    while waiting:
        identity, depth = waiting.pop()
        if len(items) == limit:
            return items, str(identity)
        change = change_of(identity)
        assert change.new_value is not None, "the change that made a token has its value"
        tx_id = None if change.tx_id is None else change.tx_id.hex()
        items.append(
            {
                "depth": depth,
                **token_item(change.key, change.new_value),
                "repeated": identity in seen,
                "tx_id": tx_id,
            }
        )
        if identity not in seen:
            seen.add(identity)
            parents = sorted(Token.decode(change.new_value).parents)
            waiting += [(parent, depth + 1) for parent in parents]
    return items, None


def _change_of(client: Client, identity: int) -> Change:
    """The change that made a token: its id names the block."""
    height = identity // (TOKENS_PER_TRANSACTION * TRANSACTIONS_PER_BLOCK)
    if height == 0:
        raise NotFoundError(f"no token has the id {identity}", "NOT-FOUND")
    for text in client.get(f"/v1/blocks/{height}")["changes"]:
        change = Change.decode(bytes.fromhex(text))
        if change.collection != Collection.TOKENS or change.new_value is None:
            continue
        if Token.decode(change.new_value).id == identity:
            return change
    raise NotFoundError(f"block {height} made no token {identity}", "NOT-FOUND")


@token.command("proof", help="A token with the proof that the state has it; ends with 9 when it has not.")
@click.argument("key")
@click.option("--out", type=_FILE, metavar="FILE.json", help="Keep value, proof, header and certificate.")
@global_options
@pass_session
def proof(session: Session, key: str, out: Path | None) -> None:
    """Checked here: the value against the header's state root, the header's certificate under the set that it
    names. That this set is the network's own, a receipt shows, back to the genesis."""
    with connected(session.nodes()) as client:
        place = _change_of(client, int(key)).key if key.isdecimal() and len(key) < 20 else _key(key)
        found = client.value(Collection.TOKENS, place, proof=True)
        sets = client.page(Collection.VALIDATOR_SETS)["items"]
    header = check_value(found, place)
    certificate = CommitCertificate.decode(bytes.fromhex(found["certificate"]))
    check_final(header, certificate, [ValidatorSet.decode(bytes.fromhex(one["value"])) for one in sets])
    if out is not None:
        write_text(out, json.dumps(found, indent=1) + "\n")
    shown = token_item(place, bytes.fromhex(found["value"])) if found["value"] is not None else {"key": key}
    emit_item(
        session,
        "eqz.token.proof/1",
        {
            **shown,
            "present": found["value"] is not None,
            "state_root": header.state_root.hex(),
            "block_id": header.block_id.hex(),
            "validators_hash": header.validators_hash.hex(),
            "chain_id": header.chain_id.hex(),
            "verified": True,
            "file": None if out is None else str(out),
        },
        AsOf(header.height, header.time_ms),
    )


def check_final(header: BlockHeader, certificate: CommitCertificate, sets: Iterable[ValidatorSet]) -> None:
    """Whether more than two thirds of the set that the header names signed it. Raises VerificationError,
    InvalidMessageError."""
    if (certificate.height, certificate.block_id) != (header.height, header.block_id):
        raise VerificationError("the certificate is of another block than the header", "PROOF-FALSE")
    voting = next((one for one in sets if one.hash == header.validators_hash), None)
    if voting is None:
        raise VerificationError(
            f"the node does not show the validators that the header of block {header.height} names",
            "PROOF-MISSING",
        )
    verify_certificate(certificate, voting, Hash32(header.chain_id))


def check_value(found: dict[str, Any], key: bytes) -> BlockHeader:
    """Check a proved value of the API against its header. VerificationError when it does not hold."""
    if found.get("proof") is None or found.get("header") is None:
        raise VerificationError("the node gives no proof", "PROOF-MISSING")
    header = BlockHeader.decode(bytes.fromhex(found["header"]))
    value = None if found["value"] is None else bytes.fromhex(found["value"])
    state_proof = StateProof.decode(bytes.fromhex(found["proof"]))
    if not verify_proof(Hash32(header.state_root), Collection.TOKENS, key, value, state_proof):
        raise VerificationError(
            f"the proof does not hold against the state root of block {header.height}", "PROOF-FALSE"
        )
    return header


COMMANDS = {"token": token}
