"""The judges of `eqz demo attack`: shown what was promised they say so, shown anything else they do not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from cli.demo import attack as attacks
from cli.demo.arena import Arena
from cli.demo.attack import ATTACKS, FIRST_FOUR
from cli.demo.attack_texts import ATTACK_TEXTS, LANGUAGES, promised, seen
from cli.demo.command import _chosen
from cli.demo.judges import (
    AllKilled,
    DamagedLog,
    FlippedByte,
    FullDisk,
    Kills,
    Liar,
    LostJournal,
    Observed,
    OneStopped,
    Overspend,
    Partition,
    TwoStopped,
)
from cli.failures import CommandError, InputError

AS_PROMISED: dict[str, Any] = {
    "overspend": Overspend(5, "TP218-07", "BC 109(4)"),
    "one_stopped": OneStopped(4, 6, "committed", True),
    "two_stopped": TwoStopped((7, 7), (7, 7), "waiting", "committed", True),
    "flipped_byte": FlippedByte(100, 9, 0),
    "kills": Kills(3, 12, 0, 0, True, 4, 4),
    "all_killed": AllKilled(4, 4, 0, 10, 12, True, 4),
    "partition": Partition((7,) * 4, (7,) * 4, (1,) * 4, ("waiting", "unknown"), ("committed",) * 2, True),
    "damaged_log": DamagedLog(3, 9, True, 0, True, True),
    "full_disk": FullDisk(700, 1_000, "DISK-RESERVE", False, "committed", True, True, True),
    "liar": Liar("228", ("228",), 3, 6, 0, 8, 11, True),
    "lost_journal": LostJournal("KEY-JOURNAL", False, True, "passed", True, True, True),
}

WRONG: dict[str, dict[str, Any]] = {
    "overspend": {"exit": 0, "code": "DATE-AHEAD", "article": ""},
    "one_stopped": {"after": 4, "document": "waiting", "agrees": False},
    "two_stopped": {
        "halted": (7, 8), "waited": "committed", "healed": "waiting", "agrees": False,
    },
    "flipped_byte": {"exit": 0, "height": None},
    "kills": {
        "kills": 0, "confirmed": 2, "lost": 1, "went_back": 1, "agrees": False, "voting": 3,
    },
    "all_killed": {"kills": 0, "confirmed": 0, "lost": 1, "after": 10, "agrees": False, "voting": 3},
    "partition": {
        "during": (7, 7, 8, 8), "links": (1, 1, 1, 3), "documents": ("committed", "waiting"),
        "healed": ("committed", "waiting"), "agrees": False,
    },
    "damaged_log": {
        "height": None, "exit": 0, "noticed": False, "exit_after": 9, "agrees": False, "votes": False,
    },
    "full_disk": {
        "free_mib": 2_000, "reason": "nothing", "votes_while_full": True, "document": "waiting",
        "followed": False, "votes_again": False, "is_same_process": False,
    },
    "liar": {
        "named": (), "nodes": 0, "turned_away": 5, "spread": 1, "after": 8, "agrees": False,
    },
    "lost_journal": {
        "reason": "nothing", "votes_without": True, "followed": False, "ballot": "open",
        "votes_again": False, "is_old_key_out": False, "agrees": False,
    },
}  # fmt: skip
"""For each attack one figure after the other as it must never be; each alone is enough."""


def test_every_attack_has_a_judge_a_text_and_something_that_it_forbids() -> None:
    assert set(ATTACKS) == set(AS_PROMISED) == set(WRONG) == set(ATTACK_TEXTS)
    assert set(FIRST_FOUR) < set(ATTACKS)


@pytest.mark.parametrize("name", ATTACKS)
def test_what_was_promised_is_recognised(name: str) -> None:
    assert AS_PROMISED[name].held


@pytest.mark.parametrize(
    ("name", "figure"), [(name, figure) for name, figures in WRONG.items() for figure in figures]
)
def test_each_figure_that_is_not_as_promised_is_enough(name: str, figure: str) -> None:
    observed = replace(AS_PROMISED[name], **{figure: WRONG[name][figure]})
    assert not observed.held


def test_an_honest_institution_named_beside_the_liar_is_no_success() -> None:
    assert not replace(AS_PROMISED["liar"], named=("226", "228")).held


@pytest.mark.parametrize("name", ATTACKS)
def test_what_was_seen_is_told_in_three_languages_and_leaves_no_place_open(name: str) -> None:
    facts = AS_PROMISED[name].facts
    told, wanted = seen(name, facts), promised(name)
    for language in LANGUAGES:
        assert "{" not in told[language]
        assert wanted[language]
    assert len(set(wanted.values())) == 3


# --- the run over the judges


@dataclass(frozen=True)
class Broken:
    """An attack in which a node did not come back."""

    def __call__(self, arena: Arena) -> Observed:
        raise CommandError("node 228 ended at start", "DEMO-NODE")


def outcome(monkeypatch: pytest.MonkeyPatch, attack: Callable[[Any], Observed]) -> Mapping[str, Any]:
    monkeypatch.setattr(attacks, "ATTACKS", {"kills": attack})
    found: Mapping[str, Any] = attacks._attack(None, "kills")  # type: ignore[arg-type]
    return found


def test_an_attack_that_could_not_be_carried_out_did_not_end_as_promised(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = outcome(monkeypatch, Broken())
    assert (found["passed"], found["observed"], found["seen"]) == (False, None, "node 228 ended at start")


def test_an_attack_carries_its_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    found = outcome(monkeypatch, lambda _: AS_PROMISED["kills"])
    assert found["passed"]
    assert found["observed"]["confirmed"] == 12
    assert found["seen"].startswith("3 kills, 12 confirmed, 0 lost")


def test_names_are_written_with_hyphens_and_an_unknown_one_is_told_the_others() -> None:
    assert _chosen((), False) == FIRST_FOUR
    assert _chosen(("lost-journal", "liar"), False) == ("lost_journal", "liar")
    assert _chosen((), True) == tuple(ATTACKS)
    with pytest.raises(InputError, match="no attack flood; there are overspend, one-stopped"):
        _chosen(("flood",), False)
