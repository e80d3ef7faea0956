"""A web ACL, compiled: rules in order of priority; the first terminating match decides."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from bonkei.blueprint.web_acl import CustomResponse, WafRule, WebAcl
from bonkei.edge.http.message import Request, Response
from bonkei.edge.waf.statement import Evaluate, compile_statement

BODY_BYTES = {"REGIONAL": 8 * 1024, "CLOUDFRONT": 16 * 1024}
"""Bytes of a body inspected by default ("Handling oversize web request components")."""

_CONTENT_TYPES = {
    "TEXT_PLAIN": "text/plain",
    "TEXT_HTML": "text/html",
    "APPLICATION_JSON": "application/json",
}


@dataclass(slots=True)
class RuleCounter:
    """CloudWatch's metrics of a rule: AllowedRequests, BlockedRequests, CountedRequests."""

    allowed: int = 0
    blocked: int = 0
    counted: int = 0


@dataclass(slots=True)
class Counters:
    """A web ACL's counters, kept across changes of its rules. `default` is the default action."""

    rules: dict[str, RuleCounter] = field(default_factory=dict)
    default: RuleCounter = field(default_factory=RuleCounter)

    def rule(self, name: str) -> RuleCounter:
        """The counter of one rule."""
        return self.rules.setdefault(name, RuleCounter())


@dataclass(frozen=True, slots=True)
class _Rule:
    name: str
    kind: str
    holds: Evaluate
    response: Response | None
    counter: RuleCounter


class CompiledWebAcl:
    """A layer calls `check`. `not_simulated` holds the rules that behave differently on AWS, each
    with the reason."""

    def __init__(
        self,
        acl: WebAcl,
        counters: Counters | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.arn = acl.arn
        self.name = acl.name
        self.address = acl.address
        self.counters = counters or Counters()
        self.body_needed = 0
        self.not_simulated: list[tuple[str, str]] = []
        self._body_bytes = BODY_BYTES[acl.scope]
        self._clock = clock
        self._rules = tuple(
            self._rule(rule) for rule in sorted(acl.rules, key=lambda rule: rule.priority)
        )
        self._default_blocks = acl.default_action.kind == "block"
        self._default_response = _response(acl.default_action.response)

    def check(self, request: Request) -> tuple[str, Response | None] | None:
        """The name of the rule that blocks and its custom response; None to let pass."""
        for rule in self._rules:
            if not rule.holds(request):
                continue
            if rule.kind == "allow":
                rule.counter.allowed += 1
                return None
            if rule.kind == "block":
                rule.counter.blocked += 1
                return rule.name, rule.response
            rule.counter.counted += 1
        if self._default_blocks:
            self.counters.default.blocked += 1
            return "Default_Action", self._default_response
        self.counters.default.allowed += 1
        return None

    def _rule(self, rule: WafRule) -> _Rule:
        statement = compile_statement(rule.statement, self._clock, self._body_bytes)
        if statement.reads_body:
            self.body_needed = self._body_bytes + 1  # the extra byte shows that there is more
        kind = rule.action.kind
        if kind in ("captcha", "challenge"):
            self.not_simulated.append(
                (rule.name, f"the action {kind} is only counted: only AWS can present the puzzle")
            )
        self.not_simulated += [(rule.name, reason) for reason in statement.differences]
        return _Rule(
            rule.name,
            kind,
            statement.holds,
            _response(rule.action.response),
            self.counters.rule(rule.name),
        )


def _response(custom: CustomResponse | None) -> Response | None:
    if custom is None:
        return None
    headers = [(name.encode(), value.encode()) for name, value in custom.headers]
    if custom.content_type:
        kind = _CONTENT_TYPES.get(custom.content_type, custom.content_type)
        headers.append((b"Content-Type", kind.encode()))
    return Response(custom.status, tuple(headers), custom.body.encode())
