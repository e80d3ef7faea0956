"""The statements of AWS WAF, compiled to predicates over a request.

A statement is true, false or unknown. It is unknown if only AWS can evaluate it, if it uses a
transformation that is not simulated, or if the header that should hold an address is missing. An
unknown statement never makes a rule match, not even under a negation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from bonkei.blueprint.wafv2 import (
    And,
    ByteMatch,
    IpSetMatch,
    Not,
    NotSimulatedStatement,
    Or,
    RateBased,
    RegexMatch,
    SizeConstraint,
    Statement,
)
from bonkei.grammar.waf_regex import RegexError, RegexNotSimulatedError
from bonkei.services.edge.http.message import Request
from bonkei.services.edge.http.networks import (
    holds_address,
    in_networks,
    parse_address,
    parse_networks,
)
from bonkei.services.edge.waf.component import byte_test, on_component, regex_test, size_test
from bonkei.services.edge.waf.rate import RateCounter
from bonkei.services.edge.waf.transformation import compose

Evaluate = Callable[[Request], "bool | None"]
Clock = Callable[[], float]

_INSPECTED_ADDRESSES = 10
"""The last addresses of a header are evaluated ("IPSetForwardedIPConfig", WAFV2 API Reference)."""


@dataclass(frozen=True, slots=True)
class CompiledStatement:
    """`differences`: the parts whose result differs from AWS's. Statements that only AWS can
    evaluate are not repeated: the blueprint names them. `foresees`: the result that `holds` would
    give, without counting the request.
    """

    statement: Statement
    holds: Evaluate
    foresees: Evaluate
    reads_body: bool = False
    differences: tuple[str, ...] = ()
    parts: tuple[CompiledStatement, ...] = ()


def compile_statement(statement: Statement, clock: Clock, body_bytes: int) -> CompiledStatement:
    """`clock` gives the seconds for counting rates; `body_bytes` of a body are inspected."""
    compiled = partial(compile_statement, clock=clock, body_bytes=body_bytes)
    match statement:
        case And(parts):
            return _combine(statement, _all, map(compiled, parts))
        case Or(parts):
            return _combine(statement, _any, map(compiled, parts))
        case Not(part):
            return _combine(statement, _none, [compiled(part)])
        case NotSimulatedStatement():
            return _single(statement, _unknown)
        case IpSetMatch():
            return _single(statement, _ip_set(statement))
        case RateBased():
            scope = statement.scope_down
            return _rate_based(statement, compiled(scope) if scope is not None else None, clock)
        case _:
            return _match(statement, body_bytes)


def _single(
    statement: Statement,
    holds: Evaluate,
    *,
    reads_body: bool = False,
    differences: tuple[str, ...] = (),
) -> CompiledStatement:
    """A statement that looks only at the request."""
    return CompiledStatement(statement, holds, holds, reads_body, differences)


def _unknown(request: Request) -> None:  # noqa: ARG001
    return None


# Logic with three values.


def _combine(
    statement: Statement,
    logic: Callable[[tuple[Evaluate, ...]], Evaluate],
    combined: Iterable[CompiledStatement],
) -> CompiledStatement:
    parts = tuple(combined)
    return CompiledStatement(
        statement,
        logic(tuple(part.holds for part in parts)),
        logic(tuple(part.foresees for part in parts)),
        any(part.reads_body for part in parts),
        tuple(each for part in parts for each in part.differences),
        parts,
    )


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


def _none(parts: tuple[Evaluate, ...]) -> Evaluate:
    some = _any(parts)
    return lambda request: None if (result := some(request)) is None else not result


# Conditions on a component.


def _match(
    statement: ByteMatch | RegexMatch | SizeConstraint, body_bytes: int
) -> CompiledStatement:
    try:
        transform = compose(statement.transformations)
    except KeyError as missing:
        reason = f"the transformation {missing.args[0]} is not simulated: it never matches"
        return _single(statement, _unknown, differences=(reason,))
    if isinstance(statement, ByteMatch):
        test = byte_test(statement)
    elif isinstance(statement, SizeConstraint):
        test = size_test(statement)
    else:
        try:
            test = regex_test(statement.regex)
        except RegexNotSimulatedError as error:
            reason = f"the regular expression is not simulated ({error.message}): it never matches"
            return _single(statement, _unknown, differences=(reason,))
        except RegexError as error:
            reason = f"the regular expression is not AWS WAF's ({error.message}): it never matches"
            return _single(statement, _unknown, differences=(reason,))
    holds: Evaluate = on_component(statement.field, transform, test, body_bytes)
    if isinstance(statement, RegexMatch):
        holds = _within_time(holds)
    return _single(statement, holds, reads_body=statement.field.kind == "body")


def _within_time(holds: Evaluate) -> Evaluate:
    """Unknown for a value that a regular expression takes too long for."""

    def evaluate(request: Request) -> bool | None:
        try:
            return holds(request)
        except RegexError:
            return None

    return evaluate


# Addresses. Where the header that should have them is missing, "AWS WAF doesn't apply the rule to
# the web request at all" ("ForwardedIPConfig", AWS WAFV2 API Reference).


def _ip_set(statement: IpSetMatch) -> Evaluate:
    networks = parse_networks(statement.addresses)
    if not statement.forwarded_header:
        return lambda request: in_networks(request.client, networks)
    name = statement.forwarded_header.lower().encode()
    position = {"FIRST": slice(1), "LAST": slice(-1, None)}.get(
        statement.forwarded_position, slice(-_INSPECTED_ADDRESSES, None)
    )

    def evaluate(request: Request) -> bool | None:
        value = request.fields.get(name)
        if value is None:
            return None
        parsed = [parse_address(each.strip()) for each in value.split(b",")[position]]
        addresses = [each for each in parsed if each is not None]
        if not addresses:
            return statement.fallback_matches
        return any(holds_address(networks, each) for each in addresses)

    return evaluate


def _rate_based(
    statement: RateBased, scope: CompiledStatement | None, clock: Clock
) -> CompiledStatement:
    rate = RateCounter(statement.limit, statement.window, clock)
    counted = _counted(statement, rate.exceeds)
    foreseen = _counted(statement, rate.would_exceed)
    reason = "the limit holds at once: AWS looks at the rate about every ten seconds"
    if scope is None:
        return CompiledStatement(statement, counted, foreseen, differences=(reason,))
    differences = (*scope.differences, reason)
    return CompiledStatement(
        statement,
        _within(scope.holds, counted),
        _within(scope.foresees, foreseen),
        scope.reads_body,
        differences,
        (scope,),
    )


def _within(scope: Evaluate, counted: Evaluate) -> Evaluate:
    def holds(request: Request) -> bool | None:
        within = scope(request)
        return counted(request) if within else within

    return holds


def _counted(statement: RateBased, exceeds: Callable[[bytes], bool]) -> Evaluate:
    """Count one more request under the statement's aggregate."""
    if statement.aggregate == "CONSTANT":
        return lambda request: exceeds(b"")  # noqa: ARG005
    if statement.aggregate == "IP":
        return lambda request: exceeds(request.client)
    name = (statement.forwarded_header or "X-Forwarded-For").lower().encode()

    def forwarded(request: Request) -> bool | None:
        value = request.fields.get(name)
        if value is None:
            return None
        address = parse_address(value.split(b",", 1)[0].strip())
        return statement.fallback_matches if address is None else exceeds(address.packed)

    return forwarded
