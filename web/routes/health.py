"""Health for those who restart and those who route, metrics for those who watch."""

from __future__ import annotations

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from node.findings import LANGUAGES, Finding
from web.ports import LedgerReader
from web.schemas import FindingOut, HealthOut


def health_of(findings: list[Finding]) -> HealthOut:
    """Ready is who has no finding that blocks."""
    reasons = [one.text() for one in findings if one.kind.blocks]
    return HealthOut(ready=not reasons, reasons=reasons, findings=[_finding_out(one) for one in findings])


def _finding_out(finding: Finding) -> FindingOut:
    kind = finding.kind
    return FindingOut.model_validate(
        {
            "code": finding.code,
            "severity": kind.severity,
            "blocks": kind.blocks,
            "message": finding.text(),
            "texts": {language: finding.text(language) for language in LANGUAGES},
            "remedy": finding.remedy(),
            "remedies": {language: finding.remedy(language) for language in LANGUAGES},
            "facts": dict(finding.facts),
        }
    )


def routes(reader: LedgerReader) -> APIRouter:
    router = APIRouter(tags=["health"])

    @router.get("/health/live")
    async def live() -> HealthOut:
        """The process answers: restart it only when it does not."""
        return HealthOut(ready=True, reasons=[])

    @router.get("/health/ready", responses={503: {"model": HealthOut}})
    async def ready() -> JSONResponse:
        """Whether requests should come here; 503 with the reasons when not."""
        health = health_of(reader.findings())
        return JSONResponse(health.model_dump(by_alias=True), 200 if health.ready else 503)

    @router.get("/metrics", response_class=PlainTextResponse)
    async def metrics() -> Response:
        """Prometheus text."""
        return Response(reader.exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return router
