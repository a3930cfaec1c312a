"""The auditor's hashes, lists and state tree: the golden vectors, and the node's own on random input."""

import random

from audit import merkle
from audit.blocks import signer_id
from audit.codec import decode
from audit.merkle import ListRoot, StateTree, is_included, list_root, proves, state_path, tagged, value_hash
from chain import hashing, state_tree
from chain.types import Hash32
from tests.support.vectors import vectors

HASHING = vectors("hashing")
TREE = vectors("state_tree")


def test_every_tag_hashes_as_the_golden_vectors() -> None:
    for case in HASHING["tagged"]:
        name = case["tag"].removeprefix("QZN1/")
        assert tagged(name, bytes.fromhex(case["message"])).hex() == case["hash"]
    assert {f"QZN1/{name}" for name in merkle.TAGS} == {case["tag"] for case in HASHING["tagged"]}


def test_golden_lists_have_their_roots_and_paths() -> None:
    for case in HASHING["lists"]:
        tag, items = case["tag"].removeprefix("QZN1/"), [bytes.fromhex(item) for item in case["items"]]
        root = bytes.fromhex(case["root"])
        assert list_root(tag, items) == root
        for index, path in enumerate(case["paths"]):
            siblings = [bytes.fromhex(item) for item in path]
            assert is_included(tag, items[index], index, len(items), siblings, root)


def test_golden_history_has_its_roots() -> None:
    history = ListRoot("history")
    history.append(bytes.fromhex(HASHING["history"]["chain_id"]))
    roots = [history.root().hex()]
    for block_id in HASHING["history"]["block_ids"]:
        history.append(bytes.fromhex(block_id))
        roots.append(history.root().hex())
    assert roots == HASHING["history"]["roots"]


def test_golden_signer_ids() -> None:
    keys = vectors("keys")
    for case in keys["keys"]:
        found = signer_id(bytes.fromhex(keys["chain_id"]), case["institution"], case["serial"])
        assert found.hex() == case["signer_id"]


def test_a_path_proves_one_item_at_one_place_only() -> None:
    for size in range(1, 20):
        items = [bytes((number,)) for number in range(size)]
        root = list_root("change", items)
        for index in range(size):
            path = hashing.inclusion_path("QZN1/change", items, index)
            assert is_included("change", items[index], index, size, path, root)
            assert not is_included("change", items[index], index, size, (*path, bytes(32)), root)
            assert not is_included("change", items[index], index, size, path[:-1], root) or not path
            assert not is_included("change", b"other", index, size, path, root)
            for other in range(size):
                if other != index:
                    assert not is_included("change", items[index], other, size, path, root)


def test_golden_state_tree_has_its_roots() -> None:
    tree = StateTree()
    for step in TREE["steps"]:
        tree.update(
            {
                state_path(change["collection"].encode(), bytes.fromhex(change["key"])): (
                    None if change["value"] is None else value_hash(bytes.fromhex(change["value"]))
                )
                for change in step["changes"]
            }
        )
        assert tree.root().hex() == step["root"]


def test_golden_state_proofs_hold() -> None:
    root = bytes.fromhex(TREE["steps"][-1]["root"])
    for case in TREE["proofs"]:
        collection, key = case["collection"].encode(), bytes.fromhex(case["key"])
        value = None if case["value"] is None else bytes.fromhex(case["value"])
        assert proves(root, collection, key, value, decode(bytes.fromhex(case["proof"])))


class Pages:
    """Where the node's tree keeps its pages."""

    def __init__(self) -> None:
        self.pages: dict[tuple[int, bytes], bytes] = {}

    def tree_node(self, depth: int, prefix: bytes) -> bytes | None:
        return self.pages.get((depth, prefix))

    def commit(self, changes: dict[bytes, bytes | None]) -> bytes:
        update = state_tree.update(
            self,
            sorted(
                (Hash32(path), None if value is None else Hash32(value)) for path, value in changes.items()
            ),
        )
        for place, page in update.nodes.items():
            if page is None:
                self.pages.pop(place, None)
            else:
                self.pages[place] = page
        return update.root


def test_both_trees_have_one_root_over_random_histories() -> None:
    chance = random.Random(5)
    keys = [chance.randbytes(8) for _ in range(300)]
    mine, pages = StateTree(), Pages()
    for step in range(200):
        deleting = 0.4 if step < 150 else 0.9
        batch = {
            state_path(b"tokens", key): None if chance.random() < deleting else chance.randbytes(32)
            for key in chance.sample(keys, chance.choice((1, 2, 5, 40)))
        }
        mine.update(batch)
        assert mine.root() == pages.commit(batch)


def test_random_proofs_hold_and_mutated_ones_do_not() -> None:
    chance = random.Random(6)
    values = {chance.randbytes(4): chance.randbytes(6) for _ in range(200)}
    pages = Pages()
    root = pages.commit({state_path(b"tokens", key): value_hash(value) for key, value in values.items()})
    for number in range(400):
        key = chance.choice(list(values)) if number % 2 else chance.randbytes(5)
        value = values.get(key)
        proof = decode(state_tree.prove(pages, "tokens", key).encode())
        assert proves(root, b"tokens", key, value, proof)
        assert not proves(root, b"tokens", key, b"another", proof)
        assert not proves(root, b"lines", key, value, proof)
        position = chance.randrange(6)
        part = mutated(chance, proof[position])
        if part != proof[position]:
            assert not proves(root, b"tokens", key, value, (*proof[:position], part, *proof[position + 1 :]))


def mutated(chance: random.Random, part: object) -> object:
    """Another value of the same shape, as a decoder would let it through."""
    if isinstance(part, int):
        return (part + 1) % 3 if part < 3 else part + chance.choice((-1, 1))
    if isinstance(part, bytes):
        at = chance.randrange(32)
        return part[:at] + bytes((part[at] ^ 1 << chance.randrange(8),)) + part[at + 1 :]
    if part is None:
        return (chance.randbytes(32), chance.randbytes(32))
    assert isinstance(part, tuple)
    if not part:
        return (chance.randbytes(32),)
    at = chance.randrange(len(part))
    return (*part[:at], mutated(chance, part[at]), *part[at + 1 :])


def test_the_empty_tree_has_the_zero_root() -> None:
    tree = StateTree()
    assert tree.root() == bytes(32)
    tree.update({bytes(32): bytes(32), b"\xff" * 32: bytes(32)})
    tree.update({bytes(32): None, b"\xff" * 32: None, b"\x01" * 32: None})
    assert tree.root() == bytes(32)
