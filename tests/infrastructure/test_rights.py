"""Permissions that can never apply as written, and permissions that a release needs."""

from __future__ import annotations

import json
from typing import Any

import pages
import pytest
import release as stages
import rollout
import services
from evaluations import Evaluation

from bonkei.analysis.check.permission import table
from tests.environment.releases.account import SYSTEM, Account

# These actions take no resource, so a statement with an ARN allows nothing ("Actions, resources,
# and condition keys for AWS services" in the Service Authorization Reference).
WITHOUT_RESOURCE = {name for name in table()["without_resource"] if "*" not in name}


def listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


@pytest.mark.parametrize("environment", ["production", "otherwise"])
def test_actions_without_a_resource_are_granted_on_all(
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


@pytest.mark.parametrize("stage", ["migrate", "deploy", "verify"])
@pytest.mark.parametrize("trouble", ["none", "a service fails", "the migration fails"])
def test_each_stage_has_permission_for_its_calls(
    production: Evaluation, stage: str, trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollout, "POLL", 0.0)
    monkeypatch.setattr(services, "SOON", 0.0)
    account = Account()
    monkeypatch.setattr(pages, "ask", account.ask)
    account.fails = {"app-frontend"} if trouble == "a service fails" else set()
    account.exit_code = int(trouble == "the migration fails")
    try:
        getattr(stages, stage)(account, stages.Release(SYSTEM, "new"))
    except stages.ReleaseError:
        # Nothing was deployed, so there is nothing to verify.
        assert stage == "verify" or trouble != "none"
    policies = [
        json.loads(policy["policy"])
        for policy in production.values("aws_iam_role_policy")
        if policy["role"] == f"statuspage-production-pipeline-program-{stage}"
    ]
    statements = [found for policy in policies for found in policy["Statement"]]
    allowed = {a for found in statements for a in listed(found["Action"])}
    called = {
        f"{service}:{operation.title().replace('_', '')}"
        for service, operation, *_ in account.calls
    }
    assert called
    assert called - allowed == set()
