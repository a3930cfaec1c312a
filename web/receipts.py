"""The receipt file (*.eqr; docs/formats.md, Files for people): a decided transaction, provable without a
node."""

from __future__ import annotations

from collections.abc import Sequence

from chain.block import BlockHeader, Outcome
from chain.types import Hash32
from node.ledger import InclusionProof
from web.schemas import ReceiptOut, SetStepOut


def receipt_of(proof: InclusionProof) -> ReceiptOut:
    """One JSON object; binary as lower-case hexadecimal. With the set chain from genesis, so that the genesis
    hash alone is the root of trust."""
    header = BlockHeader.decode(proof.header)
    outcome = Outcome.decode(proof.outcome)
    return ReceiptOut(
        chain_id=header.chain_id.hex(),
        tx_id=outcome.tx_id.hex(),
        height=header.height,
        index=proof.index,
        count=proof.count,
        body=proof.body.hex(),
        auth=proof.auth.hex(),
        outcome=proof.outcome.hex(),
        body_path=_path(proof.body_path),
        auth_path=_path(proof.auth_path),
        outcome_path=_path(proof.outcome_path),
        header=proof.header.hex(),
        certificate=proof.certificate.hex(),
        validators=proof.validators.hex(),
        genesis=proof.genesis.hex(),
        steps=[
            SetStepOut(
                header=step.header.hex(),
                certificate=step.certificate.hex(),
                next_validators=step.next.hex(),
            )
            for step in proof.steps
        ],
        states=[],
        witnesses=[],
    )


def _path(path: Sequence[Hash32]) -> list[str]:
    return [step.hex() for step in path]
