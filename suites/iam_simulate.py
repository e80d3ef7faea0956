"""The cases of iam-simulate (https://github.com/cloud-copilot/iam-simulate), decided by ours."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from bonkei.analysis.policy.evaluate import Policies, decide
from bonkei.analysis.policy.policy import Policy, Request
from bonkei.analysis.policy.principal import Principal
from bonkei.blueprint.iam import PolicyStatement
from suites.checkouts import needed
from suites.counts import Case, Verdict

FOLDER = "iam-simulate"
NEEDS = "a clone of cloud-copilot/iam-simulate; nothing of it runs"
_CASES = "src/core_engine/coreEngineTests"
_OTHERS = re.compile(  # what the engine does beside deciding one request by these policies
    r"iscovery|managedPolicies/aws|roles/reserved|requestWildcards|[gG]etCallerIdentity"
    r"|gnored conditions"
)
_ROLE = re.compile(r"arn:aws:sts::(\d+):assumed-role/([^/]+)/")


def run(checkout: Path, _quick: bool, _say: Callable[[str], None]) -> list[Case]:
    """All of them; no miniature is needed."""
    folder = needed(checkout / _CASES, "its cases")
    return [
        judged(f"{path.relative_to(folder)}: {case['name']}", case)
        for path in sorted(folder.rglob("*.json"))
        for case in json.loads(path.read_text())
    ]


def judged(name: str, case: Mapping[str, Any]) -> Case:
    """Allowed or not: whether a denial is explicit shows in no answer of AWS's APIs."""
    part = "IAM"
    if case.get("skip") or _OTHERS.search(name) or not _is_decided_here(case):
        return Case(part, name, Verdict.NOT_APPLICABLE, "needs more than these policies")
    expected = case["expected"]["response"] == "Allowed"
    try:
        allowed = _is_allowed(case)
    except (KeyError, ValueError, TypeError) as error:
        return Case(part, name, Verdict.FAILED, repr(error))
    if allowed == expected:
        return Case(part, name, Verdict.PASSED)
    return Case(part, name, Verdict.FAILED, f"allowed: {allowed}, expected {expected}")


def _is_decided_here(case: Mapping[str, Any]) -> bool:
    if any(
        case.get(each)
        for each in ("simulationOptions", "serviceControlPolicies", "resourceControlPolicies")
    ):
        return False
    request = case.get("request", {})
    principal, resource = request.get("principal"), request.get("resource", {}).get("resource", "")
    is_named = isinstance(principal, str) and (
        principal.startswith("arn:") or principal.endswith(".amazonaws.com")
    )
    return is_named and ("*" not in resource or resource == "*")


def _is_allowed(case: Mapping[str, Any]) -> bool:
    request, action = case["request"], case["request"]["action"]
    takes_role = action.startswith("sts:AssumeRole")
    is_key = action.startswith("kms:") and ":key/" in request["resource"]["resource"]
    own = case.get("resourcePolicy") or ({"Statement": []} if is_key else None)  # a key has one
    policies = Policies(
        identity=_policy(case["identityPolicies"]),
        resource=_policy([own]) if own else None,
        boundary=_some(case.get("permissionBoundaries")),
        session=_some([case["sessionPolicy"]] if case.get("sessionPolicy") else None),
        endpoint=_some(case.get("endpointPolicies")),
        resource_decides=takes_role or bool(own and action.startswith("kms:")),
        is_trust=takes_role,
    )
    context = {
        key.lower(): tuple(value) if isinstance(value, list) else (value,)
        for key, value in (request.get("context") or {}).items()
    }
    resource = request["resource"]
    asked = Request(
        _principal(request["principal"]),
        action,
        resource["resource"],
        context,
        resource["accountId"],
    )
    return decide(asked, policies).is_allowed


def _principal(text: str) -> Principal:
    if text.endswith(".amazonaws.com"):
        return Principal(service=text)
    role = _ROLE.match(text)
    arn = f"arn:aws:iam::{role[1]}:role/{role[2]}" if role else ""
    if ":role/" in text:  # AWS has sessions of it alone as callers
        arn, text = text, f"{text}/session"
    return Principal(text, text.split(":")[4], arn)


def _some(documents: list[Any] | None) -> Policy | None:
    return _policy(documents) if documents else None


def _policy(documents: list[Any]) -> Policy:
    return Policy([each for document in documents for each in _statements(document)])


def _statements(document: Mapping[str, Any]) -> Iterator[PolicyStatement]:
    document = document if "Statement" in document else document["policy"]
    said = document["Statement"]
    for each in said if isinstance(said, list) else [said]:
        yield PolicyStatement(
            "case",
            each["Effect"],
            _many(each.get("Action")),
            _many(each.get("NotAction")),
            _many(each.get("Resource")),
            _many(each.get("NotResource")),
            tuple(_principals(each.get("Principal"))),
            tuple(_conditions(each.get("Condition") or {})),
            each.get("Sid", ""),
            tuple(_principals(each.get("NotPrincipal"))),
            document.get("Version") == "2012-10-17",
        )


def _many(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)


def _principals(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield ("*", "*") if value == "*" else ("AWS", value)
    elif value:
        for kind, names in value.items():
            yield from ((kind, name) for name in _many(names))


def _conditions(value: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for operator, keys in value.items():
        for key, wanted in keys.items():
            for each in wanted if isinstance(wanted, list) else [wanted]:
                text = str(each).lower() if isinstance(each, bool) else str(each)
                yield operator, key, text
