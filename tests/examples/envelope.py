"""What every document must be before its own rules are asked."""

from __future__ import annotations

from typing import Any

from chain.codec import UINT_MAXIMUM
from chain.transaction import SignedTransaction
from chain.types import Hash32, Signature, SignerId
from contracts.calendar import day_number
from contracts.records import Collection, Directory, Role, Suspension, directory_key
from contracts.treasury import Scope
from tests.examples import Attempt, attempt, example
from tests.support.budget import Ledger, a_fresh_ledger, a_ledger
from tests.support.year import GU, a_plan, a_request, a_year, payment_number, register, sign

DAY = day_number(2026, 1, 6)
GU_SCOPE = ("gu", "01.kz", None, None, None, None, None, GU, None)


def open_day(ledger: Ledger, **envelope: Any) -> Attempt:
    """The treasury opens the next day."""
    return attempt(ledger, "treasury", "treasury.open_day", DAY, **envelope)


@example("TX-CHAIN")
def for_another_network() -> Attempt:
    """The document was built with the profile of another network."""
    return open_day(a_ledger(), chain_id=Hash32(bytes(32)))


@example("TX-ACTION")
def of_a_later_version() -> Attempt:
    """The document asks for a version of the action that the network does not have yet."""
    return open_day(a_ledger(), version=99, signers=[("treasury", Role.HEAD)])


@example("TX-ARGUMENTS")
def a_date_as_text() -> Attempt:
    """The day is given as text where the form has a day number."""
    return attempt(a_ledger(), "treasury", "treasury.open_day", "2026-01-06")


@example("TX-SIZE")
def too_many_bytes() -> Attempt:
    """An ordinary document, one without rows, is larger than 64 KiB."""
    return attempt(a_ledger(), "treasury", "treasury.open_day", "2" * 65_536)


@example("TX-COST")
def too_many_rows() -> Attempt:
    """A network whose documents may change five records meets a directory of four rows."""
    ledger = a_fresh_ledger(transaction_keys=5)
    rows = tuple((f"15{number}", 0, None, "x", "x", None, ()) for number in range(4))
    return attempt(ledger, "mof", "directory.publish", "economic", rows)


@example("TX-RECORD")
def a_record_full_of_grounds() -> Attempt:
    """An institution is suspended on grounds so long that their list no longer fits a record."""
    ledger = a_ledger()
    grounds = tuple((1, f"распоряжение {number} " + "д" * 8_000, DAY) for number in range(99))
    ledger.state.commit({
        (Collection.SUSPENSIONS, Scope("gu", budget="01.kz", holder=GU).key()): Suspension(grounds).encode()
    })  # fmt: skip
    return attempt(ledger, "treasury", "treasury.suspend", GU_SCOPE, 1, "распоряжение последнее")


@example("TX-OUTCOME")
def notes_too_long() -> Attempt:
    """The treasury returns a thousand payment requests at once, each with a note of a full page."""
    ledger = a_year(a_plan(1_000))
    register(ledger, "A", 1_000, kind="goods")
    sign(ledger, "act-1", "a", 1_000)
    serials = range(10_001, 11_001)
    ledger.do(GU, "payment.request", tuple(a_request(serial, "a", 1, "act-1") for serial in serials))
    rows = tuple((GU, payment_number(serial), 9, "п" * 500) for serial in serials)
    return attempt(ledger, "treasury", "payment.refuse", rows)


@example("TX-RESULTS")
def records_too_large_together() -> Attempt:
    """Seventy codes with long histories get new versions: the records are more than a block carries."""
    ledger = a_ledger()
    codes = tuple(f"{number:03}" for number in range(500, 570))
    history = Directory(((0, None, "к" * 120_000, "x", None, ()),)).encode()
    ledger.state.commit({
        (Collection.DIRECTORIES, directory_key("economic", code)): history for code in codes
    })  # fmt: skip
    rows = tuple((code, DAY, None, "x", "x", None, ()) for code in codes)
    return attempt(ledger, "mof", "directory.publish", "economic", rows)


@example("BLOCK-COST")
def block_is_full() -> Attempt:
    """A block that takes a hundred units of work has no room for the fifteenth document."""
    ledger = a_ledger(block_cost=100)
    first, *more = (
        ledger.document("treasury", "treasury.open_day", DAY + number) for number in range(15)
    )  # fmt: skip
    return Attempt(ledger, more[-1], (first, *more[:-1]))


@example("TX-EXPIRED")
def sent_too_late() -> Attempt:
    """The document waited longer than it says it is valid."""
    ledger = a_ledger()
    return open_day(ledger, valid_until_ms=ledger.time_ms - 1)


@example("TX-WINDOW")
def valid_too_long() -> Attempt:
    """The document says it is valid for a year, the network remembers client ids for a week."""
    ledger = a_ledger()
    return open_day(ledger, valid_until_ms=ledger.time_ms + 365 * 86_400_000)


@example("TX-REPLAY")
def sent_twice() -> Attempt:
    """Two documents of one institution have the same client id."""
    ledger = a_ledger()
    ledger.run(ledger.document("treasury", "treasury.open_day", DAY, client_id=bytes(16)))
    return attempt(ledger, "treasury", "treasury.open_day", DAY + 1, client_id=bytes(16))


@example("ID-INSTITUTION")
def by_nobody() -> Attempt:
    """The institution of the document is not registered."""
    return attempt(
        a_ledger(), "nobody", "treasury.open_day", DAY, signers=[("treasury", Role.HEAD)]
    )  # fmt: skip


@example("ID-KIND")
def by_another_kind() -> Attempt:
    """The ministry of finance opens an operational day, which is the treasury's."""
    return attempt(a_ledger(), "mof", "treasury.open_day", DAY)


@example("ID-SIGNER")
def by_an_unknown_person() -> Attempt:
    """The signature names a signer that nobody registered."""
    ledger = a_ledger()
    signed = ledger.document("treasury", "treasury.open_day", DAY)
    ((_, signature),) = signed.signatures
    return Attempt(ledger, SignedTransaction.of(signed.transaction, [(SignerId(b"\x01" * 32), signature)]))


@example("ID-REVOKED")
def by_a_former_accountant() -> Attempt:
    """The accountant's key was revoked, and the accountant signs."""
    ledger = a_ledger()
    ledger.do("treasury", "signer.revoke", ledger.signer("treasury", Role.ACCOUNTANT))
    row = ("receipt", "01.kz", "1", "101110", 100, "")
    return attempt(ledger, "treasury", "receipts.post", "выписка 1", (row,))


@example("ID-FOREIGN")
def by_a_person_of_another_institution() -> Attempt:
    """The head of the ministry of finance signs a document of the treasury."""
    return open_day(a_ledger(), signers=[("mof", Role.HEAD)])


@example("ID-ROLES")
def by_one_of_two() -> Attempt:
    """A money document has the head's signature and not the accountant's."""
    row = ("receipt", "01.kz", "1", "101110", 100, "")
    return attempt(
        a_ledger(), "treasury", "receipts.post", "выписка 1", (row,), signers=[("treasury", Role.HEAD)]
    )


@example("TX-SIGNATURES")
def by_three() -> Attempt:
    """Three people sign in a network whose documents carry at most two signatures."""
    row = ("receipt", "01.kz", "1", "101110", 100, "")
    roles = (Role.HEAD, Role.ACCOUNTANT, Role.PREPARER)
    return attempt(
        a_ledger(transaction_signatures=2), "treasury", "receipts.post", "выписка 1", (row,),
        signers=[("treasury", role) for role in roles],
    )  # fmt: skip


@example("ID-SIGNATURE")
def changed_after_signing() -> Attempt:
    """The document was changed after it was signed."""
    ledger = a_ledger()
    signed = ledger.document("treasury", "treasury.open_day", DAY)
    ((signer, _),) = signed.signatures
    return Attempt(ledger, SignedTransaction.of(signed.transaction, [(signer, Signature(bytes(64)))]))


@example("DAY-NONE")
def before_the_first_day() -> Attempt:
    """Receipts are posted before the treasury has opened any operational day."""
    ledger = a_fresh_ledger()
    ledger.publish("receipts", "101110")
    row = ("receipt", "01.kz", "1", "101110", 100, "")
    return attempt(ledger, "treasury", "receipts.post", "выписка 1", (row,))


@example("SUM-LIMIT")
def more_than_the_largest_number() -> Attempt:
    """The account already holds the largest number of the ledger, and one tiyn more comes in."""
    ledger = a_ledger()
    ledger.do(
        "treasury", "receipts.post", "выписка 1", (("receipt", "01.kz", "1", "101110", UINT_MAXIMUM, ""),)
    )
    row = ("receipt", "01.kz", "1", "201510", 1, "")
    return attempt(ledger, "treasury", "receipts.post", "выписка 2", (row,))
