"""The AWS endpoint: one loopback port for all services.

It identifies a call and checks its signature. Then Bonkei answers it, passes it on to MiniStack, or
refuses it by name, in the error format of its protocol.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from bonkei.base.vault import Vault
from bonkei.services.endpoint.answering import Answering
from bonkei.services.endpoint.backing.passing import Passing
from bonkei.services.endpoint.calls.disturbance import Disturb
from bonkei.services.endpoint.calls.record import CallLog
from bonkei.services.endpoint.calls.request import Request
from bonkei.services.endpoint.exchange import Exchange, Means, response_of
from bonkei.services.endpoint.identity import container_credentials
from bonkei.services.endpoint.identity.credentials import Issuer
from bonkei.services.endpoint.permission.authorizer import Authorizer
from bonkei.services.endpoint.permission.network import NetworkWays
from bonkei.services.endpoint.permission.written import WrittenPolicies
from bonkei.services.endpoint.port.bodies import Bodies
from bonkei.services.endpoint.port.listener import Listener
from bonkei.services.endpoint.settings import HOST, Limits
from bonkei.services.endpoint.streaming import Streams

Beside = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Endpoint:
    """Calls for MiniStack wait for it. `beside`: servers for paths that begin like this, such as an
    image registry or git. Their calls have no signature of AWS. `disturb` decides which calls are
    delayed or refused."""

    def __init__(
        self,
        issuer: Issuer,
        answering: Answering,
        passing: Passing,
        calls: CallLog,
        authorizer: Authorizer,
        network: NetworkWays | None = None,
        clock: Callable[[], float] = time.time,
        report: Callable[[str], None] = lambda _: None,
        limits: Limits | None = None,
        bodies: Bodies | None = None,
        beside: Mapping[str, Beside] | None = None,
        written: WrittenPolicies | None = None,
        vault: Vault | None = None,
    ) -> None:
        limits = limits or Limits()
        bodies = bodies or Bodies(limits)
        streams = Streams(max(limits.connections // 4, 1), bodies)
        self._means = Means(
            issuer, answering, passing, calls, authorizer, network or NetworkWays(), bodies,
            streams, clock, written, vault,
        )  # fmt: skip
        self._beside = beside if beside is not None else {}
        self._listener = Listener(self._serve, report, limits)
        self.disturb: Disturb | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    async def start(self, port: int) -> None:
        """CloudError when the port is taken."""
        self._listener.start(port)
        self.port = self._listener.port

    def speak_tls(self, context: ssl.SSLContext) -> None:
        """From now on, on the same port."""
        self._listener.tls = context

    async def stop(self) -> None:
        await self._means.streams.stop()
        await self._listener.stop()
        await self._means.passing.close()

    async def _serve(self, incoming: web.BaseRequest) -> web.StreamResponse:
        request = _head_of(incoming)
        if request.path.startswith(container_credentials.PATH):
            token, now = request.header.get("authorization", ""), self._means.clock()
            issuer = self._means.issuer
            return response_of(container_credentials.answer(issuer, request.path, token, now=now))
        for begin, answer in self._beside.items():
            if request.path.startswith(begin) and not _is_signed(request):
                return await answer(incoming)
        return await Exchange(self._means, self.disturb, incoming, request).run()


def _head_of(incoming: web.BaseRequest) -> Request:
    """Header names in lower case. Bytes that are not UTF-8 become surrogates."""
    path, _, query = incoming.raw_path.partition("?")
    headers = tuple(
        (name.decode("latin-1").lower(), value.decode("utf-8", "surrogateescape"))
        for name, value in incoming.raw_headers
    )
    return Request(incoming.method, path, query, headers)


def _is_signed(request: Request) -> bool:
    """Whether it has a signature of AWS, in its headers or its query."""
    authorization = request.header.get("authorization", "")
    return authorization.startswith("AWS") or "X-Amz-Signature" in request.query
