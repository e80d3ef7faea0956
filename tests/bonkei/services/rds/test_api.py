"""Declared databases and the state of their servers, through boto3."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from bonkei.blueprint import Blueprint
from bonkei.blueprint.rds import DatabaseCluster, DatabaseInstance
from bonkei.services.rds import api as rds
from bonkei.services.rds.api import DatabaseState
from bonkei.services.rds.estate import Estate, Snapshot
from tests.bonkei.services.endpoint.places import serving

RDS = "arn:aws:rds:eu-west-1:123456789012"
DECLARED = Blueprint(
    database_clusters=(
        DatabaseCluster(
            "aws_rds_cluster.main", f"{RDS}:cluster:main", "main", "aurora-postgresql", "16.4",
            "main.cluster-c1.rds.aws", "main.cluster-ro-c1.rds.aws", 5432, "app", "root",
            "arn:secret",
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
EARLIEST = int(time.time()) - 3600
STATES = {"main": DatabaseState("available", "127.0.0.5", 5433, EARLIEST)}


ROTATED: list[str] = []


class Servers:
    """Where clusters would run. No file is changed."""

    declared = DECLARED.database_clusters

    def __init__(self) -> None:
        self.estate = Estate()

    async def become(self, after: Callable[[Estate], Estate], *_: object) -> None:
        self.estate = after(self.estate).settled(self.declared)

    async def take_snapshot(self, snapshot: Snapshot) -> None:
        self.estate = self.estate.keep(snapshot)

    def share_password(self, *_: object) -> None: ...

    async def rotate(self, identifier: str) -> None:
        ROTATED.append(identifier)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    own = {"rds": rds.service(lambda: DECLARED, lambda: STATES, Servers())}
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


TO = {"SourceDBClusterIdentifier": "main", "DBClusterIdentifier": "new"}


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
        ("restore_db_cluster_to_point_in_time", TO | {"SourceDBClusterIdentifier": "x"},
         "DBClusterNotFoundFault", 404),
        ("restore_db_cluster_to_point_in_time", TO, "InvalidParameterCombination", 400),
        ("restore_db_cluster_to_point_in_time",
         TO | {"RestoreToTime": EARLIEST, "UseLatestRestorableTime": True},
         "InvalidParameterCombination", 400),
        ("restore_db_cluster_to_point_in_time", TO | {"RestoreToTime": EARLIEST - 1},
         "InvalidRestoreFault", 400),
        ("restore_db_cluster_to_point_in_time", TO | {"RestoreToTime": EARLIEST + 7200},
         "InvalidRestoreFault", 400),
        ("restore_db_cluster_to_point_in_time",
         TO | {"DBClusterIdentifier": "main", "UseLatestRestorableTime": True},
         "DBClusterAlreadyExistsFault", 400),
        ("restore_db_cluster_to_point_in_time",
         TO | {"DBClusterIdentifier": "one", "UseLatestRestorableTime": True},
         "DBClusterAlreadyExistsFault", 400),
        ("restore_db_cluster_to_point_in_time",
         TO | {"DBClusterIdentifier": "../x", "UseLatestRestorableTime": True},
         "InvalidParameterValue", 400),
        ("modify_db_cluster", {"DBClusterIdentifier": "main", "ApplyImmediately": True,
                               "NewDBClusterIdentifier": ".snapshots"},
         "InvalidParameterValue", 400),
        ("modify_db_instance", {"DBInstanceIdentifier": "main-1", "ApplyImmediately": True,
                                "NewDBInstanceIdentifier": "a--b"},
         "InvalidParameterValue", 400),
        ("create_db_cluster_snapshot", {"DBClusterIdentifier": "main",
                                        "DBClusterSnapshotIdentifier": "a/b"},
         "InvalidParameterValue", 400),
        ("restore_db_cluster_from_snapshot",
         {"DBClusterIdentifier": "new", "SnapshotIdentifier": "x", "Engine": "aurora-postgresql"},
         "DBClusterSnapshotNotFoundFault", 404),
        ("copy_db_cluster_snapshot", {"SourceDBClusterSnapshotIdentifier": "x",
                                      "TargetDBClusterSnapshotIdentifier": "y"},
         "DBClusterSnapshotNotFoundFault", 404),
        ("describe_db_cluster_snapshots", {"DBClusterSnapshotIdentifier": "x"},
         "DBClusterSnapshotNotFoundFault", 404),
        ("delete_db_cluster", {"DBClusterIdentifier": "main", "SkipFinalSnapshot": True},
         "InvalidParameterCombination", 400),
        ("delete_db_instance", {"DBInstanceIdentifier": "main-1"},
         "InvalidParameterCombination", 400),
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


def test_a_restored_cluster_takes_the_name_of_the_old_one(client: Any) -> None:
    def name(kind: str, before: str, after: str) -> None:
        one = f"DB{kind.title()}Identifier"
        getattr(client, f"modify_db_{kind}")(
            **{one: before, f"New{one}": after}, ApplyImmediately=True
        )

    def code(call: str, **given: Any) -> str:
        with pytest.raises(ClientError) as caught:
            getattr(client, call)(**given)
        return str(caught.value.response["Error"]["Code"])

    made = client.restore_db_cluster_to_point_in_time(
        **TO, UseLatestRestorableTime=True, DeletionProtection=True
    )["DBCluster"]
    assert (made["Status"], made["DBClusterMembers"]) == ("available", [])
    assert made["Endpoint"] == "new.cluster-c1.rds.aws"
    instance = {"DBInstanceIdentifier": "new-1", "DBClusterIdentifier": "new",
                "Engine": "aurora-postgresql", "DBInstanceClass": "db.serverless"}  # fmt: skip
    assert code("create_db_instance", **instance) == "InvalidDBClusterStateFault"
    client.create_db_instance(**instance | {"DBInstanceClass": "db.r8g.large"})
    managed = client.modify_db_cluster(
        DBClusterIdentifier="new", ManageMasterUserPassword=True, ApplyImmediately=True
    )["DBCluster"]["MasterUserSecret"]
    assert managed["SecretArn"].startswith("arn:aws:secretsmanager:eu-west-1:123456789012:secret:")
    name("instance", "main-1", "broken-1")
    name("instance", "main-2", "broken-2")
    name("cluster", "main", "broken")
    assert code("describe_db_clusters", DBClusterIdentifier="main") == "DBClusterNotFoundFault"
    name("cluster", "new", "main")
    [found] = client.describe_db_clusters(DBClusterIdentifier="main")["DBClusters"]
    assert found["MasterUserSecret"]["SecretArn"] == managed["SecretArn"]
    name("instance", "new-1", "main-1")
    [found] = client.describe_db_clusters(DBClusterIdentifier="main")["DBClusters"]
    assert found["MasterUserSecret"]["SecretArn"] == "arn:secret", "the definitions again"
    last = {"DBClusterIdentifier": "broken", "FinalDBSnapshotIdentifier": "last"}
    assert code("delete_db_cluster", **last) == "InvalidDBClusterStateFault"
    for number in "12":
        client.delete_db_instance(DBInstanceIdentifier=f"broken-{number}")
    client.delete_db_cluster(**last)
    client.copy_db_cluster_snapshot(
        SourceDBClusterSnapshotIdentifier="last", TargetDBClusterSnapshotIdentifier="kept"
    )
    client.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier="last")
    client.get_waiter("db_cluster_snapshot_available").wait(DBClusterSnapshotIdentifier="kept")
    [kept] = client.describe_db_cluster_snapshots()["DBClusterSnapshots"]
    assert kept["SourceDBClusterSnapshotArn"] == f"{RDS}:cluster-snapshot:last"
    names = [one["DBClusterIdentifier"] for one in client.describe_db_clusters()["DBClusters"]]
    assert names == ["main"]
