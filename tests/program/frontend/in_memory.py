"""The backend without a socket: an ASGI application that is called directly."""

from __future__ import annotations

import httpx
from frontend.api.transport import Answer, Request
from starlette.types import ASGIApp


class InMemoryTransport:
    """Passes each request to the application in this process."""

    def __init__(self, application: ASGIApp) -> None:
        self._http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=application), base_url="http://backend:8000"
        )

    async def send(self, request: Request) -> Answer:
        headers = dict(request.headers)
        if request.body is not None:
            headers["Content-Type"] = "application/json"
        response = await self._http.request(
            request.method, request.path, headers=headers, content=request.body
        )
        return Answer(response.status_code, dict(response.headers), response.content)

    async def close(self) -> None:
        await self._http.aclose()
