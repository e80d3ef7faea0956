from __future__ import annotations

from typing import Any

CLUSTER = {
    "arn": "arn:aws:rds:eu-west-1:123456789012:cluster:main",
    "id": "main",
    "cluster_identifier": "main",
    "engine": "aurora-postgresql",
    "engine_version": "17.5",
    "endpoint": "main.cluster-abc.eu-west-1.rds.amazonaws.com",
    "reader_endpoint": "main.cluster-ro-abc.eu-west-1.rds.amazonaws.com",
    "port": 5432,
    "database_name": "app",
    "master_username": "root",
    "master_user_secret": [{"secret_arn": "arn:secret", "secret_status": "active"}],
    "db_cluster_parameter_group_name": "main-pg",
    "enabled_cloudwatch_logs_exports": ["postgresql"],
    "serverlessv2_scaling_configuration": [{"min_capacity": 0.5, "max_capacity": 4}],
}


def instance(name: str, **overrides: Any) -> dict[str, Any]:
    return {
        "arn": f"arn:{name}",
        "identifier": name,
        "cluster_identifier": "main",
        "instance_class": "db.serverless",
        "endpoint": f"{name}.abc.eu-west-1.rds.amazonaws.com",
        **overrides,
    }


def test_a_cluster_has_its_instances_and_parameters(blueprint) -> None:
    found = blueprint(
        {
            "aws_rds_cluster.this": CLUSTER,
            "aws_rds_cluster_instance.this[0]": instance("a"),
            "aws_rds_cluster_instance.other": instance("b", cluster_identifier="other"),
            "aws_rds_cluster_parameter_group.this": {
                "name": "main-pg",
                "parameter": [
                    {"name": "log_min_messages", "value": "error"},
                    {"name": "log_connections", "value": "1"},
                ],
            },
        }
    ).database_clusters[0]
    assert [i.identifier for i in found.instances] == ["a"]
    assert found.parameters == (("log_connections", "1"), ("log_min_messages", "error"))
    assert found.master_secret_arn == "arn:secret"
    assert (found.port, found.serverless_max_capacity) == (5432, 4)
    assert found.log_exports == ("postgresql",)


def test_a_cluster_and_an_instance_may_take_tokens_of_iam(blueprint) -> None:
    takes = {"iam_database_authentication_enabled": True}
    alone = {**instance("alone"), "engine": "postgres", "engine_version": "17", "address": "a"}
    clusters = blueprint(
        {
            "aws_rds_cluster.this": {**CLUSTER, **takes, "cluster_resource_id": "cluster-ABC"},
            "aws_db_instance.a": {**alone, **takes, "resource_id": "db-ABC"},
            "aws_db_instance.b": alone,
        }
    ).database_clusters
    found = [(one.resource_id, one.takes_tokens) for one in clusters]
    assert found == [("db-ABC", True), ("", False), ("cluster-ABC", True)]


def test_an_instances_parameters_override_its_clusters(blueprint) -> None:
    """ "Working with parameter groups" (Aurora): the DB parameter group wins."""

    def parameters(*pairs: tuple[str, str]) -> list[dict[str, str]]:
        return [{"name": name, "value": value} for name, value in pairs]

    instance = {
        "arn": "arn:db",
        "cluster_identifier": "main",
        "identifier": "main-1",
        "instance_class": "db.serverless",
        "db_parameter_group_name": "main-db",
    }
    [found] = blueprint(
        {
            "aws_rds_cluster.main": CLUSTER,
            "aws_rds_cluster_instance.main": instance,
            "aws_rds_cluster_parameter_group.this": {
                "name": "main-pg",
                "parameter": parameters(("log_connections", "1"), ("work_mem", "64")),
            },
            "aws_db_parameter_group.this": {
                "name": "main-db",
                "parameter": parameters(
                    ("log_min_duration_statement", "1000"), ("work_mem", "128")
                ),
            },
        }
    ).database_clusters
    assert found.parameters == (
        ("log_connections", "1"),
        ("log_min_duration_statement", "1000"),
        ("work_mem", "128"),
    )


def test_a_second_instance_is_noted(blueprint) -> None:
    found = blueprint(
        {
            "aws_rds_cluster.this": CLUSTER,
            "aws_rds_cluster_instance.this[0]": instance("a"),
            "aws_rds_cluster_instance.this[1]": instance("b"),
        }
    )
    assert "aws_rds_cluster.instances" in [n.kind for n in found.not_simulated]


def test_an_instance_of_its_own_is_a_cluster_of_one(blueprint) -> None:
    found = blueprint(
        {
            "aws_db_instance.this": {
                "arn": "arn:aws:rds:eu-west-1:123456789012:db:main",
                "identifier": "main",
                "engine": "postgres",
                "engine_version": "16.4",
                "instance_class": "db.t4g.micro",
                "address": "main.abc.eu-west-1.rds.amazonaws.com",
                "endpoint": "main.abc.eu-west-1.rds.amazonaws.com:5433",
                "port": 5433,
                "db_name": "app",
                "username": "root",
                "master_user_secret": [],
                "replicate_source_db": None,
            }
        }
    ).database_clusters[0]
    assert (found.endpoint, found.port) == ("main.abc.eu-west-1.rds.amazonaws.com", 5433)
    assert (found.database_name, found.master_secret_arn) == ("app", "")
    assert len(found.instances) == 1


def test_another_engine_is_noted(blueprint) -> None:
    found = blueprint({"aws_rds_cluster.this": {**CLUSTER, "engine": "aurora-mysql"}})
    assert found.database_clusters == ()
    assert next((n.kind, n.address) for n in found.not_simulated) == (
        "aws_rds_cluster",
        "aws_rds_cluster.this",
    )
