"""Amazon Athena: workgroups, which are known by their names.

https://docs.aws.amazon.com/athena/latest/APIReference/API_WorkGroup.html
"""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.definitions.provider.aws.shared.naming import name_as_id
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.behaviour import ResourceBehaviour

RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_athena_workgroup": resource(name_as_id("athena", "workgroup/"))
}
