"""Why may I not? What is missing for an action, and who can give it; nothing is kept."""

from __future__ import annotations

from fastapi import APIRouter

from chain.codec import ANY, Value, decode
from chain.errors import DecodeError
from chain.transaction import BODY_BYTES
from contracts.rejection import tenge
from contracts.remedies import LANGUAGES
from contracts.why import Missing, Why
from web.errors import ANSWERS
from web.ports import LedgerReader, TransactionSubmitter
from web.schemas import MissingOut, WhyIn, WhyOut, WhyRoleOut, WhyStepOut


def routes(reader: LedgerReader, submitter: TransactionSubmitter) -> APIRouter:
    router = APIRouter(prefix="/v1", tags=["transactions"], responses=ANSWERS)

    @router.post("/why")
    async def why(request: WhyIn) -> WhyOut:
        """For an institution and an action, with the arguments of a document or without: its roles and who
        has them, the approvals before it, and what stands in the way; signatures are left out."""
        arguments = None if request.arguments is None else _arguments(bytes.fromhex(request.arguments))
        found = await submitter.why(request.institution, request.action, arguments)
        return _answer(found, reader.status().height)

    return router


def _arguments(data: bytes) -> tuple[Value, ...]:
    """The canonical bytes of a document's arguments."""
    value = decode(data, ANY, BODY_BYTES)
    if not isinstance(value, tuple):
        raise DecodeError("the arguments of a document are an array")
    return value


def _answer(found: Why, height: int) -> WhyOut:
    return WhyOut(
        height=height,
        institution=found.institution,
        action=found.action,
        version=found.version,
        permitted=found.permitted,
        kinds=[*found.kinds],
        roles=[WhyRoleOut(role=role, signers=[*signers]) for role, signers in found.roles],
        steps=[
            WhyStepOut(step=step, from_amount=tenge(amount), who=[*who]) for step, amount, who in found.steps
        ],
        missing=[_missing(one) for one in found.missing],
    )


def _missing(found: Missing) -> MissingOut:
    return MissingOut(
        code=found.code,
        article=found.article,
        texts=dict(zip(LANGUAGES, found.texts, strict=True)),
        remedies=dict(zip(LANGUAGES, found.remedies, strict=True)),
        who=[*found.who],
    )
