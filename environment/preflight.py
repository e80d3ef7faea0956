"""What a new account may lack. Each question has the answer yes, no or not known, and a remedy.

A question that AWS refuses to answer stays open: the first release answers it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from calls import Answer, Calls

LINKED_ROLES = {
    "ecs.amazonaws.com": "AWSServiceRoleForECS",
    "ecs.application-autoscaling.amazonaws.com": (
        "AWSServiceRoleForApplicationAutoScaling_ECSService"
    ),
    "elasticloadbalancing.amazonaws.com": "AWSServiceRoleForElasticLoadBalancing",
    "rds.amazonaws.com": "AWSServiceRoleForRDS",
    "wafv2.amazonaws.com": "AWSServiceRoleForWAFV2Logging",
}
"""By service. AWS makes such a role at the first use, and may refuse that first request."""
_QUOTAS = (
    ("fargate", "Fargate On-Demand vCPU resource count", 7.0),
    ("codebuild", "Concurrently running builds for ARM/Small environment", 3.0),
)
"""Twice the tasks of the example of production during a release, and the builds of a release."""


@dataclass(frozen=True, slots=True)
class Row:
    """`answer`: None is "not known". `blocks`: nothing can be set up without it. `makes`: the
    service whose role the set-up makes."""

    question: str
    answer: bool | None
    remedy: str = ""
    blocks: bool = False
    makes: str = ""

    def __str__(self) -> str:
        word = {True: "yes", False: "no", None: "not known"}[self.answer]
        remedy = f": {self.remedy}" if self.answer is False else ""
        return f"  {word:9} {self.question}{remedy}"


def preflight(calls: Calls, name: str, source: Mapping[str, str]) -> Iterator[Row]:
    """`source`: `repository` in CodeCommit, or `connection` (an ARN)."""
    found = zones(calls)
    remedy = "the system is in two at least: take another region"
    yield Row("two Availability Zones", len(found) > 1 if found else None, remedy, True)
    yield _source(calls, source)
    yield _bucket(
        calls.look("s3api", "head-bucket", "--bucket", f"{name}-tf-pipeline-tfvars"), name
    )
    yield from _database(calls)
    for service, quota, least in _QUOTAS:
        listed = calls.look(
            "service-quotas", "list-service-quotas", "--service-code", service,
            "--query", f"Quotas[?QuotaName=='{quota}'].Value",
        )  # fmt: skip
        yield _quota(listed, quota, least)
    made = calls.look(
        "iam", "list-roles", "--path-prefix", "/aws-service-role/", "--query", "Roles[].RoleName"
    )
    for service, role in LINKED_ROLES.items():
        there = role in (made.found or ()) if made else None
        yield Row(f"service-linked role {role}", there, "it is made now", makes=service)


def zones(calls: Calls) -> Sequence[str]:
    """The region's, in order. Empty where AWS does not say."""
    answer = calls.look(
        "ec2", "describe-availability-zones",
        "--query", "AvailabilityZones[?ZoneType=='availability-zone'].ZoneName",
    )  # fmt: skip
    return sorted(answer.found or ()) if answer else ()


def _source(calls: Calls, source: Mapping[str, str]) -> Row:
    if connection := source.get("connection"):
        service = "codestar-connections" if ":codestar-" in connection else "codeconnections"
        got = calls.look(
            service, "get-connection", "--connection-arn", connection,
            "--query", "Connection.ConnectionStatus",
        )  # fmt: skip
        remedy = "finish its handshake in the console: Developer Tools, Settings, Connections"
        return Row("the connection is available", _is(got, "AVAILABLE"), remedy, True)
    listed = calls.look("codecommit", "list-repositories")
    remedy = f"use a connection instead (--connection-arn); AWS says: {listed.trouble}"
    return Row("CodeCommit can be used in this account", bool(listed), remedy, True)


def _bucket(answer: Answer, name: str) -> Row:
    free = True if answer or answer.says("404") else (False if answer.says("403") else None)
    remedy = f"another account has {name}-tf-pipeline-tfvars: take another name"
    return Row("the buckets' names are free, or this account's", free, remedy, True)


def _database(calls: Calls) -> Iterator[Row]:
    versions = calls.look(
        "rds", "describe-db-engine-versions", "--engine", "aurora-postgresql",
        "--engine-version", "18", "--query", "DBEngineVersions[].EngineVersion",
    )  # fmt: skip
    offered = bool(versions.found) if versions else None
    yield Row("Aurora PostgreSQL 18 is offered", offered, 'set database = { engine_version = "…" }')
    if not offered:
        return
    classes = calls.look(
        "rds", "describe-orderable-db-instance-options", "--engine", "aurora-postgresql",
        "--engine-version", versions.found[-1], "--db-instance-class", "db.serverless",
        "--query", "OrderableDBInstanceOptions[].DBInstanceClass",
    )  # fmt: skip
    orderable = bool(classes.found) if classes else None
    yield Row("db.serverless can be ordered", orderable, "set database = { instance_class = … }")


def _quota(listed: Answer, quota: str, least: float) -> Row:
    values = listed.found if listed else []
    enough = values[0] >= least if values else None
    return Row(f"{quota}: at least {least:g}", enough, "ask for more in Service Quotas")


def _is(answer: Answer, wanted: Any) -> bool | None:
    return answer.found == wanted if answer else None
