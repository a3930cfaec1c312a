"""A minute of search in all, over four families; and that the search can find something."""

from pathlib import Path
from unittest.mock import patch

import pytest

from chain import certificate
from tests.fuzz import targets
from tests.fuzz.run import search_all
from tests.fuzz.targets import TARGETS, run_one, seeds

SECONDS = 15
REGRESSIONS = sorted((Path(__file__).parent / "regressions").glob("*/*"))


def test_nothing_breaks_in_a_minute(tmp_path: Path) -> None:
    for found in search_all(tuple(TARGETS), SECONDS, tmp_path):
        assert found.failure == "", f"{found.target}: {[path.name for path in tmp_path.iterdir()]}"


@pytest.mark.parametrize("name", TARGETS)
def test_every_reader_has_a_seed_that_it_takes(name: str) -> None:
    """A family whose readers refuse every beginning would be searched in the dark."""
    assert {seed[0] for seed in seeds(name)} == set(range(len(TARGETS[name])))


def test_what_once_broke_holds() -> None:
    for path in REGRESSIONS:
        run_one(path.parent.name, path.read_bytes())


def test_a_second_encoding_is_seen() -> None:
    """Bytes that are read as a value whose encoding is another."""
    one = next(seed for seed in seeds("decoder") if seed[0] == 0)
    with patch.object(targets, "decode", lambda data, *_: one[:1]), pytest.raises(AssertionError):
        run_one("decoder", one)


def test_a_forged_certificate_is_seen() -> None:
    forged = bytearray(targets._CERTIFICATE)
    at = forged.index(targets._CERTIFIED)
    forged[at] ^= 1
    run_one("certificate", b"\0" + bytes(forged))
    with patch.object(targets, "verify_certificate", lambda *_: None), pytest.raises(AssertionError):
        run_one("certificate", b"\0" + bytes(forged))
    assert certificate.verify_certificate is targets.verify_certificate


def test_a_height_that_was_never_written_is_seen() -> None:
    with patch.object(targets, "_KEPT", {}), pytest.raises(AssertionError):
        run_one("log", bytes(8))
