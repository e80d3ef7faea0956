"""environment/github.yaml and its workflow: who gets a role, and what the role may do.

tests/e2e/test_terraform_pipeline.py runs `runs.py` as these roles.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from stack import ROOT, Stack

from bonkei.analysis.policy.document import read_resource_policy
from bonkei.analysis.policy.evaluate import Policies, Request, decide
from bonkei.analysis.policy.policy import Policy
from bonkei.analysis.policy.principal import Principal

PROVIDER = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
STACK = Stack(
    {"ServiceName": "shop", "EnvironmentIdentifier": "production", "Repository": "team/shop"},
    ROOT / "environment" / "github.yaml",
)
FOLDER = ROOT / "environment" / "github"
ISSUER = "token.actions.githubusercontent.com"


def gets(role: str, subject: str, audience: str = "sts.amazonaws.com", by: str = PROVIDER) -> bool:
    """Whether a token with these claims gets the role, as IAM decides."""
    trust = STACK.resources[role]["Properties"]["AssumeRolePolicyDocument"]
    request = Request(
        Principal(federated=by), "sts:AssumeRoleWithWebIdentity", "*",
        {f"{ISSUER}:sub": (subject,), f"{ISSUER}:aud": (audience,)},
    )  # fmt: skip
    policy = Policy(read_resource_policy(role, json.dumps(trust)))
    return decide(request, Policies(resource=policy, resource_decides=True)).is_allowed


SUBJECTS = {
    "repo:team/shop:pull_request": {"PlanRole"},
    "repo:team/shop:ref:refs/heads/main": {"PlanRole"},
    "repo:team/shop:environment:production": {"ReleaseRole"},
    "repo:team/shop:environment:staging": set(),
    "repo:team/shop:ref:refs/heads/main-2": set(),
    "repo:team/shop:ref:refs/tags/main": set(),
    "repo:team/shop2:pull_request": set(),
    "repo:other/shop:environment:production": set(),
    "repo:TEAM/shop:environment:production": set(),
}


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_token_gets_only_the_role_of_its_claim(subject: str) -> None:
    assert {role for role in ("PlanRole", "ReleaseRole") if gets(role, subject)} == SUBJECTS[
        subject
    ]


def test_a_token_for_others_or_of_others_gets_no_role() -> None:
    ours = "repo:team/shop:environment:production"
    assert gets("ReleaseRole", ours)
    assert not gets("ReleaseRole", ours, audience="https://github.com/team")
    assert not gets("ReleaseRole", ours, by=PROVIDER.replace("githubusercontent", "example"))


def test_no_role_may_change_a_resource() -> None:
    kinds = ("AWS::IAM::Role", "AWS::IAM::ManagedPolicy")
    statements = [
        statement
        for kind in kinds
        for found in STACK.of_type(kind).values()
        for policy in found.get("Policies", [found])
        for statement in policy["PolicyDocument"]["Statement"]
    ]
    named = [statement["Action"] for statement in statements]
    actions = {a for each in named for a in ([each] if isinstance(each, str) else each)}
    assert actions == {
        f"codepipeline:{name}"
        for name in (
            "StartPipelineExecution", "StopPipelineExecution", "PutApprovalResult",
            "GetPipelineExecution", "GetPipelineState", "ListActionExecutions",
        )
    }  # fmt: skip
    for found in STACK.of_type("AWS::IAM::Role").values():
        # The Apply stage may not change roles whose names begin like that.
        assert found["RoleName"].startswith("shop-production-tf-")


def workflow() -> Mapping[str, Any]:
    return dict(yaml.safe_load((FOLDER / "release.yml").read_text(encoding="utf-8")))


def test_the_workflow_approves_only_behind_githubs_environment() -> None:
    jobs = workflow()["jobs"]
    uses = {
        name: sorted(re.findall(r"runs\.py (\w+)", json.dumps(job["steps"])))
        for name, job in jobs.items()
    }
    assert uses == {
        "plan": ["plan"], "propose": ["propose"], "release": ["approve", "release"]
    }  # fmt: skip
    assert {name: job.get("environment") for name, job in jobs.items()} == {
        "plan": None, "propose": None, "release": "production"
    }  # fmt: skip
    roles = {name: job["env"]["ROLE"] for name, job in jobs.items()}
    assert roles["release"] != roles["plan"] == roles["propose"]


@pytest.mark.parametrize("job", ["plan", "propose", "release"])
def test_nothing_that_others_write_is_part_of_a_script(job: str) -> None:
    """A branch's name in `${{ … }}` would be run as a command."""
    scripts = [step["run"] for step in workflow()["jobs"][job]["steps"] if "run" in step]
    assert scripts
    assert not any("${{" in script for script in scripts)
    actions = [step["uses"] for step in workflow()["jobs"][job]["steps"] if "uses" in step]
    assert all(action.startswith("actions/") for action in actions)


def test_the_scripts_of_the_workflow_exist() -> None:
    text = (FOLDER / "release.yml").read_text(encoding="utf-8")
    named = set(re.findall(r"python3 (\S+)", text))
    assert named
    assert all((ROOT / Path(name)).is_file() for name in named)
