"""AWS WAF: web ACLs, IP sets, pattern sets, rule groups, and their associations.

https://docs.aws.amazon.com/waf/latest/APIReference/Welcome.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bonkei.definitions.provider.aws.shared.blocks import each, first, has_one
from bonkei.definitions.provider.aws.shared.checks import (
    at,
    between,
    is_set,
    length,
    matches,
    one_of,
    unique,
)
from bonkei.definitions.provider.aws.shared.formats import arn, cidr
from bonkei.definitions.provider.aws.shared.import_ids import parts_of
from bonkei.definitions.provider.aws.shared.naming import Mint, Minting
from bonkei.definitions.provider.aws.shared.own import by_own_names
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.aws.wafv2.statements import (
    capacity,
    regular_expression,
    statement_problems,
)
from bonkei.definitions.provider.behaviour import Context, Problem, Refused, ResourceBehaviour
from bonkei.definitions.provider.values import UNKNOWN, Object, Value, given

_DESCRIPTION = matches(r"[\w+=:#@/\-,. ]{1,256}", "letters, digits, blanks and +=:#@/-,._")
_METRIC = (length(1, 255), matches(r"[a-zA-Z0-9_-]+", "letters, digits, - and _"))
_ACTIONS = ("allow", "block", "captcha", "challenge", "count", "monetize")
_GROUPS = ("managed_rule_group_statement", "rule_group_reference_statement")
_MOST_CAPACITY = 5000


def _scoped(kind: str) -> Minting:
    def mint_scoped(mint: Mint) -> Mapping[str, Value]:
        """A CLOUDFRONT one lives in us-east-1, under `global/`."""
        name, identifier = mint.name(), mint.uuid(kind)
        is_global = mint.given("scope") == "CLOUDFRONT"
        if is_global and mint.region != "us-east-1":
            raise Refused(
                "WAFInvalidParameterException: The scope is not valid., field: SCOPE_VALUE,"
                " parameter: CLOUDFRONT",
                f'What CloudFront uses is made in us-east-1, not {mint.region}: set "region", or a'
                " provider of that region.",
                ("scope",),
            )
        place = "global" if is_global else "regional"
        return {
            "id": identifier,
            "arn": mint.arn(
                "wafv2",
                f"{place}/{kind}/{name}/{identifier}",
                region="us-east-1" if is_global else None,
            ),
            "name": name,
            "lock_token": mint.uuid(f"lock/{mint.context.generation}"),
        }

    return mint_scoped


def _web_acl(mint: Mint) -> Mapping[str, Value]:
    groups = {
        str(group.get("arn")): int(group.get("capacity") or 0)
        for group in mint.context.peers("aws_wafv2_rule_group")
    }
    units = sum(
        capacity(first(rule.get("statement")), groups) for rule in each(mint.planned.get("rule"))
    )
    if units > _MOST_CAPACITY:
        raise Refused(
            "WAFLimitsExceededException: the web ACL needs too many capacity units",
            f"Its rules cost {units} WCU; a web ACL has at most {_MOST_CAPACITY}.",
            ("rule",),
        )
    return {
        **_scoped("webacl")(mint),
        "capacity": units,
    }


def _actions(config: Object) -> Iterator[Problem]:
    """There is one default action. A rule has an action, or overrides its rule group's."""
    default = config.get("default_action")
    if first(default) and not has_one(first(default), ("allow", "block")):
        detail = "default_action has exactly one block: allow or block."
        yield Problem(("default_action", 0), "Invalid default action", detail)
    for index, rule in enumerate(each(config.get("rule"))):
        action, override = first(rule.get("action")), first(rule.get("override_action"))
        statement = first(rule.get("statement"))
        if UNKNOWN in (statement.get(kind) for kind in _GROUPS):
            continue
        is_group = any(_has(statement, kind) for kind in _GROUPS)
        place = ("rule", index)
        if action and override:
            detail = "A rule has an action or an override_action, not both."
            yield Problem((*place, "action"), "Conflicting blocks", detail)
        elif statement and is_group and not _has(rule, "override_action"):
            detail = "A rule that refers to a rule group needs an override_action (none or count)."
            yield Problem(place, "Missing block", detail)
        elif statement and not is_group and not _has(rule, "action"):
            yield Problem(place, "Missing block", "The rule needs an action.")
        if action and not has_one(action, _ACTIONS):
            detail = f"An action has exactly one block of {', '.join(_ACTIONS)}."
            yield Problem((*place, "action"), "Invalid action", detail)


def _has(block: Mapping[str, Value], name: str) -> bool:
    return is_set(block.get(name))


def _statements(config: Object) -> Iterator[Problem]:
    for index, rule in enumerate(each(config.get("rule"))):
        for path, detail in statement_problems(rule.get("statement")):
            yield Problem(("rule", index, "statement", *path), "Invalid statement", detail)


def _custom_bodies(config: Object) -> Iterator[Problem]:
    """A custom response names a body that the web ACL has."""
    bodies = config.get("custom_response_body")
    keys = [body.get("key") for body in each(bodies)]
    if not (bodies is None or isinstance(bodies, list)) or not all(map(given, keys)):
        return
    places = [(("default_action", 0), first(config.get("default_action")))]
    places += [
        (("rule", index), first(rule.get("action")))
        for index, rule in enumerate(each(config.get("rule")))
    ]
    for place, action in places:
        response = first(first(action.get("block")).get("custom_response"))
        key = response.get("custom_response_body_key")
        if given(key) and key and key not in keys:
            detail = f'There is no custom_response_body with the key "{key}".'
            yield Problem(place, "No such response body", detail)


def _addresses_fit(config: Object) -> Iterator[Problem]:
    version = config.get("ip_address_version")
    addresses = config.get("addresses")
    if not given(version) or not isinstance(addresses, list):
        return
    number = 6 if version == "IPV6" else 4
    check = cidr(number, 1, 128 if number == 6 else 32)
    for index, address in enumerate(addresses):
        if given(address) and (wrong := check(address)):
            yield Problem(("addresses", index), "Invalid address", wrong)


def _association_fits(config: Object) -> Iterator[Problem]:
    resource_arn, web_acl = config.get("resource_arn"), config.get("web_acl_arn")
    if given(web_acl) and ":global/webacl/" in str(web_acl):
        detail = "A web ACL of scope CLOUDFRONT protects distributions, by their web_acl_id."
        yield Problem(("web_acl_arn",), "Web ACL of the wrong scope", detail)
    if given(resource_arn) and ":loadbalancer/net/" in str(resource_arn):
        detail = "WAF protects Application Load Balancers, not Network Load Balancers."
        yield Problem(("resource_arn",), "Cannot be protected", detail)


def _log_destination(value: Value) -> str | None:
    """The name of a group, bucket or stream for WAF's logs begins with aws-waf-logs-."""
    wrong = arn("logs", "s3", "firehose")(value)
    if wrong:
        return wrong
    name = str(value).split(":", 5)[-1].removeprefix("log-group:")
    name = name.removeprefix("deliverystream/")
    if not name.startswith("aws-waf-logs-"):
        return f'The name "{name}" must begin with "aws-waf-logs-".'
    return None


def _import_scoped(identifier: str, _: Context) -> Object:
    own, name, scope = parts_of(identifier, "ID/NAME/SCOPE")
    return {"id": own, "name": name, "scope": scope}


def _import_association(identifier: str, _: Context) -> Object:
    web_acl, protected = parts_of(identifier, "WEBACLARN,RESOURCEARN")
    return {"id": identifier, "web_acl_arn": web_acl, "resource_arn": protected}


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_wafv2_web_acl": resource(
        _web_acl,
        at("description", _DESCRIPTION),
        at("visibility_config.metric_name", *_METRIC),
        at("rule.visibility_config.metric_name", *_METRIC),
        at("rule.priority", between(0, 2147483647)),
        at(
            "rule.action.block.custom_response.response_code",
            between(200, 599),
        ),
        at(
            "custom_response_body.content_type",
            one_of("TEXT_PLAIN", "TEXT_HTML", "APPLICATION_JSON"),
        ),
        unique("rule", "name", "rule name"),
        unique("rule", "priority", "rule priority"),
        _actions,
        _statements,
        _custom_bodies,
        recomputed={"capacity": "rule rule_json", "lock_token": "*"},
        import_=_import_scoped,
    ),
    "aws_wafv2_web_acl_association": resource(
        lambda mint: {"id": f"{mint.given('web_acl_arn')},{mint.given('resource_arn')}"},
        at("web_acl_arn", arn("wafv2")),
        at("resource_arn", arn()),
        _association_fits,
        import_=_import_association,
    ),
    "aws_wafv2_web_acl_logging_configuration": resource(
        lambda mint: {"id": mint.given("resource_arn")},
        at("resource_arn", arn("wafv2")),
        at("log_destination_configs", _log_destination),
        import_="resource_arn",
    ),
    "aws_wafv2_ip_set": resource(
        _scoped("ipset"),
        at("description", _DESCRIPTION),
        _addresses_fit,
        recomputed={"lock_token": "*"},
        import_=_import_scoped,
    ),
    "aws_wafv2_regex_pattern_set": resource(
        _scoped("regexpatternset"),
        at("regular_expression.regex_string", regular_expression),
        recomputed={"lock_token": "*"},
        import_=_import_scoped,
    ),
    "aws_wafv2_rule_group": resource(
        _scoped("rulegroup"),
        at("capacity", between(1, _MOST_CAPACITY)),
        unique("rule", "priority", "rule priority"),
        _statements,
        recomputed={"lock_token": "*"},
        import_=_import_scoped,
    ),
}

DATA_SOURCES = by_own_names(
    "aws_wafv2_ip_set aws_wafv2_regex_pattern_set aws_wafv2_rule_group aws_wafv2_web_acl"
)
