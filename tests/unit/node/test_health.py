"""What a node finds wrong with itself."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from node.findings import KINDS, SEVERITIES
from node.health import CERTIFICATE_WARNING_DAYS, DAY_SECONDS, MIB, Vitals, findings_of
from node.reserve import Room
from node.silence import Silence, Why

NOW = 1_800_000_000
SOUND = Vitals(
    height=10, round=-1, validators=4, peers=3, votes=True, highest_claim=11, precision_ms=500,
    clock_offset_ms=40, now_seconds=NOW, certificates=(("mof", NOW + 400 * DAY_SECONDS),),
)  # fmt: skip
PLACE = re.compile(r"\{(\w+)\}")


def codes(vitals: Vitals) -> list[str]:
    return [one.code for one in findings_of(vitals)]


def test_a_sound_node_finds_nothing() -> None:
    assert codes(SOUND) == []


@pytest.mark.parametrize(
    ("validators", "peers", "votes", "is_heard"),
    [
        (1, 0, True, True), (1, 0, False, False), (2, 0, True, False), (2, 1, True, True),
        (3, 1, True, False), (3, 2, True, True), (4, 1, True, False), (4, 2, True, True),
        (4, 2, False, False),
        (4, 3, False, True), (6, 3, True, False), (6, 4, True, True), (7, 3, True, False), (7, 4, True, True),
    ],
)  # fmt: skip
def test_a_quorum_is_more_than_two_thirds_heard(
    validators: int, peers: int, votes: bool, is_heard: bool
) -> None:
    found = codes(replace(SOUND, validators=validators, peers=peers, votes=votes))
    assert found == ([] if is_heard else ["NO-QUORUM"])


def test_one_that_is_behind_says_how_far() -> None:
    assert codes(replace(SOUND, highest_claim=14)) == []
    (found,) = findings_of(replace(SOUND, highest_claim=15))
    assert found.text() == "catching up: height 10, peers claim 14"


def test_a_height_that_takes_many_rounds() -> None:
    assert codes(replace(SOUND, round=2)) == []
    assert codes(replace(SOUND, round=3)) == ["ROUNDS"]


@pytest.mark.parametrize(
    ("room", "found"),
    [(Room.VOTE, []), (Room.FOLLOW, ["DISK-RESERVE"]), (Room.NONE, ["DISK-FLOOR"])],
)
def test_a_disk_that_fills(room: Room, found: list[str]) -> None:
    silence = None if room is Room.VOTE else Silence(Why.DISK)
    full = replace(
        SOUND, room=room, silence=silence, free_bytes=900 * MIB, reserve_bytes=1024 * MIB,
        resume_bytes=1152 * MIB,
    )  # fmt: skip
    assert codes(full) == found


@pytest.mark.parametrize(("offset", "is_told"), [(None, False), (500, False), (501, True), (-501, True)])
def test_a_clock_that_is_apart_from_the_others(offset: int | None, is_told: bool) -> None:
    assert codes(replace(SOUND, clock_offset_ms=offset)) == (["CLOCK"] if is_told else [])


@pytest.mark.parametrize(
    ("seconds", "found"),
    [
        (CERTIFICATE_WARNING_DAYS * DAY_SECONDS, []),
        (CERTIFICATE_WARNING_DAYS * DAY_SECONDS - 1, ["CERTIFICATE-ENDS"]),
        (1, ["CERTIFICATE-ENDS"]), (0, ["CERTIFICATE-ENDED"]), (-DAY_SECONDS, ["CERTIFICATE-ENDED"]),
    ],
)  # fmt: skip
def test_a_certificate_that_ends(seconds: int, found: list[str]) -> None:
    assert codes(replace(SOUND, certificates=(("mof", NOW + seconds),))) == found


@pytest.mark.parametrize(
    ("silence", "found"),
    [
        (Silence(Why.NO_KEY), "KEY-NONE"), (Silence(Why.NOT_ENROLLED), "KEY-NOT-ENROLLED"),
        (Silence(Why.JOURNAL, "it is missing"), "KEY-JOURNAL"), (Silence(Why.RETIRED, "met"), "KEY-RETIRED"),
    ],
)  # fmt: skip
def test_why_a_key_does_not_vote(silence: Silence, found: str) -> None:
    (told,) = findings_of(replace(SOUND, silence=silence))
    assert told.code == found
    assert silence.detail in told.text()


def test_broken_laws_come_before_what_passes_by_itself() -> None:
    assert codes(replace(SOUND, broken_laws=2, highest_claim=99, round=9)) == [
        "LAWS-BROKEN", "ROUNDS", "CATCHING-UP",
    ]  # fmt: skip


def test_every_kind_is_told_in_three_languages_with_the_same_facts() -> None:
    for code, kind in KINDS.items():
        assert kind.severity in SEVERITIES, code
        places = [set(PLACE.findall(text)) for text in kind.texts]
        assert places[0] == places[1] == places[2], code
        assert all(set(PLACE.findall(text)) <= places[0] | {"resume_mib"} for text in kind.remedies), code
        assert len(set(kind.texts)) == len(set(kind.remedies)) == 3, code
