"""Overlays: read through, kept by absorb, dropped by forgetting."""

from contracts.state import Overlay
from tests.support.budget import MemoryReader


def an_overlay(*keys: bytes) -> Overlay:
    return Overlay(MemoryReader({("c", key): key for key in keys}))


def test_an_overlay_reads_through_and_hides_what_it_changes() -> None:
    overlay = an_overlay(b"a", b"b")
    overlay.put("c", b"a", b"new")
    overlay.delete("c", b"b")
    assert (overlay.get("c", b"a"), overlay.get("c", b"b"), overlay.get("d", b"a")) == (b"new", None, None)


def test_a_scan_merges_own_changes_in_byte_order() -> None:
    overlay = an_overlay(b"a", b"c", b"e", b"g")
    overlay.put("c", b"d", b"1")
    overlay.delete("c", b"e")
    overlay.put("c", b"h", b"2")
    overlay.put("other", b"f", b"3")
    expected = [(b"c", b"c"), (b"d", b"1"), (b"g", b"g"), (b"h", b"2")]
    assert [list(overlay.scan("c", b"b", limit)) for limit in range(5)] == [
        expected[:limit] for limit in range(5)
    ]


def test_a_scan_behind_many_deletions_still_finds_the_next_keys() -> None:
    keys = [bytes((number,)) for number in range(50)]
    overlay = an_overlay(*keys)
    for key in keys[:40]:
        overlay.delete("c", key)
    assert [key for key, _ in overlay.scan("c", b"", 3)] == keys[40:43]


def test_a_key_set_back_to_its_old_value_is_no_change() -> None:
    overlay = an_overlay(b"a")
    overlay.put("c", b"a", b"new")
    overlay.put("c", b"a", b"a")
    overlay.put("c", b"x", b"new")
    overlay.delete("c", b"x")
    assert overlay.changes() == {}


def test_changes_stand_by_collection_and_key() -> None:
    overlay = an_overlay()
    for collection, key in (("d", b"a"), ("c", b"b"), ("c", b"a")):
        overlay.put(collection, key, b"1")
    assert list(overlay.changes()) == [("c", b"a"), ("c", b"b"), ("d", b"a")]


def test_a_forgotten_overlay_leaves_no_trace_and_an_absorbed_one_all() -> None:
    below = an_overlay(b"a")
    forgotten = Overlay(below)
    forgotten.put("c", b"a", b"1")
    assert below.changes() == {}
    kept = Overlay(below)
    kept.delete("c", b"a")
    below.absorb(kept)
    assert below.changes() == {("c", b"a"): None}
