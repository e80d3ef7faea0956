"""Amazon Athena: workgroups, which are known by their names.

https://docs.aws.amazon.com/athena/latest/APIReference/API_WorkGroup.html
"""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.definitions.provider.aws.shared.naming import Mint
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.behaviour import ResourceBehaviour
from bonkei.definitions.provider.values import Value


def _workgroup(mint: Mint) -> Mapping[str, Value]:
    name = mint.given("name")
    return {"id": name, "arn": mint.arn("athena", f"workgroup/{name}")}


RESOURCES: Mapping[str, ResourceBehaviour] = {"aws_athena_workgroup": resource(_workgroup)}
