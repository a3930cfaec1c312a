"""The state of a node as rules read it: what-if computations run on a person's own machine over it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence

from cli.client import PAGE, Client


class RemoteState:
    """A `StateReader` over a node's API at one height.

    `collections` are fetched whole, in pages, at first use; of those in `prefixes` only what stands under
    them, which is all that a scan there finds.
    """

    def __init__(
        self,
        client: Client,
        collections: Sequence[str],
        height: int | None = None,
        prefixes: Mapping[str, Sequence[bytes]] | None = None,
    ) -> None:
        self._client = client
        self._prefixes = {**(prefixes or {}), **dict.fromkeys(collections, (b"",))}
        self._fetched: dict[str, dict[bytes, bytes]] = {}
        self._sorted: dict[str, list[bytes]] = {}
        self.height = int(client.status()["height"]) if height is None else height

    def get(self, collection: str, key: bytes) -> bytes | None:
        if any(key.startswith(prefix) for prefix in self._prefixes.get(collection, ())):
            return self._all(collection).get(key)
        value = self._client.value(collection, key, self.height)["value"]
        return None if value is None else bytes.fromhex(value)

    def scan(self, collection: str, start: bytes, limit: int) -> Sequence[tuple[bytes, bytes]]:
        pairs = self._all(collection)
        keys = self._sorted[collection]
        at = bisect_left(keys, start)
        return [(key, pairs[key]) for key in keys[at : at + limit]]

    def tree_node(self, depth: int, prefix: bytes) -> bytes | None:
        raise AssertionError("a what-if computes no roots")

    def _all(self, collection: str) -> dict[bytes, bytes]:
        if collection not in self._fetched:
            pairs: dict[bytes, bytes] = {}
            for prefix in self._prefixes[collection]:
                pairs.update(self._under(collection, prefix))
            self._fetched[collection] = pairs
            self._sorted[collection] = sorted(pairs)
        return self._fetched[collection]

    def _under(self, collection: str, prefix: bytes) -> dict[bytes, bytes]:
        pairs: dict[bytes, bytes] = {}
        after: str | None = None
        while True:
            page = self._client.page(collection, prefix, after, PAGE, self.height)
            pairs.update((bytes.fromhex(one["key"]), bytes.fromhex(one["value"])) for one in page["items"])
            after = page["next"]
            if after is None:
                return pairs
