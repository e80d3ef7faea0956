"""A web ACL, compiled: rules by priority, the first that ends the evaluation wins.

A statement is true, false or unknown. Unknown is what only AWS can evaluate, or what asks for a
transformation that is not simulated; it makes no rule match, not even under a negation. Each such
statement is listed by name.
"""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from operator import eq, ge, gt, le, lt, ne

from bonkei.blueprint.web_acl import (
    And,
    ByteMatch,
    CustomResponse,
    FieldToMatch,
    IpSetMatch,
    Not,
    NotSimulatedStatement,
    Or,
    RateBased,
    RegexMatch,
    SizeConstraint,
    Statement,
    WafRule,
    WebAcl,
)
from bonkei.edge.message import Request, Response
from bonkei.edge.rule import in_networks, parse_networks
from bonkei.edge.transformation import Transformation, compose

Evaluate = Callable[[Request], "bool | None"]
Extract = Callable[[Request], "tuple[bytes, ...]"]

BODY_BYTES = {"REGIONAL": 8 * 1024, "CLOUDFRONT": 16 * 1024}
"""How much of a body is inspected by default ("Handling oversize web request components")."""

_WORD = rb"[A-Za-z0-9_]"
_COMPARISONS = {"EQ": eq, "NE": ne, "LE": le, "LT": lt, "GE": ge, "GT": gt}
_TRACKED = 10_000
"""Aggregates that a rate-based rule keeps apart ("Rate-based rule aggregation instances")."""


@dataclass(slots=True)
class RuleCounter:
    """What CloudWatch counts for a rule: AllowedRequests, BlockedRequests, CountedRequests."""

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
    """`check` is what a layer calls; `not_simulated` names what never matches, with the reason."""

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
        self._body_limit = BODY_BYTES[acl.scope]
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

    # Compilation.

    def _rule(self, rule: WafRule) -> _Rule:
        if rule.action.kind in ("captcha", "challenge"):
            self.not_simulated.append(
                (rule.name, f"the action {rule.action.kind} is only counted: AWS makes the puzzle")
            )
        return _Rule(
            rule.name,
            rule.action.kind,
            self._compile(rule.statement, rule.name),
            _response(rule.action.response),
            self.counters.rule(rule.name),
        )

    def _compile(self, statement: Statement, rule: str) -> Evaluate:
        if isinstance(statement, And | Or):
            parts = tuple(self._compile(part, rule) for part in statement.statements)
            return _all(parts) if isinstance(statement, And) else _any(parts)
        if isinstance(statement, Not):
            part = self._compile(statement.statement, rule)
            return lambda request: None if (result := part(request)) is None else not result
        if isinstance(statement, NotSimulatedStatement):
            what = f"{statement.kind} {statement.name}".strip()
            return self._unknown(rule, f"{what} can only be evaluated by AWS")
        if isinstance(statement, IpSetMatch):
            return _ip_set(statement)
        if isinstance(statement, RateBased):
            return self._rate(statement, rule)
        return self._match(statement, rule)

    def _match(self, statement: ByteMatch | RegexMatch | SizeConstraint, rule: str) -> Evaluate:
        try:
            transform = compose(statement.transformations)
        except KeyError as missing:
            return self._unknown(rule, f"the transformation {missing.args[0]} is not simulated")
        if isinstance(statement, ByteMatch):
            test = _byte_test(statement)
        elif isinstance(statement, SizeConstraint):
            test = _size_test(statement)
        else:
            try:
                pattern = re.compile(statement.regex.encode())
            except re.error as error:
                return self._unknown(rule, f"the regular expression is not Python's: {error}")
            test = lambda value: pattern.search(value) is not None  # noqa: E731
        if statement.field.kind == "body":
            self.body_needed = self._body_limit
        return _evaluate(statement.field, transform, test)

    def _unknown(self, rule: str, reason: str) -> Evaluate:
        self.not_simulated.append((rule, reason))
        return lambda request: None  # noqa: ARG005

    def _rate(self, statement: RateBased, rule: str) -> Evaluate:
        scope = self._compile(statement.scope_down, rule) if statement.scope_down else None
        if statement.aggregate == "CONSTANT":
            key: Callable[[Request], bytes] = lambda request: b""  # noqa: ARG005, E731
        elif statement.aggregate == "FORWARDED_IP":
            name = (statement.forwarded_header or "X-Forwarded-For").lower().encode()
            key = lambda request: _first_address(request.fields.get(name, b""))  # noqa: E731
        else:
            key = lambda request: request.client  # noqa: E731
        rate = RateCounter(statement.limit, statement.window, self._clock)

        def holds(request: Request) -> bool | None:
            if scope is not None and not (inside := scope(request)):
                return inside
            return rate.exceeds(key(request))

        return holds


class RateCounter:
    """Requests in the window that ends now, by aggregate, in ten slots a window.

    AWS estimates the rate about every ten seconds ("Rate-based rule caveats"); this one is prompt.
    """

    SLOTS = 10

    def __init__(self, limit: int, window: float, clock: Callable[[], float]) -> None:
        self._limit = limit
        self._slot = window / self.SLOTS
        self._clock = clock
        self._counts: OrderedDict[bytes, dict[int, int]] = OrderedDict()

    def exceeds(self, key: bytes) -> bool:
        """Count one request, and say whether there are now more than the limit."""
        slot = int(self._clock() / self._slot)
        counts = self._counts.setdefault(key, {})
        self._counts.move_to_end(key)
        if len(self._counts) > _TRACKED:
            self._counts.popitem(last=False)
        counts[slot] = counts.get(slot, 0) + 1
        for old in [each for each in counts if each <= slot - self.SLOTS]:
            del counts[old]
        return sum(counts.values()) > self._limit


def _all(parts: tuple[Evaluate, ...]) -> Evaluate:
    def evaluate(request: Request) -> bool | None:
        unknown = False
        for part in parts:
            result = part(request)
            if result is False:
                return False
            unknown = unknown or result is None
        return None if unknown else True

    return evaluate


def _any(parts: tuple[Evaluate, ...]) -> Evaluate:
    def evaluate(request: Request) -> bool | None:
        unknown = False
        for part in parts:
            result = part(request)
            if result:
                return True
            unknown = unknown or result is None
        return None if unknown else False

    return evaluate


def _evaluate(
    field_to_match: FieldToMatch, transform: Transformation | None, test: Callable[[bytes], bool]
) -> Evaluate:
    if field_to_match.kind == "single_header":
        name = field_to_match.name.lower().encode()

        def header(request: Request) -> bool:
            value = request.fields.get(name)
            if value is None:
                return False
            return test(value if transform is None else transform(value))

        return header
    extract = _extractor(field_to_match)

    def evaluate(request: Request) -> bool:
        return any(
            test(value if transform is None else transform(value)) for value in extract(request)
        )

    return evaluate


def _extractor(field_to_match: FieldToMatch) -> Extract:
    kind = field_to_match.kind
    if kind == "uri_path":
        return lambda request: (request.path,)
    if kind == "query_string":
        return lambda request: (request.query,)
    if kind == "method":
        return lambda request: (request.method,)
    if kind == "body":
        return lambda request: (request.body,)
    if kind == "all_query_arguments":
        return lambda request: tuple(part for pair in _arguments(request) for part in pair)
    name = field_to_match.name.lower().encode()
    return lambda request: tuple(v for key, v in _arguments(request) if key.lower() == name)


def _arguments(request: Request) -> list[tuple[bytes, bytes]]:
    pairs = (part.partition(b"=") for part in request.query.split(b"&") if part)
    return [(name, value) for name, _, value in pairs]


def _byte_test(statement: ByteMatch) -> Callable[[bytes], bool]:
    wanted = statement.search_string
    constraint = statement.positional_constraint
    if constraint == "EXACTLY":
        return wanted.__eq__
    if constraint == "STARTS_WITH":
        return lambda value: value.startswith(wanted)
    if constraint == "ENDS_WITH":
        return lambda value: value.endswith(wanted)
    if constraint == "CONTAINS":
        return lambda value: wanted in value
    word = re.compile(rb"(?<!%b)%b(?!%b)" % (_WORD, re.escape(wanted), _WORD))
    return lambda value: word.search(value) is not None


def _size_test(statement: SizeConstraint) -> Callable[[bytes], bool]:
    compare = _COMPARISONS[statement.comparison]
    return lambda value: bool(compare(len(value), statement.size))


def _ip_set(statement: IpSetMatch) -> Evaluate:
    networks = parse_networks(statement.addresses)
    if not statement.forwarded_header:
        return lambda request: in_networks(request.client, networks)
    name = statement.forwarded_header.lower().encode()
    return lambda request: in_networks(_first_address(request.fields.get(name, b"")), networks)


def _first_address(value: bytes) -> bytes:
    return value.split(b",", 1)[0].strip()


def _response(custom: CustomResponse | None) -> Response | None:
    if custom is None:
        return None
    headers = [(name.encode(), value.encode()) for name, value in custom.headers]
    if custom.content_type:
        kinds = {
            "TEXT_PLAIN": "text/plain",
            "TEXT_HTML": "text/html",
            "APPLICATION_JSON": "application/json",
        }
        kind = kinds.get(custom.content_type, custom.content_type)
        headers.append((b"Content-Type", kind.encode()))
    return Response(custom.status, tuple(headers), custom.body.encode())
