import json

import pytest

from chain.codec import ANY, decode, encode
from chain.errors import DecodeError
from tests.vectors.make import FILES, FOLDER, text_of


@pytest.mark.parametrize("name", FILES)
def test_the_golden_bytes_have_not_changed(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="ascii") == text_of(FILES[name]())


def test_no_vector_file_is_left_from_earlier() -> None:
    assert {path.name for path in FOLDER.glob("*.json")} == {*FILES, "ed25519_speccheck.json"}


ENCODING = json.loads((FOLDER / "encoding.json").read_text(encoding="ascii"))


@pytest.mark.parametrize("vector", ENCODING["values"], ids=lambda vector: vector["name"])
def test_every_value_is_read_from_its_one_encoding(vector: dict[str, str]) -> None:
    data = bytes.fromhex(vector["encoded"])
    assert encode(decode(data, ANY, 1000)) == data


@pytest.mark.parametrize("vector", ENCODING["refused"], ids=lambda vector: vector["name"])
def test_what_is_not_canonical_is_refused(vector: dict[str, str]) -> None:
    with pytest.raises(DecodeError):
        decode(bytes.fromhex(vector["encoded"]), ANY, 1000)
