"""A network of its own, attacked: what was promised, and what was seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from chain.errors import LedgerError
from cli.demo.arena import Arena
from cli.demo.attack_disk import damaged_log, flipped_byte, full_disk
from cli.demo.attack_keys import liar, lost_journal
from cli.demo.attack_network import all_killed, kills, one_stopped, partition, two_stopped
from cli.demo.attack_texts import promised, seen
from cli.demo.budget import adoption, directories
from cli.demo.desk import Desk, Document, desk_of
from cli.demo.judges import Observed, Overspend
from cli.demo.nodes import DemoNodes, found
from cli.demo.run import members
from cli.demo.wires import Wires
from cli.demo.year import MILLION, POSITIONS, SERVICES, SUPPLIERS, Deal, Year, registration
from cli.failures import refusal_status
from cli.founding import Network

HOLDER = "2260001"
"""Who asks for more than its plan."""

INSTITUTIONS = frozenset({"mof", "treasury", "government", "parliament", "226", "228", HOLDER})
"""Those of the demonstration whose people are asked; each key costs half a second to encrypt."""

Say = Callable[..., None]


def overspend(arena: Arena) -> Overspend:
    """A budget is adopted and planned; an agreement asks for more than its plan."""
    _budget(arena.desk)
    deal = Deal(HOLDER, f"{HOLDER}/26-1", "o1", "a1", SERVICES, 999 * MILLION, 0)
    error = arena.desk.refused(registration(deal, POSITIONS["226"][SERVICES], 1, 0))
    return Overspend(refusal_status(str(error["code"])), str(error["code"]), str(error["article"]))


ATTACKS: Final[Mapping[str, Callable[[Arena], Observed]]] = {
    "overspend": overspend,
    "one_stopped": one_stopped,
    "two_stopped": two_stopped,
    "flipped_byte": flipped_byte,
    "kills": kills,
    "all_killed": all_killed,
    "partition": partition,
    "damaged_log": damaged_log,
    "full_disk": full_disk,
    "liar": liar,
    "lost_journal": lost_journal,
}
"""In the order in which they are carried out; the last changes the validators. The first needs nodes that
nobody has restarted yet."""

FIRST_FOUR: Final = ("overspend", "one_stopped", "two_stopped", "flipped_byte")
"""What `eqz demo attack` does when nothing is named."""


def run_attack(directory: Path, say: Say, names: Sequence[str] = FIRST_FOUR) -> dict[str, Any]:
    """Each named attack, what was promised and what was seen. `passed` when all ended as promised."""
    network = found(directory, "eqazyna-attack", [one for one in members() if one.id in INSTITUTIONS])
    places = {
        str(member.part.name): endpoint.p2p_port
        for member, endpoint in zip(network.members, network.endpoints, strict=True)
    }
    nodes, wires = DemoNodes(directory, places), Wires(places)
    attacks: dict[str, dict[str, Any]] = {}
    try:
        wires.start()
        for name, node in nodes.nodes.items():
            wires.lay(node.directory, name)
        nodes.start_all()
        arena = _arena(directory, network, nodes, wires)
        for number, name in enumerate([one for one in ATTACKS if one in names], 1):
            attacks[name] = _attack(arena, name)
            say("attack", number=number, promised=promised(name), seen=attacks[name]["told"])
            if attacks[name]["observed"] is None:
                break  # the network is not as the next one needs it
    finally:
        nodes.stop_all()
        wires.stop()
    failed = [name for name in names if name not in attacks or not attacks[name]["passed"]]
    say("attack_failed", names=", ".join(failed)) if failed else say("attack_done", count=len(attacks))
    return {
        "schema": "eqz.demo-attack/1",
        "directory": str(directory),
        "attacks": {name: _without(one, "told") for name, one in attacks.items()},
        "passed": not failed,
    }


def _arena(directory: Path, network: Network, nodes: DemoNodes, wires: Wires) -> Arena:
    desk = desk_of(network, {name: node.url for name, node in nodes.nodes.items()})
    return Arena(directory, network, nodes, desk, wires)


def _attack(arena: Arena, name: str) -> dict[str, Any]:
    try:
        observed = ATTACKS[name](arena)
    except LedgerError as error:  # nothing was promised of it: a node ended, or did not start
        told = dict.fromkeys(promised(name), str(error))
        return {
            "promised": promised(name)["en"],
            "seen": str(error),
            "told": told,
            "observed": None,
            "passed": False,
        }
    told = seen(name, observed.facts)
    return {
        "promised": promised(name)["en"],
        "seen": told["en"],
        "told": told,
        "observed": observed.facts,
        "passed": observed.held,
    }


def _without(values: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key != name}


def _budget(desk: Desk) -> None:
    """Directories, an open day, the adopted budget and its plans: what an agreement is checked against."""
    desk.submit(directories((), SUPPLIERS))
    desk.submit([Document("treasury", "treasury.open_day", {"day": "2026-01-10"})])
    desk.submit([adoption()])
    Year(desk, lambda *_, **__: None).plan((HOLDER,))
