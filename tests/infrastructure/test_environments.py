"""The files in environments/ keep the promises in their first lines."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from evaluations import DEVELOPMENT, ROOT, Evaluation
from stack import PRODUCTION as PRODUCTION_STACK
from stack import Stack

from bonkei.config import load
from bonkei.services.codebuild.tools.archives import archive_digests

# Names of these are unique in an account, whatever its region. (Of a bucket: in all of AWS.)
GLOBAL = ("aws_cloudfront_", "aws_iam_", "aws_s3_bucket")
OUTSIDE = {"aws_cloudfront_distribution": "its id and its domain are AWS's own"}
STACK = {"AWS::S3::Bucket", "AWS::IAM::Role", "AWS::IAM::ManagedPolicy"}


@pytest.fixture
def zones(production: Evaluation) -> int:
    return len({found["availability_zone"] for found in production.values("aws_subnet")})


def test_production_is_watched_closely(production: Evaluation) -> None:
    (cluster,) = production.values("aws_ecs_cluster")
    assert cluster["setting"] == [{"name": "containerInsights", "value": "enhanced"}]


def test_production_survives_an_accidental_destroy(production: Evaluation) -> None:
    (load_balancer,) = production.values("aws_lb")
    (database,) = production.values("aws_rds_cluster")
    assert load_balancer["enable_deletion_protection"]
    assert database["deletion_protection"]
    assert not database["skip_final_snapshot"]
    assert not database["delete_automated_backups"]
    secrets = production.values("aws_secretsmanager_secret")
    assert {found["recovery_window_in_days"] for found in secrets} == {30}
    assert not any(found["force_delete"] for found in production.values("aws_ecr_repository"))
    forced = [b["bucket"] for b in production.values("aws_s3_bucket") if b["force_destroy"]]
    # A copy of the source, which every run makes again.
    assert forced == ["statuspage-production-program-artifacts-123456789012"]


def test_production_survives_the_loss_of_a_zone(production: Evaluation, zones: int) -> None:
    assert zones == 3
    for service in production.blueprint.services:
        assert service.desired_count >= zones
        assert len(service.subnet_ids) == zones
    for endpoint in production.blueprint.network.endpoints:
        if endpoint.kind == "Interface":
            assert len(endpoint.subnet_ids) == zones
    (database,) = production.blueprint.database_clusters
    assert len(database.instances) >= 2


def test_no_part_of_production_runs_on_spot(
    production: Evaluation, development: Evaluation
) -> None:
    assert providers(production) == {"FARGATE"}
    assert providers(development) == {"FARGATE_SPOT"}


def test_development_can_be_destroyed(development: Evaluation) -> None:
    (load_balancer,) = development.values("aws_lb")
    (database,) = development.values("aws_rds_cluster")
    assert not load_balancer["enable_deletion_protection"]
    assert not database["deletion_protection"]
    secrets = development.values("aws_secretsmanager_secret")
    assert {found["recovery_window_in_days"] for found in secrets} == {0}
    assert all(found["force_delete"] for found in development.values("aws_ecr_repository"))
    assert all(found["force_destroy"] for found in development.values("aws_s3_bucket"))


def test_the_miniature_alone_trusts_its_own_scanner(
    production: Evaluation, development: Evaluation
) -> None:
    """So a release there needs no variable. On AWS the vendor's archive would not be accepted."""
    assert load(ROOT / "bonkei.toml", {}).variable_files == DEVELOPMENT[2]
    assert scanner_digests(development) == {archive_digests()["trivy"]}
    assert scanner_digests(production) == {""}


def test_an_environment_of_another_region_is_beside_the_first(
    production: Evaluation, example: Evaluation
) -> None:
    """In one account, under another name: docs/operations/set-up.md."""
    names = set(global_names(production))
    assert names & set(global_names(example)) == set()
    kinds = {kind for kind, _ in names}
    assert {
        "aws_s3_bucket",
        "aws_iam_role",
        "aws_cloudfront_cache_policy",
        "aws_sns_topic",
    } <= kinds


def test_the_stack_of_another_environment_is_beside_the_first() -> None:
    def names(environment: str) -> set[str]:
        stack = Stack(PRODUCTION_STACK | {"EnvironmentIdentifier": environment})
        return {
            properties[attribute]
            for kind in STACK
            for properties in stack.of_type(kind).values()
            for attribute in ("BucketName", "RoleName", "ManagedPolicyName")
            if attribute in properties
        }

    assert len(names("production")) == 12
    assert names("production") & names("frankfurt-2") == set()


def global_names(evaluation: Evaluation) -> Iterator[tuple[str, str]]:
    """Type and name of each resource whose name has no region, and of those that are in us-east-1
    for CloudFront, whatever the environment's region."""
    for found in evaluation.resources():
        kind, values = found["type"], found["values"]
        is_global = kind.startswith(GLOBAL) or ":us-east-1:" in str(values.get("arn"))
        if found["mode"] != "managed" or not is_global or kind in OUTSIDE:
            continue
        owner = values.get("role") or values.get("bucket") or ""
        yield kind, f"{owner} {values.get('name') or values.get('arn') or values['id']}"


def scanner_digests(evaluation: Evaluation) -> set[str]:
    """What the builds are given as TRIVY_SHA256."""
    return {
        variable["value"]
        for project in evaluation.values("aws_codebuild_project")
        for variable in project["environment"][0]["environment_variable"]
        if variable["name"] == "TRIVY_SHA256"
    }


def providers(evaluation: Evaluation) -> set[str]:
    """The capacity providers of all services."""
    return {
        strategy["capacity_provider"]
        for service in evaluation.values("aws_ecs_service")
        for strategy in service["capacity_provider_strategy"]
    }
