"""Bytes to frames, whatever the pieces they come in, and no more of them than is allowed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.errors import InvalidMessageError
from network.framing import MAX_PAYLOAD_BYTES, Frame, FrameDecoder, encode_frame

LIMITS = {2: 100, 3: 10}
FRAMES = st.lists(
    st.one_of(
        st.builds(Frame, st.just(2), st.binary(max_size=100)),
        st.builds(Frame, st.just(3), st.binary(max_size=10)),
    ),
    max_size=6,
)


def test_a_frame_is_length_type_payload() -> None:
    assert encode_frame(3, b"abc") == b"\0\0\0\3\3abc"


@given(frames=FRAMES, sizes=st.lists(st.integers(1, 50), min_size=1))
def test_the_pieces_do_not_matter(frames: list[Frame], sizes: list[int]) -> None:
    data = b"".join(encode_frame(*frame) for frame in frames)
    decoder = FrameDecoder(LIMITS)
    found: list[Frame] = []
    turn = 0
    while data:
        size = sizes[turn % len(sizes)]
        decoder.feed(data[:size])
        found += decoder.frames()
        data = data[size:]
        turn += 1
    assert found == frames
    assert not decoder.is_inside_frame


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (b"\0\0\0\x0b\3", "FRAME-TOO-LONG"),
        (b"\xff\xff\xff\xff\2", "FRAME-TOO-LONG"),
        (b"\0\0\0\0\7", "FRAME-TYPE"),
        (b"GET / HTTP/1.1\r\n", "FRAME-TYPE"),
    ],
)
def test_a_frame_is_refused_from_its_header(header: bytes, code: str) -> None:
    decoder = FrameDecoder(LIMITS)
    decoder.feed(header)
    with pytest.raises(InvalidMessageError) as refused:
        list(decoder.frames())
    assert refused.value.code == code


def test_no_limit_lifts_the_bound_of_all_frames() -> None:
    decoder = FrameDecoder({2: 2 * MAX_PAYLOAD_BYTES})
    decoder.feed((MAX_PAYLOAD_BYTES + 1).to_bytes(4, "big") + b"\2")
    with pytest.raises(InvalidMessageError):
        list(decoder.frames())


def test_other_types_may_be_expected_from_the_next_frame_on() -> None:
    decoder = FrameDecoder({1: 5})
    decoder.feed(encode_frame(1, b"hello") + encode_frame(2, b"later"))
    frames = decoder.frames()
    assert next(frames) == Frame(1, b"hello")
    decoder.expect(LIMITS)
    assert list(decoder.frames()) == [Frame(2, b"later")]


def test_our_own_frame_above_the_bound_is_a_bug() -> None:
    with pytest.raises(AssertionError):
        encode_frame(2, bytes(MAX_PAYLOAD_BYTES + 1))
