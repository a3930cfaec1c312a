"""The tables of docs/formats.md say what the code does: actions and what they change, records of the state,
messages between peers, records of the log."""

import ast
import re
from pathlib import Path

import pytest

from audit.effects import EFFECTS
from chain.block import KEY_BYTES, VALUE_BYTES
from cli.backup_files import MANIFEST_FACTS
from cli.envelope import MEMBERS as ENVELOPE_MEMBERS
from consensus.messages import LIMIT_BYTES, MessageType
from contracts import records
from contracts.actions import role_words
from contracts.executor import REGISTER
from contracts.records import Collection, Kind
from storage import log_format
from web.schemas import ReceiptOut

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/formats.md").read_text(encoding="utf-8")

RECORDS: dict[str, tuple[type[records.Record], ...]] = {
    Collection.INSTITUTIONS: (records.Institution,),
    Collection.SIGNERS: (records.Signer,),
    Collection.KEYS: (records.KeyOwner,),
    Collection.VALIDATORS: (records.ValidatorRecord,),
    Collection.EVIDENCE: (records.Misconduct,),
    Collection.IDS: (records.IdEntry,),
    Collection.BALLOTS: (records.Ballot, records.BallotCount),
    Collection.RULES: (records.Rules,),
    Collection.ROUTES: (records.Route,),
    Collection.DEPUTIES: (records.Deputy,),
    Collection.APPROVALS: (records.ApprovalRecord,),
    Collection.APPROVAL_DOCUMENTS: (records.ApprovalDocument,),
    Collection.APPROVAL_COUNTS: (records.ApprovalCount,),
    Collection.AWAITED: (records.Awaited,),
    Collection.DIRECTORIES: (records.Directory,),
    Collection.DAY: (records.Day,),
    Collection.SUSPENSIONS: (records.Suspension,),
    Collection.TOKENS: (records.Token,),
    Collection.BALANCES: (records.Balance,),
    Collection.BUDGETS: (records.Budget,),
    Collection.APPROPRIATIONS: (records.Appropriation,),
    Collection.PLANS: (records.Plan,),
    Collection.CONSOLIDATED: (records.Consolidated,),
    Collection.AMENDMENTS: (records.Amendments,),
    Collection.CERTIFICATES: (records.Certificate,),
    Collection.COMMITMENTS: (records.Commitment,),
    Collection.OBLIGATIONS: (records.Obligation,),
    Collection.AGREEMENTS: (records.Agreement,),
    Collection.ACTS: (records.Act,),
    Collection.PAYMENTS: (records.Payment,),
    Collection.QUEUES: (records.Queue,),
    Collection.ASKED: (records.Asked,),
    Collection.TRANSFERS: (records.Transfer,),
    Collection.TRANSFER_TOTALS: (records.TransferTotals,),
    Collection.BUDGET_ACTS: (records.BudgetAct,),
    Collection.ADJUSTMENTS: (records.Adjusted,),
    Collection.ADJUSTMENT_PROPOSALS: (records.AdjustmentProposal,),
    Collection.CLAIMS: (records.Claim,),
    Collection.HOLDS: (records.Hold,),
    Collection.HOLD_ROWS: (records.HoldRow,),
    Collection.HOLD_PLACES: (records.HoldPlace,),
    Collection.CASH: (records.CashAccount,),
    Collection.CLOSINGS: (records.Closing,),
    Collection.DEBTS: (records.Debt,),
    Collection.CARRY_OVERS: (records.CarryOver,),
    Collection.CONDUCT: (records.Conduct,),
    Collection.RATINGS: (records.Rating,),
    Collection.WARNINGS: (records.PlanWarning,),
    Collection.RECEIPTS: (records.ReceiptsRecord,),
    Collection.LIMITS: (records.Limit,),
    Collection.REQUESTS: (records.Request,),
    Collection.REQUEST_ITEMS: (records.RequestItem,),
    Collection.EXPENSES: (records.Expense,),
    Collection.QUARTERS: (records.QuarterPlan,),
}
OTHERWISE = {Collection.PARAMS, Collection.VALIDATOR_SETS, Collection.EXPIRY}
"""Collections that hold no record of fields: a structure of its own, the mark `[1]`, nothing yet."""


def rows(section: str) -> list[list[str]]:
    """Cells of every table row under a heading, headings of columns left out."""
    text = re.split(r"^##+ ", PAGE.split(f"# {section}\n", 1)[1], flags=re.MULTILINE)[0]
    lines = [line for line in text.splitlines() if re.match(r" *\| ", line)]
    return [[cell.strip() for cell in line.strip()[1:-1].split("|")] for line in lines]


def names(cell: str) -> frozenset[str]:
    return frozenset(re.findall(r"`([^`]+)`", cell))


def test_every_action_stands_there_with_its_kinds_roles_and_size() -> None:
    stated = {
        (action.strip("`"), int(version)): (kinds, roles, batch)
        for action, version, kinds, roles, batch in rows("Actions and their signers")[1:]
    }
    assert stated == {
        place: (
            "every" if action.kinds == Kind.ALL else ", ".join(f"`{kind}`" for kind in action.kinds),
            ", ".join(role_words(action.roles)),
            "yes" if action.is_batch else "no",
        )
        for place, action in REGISTER.items()
    }


def test_what_actions_change_is_what_an_auditor_holds_them_to() -> None:
    stated = {
        action.strip("`"): (names(collections), takes, brings)
        for action, collections, takes, brings in rows("What actions change")[1:]
    }
    assert stated == {
        action: (
            effect.collections - {Collection.TOKENS, Collection.BALANCES},
            " ".join(map(str, sorted(effect.takes))),
            " ".join(map(str, sorted(effect.brings))),
        )
        for action, effect in EFFECTS.items()
    }


WRITTEN = [row for part in ("Members", "Directories and the day", "Money") for row in rows(part)]


@pytest.mark.parametrize("collection", RECORDS)
def test_a_record_of_the_state_has_as_many_fields_there(collection: str) -> None:
    found = [top_level(cells[2]) for cells in WRITTEN if cells[0] == f"`{collection}`"]
    stated = [(int(number), len(fields)) for number, *fields in found]
    assert stated == [(each.SCHEMA, len(each.__match_args__)) for each in RECORDS[collection]]


def test_every_collection_of_the_state_stands_there() -> None:
    stated = {cells[0].strip("`") for cells in WRITTEN if cells[0].startswith("`")}
    known = {value for name, value in vars(Collection).items() if name.isupper()}
    assert stated == known == RECORDS.keys() | OTHERWISE


def top_level(cell: str) -> list[str]:
    """The items of the first array in a cell, its inner arrays left whole."""
    inside, level = "", 0
    for character in cell[cell.index("`[1,") + 1 :]:
        level += {"[": 1, "]": -1}.get(character, 0)
        inside += ";" if character == "," and level == 1 else character
        if level == 0:
            break
    return inside[1:-1].split(";")


def test_every_message_between_peers_stands_there_with_its_bound() -> None:
    stated = {int(cells[0]): (cells[1], cells[-1]) for cells in rows("Peer messages") if cells[0].isdigit()}
    bounds = {kind: limit for kind, (_, limit) in stated.items() if kind > 1}
    assert bounds == {kind: f"{LIMIT_BYTES[kind]:,}" for kind in MessageType}
    assert {kind: name for kind, (name, _) in stated.items() if kind > 1} == {
        kind: kind.name for kind in MessageType
    }


def test_every_record_of_the_log_stands_there_with_its_bound() -> None:
    sizes = {"1 MiB": 1 << 20, "4 MiB": 4 << 20, "64 MiB": 64 << 20, "16 KiB": 16 << 10}
    stated = {
        int(cells[0]): sizes[cells[2]]
        for cells in rows("Block log")
        if cells[0].isdigit() and len(cells) == 3
    }
    assert stated == {int(kind): limit for kind, limit in log_format.LIMIT_BYTES.items()}


def test_keys_and_values_of_the_state_have_their_bounds_there() -> None:
    assert f"Key 0–{KEY_BYTES} bytes, value 1–{VALUE_BYTES:,} bytes" in PAGE


def test_members_of_the_files_for_people_are_those_that_are_written() -> None:
    written = rows("Files for people")
    heads = [at for at, cells in enumerate(written) if cells[0] == "member"]
    envelope, receipt, backup = (
        {name for cells in part[1:] for name in names(cells[0])}
        for part in (written[heads[0] : heads[1]], written[heads[1] : heads[2]], written[heads[2] :])
    )
    assert envelope == ENVELOPE_MEMBERS
    assert receipt == {field.serialization_alias or name for name, field in ReceiptOut.model_fields.items()}
    assert backup == {"schema", *MANIFEST_FACTS, "files", "sha256"}


def emitted() -> set[tuple[str, int]]:
    """Name and number of fields of every event that a rule emits."""
    return {
        (str(ast.literal_eval(call.args[0])), len(call.args) - 1)
        for module in (ROOT / "contracts").glob("*.py")
        for call in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "emit"
    }


def test_every_event_stands_there_with_as_many_fields() -> None:
    stated = {
        (name.strip("`"), len(re.sub(r"\[.*\]", "", fields).split(", ")))
        for name, fields in rows("Events")[1:]
    }
    assert stated == emitted()
