"""The state in a real LevelDB: it answers like dictionaries do, and never wrongly after damage."""

import resource
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.errors import CorruptionError, StorageError
from contracts.state import StateReader
from storage import state as state_module
from storage.errors import HeightNotHeldError
from storage.leveldb import LevelStore
from storage.memory import MemoryState
from storage.state import LevelState, StateMeta, TransactionPlace

ROOT = bytes(32)
Changes = dict[tuple[str, bytes], bytes | None]


@pytest.fixture
def state(tmp_path: Path) -> Iterator[LevelState]:
    state = LevelState.open(tmp_path / "state")
    yield state
    state.close()


def root(height: int) -> bytes:
    return height.to_bytes(32, "big")


def test_it_is_a_reader_for_contracts(state: LevelState) -> None:
    reader: StateReader = state
    assert (reader.get("tokens", b"a"), reader.scan("tokens", b"", 9), reader.tree_node(0, b"")) == (
        None,
        (),
        None,
    )


def test_an_empty_state_has_no_height_and_genesis_is_height_0(state: LevelState) -> None:
    assert state.meta is None
    state.commit(0, root(7), {("tokens", b"a"): b"1"}, {(0, b""): b"node"})
    assert state.meta == StateMeta(0, root(7), 0)


def test_the_next_process_finds_what_was_committed(tmp_path: Path) -> None:
    state = LevelState.open(tmp_path / "state")
    state.commit(0, root(0), {("tokens", b"a"): b"1"}, {(3, b"p"): b"node"})
    state.commit(
        1,
        root(1),
        {("tokens", b"b"): b"2"},
        {},
        transactions=(b"t" * 32, b"u" * 32),
        extra={b"history": b"h"},
    )
    state.close()
    state = LevelState.open(tmp_path / "state")
    assert (state.height, state.state_root) == (1, root(1))
    assert state.scan("tokens", b"", 9) == ((b"a", b"1"), (b"b", b"2"))
    assert state.tree_node(3, b"p") == b"node"
    assert state.transaction(b"u" * 32) == TransactionPlace(1, 1)
    assert state.transaction(b"v" * 32) is None
    assert state.extra(b"history") == b"h"
    state.close()


def test_a_second_process_is_refused(state: LevelState, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="in use by another process") as refused:
        LevelState.open(tmp_path / "state")
    assert refused.value.code == "LOCKED"


def test_heights_outside_the_history_are_refused(state: LevelState) -> None:
    state.commit(70, root(70), {("tokens", b"a"): b"1"}, {})
    state.commit(71, root(71), {}, {})
    assert state.get_at("tokens", b"a", 71) == b"1"
    for height in (69, 72):
        with pytest.raises(HeightNotHeldError, match="this node holds heights 70 to 71"):
            state.get_at("tokens", b"a", height)
        with pytest.raises(HeightNotHeldError):
            state.scan_at("tokens", b"", 9, height)


def test_a_snapshot_shows_one_height_while_the_chain_goes_on(state: LevelState) -> None:
    state.commit(0, root(0), {("tokens", b"a"): b"1", ("tokens", b"b"): b"2"}, {(0, b""): b"old"})
    with state.snapshot() as snapshot:
        state.commit(1, root(1), {("tokens", b"a"): None, ("tokens", b"c"): b"3"}, {(0, b""): b"new"})
        assert (snapshot.height, snapshot.state_root) == (0, root(0))
        assert list(snapshot.items()) == [("tokens", b"a", b"1"), ("tokens", b"b", b"2")]
        assert (snapshot.get("tokens", b"a"), snapshot.tree_node(0, b"")) == (b"1", b"old")
    assert list(state.items()) == [("tokens", b"b", b"2"), ("tokens", b"c", b"3")]


def test_a_wiped_state_is_empty_and_can_be_rebuilt(state: LevelState) -> None:
    for _ in range(2):
        state.commit(0, root(0), {("tokens", b"a"): b"1"}, {(0, b""): b"node"})
        assert (state.get("tokens", b"a"), state.tree_node(0, b"")) == (b"1", b"node")
        state.wipe()
        assert (state.meta, state.get("tokens", b"a"), state.tree_node(0, b"")) == (None, None, None)
        assert list(state.items()) == []


def test_hot_keys_do_not_reach_the_database(state: LevelState, monkeypatch: pytest.MonkeyPatch) -> None:
    state.commit(0, root(0), {("tokens", b"a"): b"1"}, {(0, b""): b"node"})
    assert state.get("tokens", b"absent") is None
    monkeypatch.setattr(LevelStore, "get", lambda *_: pytest.fail("a read of the database"))
    assert (state.get("tokens", b"a"), state.get("tokens", b"absent")) == (b"1", None)
    assert state.tree_node(0, b"") == b"node"


def test_the_cache_is_bounded_and_never_stale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_module, "CACHED_VALUES", 8)
    state = LevelState.open(tmp_path / "state")
    for height in range(6):
        state.commit(
            height, root(height), {("tokens", b"%d" % key): b"%d" % height for key in range(height, 30)}, {}
        )
        for key in range(30):
            assert state.get("tokens", b"%d" % key) == b"%d" % min(height, key)
            assert len(state._values) <= 8
    state.close()


COLLECTIONS = ("a", "ab", "b")
KEYS = st.one_of(
    st.sampled_from((b"", b"\0", b"\0\0", b"\0\xff", b"k", b"k\0", b"k\0\0", b"k\0\1", b"k\xff", b"\xff")),
    st.binary(max_size=3),
)
COMMITS = st.lists(
    st.dictionaries(
        st.tuples(st.sampled_from(COLLECTIONS), KEYS),
        st.one_of(st.none(), st.binary(min_size=1, max_size=4)),
        max_size=6,
    ),
    min_size=1,
    max_size=6,
)


@settings(deadline=None, max_examples=40)
@given(commits=COMMITS, starts=st.lists(KEYS, min_size=1, max_size=3), limit=st.integers(0, 5))
def test_leveldb_and_dictionaries_give_the_same_answers(
    commits: list[Changes], starts: list[bytes], limit: int
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        level, memory = LevelState.open(Path(directory) / "state"), MemoryState()
        for height, changes in enumerate(commits):
            for door in (level, memory):
                door.commit(height, root(height), changes, {}, transactions=[root(height)])
        assert list(level.items()) == list(memory.items())
        places = sorted({place for changes in commits for place in changes})
        for height in range(len(commits)):
            assert level.transaction(root(height)) == memory.transaction(root(height))
            for collection, key in places:
                assert level.get(collection, key) == memory.get(collection, key)
                assert level.get_at(collection, key, height) == memory.get_at(collection, key, height)
            for collection in COLLECTIONS:
                for start in starts:
                    assert level.scan(collection, start, limit) == memory.scan(collection, start, limit)
                    answer = level.scan_at(collection, start, limit, height)
                    assert answer == memory.scan_at(collection, start, limit, height)
        level.close()


def damaged_state(directory: Path, *, in_tables: bool) -> dict[int, dict[bytes, bytes]]:
    """A state of some heights on disk, in tables or in the write-ahead log; its values at each height."""
    state = LevelState.open(directory)
    values: dict[bytes, bytes] = {}
    at: dict[int, dict[bytes, bytes]] = {}
    for height in range(12):
        changed = {b"key %03d" % ((height * 7 + step) % 90): b"value %d " % height * 5 for step in range(30)}
        values.update(changed)
        at[height] = dict(values)
        nodes = {(0, b""): root(height)}
        state.commit(height, root(height), {("tokens", key): value for key, value in changed.items()}, nodes)
    state.close()
    if in_tables:
        LevelState.open(directory).close()  # opening moves the log of the last life into a table
    return at


@pytest.mark.parametrize("in_tables", [False, True])
def test_a_flipped_byte_never_gives_a_wrong_answer(tmp_path: Path, in_tables: bool) -> None:
    """Either an error, or a state that is whole: of the height it says."""
    at = damaged_state(tmp_path / "good", in_tables=in_tables)
    refused = 0
    flips = 0
    for name in sorted(path.name for path in (tmp_path / "good").iterdir()):
        size = (tmp_path / "good" / name).stat().st_size
        if name.startswith("LOG") or name == "LOCK" or not size:
            continue  # a protocol for people, and an empty file
        for offset in range(0, size, max(1, size // 40)):
            shutil.copytree(tmp_path / "good", tmp_path / "bad")
            data = bytearray((tmp_path / "bad" / name).read_bytes())
            data[offset] ^= 0x10
            (tmp_path / "bad" / name).write_bytes(data)
            flips += 1
            refused += not answers_rightly(tmp_path / "bad", at)
            shutil.rmtree(tmp_path / "bad")
    assert refused > flips / 2, "most of these bytes are checked by something"


def answers_rightly(directory: Path, at: dict[int, dict[bytes, bytes]]) -> bool:
    """False: refused with an error. A wrong answer fails the test."""
    try:
        state = LevelState.open(directory)
    except StorageError:
        return False
    try:
        height = state.height
        if height is None:
            assert list(state.items()) == []
            return True
        expected = at[height]
        assert state.state_root == root(height)
        assert state.tree_node(0, b"") == root(height)
        for key in (b"key %03d" % number for number in range(90)):
            assert state.get("tokens", key) == expected.get(key)
        assert dict(state.scan("tokens", b"", 1000)) == expected
        for earlier in range(height + 1):
            assert dict(state.scan_at("tokens", b"", 1000, earlier)) == at[earlier]
    except CorruptionError:
        return False
    finally:
        state.close()
    return True


def test_after_a_write_that_failed_nothing_more_is_committed(tmp_path: Path) -> None:
    state = LevelState.open(tmp_path / "state")
    state.commit(0, root(0), {}, {})
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(StorageError, match="the state database failed while it writes"):
            state.commit(1, root(1), {("tokens", b"a"): b"long" * 1000}, {})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    with pytest.raises(StorageError) as refused:
        state.commit(1, root(1), {}, {})
    assert refused.value.code == "POISONED"
    state.close()
    state = LevelState.open(tmp_path / "state")
    assert (state.height, list(state.items())) == (0, [])
    state.close()


def test_a_half_filled_state_has_no_height_and_says_so(tmp_path: Path) -> None:
    state = LevelState.open(tmp_path / "state")
    assert not state.is_half_filled
    state.fill(7, {("tokens", b"a"): b"1"}, {(0, b""): b"page"})
    state.close()
    state = LevelState.open(tmp_path / "state")
    assert (state.height, state.is_half_filled) == (None, True)
    state.wipe()
    assert (state.height, state.is_half_filled, list(state.items())) == (None, False, [])
    state.fill(7, {("tokens", b"a"): b"1"}, {(0, b""): b"page"})
    state.commit(7, root(7), {}, {}, extra={b"e": b"x"})
    assert (state.height, state.is_half_filled) == (7, False)
    assert (state.get_at("tokens", b"a", 7), state.tree_node(0, b""), state.extra(b"e")) == (
        b"1",
        b"page",
        b"x",
    )
    state.close()
