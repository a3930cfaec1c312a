"""The state of a node as rules read it: what-if computations run on a person's own machine over it."""

from __future__ import annotations

from collections.abc import Sequence

from cli.client import PAGE, Client


class RemoteState:
    """A `StateReader` over a node's API at one height. `collections` are fetched whole, in pages, at first
    use."""

    def __init__(self, client: Client, collections: Sequence[str], height: int | None = None) -> None:
        self._client = client
        self._whole = frozenset(collections)
        self._fetched: dict[str, dict[bytes, bytes]] = {}
        self.height = int(client.status()["height"]) if height is None else height

    def get(self, collection: str, key: bytes) -> bytes | None:
        if collection in self._whole:
            return self._all(collection).get(key)
        value = self._client.value(collection, key, self.height)["value"]
        return None if value is None else bytes.fromhex(value)

    def scan(self, collection: str, start: bytes, limit: int) -> Sequence[tuple[bytes, bytes]]:
        pairs = sorted(pair for pair in self._all(collection).items() if pair[0] >= start)
        return pairs[:limit]

    def tree_node(self, depth: int, prefix: bytes) -> bytes | None:
        raise AssertionError("a what-if computes no roots")

    def _all(self, collection: str) -> dict[bytes, bytes]:
        if collection not in self._fetched:
            pairs: dict[bytes, bytes] = {}
            after: str | None = None
            while True:
                page = self._client.page(collection, after=after, limit=PAGE, height=self.height)
                pairs.update(
                    (bytes.fromhex(item["key"]), bytes.fromhex(item["value"])) for item in page["items"]
                )
                after = page["next"]
                if after is None:
                    break
            self._fetched[collection] = pairs
        return self._fetched[collection]
