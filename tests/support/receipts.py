"""Receipts (*.eqr) made from an archive, as docs/formats.md defines the file."""

from typing import Any

from chain.block import Block, Results
from chain.hashing import inclusion_path
from chain.state_tree import prove
from chain.transaction import tx_id_of
from chain.validators import ValidatorSet
from tests.support.archive import Archive

Json = dict[str, Any]


def a_receipt(archive: Archive, sets: dict[int, ValidatorSet], height: int, index: int) -> Json:
    """The receipt of a transaction; `sets` gives the validators of each height up to one above."""
    records = archive.groups[height - 1]
    block = Block.decode(records.block)
    bodies = [body for body, _ in block.transactions]
    auths = [auth for _, auth in block.transactions]
    outcomes = list(Results.decode(records.results).outcomes)
    return {
        "schema": "eqz.receipt/1",
        "chain_id": archive.genesis.chain_id.hex(),
        "tx_id": tx_id_of(bodies[index]).hex(),
        "height": height,
        "index": index,
        "count": len(bodies),
        "body": bodies[index].hex(),
        "auth": auths[index].hex(),
        "outcome": outcomes[index].hex(),
        "body_path": path("tx-body", bodies, index),
        "auth_path": path("tx-auth", auths, index),
        "outcome_path": path("outcome", outcomes, index),
        "header": block.header_bytes.hex(),
        "certificate": records.certificate.hex(),
        "validators": sets[height].encode().hex(),
        "genesis": archive.genesis.encode().hex(),
        "steps": [
            {
                "header": Block.decode(archive.groups[below - 1].block).header_bytes.hex(),
                "certificate": archive.groups[below - 1].certificate.hex(),
                "next_validators": sets[below + 1].encode().hex(),
            }
            for below in range(1, height)
            if sets[below].hash != sets[below + 1].hash
        ],
    }


def path(tag: str, items: list[bytes], index: int) -> list[str]:
    return [sibling.hex() for sibling in inclusion_path(f"QZN1/{tag}", items, index)]


def state_item(archive: Archive, collection: str, key: bytes) -> Json:
    """The proof of one record in the state after the archive's last block."""
    value = archive.ledger.state.get(collection, key)
    return {
        "collection": collection,
        "key": key.hex(),
        "value": None if value is None else value.hex(),
        "proof": prove(archive.ledger.state, collection, key).encode().hex(),
    }


__all__ = ["a_receipt", "state_item"]
