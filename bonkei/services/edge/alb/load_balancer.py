"""The Application Load Balancer: web ACL, listener rules, actions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from bonkei.blueprint.elbv2 import (
    Action,
    Condition,
    FixedResponse,
    Forward,
    HostHeader,
    Listener,
    ListenerRule,
    LoadBalancer,
    Redirect,
)
from bonkei.services.edge.alb.forward import Do, Shifts, compile_forward, compile_shifting, shifted
from bonkei.services.edge.alb.rule import compile_condition, every
from bonkei.services.edge.alb.target_head import ForwardedHeaders, TargetHead
from bonkei.services.edge.http.deadlines import Deadlines
from bonkei.services.edge.http.exchange import Exchange, Flow, Onward, Prepared
from bonkei.services.edge.http.firewall import Firewall, Verdict
from bonkei.services.edge.http.host_names import HostNames, host_name
from bonkei.services.edge.http.message import Patience, Request, Response, Sink, answer, header
from bonkei.services.edge.http.page import load_balancer_page
from bonkei.services.edge.http.pattern import RequestPredicate
from bonkei.services.edge.targets.delivery import Delivery
from bonkei.services.edge.targets.target import Pool

_SERVER = (b"Server", b"awselb/2.0")
FORBIDDEN = load_balancer_page(403)
_UNAVAILABLE = load_balancer_page(503)
_BAD_GATEWAY = load_balancer_page(502)
_TIMEOUT = load_balancer_page(504)
OTHER_HOST = Response(
    403,
    ((b"Content-Type", b"text/plain; charset=utf-8"),),
    b"This load balancer answers to localhost, to the names that lead to it in the definitions, "
    b"and to those that its rules ask for. On AWS it would answer to any. If a name of your own "
    b"is to lead here, add it to bonkei.toml: [edge] hosts.\n",
)
TOO_MANY_ADDRESSES = 463
_ADDRESSES = 30
"""Addresses in X-Forwarded-For at most ("HTTP 463", Troubleshoot your Application Load
Balancers)."""

_DEFAULT_PORTS = {"HTTP": 80, "HTTPS": 443}


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule, or the default action. The default action has no `arn`, and always holds.
    `conditions`: each with its predicate."""

    arn: str
    address: str
    priority: int
    conditions: tuple[tuple[Condition, RequestPredicate], ...]
    holds: RequestPredicate
    action: Action
    do: Do


class ListenerHandler:
    """One listener of a load balancer, compiled. It does not change: `apply` makes a new one."""

    def __init__(
        self,
        balancer: LoadBalancer,
        listener: Listener,
        firewall: Firewall | None,
        pools: Mapping[str, Pool],
        deadlines: Deadlines,
        hosts: Iterable[str] = (),
        shifts: Shifts = MappingProxyType({}),
    ) -> None:
        self._shifts = shifts
        self._hosts = HostNames((*_names(balancer, listener), *hosts))
        self._own_host = header(b"Host", balancer.dns_name.encode())
        self.body_needed = firewall.body_needed if firewall else 0
        self.firewall = firewall
        self.pools = pools
        self.listener = listener
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
        self.rules = (
            *map(self._rule, sorted(listener.rules, key=lambda rule: rule.priority)),
            self._default(listener),
        )

    def prepare(self, request: Request) -> Prepared:
        """Prepare a request that a client sends to the listener itself, not through CloudFront."""
        if not self.admits(request):
            return _for_another_host
        onward = self.onward(request)
        return lambda exchange: onward(exchange, exchange)

    def admits(self, request: Request) -> bool:
        """Whether the Host is one of the listener's names; a missing one is added.

        "For HTTP/1.0 requests from clients that do not have a host header, the load balancer
        generates a host header … The host header contains the DNS name of the load balancer" (How
        Elastic Load Balancing works: HTTP connections). No browser sends such a request.
        """
        if b"host" not in request.fields:
            _, name, _ = self._own_host
            request.headers.append(self._own_host)
            request.fields[b"host"] = name
            return True
        return self._hosts.have(request)

    def refusal(self, status: int) -> Response:
        return load_balancer_page(status, close=True)

    def onward(self, request: Request) -> Onward:
        """Apply the web ACL, then the first rule that matches, else the default action."""
        firewall, rules = self.firewall, self.rules
        if has_too_many_addresses(request):
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
            rule = first_rule(rules, request)
            if exchange is not None and exchange.logs:
                exchange.rule = rule.arn
            return rule.do(request, head, exchange, sink)

        return onward

    def _rule(self, rule: ListenerRule) -> CompiledRule:
        predicates = tuple(map(compile_condition, rule.conditions))
        conditions = tuple(zip(rule.conditions, predicates, strict=True))
        do = self._compile(rule.action, rule.arn)
        return CompiledRule(
            rule.arn, rule.address, rule.priority, conditions, every(predicates), rule.action, do
        )

    def _default(self, listener: Listener) -> CompiledRule:
        action = listener.default_action
        return CompiledRule(
            "", listener.address, 0, (), lambda _: True, action, self._compile(action)
        )

    def present_action(self, rule: CompiledRule) -> Action:
        """The rule's action; a deployment may have changed its weights."""
        action = rule.action
        return shifted(action, rule.arn, self._shifts) if isinstance(action, Forward) else action

    def _compile(self, action: Action, rule_arn: str = "") -> Do:
        if isinstance(action, Forward) and rule_arn:
            return compile_shifting(action, rule_arn, self.pools, self._delivery, self._shifts)
        if isinstance(action, Forward):
            return compile_forward(action, self.pools, self._delivery)
        if isinstance(action, FixedResponse):
            return _fixed(action)
        return _redirect(action, self.listener)


def first_rule(rules: Iterable[CompiledRule], request: Request) -> CompiledRule:
    """The first rule that holds. The last one always does."""
    for rule in rules:
        if rule.holds(request):
            return rule
    raise AssertionError("the default action is the last of the rules")


def has_too_many_addresses(request: Request) -> bool:
    """Whether X-Forwarded-For has more addresses than a load balancer accepts."""
    addresses = request.fields.get(b"x-forwarded-for")
    return addresses is not None and addresses.count(b",") >= _ADDRESSES


def _names(balancer: LoadBalancer, listener: Listener) -> Iterator[str]:
    """The load balancer's own names, and the hosts that its rules match."""
    yield balancer.dns_name
    yield from balancer.aliases
    for rule in listener.rules:
        for condition in rule.conditions:
            if isinstance(condition, HostHeader):
                yield from (name for name in condition.values if name.strip("*?."))


def _for_another_host(exchange: Exchange) -> None:
    exchange.blocked_by = "host"
    exchange.respond(OTHER_HOST)


def _too_many_addresses(exchange: Exchange | None, sink: Sink) -> None:
    head_only = exchange is not None and exchange.request.method == b"HEAD"
    answer(sink, load_balancer_page(TOO_MANY_ADDRESSES), head_only=head_only)


def _forbid(request: Request, exchange: Exchange | None, sink: Sink, verdict: Verdict) -> None:
    if exchange is not None:
        exchange.blocked_by = verdict.rule
    answer(sink, verdict.response or FORBIDDEN, head_only=request.method == b"HEAD")


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
            exchange.redirect_url = location
        headers = (*page.headers, (b"Location", location))
        response = Response(action.status, headers, page.body)
        answer(sink, response, head_only=request.method == b"HEAD")

    return redirect


def redirect_location(action: Redirect, listener: Listener, request: Request) -> bytes:
    """The Location header: the action's parts, with `#{protocol}`, `#{host}`, `#{port}`, `#{path}`
    and `#{query}` replaced by the request's values ("Redirect actions")."""
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
