"""`eqz node recover` on real processes: every loss of a node's directory, and the way back to a vote."""

from __future__ import annotations

import json
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chain.codec import Value
from chain.keys import address_of
from chain.transaction import Transaction
from chain.types import ActionName, ClientId, InstitutionId
from consensus.records import KeyRetired, OwnMessage, decode_record
from storage.journal import Journal
from tests.support.network import (
    NAMES,
    VALID_MS,
    NodeProcess,
    Processes,
    founded_processes,
    tx_id_text,
    until,
)
from tests.support.promises import kept_promises
from tests.support.terminal import Ended, Terminal

SEED = 20261125
VICTIM = "226"
OTHERS = ("mof", "treasury", "228")
HEIGHTS = 12


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    directory = tmp_path_factory.mktemp("recover") / "n"
    with founded_processes(directory, block_interval_ms=0, timeout_propose_ms=500) as processes:
        processes.all_up()
        while int(processes["mof"].status()["height"]) < HEIGHTS:
            processes.commit_one("mof")
        processes.agree()
        yield processes


@pytest.fixture
def desk(network: Processes) -> Terminal:
    """Where all operators sit; a node's directory is its name."""
    return Terminal(network["mof"].directory.parent)


@pytest.fixture
def victim(network: Processes) -> NodeProcess:
    """A node at rest; the others run."""
    for name in OTHERS:
        if network[name].process is None:
            network[name].start()
    network[VICTIM].kill(signal.SIGTERM)
    return network[VICTIM]


def recovered(desk: Terminal, *options: str, status: int = 0) -> dict[str, Any]:
    ended = desk.run("node", "recover", VICTIM, "--yes", *options, "-o", "json")
    assert ended.status == status, ended
    return dict(ended.json["item"])


def codes(lines: list[dict[str, str]]) -> list[str]:
    return [line["code"] for line in lines]


def comes_back(network: Processes, node: NodeProcess, *, votes: bool = True) -> None:
    node.start()
    until(node.is_ready, f"the node: {node.log[-2000:]}")
    network.commit_one("mof")
    network.agree()
    until(lambda: node.status()["votes"] is votes, f"votes to be {votes}")


def test_a_whole_directory_needs_nothing_and_says_where_it_stands(
    network: Processes, victim: NodeProcess, desk: Terminal
) -> None:
    found = recovered(desk)
    assert codes(found["found"]) == ["LOG-WHOLE", "STATE-WHOLE", "VOTES-WHOLE"]
    assert codes(found["plan"]) == ["NOTHING"]
    assert (found["votes"], found["kept"]) == (True, [])
    assert found["height"] >= HEIGHTS
    comes_back(network, victim)


def test_without_a_terminal_and_without_yes_nothing_is_changed(victim: NodeProcess, desk: Terminal) -> None:
    before = sorted(path.name for path in victim.directory.iterdir())
    assert desk.refused("node", "recover", VICTIM, "--rebuild-state") == ("CONFIRM", 2)
    assert sorted(path.name for path in victim.directory.iterdir()) == before


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_what_is_found_and_will_be_done_is_said_in_the_language(
    victim: NodeProcess, desk: Terminal, language: str
) -> None:
    ended: Ended = desk.run("node", "recover", VICTIM, "--yes", "--lang", language)
    told = {"kk": "Не істеледі", "ru": "Что будет сделано", "en": "What will be done"}
    assert ended.status == 0, ended
    assert told[language] in ended.err


def test_a_state_made_anew_has_the_root_that_it_had_and_the_old_one_is_kept(
    network: Processes, victim: NodeProcess, desk: Terminal
) -> None:
    before = recovered(desk)
    after = recovered(desk, "--rebuild-state")
    assert codes(after["plan"]) == ["REBUILD-STATE"]
    assert [after[name] for name in ("height", "state_root", "block_id", "votes")] == [
        before[name] for name in ("height", "state_root", "block_id", "votes")
    ]
    assert [Path(path).is_dir() for path in after["kept"]] == [True]
    comes_back(network, victim)


def test_a_damaged_log_and_a_lost_state_are_put_right_from_peers(
    network: Processes, victim: NodeProcess, desk: Terminal
) -> None:
    segment = victim.directory / "blocks" / "00000001.log"
    data = bytearray(segment.read_bytes())
    data[len(data) // 2] ^= 0xFF
    segment.write_bytes(data)
    shutil.rmtree(victim.directory / "state")
    found = recovered(desk)
    assert codes(found["found"]) == ["LOG-DAMAGED", "STATE-ABSENT", "VOTES-WHOLE"]
    assert codes(found["plan"]) == ["REPAIR-LOG", "MAKE-STATE"]
    assert found["votes"]
    assert any((victim.directory / "blocks.quarantine").iterdir())
    comes_back(network, victim)


def test_blocks_lost_while_journal_and_state_stayed_are_taken_from_peers_and_the_key_votes_on(
    network: Processes, victim: NodeProcess, desk: Terminal
) -> None:
    (victim.directory / "blocks").rename(victim.directory / "blocks.away")
    found = recovered(desk)
    assert codes(found["found"]) == ["LOG-ABSENT", "STATE-AHEAD", "VOTES-WHOLE"]
    comes_back(network, victim)
    shutil.rmtree(victim.directory / "blocks.away")


def test_from_peers_begins_from_their_snapshot_and_keeps_what_was_there(
    network: Processes, victim: NodeProcess, desk: Terminal
) -> None:
    for name in OTHERS:
        (network[name].directory / "snapshots").mkdir(exist_ok=True)
        (network[name].directory / "snapshots" / "wanted").touch()
    network.commit_one("mof")

    def has_snapshot() -> bool:
        places = [network[name].directory / "snapshots" for name in OTHERS]
        return all(any(one.name.isdigit() for one in place.iterdir()) for place in places)

    until(has_snapshot, "snapshots at the peers")
    found = recovered(desk, "--from-peers")
    assert codes(found["plan"]) == ["ASIDE-CHAIN", "FROM-PEERS"]
    assert {Path(path).name.partition(".")[0] for path in found["kept"]} == {"blocks", "state"}
    assert found["votes"]
    comes_back(network, victim)


def test_two_processes_on_one_directory_are_refused_in_every_pair(
    network: Processes, victim: NodeProcess, desk: Terminal, tmp_path: Path
) -> None:
    victim.start()
    until(victim.is_ready, "the node")
    status, said = NodeProcess(VICTIM, victim.directory).run_to_the_end()
    assert (status, "error[LOCKED]" in said) == (7, True), said
    assert desk.refused("node", "recover", VICTIM, "--yes") == ("LOCKED", 7)
    made = desk.eqz("backup", "create", VICTIM, str(tmp_path / "b.tar"))["item"]  # reads a prefix only
    assert made["height"] >= HEIGHTS
    network.commit_one(VICTIM)


def test_an_old_image_of_the_whole_directory_signs_nothing_that_it_has_signed_before(
    network: Processes, victim: NodeProcess
) -> None:
    """Journal, blocks and state of one moment: consistent in themselves, and older than what the key said."""
    image = victim.directory.with_name("image")
    shutil.copytree(victim.directory, image)
    comes_back(network, victim)
    for _ in range(3):
        network.commit_one(VICTIM)
    network.agree()
    victim.kill()
    shutil.rmtree(victim.directory)
    image.rename(victim.directory)
    victim.start()
    until(victim.is_ready, "the node")
    network.commit_one("mof")
    network.agree()
    assert all(network[name].metric("eqz_equivocations_total") == 0 for name in NAMES)
    assert '"event": "this key will not vote"' in victim.log
    assert victim.status()["votes"] is False


def document(network: Processes, institution: str, action: str, arguments: tuple[Value, ...]) -> str:
    """Decided by the others; its id."""
    network.serial += 1
    transaction = Transaction(
        network.founded.genesis.chain_id,
        ClientId(network.serial.to_bytes(16, "big")),
        time.time_ns() // 1_000_000 + VALID_MS,
        InstitutionId(institution),
        ActionName(action),
        1,
        arguments,
    )
    pair = network.signed(transaction)
    assert network["mof"].submit([pair]) == ["accepted"]
    until(lambda: network["mof"].is_committed(tx_id_text(pair), 1_000), f"{action} to be decided")
    return tx_id_text(pair)


def test_a_key_whose_journal_was_lost_under_load_comes_back_as_another_by_ballot(
    network: Processes, victim: NodeProcess, desk: Terminal
) -> None:
    shutil.rmtree(victim.directory / "journal")
    with kept_promises(network, SEED) as client:
        comes_back(network, victim, votes=False)
        client.wait_for(3)
    victim.kill(signal.SIGTERM)
    config = (victim.directory / "node.toml").read_text("utf-8")

    looked = recovered(desk, status=7)
    assert codes(looked["found"])[-1] == "VOTES-MISSING"
    assert codes(looked["plan"]) == ["NEEDS-NEW-KEY"]
    assert (victim.directory / "node.toml").read_text("utf-8") == config

    made = recovered(desk, "--new-key", status=7)
    assert made["why_not"] == "not enrolled"
    for name in OTHERS:
        desk.eqz("node", "peer", "replace", name, made["new_key"]["card"])
    victim.start()
    until(victim.is_ready, "the node, under its new key")
    assert victim.status()["votes"] is False

    effect = json.loads(Path(made["new_key"]["proposal"]).read_text("utf-8"))
    assert effect["effect"] == "validator.rotate"
    given = effect["arguments"]
    public, proof = bytes.fromhex(given["public_key"]), bytes.fromhex(given["possession"])
    assert address_of(public).hex() == made["new_key"]["address"]
    rotation = (given["institution"], given["algorithm"], public, proof)
    document(network, VICTIM, "ballot.propose", ("validator.rotate", rotation, "journal lost"))
    for voter in OTHERS:
        document(network, voter, "ballot.vote", (1, True))
    for _ in range(3):
        network.commit_one("mof")
    until(lambda: victim.status()["votes"] is True, "the new key to vote")
    # it is needed: with another member down nothing is decided without it
    network["228"].kill(signal.SIGTERM)
    network.commit_one("mof")
    network["228"].start()
    until(network["228"].is_ready, "the other member")
    network.agree()
    victim.kill(signal.SIGTERM)
    (journal,) = (victim.directory / "journal").iterdir()
    assert journal.name == made["new_key"]["address"]
    records = Journal.open(journal)
    read = [decode_record(one) for one in records.records()]
    records.close()
    assert any(isinstance(one, OwnMessage) for one in read)
    assert not any(isinstance(one, KeyRetired) for one in read)
    comes_back(network, victim)


def test_a_copy_of_the_directory_on_a_second_machine_ends_the_keys_vote_or_convicts_it(
    network: Processes, victim: NodeProcess, tmp_path: Path
) -> None:
    """The same key in two places, both with a whole journal. Whoever starts second hears what the first has
    said; if both speak first, they sign two contents, and that is on the chain."""
    twin = NodeProcess(VICTIM, tmp_path / VICTIM)
    shutil.copytree(victim.directory, twin.directory)
    config = twin.directory / "node.toml"
    lines = config.read_text("utf-8").split("\n")
    head = lines.index("[p2p]")
    place = next(n for n in range(head, len(lines)) if lines[n].startswith("port = "))
    lines[place] = "port = 0"
    config.write_text("\n".join(lines), "utf-8")
    victim.start()
    twin.start()
    try:
        retired = '"event": "this key will not vote"'

        def is_over() -> bool:
            network.commit_one("mof")
            convicted = any(network[name].metric("eqz_equivocations_total") > 0 for name in OTHERS)
            return convicted or retired in victim.log or retired in twin.log

        until(is_over, "the key to be caught", 120)
    finally:
        twin.kill(signal.SIGTERM)
    network.agree(*OTHERS)
