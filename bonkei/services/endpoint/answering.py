"""A call of a service that Bonkei answers itself. The service's model is used to read the call and
to write the answer."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Mapping
from typing import Any

from bonkei.base.aws_service import AwsCall, AwsServiceError, Caller
from bonkei.services.endpoint.calls.request import Call, Request
from bonkei.services.endpoint.errors import Answer, ApiError
from bonkei.services.endpoint.services import Own, find_own, not_served
from bonkei.services.endpoint.streaming import Streamed
from bonkei.services.endpoint.wire import event_stream
from bonkei.services.endpoint.wire.model import ServiceModel
from bonkei.services.endpoint.wire.reading import Sent, read
from bonkei.services.endpoint.wire.writing import write, write_error


class Answering:
    """`own`: more services may be added while it runs. `report` is called for bugs in a service."""

    def __init__(
        self,
        own: Own,
        clock: Callable[[], float] = time.time,
        report: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.own = own
        self._clock = clock
        self._report = report

    def read(self, call: Call, caller: Caller, request: Request, body: bytes, id_: str) -> AwsCall:
        """The call for its service. Raises ApiError for an unknown operation, or for parameters
        that do not fit its model."""
        found = find_own(call, self.own)
        if found is None or call.operation not in found[1].operations:
            raise not_served(call, self.own, request)
        model, _ = found
        sent = Sent(request.method, request.path, request.query, request.header, body)
        parameters = read(model, call.operation, call.protocol, sent)
        return AwsCall(
            model.name, call.operation, parameters, caller, call.region, self._clock(), id_,
            request.header.get("x-amzn-trace-id", ""),
        )  # fmt: skip

    def namespace(self, call: Call) -> str:
        """That of the service's XML; empty for one that is not answered here."""
        found = find_own(call, self.own) if call.protocol == "query" else None
        return str(found[0].metadata.get("xmlNamespace", "")) if found else ""

    async def answer(
        self, call: Call, asked: AwsCall, request: Request
    ) -> tuple[Answer | Streamed, str]:
        """The answer, and the error's code if it is an error. Raises ApiError."""
        found = find_own(call, self.own)
        assert found is not None  # noqa: S101 - `read` has found it
        model, service = found
        try:
            value = await service.answer(asked)
            if event_stream.stream_member(model, model.output(call.operation)):
                return self._stream(model, call, value, asked.request_id), ""
            return write(model, call.operation, call.protocol, value, asked.request_id), ""
        except ApiError:
            raise
        except AwsServiceError as error:
            mode = request.header.get("x-amzn-query-mode", "").lower() == "true"
            return write_error(model, call.protocol, error, asked.request_id, mode), error.code
        except Exception as error:  # a bug in a service must not look like a hanging endpoint
            raise ApiError("InternalFailure", self._failed(call, error), 500) from None

    def _stream(
        self, model: ServiceModel, call: Call, value: Mapping[str, Any], id_: str
    ) -> Streamed:
        head = Answer(200, b"", event_stream.heads(model, call.operation, value, id_))
        body = event_stream.encode(
            model, call.operation, call.protocol, value, lambda error: self._failed(call, error)
        )
        return Streamed(head, body)

    def _failed(self, call: Call, error: Exception) -> str:
        name = f"{call.service}:{call.operation}"
        lines = "".join(traceback.format_exception(error))
        self._report(f"the AWS endpoint failed at {name}\n{lines}")
        return f"The miniature failed at {name}: {error!r}"
