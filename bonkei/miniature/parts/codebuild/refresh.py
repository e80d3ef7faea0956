"""Changes since the state was written, made by others than Terraform. AWS's provider reads them
before a plan.

A release changes three things that Terraform manages: the parameter with the released tag, the
latest revision of a family (`track_latest`), and the revision that a service runs. The build reads
them from the endpoint with its own role. Everything else here is changed only by Terraform.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Json = Mapping[str, Any]
Ask = Callable[[str, str, Json], Json]
"""An answer of a service: its name in the signature, the target, the content. Raises
AwsServiceError."""
Observed = dict[str, dict[str, dict[str, Any]]]
"""Changed attributes, by the resource's type and id."""

_SSM = "AmazonSSM.GetParameters"
_ECS = "AmazonEC2ContainerServiceV20141113"
_AT_ONCE = 10  # names of a GetParameters or a DescribeServices


def observe(state: Json, ask: Ask) -> Observed:
    """`state`: Terraform's own file. The result has only the differences. Raises AwsServiceError
    for the first refused call: the role may not read a resource of the plan."""
    found: Observed = {}
    for kind, read in _READERS.items():
        attributes = list(_attributes(state, kind))
        if changed := dict(read(attributes, ask)):
            found[kind] = changed
    return found


def _attributes(state: Json, kind: str) -> Iterator[Json]:
    for resource in state.get("resources") or ():
        if resource["mode"] == "managed" and resource["type"] == kind:
            yield from (each["attributes"] for each in resource["instances"])


_Changed = Iterator[tuple[str, dict[str, Any]]]


def _parameters(states: list[Json], ask: Ask) -> _Changed:
    """Parameters with a secret value are not included, because the miniature keeps these values in
    its vault."""
    known = {each["name"]: each for each in states if each.get("type") != "SecureString"}
    for names in _in_groups(sorted(known)):
        for one in ask("ssm", _SSM, {"Names": names}).get("Parameters", ()):
            before = known[one["Name"]]
            if before.get("value") != one["Value"]:
                value = {"value": one["Value"], "version": one["Version"]}
                if before.get("insecure_value") is not None:
                    value["insecure_value"] = one["Value"]
                yield before["id"], value


def _definitions(states: list[Json], ask: Ask) -> _Changed:
    for before in states:
        if not before.get("track_latest"):
            continue
        given = {"taskDefinition": before["family"]}
        latest = ask("ecs", f"{_ECS}.DescribeTaskDefinition", given)["taskDefinition"]
        if latest["revision"] != before["revision"]:
            yield (
                before["id"],
                {
                    "arn": latest["taskDefinitionArn"],
                    "revision": latest["revision"],
                    "container_definitions": json.dumps(latest["containerDefinitions"]),
                },
            )


def _services(states: list[Json], ask: Ask) -> _Changed:
    clusters: dict[str, list[Json]] = {}
    for each in states:
        clusters.setdefault(each["cluster"], []).append(each)
    for cluster, services in clusters.items():
        by_name = {each["name"]: each for each in services}
        for names in _in_groups(sorted(by_name)):
            given = {"cluster": cluster, "services": names}
            for one in ask("ecs", f"{_ECS}.DescribeServices", given).get("services", ()):
                before = by_name[one["serviceName"]]
                now = {
                    "task_definition": _as_written(before["task_definition"], one),
                    "desired_count": one["desiredCount"],
                }
                if any(before.get(name) != value for name, value in now.items()):
                    yield before["id"], now


def _as_written(before: str, service: Json) -> str:
    """An ARN, or family and revision, in the state's form."""
    arn = str(service["taskDefinition"])
    return arn if before.startswith("arn:") else arn.rpartition("/")[2]


def _in_groups(names: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(names), _AT_ONCE):
        yield names[start : start + _AT_ONCE]


_READERS: Mapping[str, Callable[[list[Json], Ask], _Changed]] = {
    "aws_ssm_parameter": _parameters,
    "aws_ecs_task_definition": _definitions,
    "aws_ecs_service": _services,
}
