"""The statements of a WAFv2 rule. Statements can be nested."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, cast

from bonkei.blueprint.state import State
from bonkei.blueprint.state.block import Block
from bonkei.blueprint.wafv2 import (
    COMPARISONS,
    POSITIONAL_CONSTRAINTS,
    SIMULATED_AGGREGATES,
    And,
    ByteMatch,
    Comparison,
    FieldToMatch,
    IpSetMatch,
    Not,
    NotSimulatedStatement,
    Or,
    PositionalConstraint,
    RateBased,
    RegexMatch,
    SizeConstraint,
    Statement,
)

_FIELDS = ("uri_path", "query_string", "method", "all_query_arguments")
_NAMED_FIELDS = ("single_header", "single_query_argument")
_POSITIONS = ("FIRST", "LAST", "ANY")
_FALLBACKS = ("MATCH", "NO_MATCH")
_OVERSIZE = ("CONTINUE", "MATCH", "NO_MATCH")

# Names of statements that are not simulated, by kind.
_NAME_OF = {
    "managed_rule_group_statement": "name",
    "rule_group_reference_statement": "arn",
    "label_match_statement": "key",
}


def read_statement(block: Block, state: State) -> Statement:
    """A `statement` block. It contains exactly one kind of statement."""
    kinds = [kind for kind, value in block.values.items() if value]
    if len(kinds) != 1:
        block.refuse("", "a statement block holds exactly one statement")
    kind = kinds[0]
    inner = block.required_block(kind)
    reader = _READERS.get(kind)
    if reader is None:
        name = inner.text(_NAME_OF[kind], "") if kind in _NAME_OF else ""
        return NotSimulatedStatement(kind, name)
    return reader(inner, state)


def not_simulated_parts(statement: Statement) -> Iterator[NotSimulatedStatement]:
    """The nested statements that only AWS can evaluate."""
    match statement:
        case NotSimulatedStatement():
            yield statement
        case And(statements) | Or(statements):
            for item in statements:
                yield from not_simulated_parts(item)
        case Not(item):
            yield from not_simulated_parts(item)
        case RateBased(scope_down=item) if item is not None:
            yield from not_simulated_parts(item)
        case _:
            return


def _of_field(
    make: Callable[[Block, State, FieldToMatch], Statement],
) -> Callable[[Block, State], Statement]:
    """A reader of a statement about a field. One about a field that is not simulated is not
    simulated either."""

    def read(block: Block, state: State) -> Statement:
        field = _field(block)
        return field if isinstance(field, NotSimulatedStatement) else make(block, state, field)

    return read


def _byte_match(block: Block, _state: State, field: FieldToMatch) -> Statement:
    return ByteMatch(
        field=field,
        search_string=block.text("search_string").encode(),
        positional_constraint=cast(
            PositionalConstraint,
            block.choice("positional_constraint", POSITIONAL_CONSTRAINTS),
        ),
        transformations=_transformations(block),
    )


def _regex_match(block: Block, _state: State, field: FieldToMatch) -> Statement:
    return RegexMatch(field, block.text("regex_string"), _transformations(block))


def _regex_set(block: Block, state: State, field: FieldToMatch) -> Statement:
    patterns = state.find(block.text("arn"), "arn", "aws_wafv2_regex_pattern_set")
    if patterns is None:
        return NotSimulatedStatement("regex_pattern_set_reference_statement", block.text("arn"))
    transformations = _transformations(block)
    expressions = sorted(
        item.text("regex_string") for item in patterns.blocks("regular_expression")
    )
    return Or(tuple(RegexMatch(field, text, transformations) for text in expressions))


def _size_constraint(block: Block, _state: State, field: FieldToMatch) -> Statement:
    return SizeConstraint(
        field=field,
        comparison=cast(Comparison, block.choice("comparison_operator", COMPARISONS)),
        size=block.integer("size"),
        transformations=_transformations(block),
    )


def _ip_set(block: Block, state: State) -> Statement:
    arn = block.text("arn")
    found = state.find(arn, "arn", "aws_wafv2_ip_set")
    if found is None:
        return NotSimulatedStatement("ip_set_reference_statement", arn)
    addresses = tuple(sorted(found.texts("addresses")))
    forwarded = block.block("ip_set_forwarded_ip_config")
    if forwarded is None:
        return IpSetMatch(addresses)
    return IpSetMatch(
        addresses,
        forwarded_header=forwarded.text("header_name"),
        forwarded_position=cast(
            Literal["FIRST", "LAST", "ANY"], forwarded.choice("position", _POSITIONS)
        ),
        fallback_matches=_fallback_matches(forwarded),
    )


def _rate_based(block: Block, state: State) -> Statement:
    aggregate = block.text("aggregate_key_type", "IP")
    if aggregate not in SIMULATED_AGGREGATES:
        return NotSimulatedStatement("rate_based_statement", aggregate)
    scope = block.block("scope_down_statement")
    scope_down = read_statement(scope, state) if scope else None
    forwarded = block.block("forwarded_ip_config")
    return RateBased(
        limit=block.integer("limit"),
        window=block.integer("evaluation_window_sec", 300),
        aggregate=aggregate,
        scope_down=scope_down,
        forwarded_header=forwarded.text("header_name") if forwarded else "",
        fallback_matches=forwarded is not None and _fallback_matches(forwarded),
    )


def _fallback_matches(block: Block) -> bool:
    return block.choice("fallback_behavior", _FALLBACKS) == "MATCH"


def _not(block: Block, state: State) -> Statement:
    """If a statement cannot be evaluated, a `not` around it cannot either. Otherwise the `not`
    would always match."""
    inner = read_statement(block.required_block("statement"), state)
    unknown = next(not_simulated_parts(inner), None)
    return Not(inner) if unknown is None else unknown


def _nested(block: Block, state: State) -> tuple[Statement, ...]:
    found = tuple(read_statement(item, state) for item in block.blocks("statement"))
    if not found:
        block.refuse("statement", "the block is missing")
    return found


def _transformations(block: Block) -> tuple[str, ...]:
    found = sorted(
        (item.integer("priority"), item.text("type"))
        for item in block.blocks("text_transformation")
    )
    return tuple(name for _, name in found) or ("NONE",)


def _field(block: Block) -> FieldToMatch | NotSimulatedStatement:
    field = block.required_block("field_to_match")
    chosen = [kind for kind, value in field.values.items() if value]
    if len(chosen) != 1:
        field.refuse("", "exactly one field is looked at")
    kind = chosen[0]
    if kind in _NAMED_FIELDS:
        name = field.required_block(kind).text("name")
        return FieldToMatch(cast(Literal["single_header"], kind), name.lower())
    if kind in _FIELDS:
        return FieldToMatch(cast(Literal["uri_path"], kind))
    if kind == "body":
        handling = field.required_block(kind).choice("oversize_handling", _OVERSIZE, "CONTINUE")
        return FieldToMatch(
            "body", oversize_handling=cast(Literal["CONTINUE", "MATCH", "NO_MATCH"], handling)
        )
    return NotSimulatedStatement("field_to_match", kind)


_READERS: dict[str, Callable[[Block, State], Statement]] = {
    "byte_match_statement": _of_field(_byte_match),
    "regex_match_statement": _of_field(_regex_match),
    "regex_pattern_set_reference_statement": _of_field(_regex_set),
    "size_constraint_statement": _of_field(_size_constraint),
    "ip_set_reference_statement": _ip_set,
    "rate_based_statement": _rate_based,
    "and_statement": lambda block, state: And(_nested(block, state)),
    "or_statement": lambda block, state: Or(_nested(block, state)),
    "not_statement": _not,
}
