"""JSON arguments: whether two mean the same, and whether a policy is one that IAM would take.

IAM's grammar: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from typing import Any

from bonkei.definitions.provider.aws.shared.checks import Check
from bonkei.definitions.provider.aws.shared.policy_document import STATEMENT_KEYS
from bonkei.definitions.provider.values import Value

_VERSIONS = ("2008-10-17", "2012-10-17")
_DOCUMENT_KEYS = {"Version", "Id", "Statement"}
_PRINCIPALS = {"AWS", "Service", "Federated", "CanonicalUser", "*"}
_NO_PRINCIPAL = "is not a kind of principal (AWS, Service, Federated, CanonicalUser)"
_ACTION = re.compile(r"\*|[a-zA-Z0-9-]+:[a-zA-Z0-9*?]+")
_OPERATOR = re.compile(
    r"(For(All|Any)Values?:)?"
    r"(String(Not)?(Equals|EqualsIgnoreCase|Like)|Numeric(Not)?Equals|Numeric(Less|Greater)Than"
    r"(Equals)?|Date(Not)?Equals|Date(Less|Greater)Than(Equals)?|Bool|BinaryEquals|(Not)?IpAddress"
    r"|Arn(Not)?(Equals|Like)|Null)(IfExists)?"
)
_ARN_PARTS, _SERVICE = 6, 2
_AWS_PRINCIPAL = re.compile(
    r"\*|\d{12}|arn:[\w-]+:(iam|sts)::(\d{12}|aws):\S+|A(RO|ID)A[A-Z0-9]{12,}"
    r"|arn:[\w-]+:iam::cloudfront:user/CloudFront Origin Access Identity \w+"
)
_SERVICE_PRINCIPAL = re.compile(
    r"[\w.-]+\.amazonaws\.com(\.cn)?|[\w.-]+\.aws\.internal|[\w-]+\.aws\.(com|dev)"
)
_LIST_KEYS = ("Action", "NotAction", "Resource", "NotResource")


def parse(text: str) -> tuple[Any, str | None]:
    """Return (value, problem). A duplicate key is a problem, too, because AWS refuses it."""
    try:
        return json.loads(text, object_pairs_hook=_without_duplicates), None
    except _DuplicateKeyError as error:
        return None, f'Not valid JSON: the key "{error}" is there twice in one object.'
    except (ValueError, RecursionError) as error:
        return None, f"Not valid JSON: {error}."


class _DuplicateKeyError(Exception):
    pass


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        keys = [key for key, _ in pairs]
        raise _DuplicateKeyError(next(key for key in keys if keys.count(key) > 1))
    return members


def json_document(value: Value) -> str | None:
    return parse(value)[1]


def json_object(value: Value) -> str | None:
    document, wrong = parse(value)
    return wrong or (None if isinstance(document, dict) else "Expected a JSON object.")


def same_json(one: Value, other: Value) -> bool:
    """Whether two texts are the same JSON value, apart from blanks and the order of keys."""
    if one == other:
        return True
    try:
        return bool(json.loads(one) == json.loads(other))
    except (TypeError, ValueError):
        return False


def same_policy(one: Value, other: Value) -> bool:
    """Whether two policies mean the same. The order in lists and the brackets of a single item do
    not count."""
    try:
        return bool(_canonical(json.loads(one)) == _canonical(json.loads(other)))
    except (TypeError, ValueError):
        return bool(one == other)


def _canonical(value: Any, key: str = "") -> Any:
    if isinstance(value, Mapping):
        return tuple(sorted((name, _canonical(member, name)) for name, member in value.items()))
    if isinstance(value, list):
        items = [_canonical(item) for item in value]
        return items[0] if len(items) == 1 else tuple(sorted(items, key=repr))
    if isinstance(value, bool):
        return str(value).lower()
    if key == "AWS" and isinstance(value, str):
        account = re.fullmatch(r"arn:aws[a-z-]*:iam::(\d{12}):root", value)
        return account[1] if account else value
    return value


Kind = str
IDENTITY: Kind = "identity"
RESOURCE: Kind = "resource"
TRUST: Kind = "trust"


def policy(kind: Kind, limit: int = 0) -> Check:
    """A check of a policy document as IAM takes it. `kind` is that of an identity (no Principal),
    of a resource (with Principal) or a role's trust policy (with Principal, without Resource).
    `limit` is the greatest number of characters, blanks not counted (IAM quotas,
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html).
    """

    def check(value: Value) -> str | None:
        document, wrong = parse(value)
        if wrong:
            return wrong
        found = next(_faults(document, kind), None)
        if found is None and limit and len(re.sub(r"\s", "", value)) > limit:
            found = f"has more than {limit} characters"
        return f"Not a policy that IAM accepts: {found}." if found else None

    return check


def _faults(document: Any, kind: Kind) -> Iterator[str]:
    if not isinstance(document, dict):
        yield "it is not a JSON object"
        return
    for key in document.keys() - _DOCUMENT_KEYS:
        yield f'"{key}" is not an element of a policy'
    if document.get("Version", _VERSIONS[0]) not in _VERSIONS:
        yield f'Version must be "{_VERSIONS[1]}" (or "{_VERSIONS[0]}")'
    statements = document.get("Statement")
    if isinstance(statements, dict):
        statements = [statements]
    if not isinstance(statements, list) or not statements:
        yield "Statement is missing"
        return
    for index, statement in enumerate(statements):
        for fault in _statement_faults(statement, kind):
            yield f"statement {index + 1}: {fault}"
    yield from _sid_faults([each for each in statements if isinstance(each, dict)], kind)


def _sid_faults(statements: list[dict[str, Any]], kind: Kind) -> Iterator[str]:
    """ "IAM JSON policy elements: Sid" has rules for IAM's own. Other services have theirs: AWS's
    templates give a bucket's policy the same Sid twice, and ECR takes it, too.
    """
    sids = set()
    for statement in statements:
        sid = statement.get("Sid")
        if sid is not None and not isinstance(sid, str):
            yield "a Sid is a string"
            continue
        if kind == RESOURCE:
            continue
        if sid and sid in sids:
            yield f'the Sid "{sid}" is there twice'
        if isinstance(sid, str) and not re.fullmatch(r"[a-zA-Z0-9]*", sid):
            yield f'the Sid "{sid}" has more than letters and digits'
        sids.add(sid)


def _statement_faults(statement: Any, kind: Kind) -> Iterator[str]:
    if not isinstance(statement, dict):
        yield "it is not a JSON object"
        return
    for key in statement.keys() - set(STATEMENT_KEYS):
        yield f'"{key}" is not an element of a statement'
    if statement.get("Effect") not in ("Allow", "Deny"):
        yield 'Effect must be "Allow" or "Deny"'
    if ("Action" in statement) == ("NotAction" in statement):
        yield "exactly one of Action and NotAction must be there"
    for key in _LIST_KEYS:
        if key in statement and not _strings(statement[key]):
            yield f"{key} must be a string or a list of strings that is not empty"
    for key in ("Action", "NotAction"):
        for action in _as_list(statement.get(key)):
            if isinstance(action, str) and not _ACTION.fullmatch(action):
                yield f'{key} "{action}" is not of the form service:Action'
    yield from _resource_faults(statement, kind)
    yield from _principal_faults(statement, kind)
    yield from _condition_faults(statement.get("Condition", {}))


def _resource_faults(statement: Mapping[str, Any], kind: Kind) -> Iterator[str]:
    has_resource = "Resource" in statement or "NotResource" in statement
    if kind is IDENTITY and not has_resource:
        yield "Resource is missing"
    if kind is TRUST and has_resource:
        yield "a trust policy has no Resource"
    if "Resource" in statement and "NotResource" in statement:
        yield "Resource and NotResource exclude each other"
    for key in ("Resource", "NotResource"):
        for resource in _as_list(statement.get(key)):
            if isinstance(resource, str) and (fault := _arn_fault(resource, kind)):
                yield f'{key} "{resource}" {fault}'


def _arn_fault(resource: str, kind: Kind) -> str:
    """ "IAM JSON policy elements: Resource": six parts, and the service in full. A resource's own
    policy may name only a part of the ARN, as Amazon SQS's does.
    """
    if resource == "*" or "${" in resource:
        return ""
    if not resource.startswith("arn:"):
        return 'must be "*" or an ARN' if kind is IDENTITY else ""
    parts = resource.split(":", _ARN_PARTS - 1)
    if len(parts) < _ARN_PARTS and not resource.endswith("*"):
        return "must be an ARN of six parts: arn:partition:service:region:account:resource"
    if len(parts) > _SERVICE and re.search(r"[*?]", parts[_SERVICE]) and parts[_SERVICE] != "*":
        return "must name its service without wildcards"
    return ""


def _principal_faults(statement: Mapping[str, Any], kind: Kind) -> Iterator[str]:
    principals = [statement[key] for key in ("Principal", "NotPrincipal") if key in statement]
    if len(principals) > 1:
        yield "Principal and NotPrincipal exclude each other"
    if kind is IDENTITY and principals:
        yield "a policy of an identity has no Principal"
    if kind is not IDENTITY and not principals:
        yield "Principal is missing"
    for principal in principals:
        if principal == "*":
            continue
        if not isinstance(principal, dict):
            yield 'Principal must be "*" or an object'
            continue
        for key, identifiers in principal.items():
            yield from _identifiers_faults(key, identifiers)


def _identifiers_faults(key: str, identifiers: Any) -> Iterator[str]:
    if key not in _PRINCIPALS:
        yield f'"{key}" {_NO_PRINCIPAL}'
    elif not _strings(identifiers):
        yield f"Principal.{key} must be a string or a list of strings"
    else:
        for identifier in _as_list(identifiers):
            if fault := _identifier_fault(key, identifier):
                yield f'Principal.{key} "{identifier}" {fault}'


def _identifier_fault(kind: str, identifier: str) -> str:
    """ "AWS JSON policy elements: Principal"."""
    if "${" in identifier:
        return ""
    if kind == "AWS" and identifier != "*" and "*" in identifier:
        return "has a wildcard, which can stand only alone: match a part by aws:PrincipalArn"
    if kind == "AWS" and not _AWS_PRINCIPAL.fullmatch(identifier):
        return 'must be "*", an account\'s twelve digits, or an ARN of IAM or STS'
    if kind == "Service" and not _SERVICE_PRINCIPAL.fullmatch(identifier):
        return 'must be a service, such as "ecs-tasks.amazonaws.com"'
    return ""


def _condition_faults(condition: Any) -> Iterator[str]:
    if not isinstance(condition, dict):
        yield "Condition must be an object"
        return
    for operator, by_key in condition.items():
        if not _OPERATOR.fullmatch(operator):
            yield f'"{operator}" is not a condition operator'
        elif not isinstance(by_key, dict):
            yield f"Condition.{operator} must be an object"
        else:
            yield from _value_faults(operator, by_key)


def _value_faults(operator: str, by_key: Mapping[str, Any]) -> Iterator[str]:
    for key, values in by_key.items():
        for value in _as_list(values):
            if not isinstance(value, str | bool | int | float):
                yield f"Condition.{operator}.{key} must be a value or a list of values"
            elif "IpAddress" in operator and not _is_network(str(value)):
                yield f'Condition.{operator}.{key} "{value}" is not an address or a network'


def _is_network(text: str) -> bool:
    if "${" in text:
        return True
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def principal_type(value: Value) -> str | None:
    return None if value in _PRINCIPALS else f'"{value}" {_NO_PRINCIPAL}.'


def condition_operator(value: Value) -> str | None:
    """Whether it is the name of a condition operator, with or without IfExists and ForAllValues."""
    return None if _OPERATOR.fullmatch(str(value)) else f'"{value}" is not a condition operator.'


def _strings(value: Any) -> bool:
    items = _as_list(value)
    return bool(items) and all(isinstance(item, str) for item in items)


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
