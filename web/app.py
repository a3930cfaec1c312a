"""The HTTP API of one node: the ledger read with proofs, transactions taken, health and metrics."""

from __future__ import annotations

from fastapi import FastAPI

from web import errors
from web.ports import LedgerReader, TransactionSubmitter
from web.routes import blocks, docs, health, state, status, transactions, why


def create_app(reader: LedgerReader, submitter: TransactionSubmitter) -> FastAPI:
    """All routes over one ledger. Nothing in it asks the outside for anything, the pages under /docs
    included."""
    app = FastAPI(
        title="E-Qazyna node",
        description="The state budget's ledger: every answer is checkable against a certified header.",
        version="1",
        docs_url=None,
        redoc_url=None,
    )
    errors.install(app, reader.fail)
    for router in (
        status.routes(reader),
        transactions.routes(reader, submitter),
        why.routes(reader, submitter),
        state.routes(reader),
        blocks.routes(reader),
        health.routes(reader),
    ):
        app.include_router(router)
    docs.install(app)
    return app
