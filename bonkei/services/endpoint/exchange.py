"""One call and its answer: Bonkei's own, MiniStack's, or a refusal by name."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
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
from bonkei.services.endpoint.calls.disturbance import Disturb, disturbed
from bonkei.services.endpoint.calls.record import CallLog, Record
from bonkei.services.endpoint.calls.request import Request, identify
from bonkei.services.endpoint.calls.resource import resource_of
from bonkei.services.endpoint.errors import Answer, ApiError, render
from bonkei.services.endpoint.identity import browser_upload, signature_v2
from bonkei.services.endpoint.identity.credentials import Issuer
from bonkei.services.endpoint.identity.signature import payload_hash, verify
from bonkei.services.endpoint.permission import parameter_calls, policy_calls
from bonkei.services.endpoint.permission.authorizer import Authorizer
from bonkei.services.endpoint.permission.network import UNKNOWN, NetworkWays
from bonkei.services.endpoint.permission.required import required, sent_parameters
from bonkei.services.endpoint.permission.s3_answers import Decided, S3Rights
from bonkei.services.endpoint.permission.written import WrittenPolicies
from bonkei.services.endpoint.port.bodies import SMALL, TOO_LARGE, Bodies
from bonkei.services.endpoint.services import (
    is_passed_on,
    is_served,
    not_served,
    require_own_target,
)
from bonkei.services.endpoint.spelling import spell
from bonkei.services.endpoint.streaming import Streamed, Streams
from bonkei.services.endpoint.wire.reading import expand

_BODY_BYTES = 17 * 1024 * 1024
"""The largest body of a call, other than an object. DynamoDB's batches have 16 MB."""
_OWN_BODY_BYTES = 8 * 1024 * 1024
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


@dataclass(frozen=True, slots=True)
class Means:
    """What exchanges use. `vault`: has the values of parameters for tasks."""

    issuer: Issuer
    answering: Answering
    passing: Passing
    calls: CallLog
    authorizer: Authorizer
    network: NetworkWays
    bodies: Bodies
    streams: Streams
    clock: Callable[[], float]
    written: WrittenPolicies | None
    vault: Vault | None


class Exchange:
    """`disturb` decides whether the call is delayed or refused because of a fault."""

    def __init__(
        self, means: Means, disturb: Disturb | None, incoming: web.BaseRequest, request: Request
    ) -> None:
        self._means = means
        self._disturb = disturb
        self._incoming = incoming
        self._request = request
        self._id = str(uuid4())
        self._caller = Caller("", "", "")
        self._call = identify(request, b"")
        self._error = ""
        self._content = b""
        self._via = UNKNOWN

    async def run(self) -> web.StreamResponse:
        """Answer and record the call. A long answer is already on its way when this returns."""
        began, at = time.perf_counter(), self._means.clock()
        status = 0
        try:
            response = await self._answer()
            status = response.status
        finally:
            self._means.calls.add(
                Record(
                    at, self._caller.arn, self._caller.role, self._call.service,
                    self._call.operation, status, self._error,
                    round((time.perf_counter() - began) * 1000, 3), self._id,
                    resource_of(self._call, self._request, self._content),
                )
            )  # fmt: skip
            self._means.bodies.release(self._incoming)
        if isinstance(response, Streamed):  # recorded already: it may last for hours
            return await self._means.streams.send(self._incoming, response)
        if isinstance(response, web.Response) and (response.content_length or 0) > SMALL:
            await self._means.bodies.deliver(self._incoming, response)
        return response

    async def _answer(self) -> web.StreamResponse | Streamed:
        try:
            body = await self._read_document()
            content = self._content = self._expand(body)
            if self._request.is_form:
                self._call = identify(self._request, content)
            self._require_served()
            s3_limits.check(self._call, self._request, content)
            self._caller = self._signer(body)
            s3_limits.check_known(self._call, self._request)
            if "authorization" in self._request.header:  # a URL's user is not its signer
                network, call = self._means.network, self._call
                self._via = network.via(self._caller, call.service, call.region)
            if self._via.obstacle:
                return await self._time_out("NetworkTimeout")
            call = self._call
            if await disturbed(self._disturb, call.service, call.operation, call.protocol):
                return await self._time_out("NoAnswer")
            if body is None or self._is_passed_on:
                return await self._have_answered(body, content)
            return await self._answer_ourselves(content)
        except ApiError as error:
            spelled = spell(error, self._call)
            self._error = spelled.code
            space = self._means.answering.namespace(self._call)
            return response_of(render(spelled, self._call.protocol, self._id, space))

    async def _read_document(self) -> bytes | None:
        """The body, unless it is an object's, which is passed on as it arrives."""
        is_setting = self._request.method == "PUT" and self._call.operation not in _UPLOADS
        if self._call.service == "s3" and self._call.operation not in _WHOLE and not is_setting:
            return None
        self._go_on()
        if self._call.service != "s3" or not is_setting:
            return await self._means.bodies.whole(self._incoming, _BODY_BYTES)
        try:
            return await self._means.bodies.whole(self._incoming, _SETTING_BYTES)
        except ApiError as error:
            raise (s3_limits.TOO_LONG if error is TOO_LARGE else error) from None

    def _expand(self, body: bytes | None) -> bytes:
        """The body of a call to MiniStack stays unchanged."""
        if body is None or self._is_passed_on:
            return body or b""
        if len(body) > _OWN_BODY_BYTES:
            raise TOO_LARGE
        return expand(body, self._request.header.get("content-encoding", ""), _OWN_BODY_BYTES)

    @property
    def _is_passed_on(self) -> bool:
        """Whether MiniStack answers it."""
        return is_passed_on(self._call, self._means.answering.own)

    def _require_served(self) -> None:
        own = self._means.answering.own
        if not is_served(self._call, own):
            raise not_served(self._call, own, self._request)
        require_own_target(self._call, self._request)

    def _signer(self, body: bytes | None) -> Caller:
        request, now = self._request, self._means.clock()
        secrets = partial(self._means.issuer.secret_of, now=now)
        if body is not None and browser_upload.is_form(request):
            return browser_upload.verify(request, body, secrets)
        if signature_v2.is_signed(request):
            return signature_v2.verify(request, secrets, now=now)
        return verify(request, payload_hash(request, body), secrets, now=now)

    def _permit(self, parameters: Mapping[str, Any]) -> None:
        """Raises ApiError if the caller may not do this."""
        authorizer = self._means.authorizer
        if (estate := authorizer.estate) is not None:
            now = self._means.clock()
            needed = required(self._call, parameters, self._request, estate.names, now)
            authorizer.permit(self._caller, needed, now, self._via)

    async def _answer_ourselves(self, body: bytes) -> web.StreamResponse | Streamed:
        answering, call, request = self._means.answering, self._call, self._request
        asked = answering.read(call, self._caller, request, body, self._id)
        self._permit(asked.parameters)
        answer, self._error = await answering.answer(call, asked, request)
        if isinstance(answer, Streamed):
            self._means.streams.require_room()
            return answer
        return response_of(answer)

    async def _have_answered(self, body: bytes | None, content: bytes) -> web.StreamResponse:
        """MiniStack's answer, as the service gives it."""
        self._permit(sent_parameters(self._call, self._request, content))
        if body is None:
            self._go_on()
        dialects.check(self._call, content)
        response = await self._pass_on(body)
        account = self._caller.account
        return dialects.translated(self._call, account, self._request, content, response)

    async def _pass_on(self, body: bytes | None) -> web.StreamResponse:
        means, call, request = self._means, self._call, self._request
        names, written = means.authorizer.names, means.written
        holder = policy_calls.holder(call, request, body, names) if names and written else ""
        decided = Decided(request, body)
        if call.service == "s3":
            rights = S3Rights(means.authorizer)
            decided = rights.decide(call, self._caller, request, body, means.clock(), self._via)
        if decided.answer is not None:
            return response_of(decided.answer)
        response = await means.passing.on(
            self._incoming, call, decided.request, decided.body, decided.alterations
        )
        if response.status >= 300:
            return response
        ask = partial(means.passing.ask, self._incoming, call)
        policy = await policy_calls.current(ask, holder) if holder else ""
        try:
            if written and holder:
                written.put(holder, policy)
            if names and means.vault:
                parameter_calls.keep(means.vault, call, request, body or b"", names)
        except OSError:  # the disk is full; the client tries again
            raise _UNWRITTEN from None
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

    def _go_on(self) -> None:
        """Send 100 Continue to a client that waits for it. For an object, send it after the
        checks."""
        asks = self._request.header.get("expect", "").lower() == "100-continue"
        if asks and self._incoming.transport is not None:
            self._incoming.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")


def response_of(answer: Answer) -> web.Response:
    """A whole answer, for aiohttp."""
    return web.Response(status=answer.status, body=answer.body, headers=dict(answer.headers))
