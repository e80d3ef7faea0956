"""Validate, plan, apply, plan again, destroy: for each use of the definitions."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from evaluations import Evaluation

from bonkei.analysis.policy.lenient import allows
from bonkei.blueprint.wafv2 import ByteMatch
from bonkei.definitions.terraform.errors import TerraformError

CONNECT = "rds-db:connect"
DISTRIBUTION = "aws_cloudfront_distribution"

WAYS = [
    "development",
    "production",
    "example",
    "otherwise",
    "internal",
    "terraform_backend",
]


@pytest.fixture
def way(request: pytest.FixtureRequest) -> Evaluation:
    evaluation = request.getfixturevalue(request.param)
    assert isinstance(evaluation, Evaluation)
    return evaluation


@pytest.mark.parametrize("way", ["production", "terraform_backend"], indirect=True)
def test_the_definitions_are_valid_without_a_warning(way: Evaluation) -> None:
    assert way.workspace.validate() == []  # for any variables


@pytest.mark.parametrize("way", WAYS, indirect=True)
def test_every_planned_resource_is_created(way: Evaluation) -> None:
    assert way.planned > 0
    assert way.added == way.planned


@pytest.mark.parametrize("way", WAYS, indirect=True)
def test_a_plan_after_the_apply_has_no_changes(way: Evaluation) -> None:
    assert way.planned_again.startswith("No changes. ")


def test_only_the_first_apply_starts_without_tasks(
    production: Evaluation, otherwise: Evaluation
) -> None:
    assert {service.capacity for service in otherwise.blueprint.services} == {0}
    assert {service.capacity for service in production.blueprint.services} == {3}
    # The first release starts this many when no scalable target sets a number.
    assert first_counts(otherwise) == first_counts(production) == {3}


def first_counts(evaluation: Evaluation) -> set[int]:
    variables = [
        variable["value"]
        for project in evaluation.values("aws_codebuild_project")
        for environment in project["environment"]
        for variable in environment["environment_variable"]
        if variable["name"] == "RELEASE"
    ]
    (release,) = set(variables)
    return {service["tasks"] for service in json.loads(release)["services"].values()}


def test_with_a_domain_traffic_is_encrypted_up_to_the_load_balancer(otherwise: Evaluation) -> None:
    (distribution,) = otherwise.blueprint.distributions
    (load_balancer,) = otherwise.blueprint.load_balancers
    assert distribution.aliases == ("status.example.com",)
    assert {origin.protocol_policy for origin in distribution.origins} == {"https-only"}
    assert [(found.port, found.protocol) for found in load_balancer.listeners] == [(443, "HTTPS")]


def test_only_the_backend_signs_in_with_tokens(
    otherwise: Evaluation, production: Evaluation
) -> None:
    (cluster,) = otherwise.values("aws_rds_cluster")
    user = f"dbuser:{cluster['cluster_resource_id']}/application_iam"
    target = f"arn:aws:rds-db:ap-northeast-1:123456789012:{user}"
    may = {role.name for role in otherwise.blueprint.roles if allows(role, CONNECT, target)}
    assert may == {"statuspage-production-backend-task"}
    assert not [role for role in production.blueprint.roles if allows(role, CONNECT, target)]
    (tasks,) = [
        found
        for found in otherwise.values("aws_ecs_task_definition")
        if found["family"] == "statuspage-production-backend"
    ]
    assert "DATABASE_PASSWORD" not in tasks["container_definitions"]


def test_every_role_has_the_boundary(otherwise: Evaluation) -> None:
    boundaries = {role.permissions_boundary for role in otherwise.blueprint.roles}
    assert boundaries == {"arn:aws:iam::123456789012:policy/statuspage-production-boundary"}


def test_during_a_rotation_both_headers_are_accepted(otherwise: Evaluation) -> None:
    (acl,) = [one for one in otherwise.blueprint.web_acls if one.scope == "REGIONAL"]
    (distribution,) = otherwise.blueprint.distributions
    ((_, sent),) = distribution.origins[0].headers
    allowing = [rule.statement for rule in acl.rules if rule.action.kind == "allow"]
    let_in = [found.search_string for found in allowing if isinstance(found, ByteMatch)]
    assert len(set(let_in)) == len(allowing) == 2
    assert sent.encode() in let_in
    (waits,) = [found["wait_for_deployment"] for found in otherwise.values(DISTRIBUTION)]
    assert waits  # the release ends when the new value is sent from everywhere


DESTROYED = ["production", "otherwise"]
"""What a destroy of these shows, it shows of the others: they have no resource that these lack."""


def declared(evaluation: Evaluation) -> set[str]:
    """The addresses of its resources, without the keys of instances."""
    found = (each for each in evaluation.resources() if each["mode"] == "managed")
    return {re.sub(r"\[.*?\]", "", each["address"]) for each in found}


def test_the_destroyed_ones_have_every_resource(request: pytest.FixtureRequest) -> None:
    ways = {name: declared(request.getfixturevalue(name)) for name in WAYS[:4]}
    assert set().union(*ways.values()) == set().union(*(ways[name] for name in DESTROYED))


# The following test destroys an evaluation and restores its state.


@pytest.mark.parametrize("way", DESTROYED, indirect=True)
def test_a_destroy_leaves_nothing(way: Evaluation) -> None:
    file = Path(way.workspace.state_file)
    before = file.read_bytes()
    try:
        assert way.workspace.destroy().removed == way.added
        assert "values" not in way.workspace.state()
    finally:
        file.write_bytes(before)  # other tests of the folder use it afterwards


def test_a_destroy_keeps_the_state_and_its_key(terraform_backend: Evaluation) -> None:
    with pytest.raises(TerraformError) as caught:
        terraform_backend.workspace.destroy()
    assert any("aws_kms_key.this" in found.detail for found in caught.value.diagnostics)
