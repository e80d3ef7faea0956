"""The Application Load Balancer: web ACL, listener rules, actions."""

from __future__ import annotations

import hashlib
import hmac
import random
import secrets
import time
from bisect import bisect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Protocol

from bonkei.blueprint.load_balancer import (
    Action,
    FixedResponse,
    Forward,
    Listener,
    LoadBalancer,
    Redirect,
)
from bonkei.edge.deadlines import Deadlines
from bonkei.edge.dispatch import Dispatch, Forwarding, ResponseHeaders
from bonkei.edge.exchange import Exchange, Flow
from bonkei.edge.forwarded import ForwardedHeaders, trace_id
from bonkei.edge.message import Headers, Request, Response, Sink, answer, header, http_date
from bonkei.edge.page import load_balancer_page
from bonkei.edge.rule import RequestPredicate, compile_conditions, host_name
from bonkei.edge.target import Pool, Target

_SERVER = (b"Server", b"awselb/2.0")
_UNAVAILABLE = load_balancer_page(503)
_BAD_GATEWAY = load_balancer_page(502)
_TIMEOUT = load_balancer_page(504)
_DEFAULT_PORTS = {"HTTP": 80, "HTTPS": 443}
_COOKIE_KEY = secrets.token_bytes(32)


class Firewall(Protocol):
    """A web ACL as a layer asks it: the response for a request that it blocks, else None."""

    body_needed: int

    def check(self, request: Request) -> tuple[str, Response | None] | None:
        """The name of the rule that blocks and its custom response, None to let pass."""


Do = Callable[[Request, "Exchange | None", Sink], "Flow | None"]


@dataclass(frozen=True, slots=True)
class _Rule:
    arn: str
    holds: RequestPredicate
    do: Do


class ListenerHandler:
    """One listener of a load balancer, compiled. It does not change; `apply` makes a new one."""

    def __init__(
        self,
        balancer: LoadBalancer,
        listener: Listener,
        firewall: Firewall | None,
        pools: Mapping[str, Pool],
        deadlines: Deadlines,
    ) -> None:
        self.body_needed = firewall.body_needed if firewall else 0
        self._firewall = firewall
        self._pools = pools
        self._deadlines = deadlines
        self._listener = listener
        own_port = _DEFAULT_PORTS.get(listener.protocol) == listener.port
        self._forwarded = ForwardedHeaders(
            listener.protocol.lower().encode(),
            str(listener.port).encode(),
            balancer.xff_header_processing_mode,
            append_port=not own_port and not balancer.preserve_host_header,
            drop_invalid=balancer.drop_invalid_header_fields,
        )
        self._forwarding = Forwarding(
            bad_gateway=_BAD_GATEWAY,
            unavailable=_UNAVAILABLE,
            timeout=_TIMEOUT,
            idle_timeout=balancer.idle_timeout,
        )
        self._rules = tuple(
            _Rule(rule.arn, compile_conditions(rule.conditions), self._compile(rule.action))
            for rule in sorted(listener.rules, key=lambda rule: rule.priority)
        )
        self._default = self._compile(listener.default_action)

    def handle(self, request: Request, exchange: Exchange) -> Flow | None:
        """A request that a client sent to the listener itself."""
        return self.route(request, exchange, exchange)

    def route(self, request: Request, exchange: Exchange | None, sink: Sink) -> Flow | None:
        """Web ACL, then the first rule that holds, then the default action."""
        if self._firewall is not None:
            blocked = self._firewall.check(request)
            if blocked is not None:
                name, response = blocked
                if exchange is not None and exchange.logs:
                    exchange.annotate(blocked_by=name)
                _answer(request, sink, response or load_balancer_page(403))
                return None
        for rule in self._rules:
            if rule.holds(request):
                if exchange is not None and exchange.logs:
                    exchange.annotate(rule=rule.arn)
                return rule.do(request, exchange, sink)
        return self._default(request, exchange, sink)

    # Actions.

    def _compile(self, action: Action) -> Do:
        if isinstance(action, Forward):
            return self._forward(action)
        if isinstance(action, FixedResponse):
            return _fixed(action)
        return _redirect(action, self._listener)

    def _forward(self, action: Forward) -> Do:
        weighted = [target for target in action.targets if target.weight > 0]
        pools = tuple(self._pools[target.target_group_arn] for target in weighted)
        weights = tuple(accumulate(target.weight for target in weighted))
        sticky_groups = action.stickiness if len(pools) > 1 else 0
        only = pools[0] if len(pools) == 1 else None

        def forward(request: Request, exchange: Exchange | None, sink: Sink) -> Flow | None:
            if only is not None and not only.stickiness:
                return self._send(request, exchange, sink, only, only.choose(), None)
            if not pools:
                _answer(request, sink, _UNAVAILABLE)
                return None
            cookies = _cookies(request)
            pool = _group_of(cookies.get(b"AWSALBTG"), pools) if sticky_groups else None
            pool = pool or pools[bisect(weights, random.random() * weights[-1])]  # noqa: S311
            target = _target_of(cookies.get(b"AWSALB"), pool) if pool.stickiness else None
            target = target or pool.choose()
            added = _sticky_cookies(pool, target, sticky_groups)
            return self._send(request, exchange, sink, pool, target, added)

        return forward

    def _send(
        self,
        request: Request,
        exchange: Exchange | None,
        sink: Sink,
        pool: Pool,
        target: Target | None,
        headers: ResponseHeaders | None,
    ) -> Flow | None:
        if target is None:
            _answer(request, sink, _UNAVAILABLE)
            return None
        trace = trace_id(request.fields.get(b"x-amzn-trace-id"))
        if exchange is not None and exchange.logs:
            exchange.annotate(target_group_arn=pool.arn, task_id=target.task_id, trace_id=trace)
        head = self._forwarded.head(request, trace)
        return Dispatch(
            request, head, exchange, sink, pool, self._deadlines, self._forwarding, headers
        ).start(target)


def _answer(request: Request, sink: Sink, response: Response) -> None:
    headers = (*response.headers, (b"Date", http_date(time.time())))
    answer(
        sink,
        Response(response.status, headers, response.body, response.close),
        head_only=request.method == b"HEAD",
    )


def _fixed(action: FixedResponse) -> Do:
    headers = (_SERVER, (b"Content-Type", action.content_type.encode()))
    response = Response(action.status, headers, action.body.encode())
    return lambda request, exchange, sink: _answer(request, sink, response)  # noqa: ARG005


def _redirect(action: Redirect, listener: Listener) -> Do:
    def redirect(request: Request, exchange: Exchange | None, sink: Sink) -> None:  # noqa: ARG001
        location = redirect_location(action, listener, request)
        page = load_balancer_page(action.status)
        headers = (*page.headers, (b"Location", location))
        _answer(request, sink, Response(action.status, headers, page.body))

    return redirect


def redirect_location(action: Redirect, listener: Listener, request: Request) -> bytes:
    """The Location: the action's parts with `#{protocol}`, `#{host}`, `#{port}`, `#{path}` and
    `#{query}` replaced by the request's own ("Redirect actions")."""
    values = {
        "#{protocol}": listener.protocol.lower(),
        "#{host}": host_name(request).decode("latin-1"),
        "#{port}": str(listener.port),
        "#{path}": request.path.decode("latin-1").removeprefix("/"),
        "#{query}": request.query.decode("latin-1"),
    }

    def fill(text: str) -> str:
        for placeholder, value in values.items():
            text = text.replace(placeholder, value)
        return text

    protocol = fill(action.protocol).lower()
    query = fill(action.query)
    location = f"{protocol}://{fill(action.host)}:{fill(action.port)}{fill(action.path)}"
    return (f"{location}?{query}" if query else location).encode("latin-1")


# Stickiness: AWSALB keeps a client at a target, AWSALBTG at a target group ("Sticky sessions for
# your Application Load Balancer"). AWS encrypts the cookies; here they are keyed digests.


def _digest(kind: str, name: str) -> bytes:
    return hmac.digest(_COOKIE_KEY, f"{kind}:{name}".encode(), hashlib.sha256).hex().encode()


def _cookies(request: Request) -> dict[bytes, bytes]:
    pairs = (pair.partition(b"=") for pair in request.fields.get(b"cookie", b"").split(b";"))
    return {name.strip(): value.strip() for name, _, value in pairs}


def _target_of(cookie: bytes | None, pool: Pool) -> Target | None:
    if not cookie:
        return None
    for target in pool.candidates:
        if hmac.compare_digest(_digest(pool.arn, target.task_id), cookie):
            return target
    return None


def _group_of(cookie: bytes | None, pools: tuple[Pool, ...]) -> Pool | None:
    if not cookie:
        return None
    for pool in pools:
        if pool.candidates and hmac.compare_digest(_digest("group", pool.arn), cookie):
            return pool
    return None


def _sticky_cookies(pool: Pool, target: Target | None, group_seconds: int) -> ResponseHeaders:
    cookies: Headers = []
    seconds = pool.stickiness
    if seconds and target is not None:
        value = _digest(pool.arn, target.task_id)
        cookies += _cookie_pair(b"AWSALB", value, seconds)
    if group_seconds:
        cookies += _cookie_pair(b"AWSALBTG", _digest("group", pool.arn), group_seconds)
    return lambda headers: [*headers, *cookies]


def _cookie_pair(name: bytes, value: bytes, seconds: int) -> Headers:
    expires = http_date(time.time() + seconds)
    plain = b"%b=%b; Expires=%b; Path=/" % (name, value, expires)
    cross = b"%bCORS=%b; Expires=%b; Path=/; SameSite=None" % (name, value, expires)
    return [header(b"Set-Cookie", plain), header(b"Set-Cookie", cross)]
