"""Reading the state through a node: one value, all of a collection, and how old what was read is."""

from __future__ import annotations

from datetime import datetime

from cli.client import PAGE, Client, connected
from cli.failures import NotFoundError
from cli.output import AsOf
from cli.session import Session


def as_of(client: Client, height: int) -> AsOf:
    """The height of a reading, with its block time when the node still stands there."""
    status = client.status()
    if int(status.get("height", -1)) != height:
        return AsOf(height, None)
    moment = datetime.fromisoformat(str(status["block_time"]).replace("Z", "+00:00"))
    return AsOf(height, int(moment.timestamp() * 1000))


def read_value(
    session: Session, collection: str, key: bytes, height: int | None = None
) -> tuple[bytes, AsOf]:
    """One value. NotFoundError when nothing stands under the key."""
    with connected(session.nodes()) as client:
        found = client.value(collection, key, height)
        if found["value"] is None:
            raise NotFoundError(f"nothing stands under this key in {collection}", "NOT-FOUND")
        return bytes.fromhex(found["value"]), as_of(client, int(found["height"]))


def read_page(
    client: Client, collection: str, prefix: bytes, after: str | None, limit: int, height: int | None
) -> tuple[list[tuple[bytes, bytes]], str | None, int]:
    """Up to `limit` pairs in the order of their keys, the key to go on after, and the height."""
    pairs: list[tuple[bytes, bytes]] = []
    while True:
        page = client.page(collection, prefix, after, min(PAGE, limit - len(pairs)), height)
        pairs += [(bytes.fromhex(one["key"]), bytes.fromhex(one["value"])) for one in page["items"]]
        after = page["next"]
        if after is None or len(pairs) >= limit:
            return pairs, after, int(page["height"])
