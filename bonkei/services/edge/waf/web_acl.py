"""A web ACL, compiled: rules in order of priority; the first terminating match decides."""

from __future__ import annotations

import time
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field, replace
from functools import partial

from bonkei.blueprint.wafv2 import CustomResponse, WafRule, WebAcl
from bonkei.services.edge.http.firewall import Verdict
from bonkei.services.edge.http.message import Request, Response
from bonkei.services.edge.waf.statement import CompiledStatement, Evaluate, compile_statement

DEFAULT_ACTION = "Default_Action"
BODY_BYTES = {"REGIONAL": 8 * 1024, "CLOUDFRONT": 16 * 1024}
"""Bytes of a body inspected by default ("Handling oversize web request components")."""

_COUNTED = 256
"""Combinations of rules that counted, whose verdicts are kept."""

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
class CompiledRule:
    """A rule, with the statement behind `holds`."""

    name: str
    kind: str
    statement: CompiledStatement
    holds: Evaluate
    counter: RuleCounter
    labels: tuple[str, ...]
    verdict: Verdict  # used if it decides and nothing else has matched


@dataclass(frozen=True, slots=True)
class Asked:
    """An evaluated rule and its answer; None: it cannot be evaluated here."""

    rule: CompiledRule
    holds: bool | None


class CompiledWebAcl:
    """Layers call `check`. `not_simulated`: the rules that behave differently on AWS, each with the
    reason."""

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
        self._counted: dict[tuple[str, ...], Verdict] = {}
        self._body_bytes = BODY_BYTES[acl.scope]
        self._clock = clock
        self._rules = tuple(
            self._rule(rule) for rule in sorted(acl.rules, key=lambda rule: rule.priority)
        )
        self._default = Verdict(
            acl.arn,
            DEFAULT_ACTION,
            acl.default_action.kind == "block",
            response=_response(acl.default_action.response),
        )

    def check(self, request: Request) -> Verdict:
        """Decide, and count."""
        counted: tuple[CompiledRule, ...] = ()
        for rule in self._rules:
            if not rule.holds(request):
                continue
            if rule.kind == "allow":
                rule.counter.allowed += 1
            elif rule.kind == "block":
                rule.counter.blocked += 1
            else:
                rule.counter.counted += 1
                counted = (*counted, rule)
                continue
            return self._with(rule.verdict, counted) if counted else rule.verdict
        default = self._default
        if default.blocks:
            self.counters.default.blocked += 1
        else:
            self.counters.default.allowed += 1
        return self._with(default, counted) if counted else default

    def _with(self, verdict: Verdict, counted: tuple[CompiledRule, ...]) -> Verdict:
        """The verdict after these rules have counted: one object for all such requests."""
        key = verdict.rule, *[rule.name for rule in counted]
        known = self._counted.get(key)
        if known is None:
            if len(self._counted) >= _COUNTED:
                self._counted.clear()
            known = self._counted[key] = _with(verdict, counted)
        return known

    def foresee(self, request: Request) -> tuple[Verdict, tuple[Asked, ...]]:
        """The result of `check` and the rules that it would evaluate, without counting."""
        asked: list[Asked] = []

        def ask(rule: CompiledRule, request: Request) -> bool | None:
            holds = rule.statement.foresees(request)
            asked.append(Asked(rule, holds))
            return holds

        quiet = copy(self)
        quiet.counters = Counters()
        quiet._rules = tuple(
            replace(rule, holds=partial(ask, rule), counter=RuleCounter()) for rule in self._rules
        )
        return quiet.check(request), tuple(asked)

    def _rule(self, rule: WafRule) -> CompiledRule:
        statement = compile_statement(rule.statement, self._clock, self._body_bytes)
        if statement.reads_body:
            self.body_needed = self._body_bytes + 1  # the extra byte shows that there is more
        kind = rule.action.kind
        if kind in ("captcha", "challenge"):
            self.not_simulated.append(
                (rule.name, f"the action {kind} is only counted: only AWS can present the puzzle")
            )
        self.not_simulated += [(rule.name, reason) for reason in statement.differences]
        response = _response(rule.action.response)
        return CompiledRule(
            rule.name,
            kind,
            statement,
            statement.holds,
            self.counters.rule(rule.name),
            rule.labels,
            Verdict(self.arn, rule.name, kind == "block", labels=rule.labels, response=response),
        )


def _with(verdict: Verdict, counted: tuple[CompiledRule, ...]) -> Verdict:
    labels = [label for rule in counted for label in rule.labels]
    return verdict._replace(
        counted=tuple(rule.name for rule in counted),
        labels=tuple(dict.fromkeys((*labels, *verdict.labels))),
    )


def _response(custom: CustomResponse | None) -> Response | None:
    if custom is None:
        return None
    headers = [(name.encode(), value.encode()) for name, value in custom.headers]
    if custom.content_type:
        kind = _CONTENT_TYPES.get(custom.content_type, custom.content_type)
        headers.append((b"Content-Type", kind.encode()))
    return Response(custom.status, tuple(headers), custom.body.encode())
