"""The Application Load Balancer: web ACL, listener rules, actions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from bonkei.blueprint.load_balancer import (
    Action,
    FixedResponse,
    Forward,
    HostHeader,
    Listener,
    LoadBalancer,
    Redirect,
)
from bonkei.edge.alb.forward import Do, compile_forward
from bonkei.edge.alb.rule import compile_conditions
from bonkei.edge.alb.target_head import ForwardedHeaders, TargetHead
from bonkei.edge.http.deadlines import Deadlines
from bonkei.edge.http.exchange import Exchange, Flow, Onward, Prepared
from bonkei.edge.http.firewall import Firewall, Verdict
from bonkei.edge.http.host_names import HostNames, host_name
from bonkei.edge.http.message import Patience, Request, Response, Sink, answer, header
from bonkei.edge.http.page import load_balancer_page
from bonkei.edge.http.pattern import RequestPredicate
from bonkei.edge.targets.delivery import Delivery
from bonkei.edge.targets.target import Pool

_SERVER = (b"Server", b"awselb/2.0")
_FORBIDDEN = load_balancer_page(403)
_UNAVAILABLE = load_balancer_page(503)
_BAD_GATEWAY = load_balancer_page(502)
_TIMEOUT = load_balancer_page(504)
_ANOTHER_HOST = Response(
    403,
    ((b"Content-Type", b"text/plain; charset=utf-8"),),
    b"This load balancer answers to localhost, to the names that lead to it in the definitions, "
    b"and to those that its rules ask for. On AWS it would answer to any. If a name of your own "
    b"is to lead here, add it to bonkei.toml: [edge] hosts.\n",
)
_ADDRESSES = 30
"""Addresses in X-Forwarded-For at most ("HTTP 463", Troubleshoot your Application Load
Balancers)."""

_DEFAULT_PORTS = {"HTTP": 80, "HTTPS": 443}


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
        hosts: Iterable[str] = (),
    ) -> None:
        self._hosts = HostNames((*_names(balancer, listener), *hosts))
        self._own_host = header(b"Host", balancer.dns_name.encode())
        self.body_needed = firewall.body_needed if firewall else 0
        self._firewall = firewall
        self._pools = pools
        self._listener = listener
        own_port = _DEFAULT_PORTS.get(listener.protocol) == listener.port
        self._forwarded = ForwardedHeaders(
            listener.protocol.lower().encode(),
            str(listener.port).encode(),
            balancer.xff_header_processing_mode,
            append_port=not own_port and not balancer.preserve_host_header,
            drop_invalid=balancer.drop_invalid_header_fields,
        )
        self._delivery = Delivery(
            deadlines,
            bad_gateway=_BAD_GATEWAY,
            unavailable=_UNAVAILABLE,
            patience=Patience(balancer.idle_timeout, _TIMEOUT),
        )
        self._rules = tuple(
            _Rule(rule.arn, compile_conditions(rule.conditions), self._compile(rule.action))
            for rule in sorted(listener.rules, key=lambda rule: rule.priority)
        )
        self._default = self._compile(listener.default_action)

    def prepare(self, request: Request) -> Prepared:
        """Prepare a request that a client sends to the listener itself, not through CloudFront.

        "For HTTP/1.0 requests from clients that do not have a host header, the load balancer
        generates a host header … The host header contains the DNS name of the load balancer" (How
        Elastic Load Balancing works: HTTP connections). No browser sends such a request.
        """
        if b"host" not in request.fields:
            _, name, _ = self._own_host
            request.headers.append(self._own_host)
            request.fields[b"host"] = name
        elif not self._hosts.have(request):
            return _for_another_host
        onward = self.onward(request)
        return lambda exchange: onward(exchange, exchange)

    def refusal(self, status: int) -> Response:
        return load_balancer_page(status, close=True)

    def onward(self, request: Request) -> Onward:
        """Apply the web ACL, then the first rule that matches, else the default action."""
        firewall, rules, default = self._firewall, self._rules, self._default
        addresses = request.fields.get(b"x-forwarded-for")
        if addresses is not None and addresses.count(b",") >= _ADDRESSES:
            return _too_many_addresses
        head = self._forwarded.head(request)

        def onward(exchange: Exchange | None, sink: Sink) -> Flow | None:
            if firewall is not None:
                verdict = firewall.check(request)
                if exchange is not None and exchange.logs:
                    exchange.inspected(verdict, request)
                if verdict.blocks:
                    _forbid(request, exchange, sink, verdict)
                    return None
            for rule in rules:
                if rule.holds(request):
                    if exchange is not None and exchange.logs:
                        exchange.annotate(rule=rule.arn)
                    return rule.do(request, head, exchange, sink)
            return default(request, head, exchange, sink)

        return onward

    def _compile(self, action: Action) -> Do:
        if isinstance(action, Forward):
            return compile_forward(action, self._pools, self._delivery)
        if isinstance(action, FixedResponse):
            return _fixed(action)
        return _redirect(action, self._listener)


def _names(balancer: LoadBalancer, listener: Listener) -> Iterator[str]:
    """The load balancer's own names, and the hosts that its rules match."""
    yield balancer.dns_name
    yield from balancer.aliases
    for rule in listener.rules:
        for condition in rule.conditions:
            if isinstance(condition, HostHeader):
                yield from (name for name in condition.values if name.strip("*?."))


def _for_another_host(exchange: Exchange) -> None:
    exchange.annotate(blocked_by="host")
    exchange.respond(_ANOTHER_HOST)


def _too_many_addresses(exchange: Exchange | None, sink: Sink) -> None:
    head_only = exchange is not None and exchange.request.method == b"HEAD"
    answer(sink, load_balancer_page(463), head_only=head_only)


def _forbid(request: Request, exchange: Exchange | None, sink: Sink, verdict: Verdict) -> None:
    if exchange is not None:
        exchange.annotate(blocked_by=verdict.rule)
    answer(sink, verdict.response or _FORBIDDEN, head_only=request.method == b"HEAD")


def _fixed(action: FixedResponse) -> Do:
    headers = (_SERVER, (b"Content-Type", action.content_type.encode()))
    response = Response(action.status, headers, action.body.encode())

    def respond(request: Request, _head: TargetHead, _: Exchange | None, sink: Sink) -> None:
        answer(sink, response, head_only=request.method == b"HEAD")

    return respond


def _redirect(action: Redirect, listener: Listener) -> Do:
    page = load_balancer_page(action.status)

    def redirect(
        request: Request, _head: TargetHead, exchange: Exchange | None, sink: Sink
    ) -> None:
        location = redirect_location(action, listener, request)
        if exchange is not None:
            exchange.annotate(redirect_url=location)
        headers = (*page.headers, (b"Location", location))
        response = Response(action.status, headers, page.body)
        answer(sink, response, head_only=request.method == b"HEAD")

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
