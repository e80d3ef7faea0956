"""Explains a request to one of the edge's listeners."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from bonkei.services.edge.alb.load_balancer import ListenerHandler
from bonkei.services.edge.cloudfront.distribution import DistributionHandler
from bonkei.services.edge.explain import words
from bonkei.services.edge.explain.distribution import explain_viewer
from bonkei.services.edge.explain.listener import explain_client
from bonkei.services.edge.explain.targets import UNAVAILABLE, explain_pool
from bonkei.services.edge.explain.values import Explanation, Step, told
from bonkei.services.edge.http.exchange import Handler
from bonkei.services.edge.http.head import RefusedError
from bonkei.services.edge.http.message import Request
from bonkei.services.edge.http.request_parser import RequestParser
from bonkei.services.edge.service_connect import ClosedService, Relay, ServiceHandler
from bonkei.services.edge.settings import Limits

_SHORTEST = 8  # characters of a value that is masked wherever it stands


def explain_head(
    handler: Handler | Relay, head: bytes, client: str, limits: Limits, body: bytes = b""
) -> Explanation:
    """`head`: the request up to its empty line, as a client sends it."""
    if isinstance(handler, Relay):
        return explain_pool(handler.pool, "service_connect", None, "connections are relayed (TCP)")
    request = read(head, client.encode(), limits)
    if isinstance(request, int):
        step = Step("request", "request", f"refused before any layer sees it: {request}")
        return told(step, by="parser", status=request)
    request.body = body[: handler.body_needed]
    return explain_handler(handler, request)


def explain_handler(handler: Handler, request: Request) -> Explanation:
    """A request as a layer receives it. It may be changed as the layer would change it."""
    if isinstance(handler, DistributionHandler):
        explanation = explain_viewer(handler, request)
        values = [value for each in handler.choices.behaviors for _, value in each.origin.headers]
        return masked(explanation, values)
    if isinstance(handler, ListenerHandler):
        return explain_client(handler, request)
    if isinstance(handler, ClosedService):
        text = f"the network lets this caller not through: {UNAVAILABLE}"
        step = Step("service_connect", "target", text)
        return told(step, by="network", status=UNAVAILABLE)
    if isinstance(handler, ServiceHandler):
        return explain_pool(handler.pool, "service_connect", None, handler.name)
    raise TypeError(f"{type(handler).__name__} is not a layer of the edge")


def masked(explanation: Explanation, secrets: Iterable[str]) -> Explanation:
    """The explanation without these values, wherever they occur."""
    long = sorted({each for each in secrets if len(each) >= _SHORTEST}, key=len, reverse=True)

    def hide(text: str) -> str:
        for secret in long:
            text = text.replace(secret, words.MASK)
        return text

    steps = tuple(
        replace(
            step,
            text=hide(step.text),
            considered=tuple(replace(each, why=hide(each.why)) for each in step.considered),
            values=tuple((name, hide(value)) for name, value in step.values),
        )
        for step in explanation.steps
    )
    return replace(explanation, steps=steps)


class _Read:
    """Keeps the first request."""

    request: Request | None = None

    def head_begun(self) -> None: ...

    def head_complete(self, request: Request, *, keep_alive: bool) -> None:  # noqa: ARG002
        self.request = request

    def body_received(self, data: bytes) -> None: ...
    def request_complete(self) -> None: ...


def read(data: bytes, client: bytes, limits: Limits) -> Request | int:
    """The request, or the status of its refusal; 408 for a head without an end."""
    events = _Read()
    try:
        RequestParser(events, limits, client).feed(data, 0)
    except RefusedError as refused:
        return refused.status
    return events.request or 408
