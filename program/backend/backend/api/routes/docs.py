"""Swagger UI for `/api/openapi.json`, with nothing loaded from elsewhere.

Its files come from the package fastapi-offline (MIT; Swagger UI itself is Apache-2.0), because the
page that FastAPI makes loads them from a CDN.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse, HTMLResponse, Response

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Status page API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/api/docs/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/api/docs/swagger-ui-bundle.js"></script>
<script src="/api/docs/start.js"></script>
</body>
</html>
"""
_START = """SwaggerUIBundle({
  url: "/api/openapi.json",
  dom_id: "#swagger-ui",
  validatorUrl: null,
  deepLinking: true,
});
"""
# Swagger UI sets style attributes and draws its icons from data: URLs; scripts are files only.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_CACHE = {"Cache-Control": "public, max-age=3600"}

router = APIRouter(prefix="/api/docs", include_in_schema=False)


@router.get("")
async def page() -> HTMLResponse:
    return HTMLResponse(_PAGE, headers={"Content-Security-Policy": _POLICY, **_CACHE})


@router.get("/start.js")
async def start() -> Response:
    return Response(_START, headers=_CACHE, media_type="text/javascript")


@router.get("/swagger-ui-bundle.js")
async def script() -> FileResponse:
    return FileResponse(_files() / "swagger-ui-bundle.js", headers=_CACHE)


@router.get("/swagger-ui.css")
async def style() -> FileResponse:
    return FileResponse(_files() / "swagger-ui.css", headers=_CACHE)


def _files() -> Path:
    """Where the package's files are; it is found, not imported."""
    spec = find_spec("fastapi_offline")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the package fastapi-offline is not installed")
    return Path(spec.origin).parent / "static"
