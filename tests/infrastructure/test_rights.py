"""Rights that AWS would never grant as they are written."""

from __future__ import annotations

import json
from typing import Any

import pytest
from evaluations import Evaluation

from bonkei.check.permission import table

# They take no resource, so that a statement with an ARN allows nothing ("Actions, resources, and
# condition keys for AWS services" in the Service Authorization Reference).
WITHOUT_RESOURCE = {name for name in table()["without_resource"] if "*" not in name}


def listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


@pytest.mark.parametrize("environment", ["production", "otherwise"])
def test_what_takes_no_resource_is_granted_on_all(
    environment: str, request: pytest.FixtureRequest
) -> None:
    evaluation: Evaluation = request.getfixturevalue(environment)
    granted, scoped = set(), []
    for policy in evaluation.values("aws_iam_role_policy"):
        for statement in json.loads(policy["policy"])["Statement"]:
            found = WITHOUT_RESOURCE & set(listed(statement["Action"]))
            granted |= found
            if found and listed(statement["Resource"]) != ["*"]:
                scoped.append((policy["role"], sorted(found)))
    assert scoped == []
    assert "cloudwatch:ListDashboards" in granted
