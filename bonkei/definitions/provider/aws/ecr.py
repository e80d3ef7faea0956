"""Amazon ECR: repositories.

https://docs.aws.amazon.com/AmazonECR/latest/APIReference/Welcome.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bonkei.definitions.provider.aws.shared.checks import Check, at, matches
from bonkei.definitions.provider.aws.shared.documents import (
    RESOURCE,
    parse,
    policy,
)
from bonkei.definitions.provider.aws.shared.formats import arn
from bonkei.definitions.provider.aws.shared.naming import Mint
from bonkei.definitions.provider.aws.shared.own import by_own_names
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.behaviour import ResourceBehaviour
from bonkei.definitions.provider.values import Value

_PART = r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*"
_NAME = matches(rf"{_PART}(/{_PART})*", "lower-case letters and digits, parted by . _ - or /")


def _repository(mint: Mint) -> Mapping[str, Value]:
    name = mint.given("name")
    return {
        "id": name,
        "arn": mint.arn("ecr", f"repository/{name}"),
        "registry_id": mint.account,
        "repository_url": f"{mint.account}.dkr.ecr.{mint.region}.{mint.suffix}/{name}",
    }


def _lifecycle_policy(value: Value) -> str | None:
    """https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_parameters.html"""
    document, wrong = parse(value)
    if wrong:
        return wrong
    rules = document.get("rules") if isinstance(document, dict) else None
    if not isinstance(rules, list) or not rules:
        return 'Expected an object with a list "rules".'
    for index, rule in enumerate(rules, start=1):
        for fault in _rule_faults(rule):
            return f"Rule {index}: {fault}."
    priorities = [rule["rulePriority"] for rule in rules]
    if len(set(priorities)) < len(priorities):
        return "Two rules have the same rulePriority."
    return None


def _rule_faults(rule: Any) -> Iterator[str]:
    if not isinstance(rule, dict):
        yield "it is not an object"
        return
    for key in rule.keys() - {"rulePriority", "description", "selection", "action"}:
        yield f'there is no key "{key}"'
    priority = rule.get("rulePriority")
    if not isinstance(priority, int) or priority < 1:
        yield "rulePriority must be a whole number from 1"
    action = rule.get("action")
    if not isinstance(action, dict) or action.get("type") not in ("expire", "transition"):
        yield 'action must be {"type": "expire"}'
    selection = rule.get("selection")
    yield from _selection_faults(selection) if isinstance(selection, dict) else ("no selection",)


def _selection_faults(selection: Mapping[str, Any]) -> Iterator[str]:
    status, count = selection.get("tagStatus"), selection.get("countType")
    if status not in ("tagged", "untagged", "any"):
        yield 'selection.tagStatus must be "tagged", "untagged" or "any"'
    has_tags = "tagPrefixList" in selection or "tagPatternList" in selection
    if (status == "tagged") != has_tags:
        yield 'tagPrefixList or tagPatternList go with tagStatus "tagged", and only with it'
    kinds = (
        *("imageCountMoreThan", "sinceImagePushed", "sinceImagePulled"),
        "sinceImageTransitioned",
    )
    if count not in kinds:
        yield "selection.countType must be imageCountMoreThan or sinceImagePushed"
    if not isinstance(selection.get("countNumber"), int) or selection["countNumber"] < 1:
        yield "selection.countNumber must be a whole number from 1"
    if str(count).startswith("since") != ("countUnit" in selection):
        yield 'countUnit ("days") goes with sinceImagePushed, and only with it'


_POLICY: Check = policy(RESOURCE, 10240)

RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_ecr_repository": resource(
        _repository,
        at("name", _NAME),
        at("encryption_configuration.kms_key", arn("kms")),
    ),
    "aws_ecr_lifecycle_policy": resource(
        lambda mint: {"id": mint.given("repository"), "registry_id": mint.account},
        documents={"policy": _lifecycle_policy},
    ),
    "aws_ecr_repository_policy": resource(
        lambda mint: {"id": mint.given("repository"), "registry_id": mint.account},
        policies={"policy": _POLICY},
    ),
    "aws_ecr_registry_policy": resource(
        lambda mint: {"id": mint.account, "registry_id": mint.account},
        policies={"policy": _POLICY},
    ),
    "aws_ecr_registry_scanning_configuration": resource(
        lambda mint: {"id": mint.account, "registry_id": mint.account},
    ),
    "aws_ecr_replication_configuration": resource(
        lambda mint: {"id": mint.account, "registry_id": mint.account}
    ),
    "aws_ecr_pull_through_cache_rule": resource(
        lambda mint: {"id": mint.given("ecr_repository_prefix"), "registry_id": mint.account},
    ),
}

DATA_SOURCES = by_own_names("aws_ecr_repository")
