"""eqz-verify: the auditor's command. Exit 0 verified, 9 failed, 2 usage, 3 not found, 1 our own fault."""

import argparse
import gc
import json
import sys
import time
from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from audit.chain import Report, verify_chain
from audit.failure import NothingFoundError, VerificationError
from audit.money import STATUSES, ProgrammeTotals
from audit.receipt import RECEIPT_LIMIT, ReceiptReport, verify_receipt
from audit.signatures import ChildError
from audit.texts import LANGUAGES, say

VERIFIED, OUR_FAULT, USAGE, NOT_FOUND, FAILED = 0, 1, 2, 3, 9


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit status is returned (the entry point passes it on).

    Nothing but a completed verification returns 0.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a narrow terminal must not end a verification
    options = _parser().parse_args(arguments)
    run = _run_chain if options.command == "chain" else _run_receipt
    try:
        return run(options)
    except NothingFoundError as error:
        return _complain(options, "not-found", str(error), NOT_FOUND)
    except OSError as error:
        return _complain(options, "not-read", str(error), NOT_FOUND)
    except ChildError as error:
        return _complain(options, "fault", str(error), OUR_FAULT)
    except KeyboardInterrupt:
        return _complain(options, "interrupted", "interrupted before everything was checked", OUR_FAULT)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="eqz-verify",
        description="Verify a ledger of E-Qazyna without a node: Python's standard library alone.",
        epilog="Exit status: 0 verified, 9 verification failed, 2 usage, 3 not found.",
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--genesis", metavar="HASH", type=_hash, help="genesis hash to compare with")
    common.add_argument("-o", dest="output", choices=("text", "json"), default="text", help="output format")
    common.add_argument("--lang", choices=LANGUAGES, default="en", help="language of the text")
    chain = commands.add_parser("chain", parents=[common], help="verify a whole chain", allow_abbrev=False)
    chain.add_argument("path", metavar="DIR", type=Path, help="a node's directory, or a copy of its blocks/")
    chain.add_argument("--workers", type=_workers, help="processes that verify signatures (0: none)")
    receipt = commands.add_parser("receipt", parents=[common], help="verify a receipt", allow_abbrev=False)
    receipt.add_argument("path", metavar="FILE", type=Path, help="a receipt, *.eqr")
    return parser


def _hash(text: str) -> bytes:
    try:
        value = bytes.fromhex(text)
    except ValueError:
        value = b""
    if len(value) != 32:
        raise argparse.ArgumentTypeError("a genesis hash is 64 hexadecimal digits")
    return value


def _workers(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 64:
        raise argparse.ArgumentTypeError("a number 0..64")
    return int(text)


def _complain(options: argparse.Namespace, code: str, what: str, status: int) -> int:
    if options.output == "json":
        print(json.dumps({"error": code, "message": what}, ensure_ascii=False), file=sys.stderr)
    else:
        print(f"error[{code}]: {what}", file=sys.stderr)
    return status


def _run_chain(options: argparse.Namespace) -> int:
    gc.disable()  # the tree is millions of small lists without a cycle: walking them would only cost time
    started = time.monotonic()
    try:
        report = verify_chain(options.path, options.genesis, options.workers)
    except VerificationError as error:
        return _failed(options, "eqz.verify.chain/1", error)
    seconds = time.monotonic() - started
    if options.output == "json":
        print(json.dumps(chain_json(report, seconds), ensure_ascii=False))
    else:
        _print_chain(report, options.lang, seconds)
    return VERIFIED


def _run_receipt(options: argparse.Namespace) -> int:
    if not options.path.is_file():
        raise NothingFoundError(f"{options.path}: there is no such file")
    with options.path.open("rb") as file:
        data = file.read(RECEIPT_LIMIT + 1)
    try:
        report = verify_receipt(data, options.genesis)
    except VerificationError as error:
        return _failed(options, "eqz.verify.receipt/1", error.at(None, options.path.name))
    if options.output == "json":
        print(json.dumps(receipt_json(report), ensure_ascii=False))
    else:
        _print_receipt(report, options.lang)
    return VERIFIED


def _failed(options: argparse.Namespace, schema: str, error: VerificationError) -> int:
    if options.output == "json":
        found = {"height": error.height, "file": error.file, "offset": error.offset, "what": error.what}
        print(json.dumps({"schema": schema, "verified": False, "failure": found}, ensure_ascii=False))
    else:
        print(f"{say(options.lang, 'failed')}: {error}", file=sys.stderr)
    return FAILED


def tenge(tiyn: int) -> str:
    """Tiyn as tenge with two digits."""
    return f"{tiyn // 100}.{tiyn % 100:02d}"


def utc(time_ms: int) -> str:
    """A block's time for people. The archive may claim any: what no calendar holds stays a number."""
    try:
        moment = time.gmtime(time_ms // 1000)
    except (OverflowError, ValueError, OSError):
        return f"{time_ms} ms"
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', moment)}.{time_ms % 1000:03d}Z"


def chain_json(report: Report, seconds: float) -> dict[str, Any]:
    """The whole report; amounts are strings of tenge."""
    return {
        "schema": "eqz.verify.chain/1",
        "verified": True,
        "directory": report.directory,
        "network": report.name,
        "genesis": report.genesis_hash.hex(),
        "genesis_compared": report.is_genesis_compared,
        "height": report.height,
        "block_time": utc(report.time_ms),
        "block_id": report.block_id.hex(),
        "state_root": report.state_root.hex(),
        "files": report.files,
        "bytes": report.bytes,
        "transactions": report.transactions,
        "signatures": report.signatures,
        "validator_set_changes": report.set_changes,
        "evidence": report.evidence,
        "changes": report.changes,
        "keys": report.keys,
        "tokens": report.tokens,
        "totals_compared": report.totals_compared,
        "budgets": [
            {
                "budget": budget,
                "year": year,
                "statuses": _amounts(found.statuses),
                "issued": tenge(found.issued),
            }
            for (budget, year), found in report.years.items()
        ],
        "programmes": [_programme_json(item) for item in report.programmes],
        "seconds": round(seconds, 3),
        "signatures_per_second": round(report.signatures / seconds) if seconds else None,
    }


def _amounts(statuses: dict[str, int]) -> dict[str, str]:
    return {status: tenge(statuses[status]) for status in STATUSES}


def _programme_json(item: ProgrammeTotals) -> dict[str, Any]:
    return {
        **item.place._asdict(),
        "statuses": _amounts(item.statuses),
        "issued": tenge(item.issued),
    }


def _print_lines(lines: Sequence[tuple[str, str]]) -> None:
    width = max(len(label) for label, _ in lines)
    for label, value in lines:
        print(f"{label.ljust(width)}  {value}")


def _print_chain(report: Report, lang: str, seconds: float) -> None:
    compared = say(lang, "compared" if report.is_genesis_compared else "not-compared")
    lines = [
        (say(lang, "network"), report.name),
        (say(lang, "genesis"), f"{report.genesis_hash.hex()}: {compared}"),
        (say(lang, "log"), say(lang, "log-line", files=report.files, bytes=report.bytes)),
        (
            say(lang, "blocks"),
            say(
                lang, "blocks-line", height=report.height, block=report.block_id.hex(),
                changes=report.set_changes,
            ),
        ),
        (say(lang, "transactions"), say(lang, "transactions-line", transactions=report.transactions)),
        (say(lang, "signatures"), say(lang, "signatures-line", signatures=report.signatures)),
        (
            say(lang, "state"),
            say(lang, "state-line", keys=report.keys, changes=report.changes, root=report.state_root.hex()),
        ),
        (
            say(lang, "totals"),
            say(lang, "totals-line", totals=report.totals_compared, tokens=report.tokens),
        ),
    ]  # fmt: skip
    _print_lines(lines)
    for (budget, year), found in report.years.items():
        print(f"\n{say(lang, 'budget', budget=budget, year=year)}")
        amounts = [(say(lang, status), tenge(found.statuses[status])) for status in STATUSES]
        amounts.append((say(lang, "issued"), tenge(found.issued)))
        width = max(len(amount) for _, amount in amounts)
        _print_lines([(f"  {label}", amount.rjust(width)) for label, amount in amounts])
    print(f"\n{say(lang, 'verified')}  {seconds:.1f} s")


def receipt_json(report: ReceiptReport) -> dict[str, Any]:
    """The whole report of a receipt."""
    return {
        "schema": "eqz.verify.receipt/1",
        "verified": True,
        "genesis": report.chain_id.hex(),
        "genesis_compared": report.is_genesis_compared,
        "validators_hash": report.validators_hash.hex(),
        "validators_proved": report.is_set_proved,
        "tx_id": report.tx_id.hex(),
        "height": report.height,
        "index": report.index,
        "block_time": utc(report.time_ms),
        "institution": report.institution,
        "action": report.action,
        "signers": report.signers,
        "signatures": report.signatures,
        "events": _plain(report.events),
        "states": [
            {"collection": collection, "key": key, "value": value} for collection, key, value in report.states
        ],
        "witnesses_not_checked": report.witnesses,
    }


def _plain(value: Any) -> Any:
    """A decoded value for JSON: bytes in hexadecimal."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def _print_receipt(report: ReceiptReport, lang: str) -> None:
    compared = say(lang, "compared" if report.is_genesis_compared else "not-compared")
    proved = "set-proved" if report.is_set_proved else "set-unproved"
    lines = [
        (say(lang, "genesis"), f"{report.chain_id.hex()}: {compared}"),
        (
            say(lang, "receipt"),
            say(
                lang, "receipt-line", action=report.action, institution=report.institution,
                tx=report.tx_id.hex(),
            ),
        ),
        (
            say(lang, "final"),
            say(
                lang, "final-line", height=report.height, index=report.index, time=utc(report.time_ms),
                signatures=report.signatures,
            ),
        ),
        (say(lang, "set"), say(lang, proved, hash=report.validators_hash.hex())),
        (say(lang, "signatures"), say(lang, "signers-line", signers=report.signers)),
        (
            say(lang, "proofs"),
            say(lang, "proofs-line", states=len(report.states), witnesses=report.witnesses),
        ),
    ]  # fmt: skip
    _print_lines(lines)
    print(f"\n{say(lang, 'verified')}")


if __name__ == "__main__":
    raise SystemExit(main())
