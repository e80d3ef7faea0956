"""The AWS endpoint: one loopback port for all services.

It identifies a call and checks its signature. Then Bonkei answers it, passes it on to MiniStack, or
refuses it by name, in the error format of its protocol.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any
from uuid import uuid4

from aiohttp import web

from bonkei.base.aws_service import Caller
from bonkei.base.vault import Vault
from bonkei.services.endpoint.answering import Answering
from bonkei.services.endpoint.backing import dialects
from bonkei.services.endpoint.backing.passing import Passing
from bonkei.services.endpoint.calls import s3_limits
from bonkei.services.endpoint.calls.arrived import is_signed, read_head
from bonkei.services.endpoint.calls.disturbance import Disturb, disturbed
from bonkei.services.endpoint.calls.record import CallLog, Record
from bonkei.services.endpoint.calls.request import Call, Request, identify
from bonkei.services.endpoint.calls.resource import resource_of
from bonkei.services.endpoint.errors import Answer, ApiError, render
from bonkei.services.endpoint.identity import browser_upload, container_credentials, signature_v2
from bonkei.services.endpoint.identity.credentials import Issuer
from bonkei.services.endpoint.identity.signature import payload_hash, verify
from bonkei.services.endpoint.permission import parameter_calls, policy_calls
from bonkei.services.endpoint.permission.authorizer import Authorizer
from bonkei.services.endpoint.permission.network import UNKNOWN, NetworkWays, Via
from bonkei.services.endpoint.permission.required import required, sent_parameters
from bonkei.services.endpoint.permission.s3_answers import Decided, S3Rights
from bonkei.services.endpoint.permission.written import WrittenPolicies
from bonkei.services.endpoint.port.bodies import SMALL, TOO_LARGE, Bodies
from bonkei.services.endpoint.port.listener import Listener
from bonkei.services.endpoint.services import (
    is_passed_on,
    is_served,
    not_served,
    require_own_target,
)
from bonkei.services.endpoint.settings import HOST, Limits
from bonkei.services.endpoint.spelling import spell
from bonkei.services.endpoint.streaming import Streamed, Streams
from bonkei.services.endpoint.wire.reading import expand

BODY_BYTES = 17 * 1024 * 1024
"""The largest body of a call, other than an object. DynamoDB's batches have 16 MB."""
OWN_BODY_BYTES = 8 * 1024 * 1024
"""The largest body of a call that Bonkei itself parses and answers. Lambda's events have 6 MB."""
_LOOK = 0.5  # seconds until a disconnected client is noticed
_NO_WAY = 127.0
"""Seconds: tcp_syn_retries of Linux, 6, give that."""
_SETTING_BYTES = 1024 * 1024
"""The largest document with a setting of a bucket or an object."""
_WHOLE = frozenset({"DeleteObjects", "PostObject", "CompleteMultipartUpload"})
"""Operations of S3 whose bodies are looked at: they name objects, or parts."""
_UPLOADS = frozenset({"PutObject", "UploadPart", "CopyObject", "UploadPartCopy"})
_UNWRITTEN = ApiError("InternalError", "The disk does not take what was written.", 500)


Beside = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Endpoint:
    """`passing` may be set after the start. Calls for MiniStack wait for it. `beside`: servers for
    paths that begin like this, such as an image registry or git. Their calls have no signature of
    AWS. `vault`: has the values of parameters for tasks."""

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
        self._written = written
        self._vault = vault
        self.bodies = bodies or Bodies(limits)
        self._beside = beside if beside is not None else {}
        self._issuer = issuer
        self._answering = answering
        self._passing = passing
        self._calls = calls
        self._authorizer = authorizer
        self._network = network or NetworkWays()
        self._s3 = S3Rights(authorizer)
        self._clock = clock
        self._streams = Streams(max(limits.connections // 4, 1), self.bodies)
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
        await self._streams.stop()
        await self._listener.stop()
        await self._passing.close()

    async def _serve(self, incoming: web.BaseRequest) -> web.StreamResponse:
        request = read_head(incoming)
        if request.path.startswith(container_credentials.PATH):
            token = request.header.get("authorization", "")
            return _response(
                container_credentials.answer(self._issuer, request.path, token, now=self._clock())
            )
        for begin, answer in self._beside.items():
            if request.path.startswith(begin) and not is_signed(request):
                return await answer(incoming)
        return await _Exchange(self, incoming, request).run()

    # Requests of an exchange.

    async def who(self, request: Request, body: bytes | None) -> Caller:
        now = self._clock()

        def secrets(key: str, token: str) -> tuple[str, Caller]:
            return self._issuer.secret_of(key, token, now=now)

        if body is not None and browser_upload.is_form(request):
            return browser_upload.verify(request, body, secrets)
        if signature_v2.is_signed(request):
            return signature_v2.verify(request, secrets, now=now)
        return verify(request, payload_hash(request, body), secrets, now=now)

    def namespace(self, call: Call) -> str:
        """That of a service's XML; empty for one that is not answered here."""
        return self._answering.namespace(call)

    async def answer(
        self, call: Call, caller: Caller, request: Request, body: bytes, request_id: str, via: Via
    ) -> tuple[web.StreamResponse | Streamed, str]:
        """Bonkei's own answer, and the error's code if it is an error."""
        asked = self._answering.read(call, caller, request, body, request_id)
        self.permit(call, caller, asked.parameters, request, via)
        answer, error = await self._answering.answer(call, asked, request)
        if isinstance(answer, Streamed):
            self._streams.require_room()
            return answer, error
        return _response(answer), error

    async def stream(self, incoming: web.BaseRequest, answer: Streamed) -> web.StreamResponse:
        return await self._streams.send(incoming, answer)

    async def pass_on(
        self, incoming: web.BaseRequest, call: Call, caller: Caller, request: Request,
        body: bytes | None, via: Via,
    ) -> web.StreamResponse:  # fmt: skip
        names = self._authorizer.names
        written = self._written
        holder = policy_calls.holder(call, request, body, names) if names and written else ""
        decided = Decided(request, body)
        if call.service == "s3":
            decided = self._s3.decide(call, caller, request, body, self._clock(), via)
        if decided.answer is not None:
            return _response(decided.answer)
        response = await self._passing.on(
            incoming, call, decided.request, decided.body, decided.alterations
        )
        if written and holder and response.status < 300:
            ask = partial(self._passing.ask, incoming, call)
            policy = await policy_calls.current(ask, holder)
            try:
                written.put(holder, policy)
            except OSError:  # the disk is full; the client tries again
                raise _UNWRITTEN from None
        if names and self._vault and response.status < 300:
            try:
                parameter_calls.keep(self._vault, call, request, body or b"", names)
            except OSError:  # as above
                raise _UNWRITTEN from None
        return response

    def permit(
        self,
        call: Call,
        caller: Caller,
        parameters: Mapping[str, Any],
        request: Request,
        via: Via,
    ) -> None:
        """Raises ApiError if the caller may not do this."""
        if (estate := self._authorizer.estate) is not None:
            now = self._clock()
            needed = required(call, parameters, request, estate.names, now)
            self._authorizer.permit(caller, needed, now, via)

    def way(self, call: Call, caller: Caller, request: Request) -> Via:
        """The route of a call through its caller's network. The user of a presigned URL is not its
        signer."""
        is_presigned = "authorization" not in request.header
        return UNKNOWN if is_presigned else self._network.via(caller, call.service, call.region)

    def is_passed_on(self, call: Call) -> bool:
        """Whether MiniStack answers it."""
        return is_passed_on(call, self._answering.own)

    def require_served(self, call: Call, request: Request) -> None:
        if not is_served(call, self._answering.own):
            raise not_served(call, self._answering.own, request)
        require_own_target(call, request)

    def record(self, record: Record) -> None:
        self._calls.add(record)

    def now(self) -> float:
        return self._clock()


class _Exchange:
    """One call and its answer."""

    def __init__(self, endpoint: Endpoint, incoming: web.BaseRequest, request: Request) -> None:
        self._endpoint = endpoint
        self._incoming = incoming
        self._request = request
        self._id = str(uuid4())
        self._caller = Caller("", "", "")
        self._call = identify(request, b"")
        self._error = ""
        self._content = b""
        self._via = UNKNOWN

    async def run(self) -> web.StreamResponse:
        began, at = time.perf_counter(), self._endpoint.now()
        status = 0
        try:
            response = await self._answer()
            status = response.status
        finally:
            self._endpoint.record(
                Record(
                    at, self._caller.arn, self._caller.role, self._call.service,
                    self._call.operation, status, self._error,
                    round((time.perf_counter() - began) * 1000, 3), self._id,
                    resource_of(self._call, self._request, self._content),
                )
            )  # fmt: skip
            self._endpoint.bodies.release(self._incoming)
        if isinstance(response, Streamed):  # recorded already: it may last for hours
            return await self._endpoint.stream(self._incoming, response)
        if isinstance(response, web.Response) and (response.content_length or 0) > SMALL:
            await self._endpoint.bodies.deliver(self._incoming, response)
        return response

    async def _answer(self) -> web.StreamResponse | Streamed:
        try:
            body = await self._read_document()
            content = self._content = self._expand(body)
            if self._request.is_form:
                self._call = identify(self._request, content)
            self._endpoint.require_served(self._call, self._request)
            s3_limits.check(self._call, self._request, content)
            self._caller = await self._endpoint.who(self._request, body)
            s3_limits.check_known(self._call, self._request)
            self._via = self._endpoint.way(self._call, self._caller, self._request)
            if self._via.obstacle:
                return await self._time_out("NetworkTimeout")
            call = self._call
            if await disturbed(self._endpoint.disturb, call.service, call.operation, call.protocol):
                return await self._time_out("NoAnswer")
            if body is None or self._endpoint.is_passed_on(self._call):
                parameters = sent_parameters(self._call, self._request, content)
                self._endpoint.permit(
                    self._call, self._caller, parameters, self._request, self._via
                )
                if body is None:
                    self._go_on()
                dialects.check(self._call, content)
                response = await self._endpoint.pass_on(
                    self._incoming, self._call, self._caller, self._request, body, self._via
                )
                return dialects.translated(
                    self._call, self._caller.account, self._request, content, response
                )
            return await self._answer_ourselves(content)
        except ApiError as error:
            spelled = spell(error, self._call)
            self._error = spelled.code
            space = self._endpoint.namespace(self._call)
            return _response(render(spelled, self._call.protocol, self._id, space))

    async def _read_document(self) -> bytes | None:
        """The body, unless it is an object's, which is passed on as it arrives."""
        is_setting = self._request.method == "PUT" and self._call.operation not in _UPLOADS
        if self._call.service == "s3" and self._call.operation not in _WHOLE and not is_setting:
            return None
        self._go_on()
        if self._call.service != "s3" or not is_setting:
            return await self._endpoint.bodies.whole(self._incoming, BODY_BYTES)
        try:
            return await self._endpoint.bodies.whole(self._incoming, _SETTING_BYTES)
        except ApiError as error:
            raise (s3_limits.TOO_LONG if error is TOO_LARGE else error) from None

    async def _answer_ourselves(self, body: bytes) -> web.StreamResponse | Streamed:
        response, self._error = await self._endpoint.answer(
            self._call, self._caller, self._request, body, self._id, self._via
        )
        return response

    async def _time_out(self, error: str) -> web.StreamResponse:
        """No answer comes, as from an address that no packet reaches. The client gives up, or the
        connection is cut after the time for which Linux tries to connect."""
        self._error = error
        end = asyncio.get_running_loop().time() + _NO_WAY
        while asyncio.get_running_loop().time() < end:
            if self._incoming.transport is None:  # the client has gone
                break
            await asyncio.sleep(_LOOK)
        if self._incoming.transport is not None:
            self._incoming.transport.abort()
        return web.Response(status=504)

    def _expand(self, body: bytes | None) -> bytes:
        """The body of a call to MiniStack stays unchanged."""
        if body is None or self._endpoint.is_passed_on(self._call):
            return body or b""
        if len(body) > OWN_BODY_BYTES:
            raise TOO_LARGE
        return expand(body, self._request.header.get("content-encoding", ""), OWN_BODY_BYTES)

    def _go_on(self) -> None:
        """Send 100 Continue to a client that waits for it. For an object, send it after the
        checks."""
        asks = self._request.header.get("expect", "").lower() == "100-continue"
        if asks and self._incoming.transport is not None:
            self._incoming.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")


def _response(answer: Answer) -> web.Response:
    return web.Response(status=answer.status, body=answer.body, headers=dict(answer.headers))
