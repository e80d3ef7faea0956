"""The statement of a web ACL's rule, which the bindings leave untyped.

`aws_wafv2_web_acl_rule` has the same statement, typed, but built with the provider's newer
framework; `aws_wafv2_web_acl` and `aws_wafv2_rule_group` keep the older SDK's shape: blocks that
occur at most once say so, some repeated ones are sets, and nothing inside is computed.
"""

from __future__ import annotations

from typing import Any

Json = Any

DEPTH = 3
"""How deep and_statement, or_statement and not_statement may contain each other:
`webACLRootStatementSchemaLevel` of the provider's internal/service/wafv2."""

_LOGICAL = ("and_statement", "or_statement", "not_statement")
_ROOT_ONLY = (
    "managed_rule_group_statement",
    "rate_based_statement",
    "rule_group_reference_statement",
)
_SETS = ("text_transformation", "insert_header", "response_header")
_REPEATED = (
    *("managed_rule_group_configs", "rule_action_override", "custom_keys", "statement"),
    *("excluded_rule", "exempt_uri_regular_expression"),
)
_RENAMED = {"custom_keys": "custom_key"}


def statement(framework: Json) -> Json:
    """The nested block "statement" of a rule, given that of `aws_wafv2_web_acl_rule`."""
    sdk = _sdk(framework)["block_types"]
    rate = sdk["rate_based_statement"]["block"]["attributes"]
    rate["aggregate_key_type"] = {"type": "string", "optional": True}  # rateBasedStatementSchema
    root = _level(sdk, 1)
    root["block_types"] |= {
        name: _with_scope_down(sdk[name], _level(sdk, 2)) for name in _ROOT_ONLY if name in sdk
    }
    return _once(root)


def _level(sdk: Json, level: int) -> Json:
    blocks = {name: block for name, block in sdk.items() if name not in (*_LOGICAL, *_ROOT_ONLY)}
    if level <= DEPTH:
        inner = {
            "nesting_mode": "list",
            "min_items": 1,
            "block": _level(sdk, level + 1),
        }
        for name in _LOGICAL:
            blocks[name] = _once({"attributes": {}, "block_types": {"statement": inner}})
    return {"attributes": {}, "block_types": dict(sorted(blocks.items()))}


def _with_scope_down(block: Json, inner: Json) -> Json:
    if "scope_down_statement" not in block["block"]["block_types"]:
        return block
    content = block["block"]
    blocks = {**content["block_types"], "scope_down_statement": _once(inner)}
    return {**block, "block": {**content, "block_types": blocks}}


def _once(block: Json) -> Json:
    return {"nesting_mode": "list", "max_items": 1, "block": block}


def _sdk(block: Json) -> Json:
    attributes = {
        name: {key: value for key, value in attribute.items() if key != "computed"}
        for name, attribute in block["attributes"].items()
    }
    nested = {}
    for name, inner in block["block_types"].items():
        content = _sdk(inner["block"])
        if name in _SETS:
            shape = {"nesting_mode": "set", "min_items": 1, "block": content}
        elif name in _REPEATED:
            shape = {"nesting_mode": "list", "block": content}
        else:
            shape = _once(content)
        nested[_RENAMED.get(name, name)] = shape
    return {"attributes": attributes, "block_types": nested}
