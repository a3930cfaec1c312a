"""Transactions: offered one or many, tried without effect, waited for, proved by a receipt."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request

from chain.transaction import tx_id_of
from chain.types import Hash32
from node.intake import Admission, Status
from node.ledger import TransactionStatus
from web.errors import ANSWERS, NotFoundError, error_of, refusal_error
from web.ports import LedgerReader, TransactionSubmitter
from web.receipts import receipt_of
from web.schemas import (
    WAIT_MAXIMUM_MS,
    AdmissionOut,
    AdmissionsOut,
    DryRunIn,
    DryRunOut,
    ErrorOut,
    ReceiptOut,
    TransactionOut,
    TransactionsIn,
    json_value,
)
from web.work import USEFUL

TxId = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]


def routes(reader: LedgerReader, submitter: TransactionSubmitter) -> APIRouter:
    router = APIRouter(prefix="/v1/transactions", tags=["transactions"], responses=ANSWERS)

    @router.post("")
    async def submit(request: TransactionsIn, http: Request) -> AdmissionsOut:
        """Offer documents; one answer for each, in order. Repeating is harmless: a client id enters once."""
        pairs = [(bytes.fromhex(one.body), bytes.fromhex(one.auth)) for one in request.transactions]
        answers = await submitter.submit(pairs)
        taken = sum(answer.status is Status.ACCEPTED for answer in answers)
        setattr(http.state, USEFUL, taken / len(answers))
        return AdmissionsOut(items=[_admission(answer) for answer in answers])

    @router.post("/dry-run")
    async def dry_run(request: DryRunIn) -> DryRunOut:
        """Whether the document would be executed on the state of now. Nothing is kept."""
        (document,) = request.transactions
        body = bytes.fromhex(document.body)
        refusal = await submitter.dry_run(body, bytes.fromhex(document.auth))
        error = None if refusal is None else ErrorOut.model_validate(refusal_error(refusal))
        return DryRunOut(
            tx_id=tx_id_of(body).hex(), height=reader.status().height, accepted=refusal is None, error=error
        )

    @router.get("/{tx_id}")
    async def transaction(
        tx_id: TxId, wait_ms: Annotated[int, Query(ge=0, le=WAIT_MAXIMUM_MS)] = 0
    ) -> TransactionOut:
        """What this node knows of it, at once or when it is decided, at the latest after `wait_ms`."""
        return _transaction(await submitter.wait(Hash32(bytes.fromhex(tx_id)), wait_ms))

    @router.get("/{tx_id}/receipt")
    async def receipt(tx_id: TxId) -> ReceiptOut:
        """The receipt file (*.eqr): checkable without this node, years later."""
        proof = reader.inclusion(Hash32(bytes.fromhex(tx_id)))
        if proof is None:
            raise NotFoundError(f"transaction {tx_id} is in no block of this node")
        return receipt_of(proof)

    return router


def _admission(answer: Admission) -> AdmissionOut:
    error = None
    if answer.refusal is not None:
        error = ErrorOut.model_validate(refusal_error(answer.refusal))
    elif answer.error is not None:
        error = ErrorOut.model_validate(error_of(answer.error))
    return AdmissionOut.model_construct(tx_id=answer.tx_id.hex(), status=answer.status.value, error=error)


def _transaction(found: TransactionStatus) -> TransactionOut:
    events = [] if found.outcome is None else [json_value(event) for event in found.outcome.events]
    error = None
    if found.refusal is not None:
        error = ErrorOut.model_validate(refusal_error(found.refusal))
    elif found.fault is not None:
        error = ErrorOut.model_validate(error_of(found.fault))
    elif found.gap is not None:
        error = ErrorOut.model_validate(error_of(found.gap))
    return TransactionOut.model_validate(
        {
            "tx_id": found.tx_id.hex(),
            "status": found.status,
            "height": found.height,
            "index": found.index,
            "events": events,
            "error": error,
        }
    )
