"""What a release changes of Terraform's resources: the parameter with the released tag, the latest
revision of a family (`track_latest`), and the revision and count that a service has."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from bonkei.definitions.refresh.values import Ask, Changed, Json, Reader, compared, in_groups

_AT_ONCE = 10  # names of a GetParameters or a DescribeServices


def _parameters(states: Sequence[Json], ask: Ask) -> Changed:
    """Parameters with a secret value are not included, because the miniature keeps these values in
    its vault."""
    known = {each["name"]: each for each in states if each.get("type") != "SecureString"}
    for names in in_groups(sorted(known), _AT_ONCE):
        answer = ask("ssm", "GetParameters", {"Names": names})
        for name in answer.get("InvalidParameters", ()):
            yield known[name]["id"], None
        for one in answer.get("Parameters", ()):
            before = known[one["Name"]]
            if before.get("value") != one["Value"]:
                value = {"value": one["Value"], "version": one["Version"]}
                if before.get("insecure_value") is not None:
                    value["insecure_value"] = one["Value"]
                yield before["id"], value


def _definitions(states: Sequence[Json], ask: Ask) -> Changed:
    for before in states:
        if not before.get("track_latest"):
            continue
        given = {"taskDefinition": before["family"]}
        latest = ask("ecs", "DescribeTaskDefinition", given)["taskDefinition"]
        if latest["revision"] != before["revision"]:
            yield (
                before["id"],
                {
                    "arn": latest["taskDefinitionArn"],
                    "revision": latest["revision"],
                    "container_definitions": json.dumps(latest["containerDefinitions"]),
                },
            )


def _services(states: Sequence[Json], ask: Ask) -> Changed:
    clusters: dict[str, list[Json]] = {}
    for each in states:
        clusters.setdefault(each["cluster"], []).append(each)
    for cluster, services in clusters.items():
        by_name = {each["name"]: each for each in services}
        for names in in_groups(sorted(by_name), _AT_ONCE):
            given = {"cluster": cluster, "services": names}
            for one in ask("ecs", "DescribeServices", given).get("services", ()):
                before = by_name[one["serviceName"]]
                now = {
                    "task_definition": _as_written(before["task_definition"], one),
                    "desired_count": one["desiredCount"],
                }
                yield from compared(before, now)


def _as_written(before: str, service: Json) -> str:
    """An ARN, or family and revision, in the state's form."""
    arn = str(service["taskDefinition"])
    return arn if before.startswith("arn:") else arn.rpartition("/")[2]


READERS: Mapping[str, Reader] = {
    "aws_ssm_parameter": _parameters,
    "aws_ecs_task_definition": _definitions,
    "aws_ecs_service": _services,
}
