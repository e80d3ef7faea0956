"""Declared databases and the state of their servers, through boto3."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from bonkei.blueprint import Blueprint
from bonkei.blueprint.rds import DatabaseCluster, DatabaseInstance
from bonkei.services.rds import api as rds
from bonkei.services.rds.api import DatabaseState
from tests.bonkei.services.endpoint.places import serving

RDS = "arn:aws:rds:eu-west-1:123456789012"
DECLARED = Blueprint(
    database_clusters=(
        DatabaseCluster(
            "aws_rds_cluster.main", f"{RDS}:cluster:main", "main", "aurora-postgresql", "16.4",
            "main.aws", "main-ro.aws", 5432, "app", "root", "arn:secret",
            instances=(DatabaseInstance("i", f"{RDS}:db:main-1", "main-1", "db.serverless"),
                       DatabaseInstance("j", f"{RDS}:db:main-2", "main-2", "db.serverless")),
            security_group_ids=("sg-1",), encrypted=True, serverless_max_capacity=2.0,
        ),
        DatabaseCluster(
            "aws_db_instance.one", f"{RDS}:db:one", "one", "postgres", "16.4", "one.aws", "", 5432,
            "app", "root",
            instances=(DatabaseInstance("k", f"{RDS}:db:one", "one", "db.t4g.micro"),),
        ),
    ),
    tags={f"{RDS}:cluster:main": {"Stage": "prod"}},
)  # fmt: skip
STATES = {"main": DatabaseState("available", "127.0.0.5", 5433)}


ROTATED: list[str] = []


async def rotate(identifier: str) -> None:
    ROTATED.append(identifier)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    own = {"rds": rds.service(lambda: DECLARED, lambda: STATES, rotate)}
    with serving(own, tmp_path_factory.mktemp("rds")) as place:
        yield place.client("rds")


def test_clusters(client: Any) -> None:
    [cluster] = client.describe_db_clusters()["DBClusters"]
    assert (cluster["Endpoint"], cluster["Port"]) == ("127.0.0.5", 5433)
    assert (cluster["Status"], cluster["MasterUserSecret"]["SecretArn"]) == (
        "available", "arn:secret",
    )  # fmt: skip
    writers = [one["IsClusterWriter"] for one in cluster["DBClusterMembers"]]
    assert writers == [True, False]
    client.get_waiter("db_cluster_available").wait(DBClusterIdentifier="main")
    tags = client.list_tags_for_resource(ResourceName=f"{RDS}:cluster:main")["TagList"]
    assert tags == [{"Key": "Stage", "Value": "prod"}]


def test_instances(client: Any) -> None:
    found = client.describe_db_instances()["DBInstances"]
    assert [one["DBInstanceIdentifier"] for one in found] == ["main-1", "main-2", "one"]
    assert (found[2]["DBInstanceStatus"], "DBClusterIdentifier" in found[2]) == ("stopped", False)
    filters = [{"Name": "db-cluster-id", "Values": ["main"]}]
    found = client.describe_db_instances(Filters=filters)["DBInstances"]
    assert {one["DBClusterIdentifier"] for one in found} == {"main"}
    assert found[0]["Endpoint"] == {"Address": "127.0.0.5", "Port": 5433}


@pytest.mark.parametrize(
    ("call", "parameters", "code", "status"),
    [
        ("describe_db_clusters", {"DBClusterIdentifier": "one"}, "DBClusterNotFoundFault", 404),
        ("describe_db_instances", {"DBInstanceIdentifier": "x"}, "DBInstanceNotFound", 404),
        ("describe_db_instances", {"Filters": [{"Name": "domain", "Values": ["x"]}]},
         "InvalidParameterValue", 400),
        ("describe_db_clusters", {"MaxRecords": 5}, "InvalidParameterValue", 400),
        ("list_tags_for_resource", {"ResourceName": "arn:x"}, "DBInstanceNotFound", 404),
        ("modify_db_cluster", {"DBClusterIdentifier": "x"}, "DBClusterNotFoundFault", 404),
        ("modify_db_cluster", {"DBClusterIdentifier": "main", "Port": 1},
         "InvalidParameterCombination", 400),
        ("modify_db_cluster", {"DBClusterIdentifier": "main", "RotateMasterUserPassword": True},
         "InvalidParameterCombination", 400),
        ("reboot_db_instance", {"DBInstanceIdentifier": "one"}, "InvalidAction", 400),
    ],
)  # fmt: skip
def test_errors(client: Any, call: str, parameters: dict[str, Any], code: str, status: int) -> None:
    with pytest.raises(ClientError) as caught:
        getattr(client, call)(**parameters)
    answer = caught.value.response
    found = (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"])
    assert found == (code, status)


def test_the_masters_password_is_rotated_at_once(client: Any) -> None:
    asked = {"RotateMasterUserPassword": True, "ApplyImmediately": True}
    answer = client.modify_db_cluster(DBClusterIdentifier="main", **asked)
    assert (answer["DBCluster"]["DBClusterIdentifier"], ROTATED) == ("main", ["main"])
