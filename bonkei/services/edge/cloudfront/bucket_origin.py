"""A bucket as an origin: its objects come from S3, as far as CloudFront may read them.

"Restrict access to an Amazon S3 origin" (Amazon CloudFront Developer Guide).
"""

from __future__ import annotations

import asyncio
from urllib.parse import unquote

from bonkei.base.background import Background
from bonkei.base.errors import BonkeiError
from bonkei.services.edge.http.exchange import Exchange, Flow, Onward
from bonkei.services.edge.http.message import Request, Response, Sink, answer, header, reason
from bonkei.services.edge.objects import ObjectRequest, Objects

_ASKED = ("if-match", "if-modified-since", "if-none-match", "if-unmodified-since", "range")
_TOLD = (
    *("accept-ranges", "cache-control", "content-disposition", "content-encoding"),
    *("content-language", "content-range", "content-type", "etag", "expires", "last-modified"),
)
_METADATA = "x-amz-"
_METHODS = {b"GET", b"HEAD"}


class BucketOrigin:
    """The handler of such an origin's requests."""

    body_needed = 0

    def __init__(self, objects: Objects, bucket: str, distribution: str, identity: str) -> None:
        self.bucket = bucket
        self._objects = objects
        self._distribution = distribution
        self._identity = identity
        self._background = Background()

    def onward(self, request: Request) -> Onward:
        asked = ObjectRequest(
            self.bucket,
            unquote(request.path.decode("latin-1").lstrip("/")),
            request.method.decode(),
            {
                name: value.decode("latin-1")
                for name in _ASKED
                if (value := request.fields.get(name.encode())) is not None
            },
            self._distribution,
            self._identity,
        )

        def ask(exchange: Exchange | None, sink: Sink) -> Flow | None:  # noqa: ARG001
            if request.method not in _METHODS:
                answer(sink, Response(405, ((b"Allow", b"GET, HEAD"),)))
                return None
            flow = _Arriving()
            flow.task = self._background.start(self._pass_on(asked, sink, flow))
            return flow

        return ask

    async def _pass_on(self, asked: ObjectRequest, sink: Sink, flow: _Arriving) -> None:
        begun = False
        try:
            async with self._objects.fetch(asked) as found:
                told = [
                    header(name.title().encode(), value.encode("latin-1", "replace"))
                    for name, value in found.headers.items()
                    if name.lower() in _TOLD or name.lower().startswith(_METADATA)
                ]
                told.append(header(b"Server", b"AmazonS3"))
                begun = True
                sink.head(found.status, reason(found.status), told, found.length)
                async for data in found.body:
                    await flow.may_go_on.wait()
                    sink.body(data)
                    sink.flush()
                sink.end()
        except (OSError, BonkeiError):
            if begun:
                sink.abort()
            else:
                answer(sink, Response(503))


class _Arriving:
    """An object on its way to the viewer."""

    def __init__(self) -> None:
        self.task: asyncio.Task[None] | None = None
        self.may_go_on = asyncio.Event()
        self.may_go_on.set()

    def upload(self, data: bytes) -> None:
        """A GET has no body."""

    def uploaded(self) -> None:
        """As above."""

    def cancel(self) -> None:
        if self.task is not None:
            self.task.cancel()

    def pause(self) -> None:
        self.may_go_on.clear()

    def resume(self) -> None:
        self.may_go_on.set()
