"""All risks of a change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from bonkei.analysis.changes.alarms import unwatched
from bonkei.analysis.changes.costs import Costs, costs
from bonkei.analysis.changes.exposure import opened, published
from bonkei.analysis.changes.finding import Finding, Risk
from bonkei.analysis.changes.permissions import grown_policies, grown_roles
from bonkei.blueprint import Blueprint, read
from bonkei.blueprint.state import State
from bonkei.definitions.sources import steps
from bonkei.definitions.terraform.reports.changes import Change, PlanSummary

_HOLDS_DATA = (
    "aws_db_instance",
    "aws_dynamodb_table",
    "aws_ebs_volume",
    "aws_ecr_repository",
    "aws_efs_file_system",
    "aws_elasticache_",
    "aws_kms_key",
    "aws_rds_cluster",
    "aws_s3_bucket",
    "aws_secretsmanager_secret",
    "aws_sqs_queue",
)
_NO_DATA = ("aws_rds_cluster_parameter_group", "aws_rds_cluster_instance", "aws_s3_bucket_")


@dataclass(frozen=True)
class Side:
    """The applied state of one set of definitions."""

    document: Mapping[str, Any]

    @cached_property
    def state(self) -> State:
        return State.parse(self.document)

    @cached_property
    def blueprint(self) -> Blueprint:
        return read(self.document)


@dataclass(frozen=True, slots=True)
class Comparison:
    """`findings` in the order of their risks."""

    findings: tuple[Finding, ...]
    plan: PlanSummary
    before: Costs
    after: Costs


def compare(old: Side, new: Side, plan: PlanSummary) -> Comparison:
    """`plan`: that of the new definitions, on the state of the old ones."""
    found = [
        *_lost(plan),
        *opened(old.blueprint, new.blueprint),
        *published(old.blueprint, new.blueprint, old.state, new.state),
        *grown_roles(old.blueprint, new.blueprint),
        *grown_policies(old.blueprint, new.blueprint),
        *unwatched(old.blueprint, new.blueprint),
    ]
    order = list(Risk)
    findings = sorted(dict.fromkeys(found), key=lambda each: order.index(each.risk))
    return Comparison(tuple(findings), plan, costs(old.state), costs(new.state))


def _lost(plan: PlanSummary) -> Iterator[Finding]:
    """What has data comes first."""
    for change in sorted(plan.changes, key=lambda each: not _holds_data(each)):
        data = ", and its data with it" if _holds_data(change) else ""
        if change.action == "delete":
            yield Finding(Risk.DESTROYED, change.address, f"is destroyed{data}")
        elif change.action == "replace":
            because = ", for what cannot be changed in place" if change.replaced_by else ""
            text = f"is replaced{data}{because}"
            yield Finding(Risk.REPLACED, change.address, text, change.replaced_by)


def _holds_data(change: Change) -> bool:
    kind = steps(change.address)[-2]
    return kind.startswith(_HOLDS_DATA) and not kind.startswith(_NO_DATA)
