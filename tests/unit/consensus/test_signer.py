"""The guard of the key: positions rise."""

from chain.types import Height, Round
from consensus.messages import Step
from consensus.records import HeightEnded, KeyRetired, OwnMessage, Position
from tests.support.committee import Committee

FOUR = Committee(4)
X, Y = b"x" * 96, b"y" * 96


def test_a_position_must_rise() -> None:
    signer = FOUR.signer(0)
    places = [(1, 0, 1), (1, 0, 2), (1, 0, 3), (1, 1, 2), (1, 4, 3), (2, 0, 1)]
    assert all(signer.sign(Position(*place), X) is not None for place in places)
    assert [signer.sign(Position(*place), X) for place in places[:-1]] == [None] * 5
    assert len(signer.refusals) == 5


def test_the_same_position_with_the_same_bytes_returns_the_stored_signature() -> None:
    signer = FOUR.signer(0)
    assert signer.sign(Position(1, 0, 2), X) == signer.sign(Position(1, 0, 2), X) == FOUR.sign(0, X)
    assert signer.refusals == []


def test_the_same_position_with_other_bytes_is_refused() -> None:
    signer = FOUR.signer(0)
    signer.sign(Position(1, 0, 2), X)
    assert signer.sign(Position(1, 0, 2), Y) is None


def test_the_journal_brings_the_position_back() -> None:
    signature = FOUR.sign(0, X)
    record = OwnMessage(Height(3), Round(2), Step.PREVOTE, X, signature, b"wire")
    signer = FOUR.signer(0)
    signer.restore([record, HeightEnded(Height(2))])
    assert signer.position == Position(3, 2, Step.PREVOTE)
    assert signer.sign(Position(3, 2, Step.PREVOTE), Y) is None
    assert signer.sign(Position(3, 2, Step.PREVOTE), X) == signature
    assert signer.sign(Position(3, 2, Step.PRECOMMIT), Y) is not None


def test_after_the_end_of_a_height_nothing_of_it_is_signed() -> None:
    signer = FOUR.signer(0)
    signer.end_height(HeightEnded(Height(7)))
    assert signer.sign(Position(7, 2**31 - 1, Step.PRECOMMIT), X) is None
    assert signer.sign(Position(8, 0, Step.PROPOSE), X) is not None


def test_a_retired_key_never_signs_again() -> None:
    signer = FOUR.signer(0)
    signer.restore([KeyRetired(Height(1), "lost"), HeightEnded(Height(9))])
    assert signer.sign(Position(10, 0, 1), X) is None
    assert signer.retired == "lost"
