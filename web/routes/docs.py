"""The pages that describe the API, served from this package: they ask nobody else."""

from __future__ import annotations

from importlib.resources import files

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse, Response

from web.errors import NotFoundError

_STATIC = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css"}


def install(app: FastAPI) -> None:
    """`/docs` and the two files it loads."""
    contents = {name: (files("web") / "static" / name).read_bytes() for name in _STATIC}

    @app.get("/docs", include_in_schema=False)
    async def page() -> HTMLResponse:
        return get_swagger_ui_html(
            openapi_url="/openapi.json",
            title="E-Qazyna node",
            swagger_js_url="/docs/swagger-ui-bundle.js",
            swagger_css_url="/docs/swagger-ui.css",
            swagger_favicon_url="data:,",
            swagger_ui_parameters={"validatorUrl": None},
        )

    @app.get("/docs/{name}", include_in_schema=False)
    async def file(name: str) -> Response:
        if name not in contents:
            raise NotFoundError(f"/docs/{name} is not one of its files")
        return Response(contents[name], media_type=_STATIC[name], headers={"Cache-Control": "max-age=86400"})
