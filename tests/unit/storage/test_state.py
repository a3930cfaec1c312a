"""The cache in front of the database: bounded, and what is used stays."""

from storage.state import Recent

MISSING = bytes(bytearray(b"missing"))


def test_it_tells_a_known_absence_from_nothing_known() -> None:
    recent: Recent[int] = Recent(4)
    recent.put(1, None)
    assert recent.get(1, MISSING) is None
    assert recent.get(2, MISSING) is MISSING


def test_it_never_holds_more_than_its_limit() -> None:
    recent: Recent[int] = Recent(10)
    for key in range(1000):
        recent.put(key, b"value")
        assert len(recent) <= 10


def test_what_is_used_again_and_again_stays() -> None:
    recent: Recent[int] = Recent(10)
    recent.put(0, b"hot")
    for key in range(1, 1000):
        recent.put(key, b"cold")
        assert recent.get(0, MISSING) == b"hot"
    assert recent.get(1, MISSING) is MISSING


def test_the_newest_value_is_given() -> None:
    recent: Recent[int] = Recent(4)
    for version in range(20):
        recent.put(7, b"%d" % version)
        recent.put(100 + version, b"other")
        assert recent.get(7, MISSING) == b"%d" % version
