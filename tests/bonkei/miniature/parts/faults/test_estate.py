"""What can be hit, from snapshots."""

from __future__ import annotations

from typing import Any

import pytest

from bonkei.blueprint import Blueprint
from bonkei.blueprint.ec2 import Network, Subnet
from bonkei.blueprint.rds import DatabaseCluster, DatabaseInstance
from bonkei.miniature.parts.faults.carrying import disturb_by
from bonkei.miniature.parts.faults.estate import Places, database_thing, estate
from bonkei.services.ecs.snapshot import TaskSnapshot
from bonkei.services.edge import TargetKey
from bonkei.services.faults.values import CallRule

ZONES = {"web": ("a", "b", "c")}
NETWORK = Network(
    subnets=tuple(
        Subnet(f"aws_subnet.{zone}", "arn", f"subnet-{zone}", "vpc", "10.0.0.0/24", zone, "rtb")
        for zone in ("a", "b")
    )
)


def task(
    name: str, group: str = "service:web", status: str = "RUNNING", **more: Any
) -> TaskSnapshot:
    return TaskSnapshot(
        name, group, "web:1", status, "HEALTHY", "", "", (("web", 10),), 1.0, 0.0, 0, **more
    )


def test_tasks_are_spread_and_stay_where_they_are() -> None:
    places = Places()
    tasks = [task(str(number)) for number in range(4)]
    placed = dict(places.follow(tasks, ZONES, ()))
    assert placed == {"0": "a", "1": "b", "2": "c", "3": "a"}
    assert places.follow(tasks[1:], ZONES, {"b"}) == {"1": "b", "2": "c", "3": "a"}
    assert places.follow([*tasks[1:], task("new")], ZONES, {"a", "b"})["new"] == "c"


def test_a_task_of_no_service_stands_nowhere() -> None:
    assert Places().follow([task("one", "family:job")], ZONES, ()) == {"one": ""}


def test_the_oldest_comes_first_and_what_has_no_process_is_not_there() -> None:
    tasks = [
        task("new", created_at=2.0),
        task("old", created_at=1.0, status="DEACTIVATING"),
        TaskSnapshot("none", "service:web", "w:1", "PENDING", "", "", "", (), None, 0.0, 0),
    ]
    keys = [TargetKey("arn", "", "new"), TargetKey("service", "http", "new")]
    found = estate(Blueprint(), tasks, {"new": "a"}, keys, (), ("s3",))
    assert [(one.id, one.serves) for one in found.tasks] == [("old", False), ("new", True)]
    assert found.tasks[1].groups == ("arn",)


@pytest.mark.parametrize(
    ("instances", "zones"), [(0, ("a",)), (1, ("a",)), (2, ("a", "b")), (3, ("a", "b", "a"))]
)
def test_instances_take_the_zones_in_turn(instances: int, zones: tuple[str, ...]) -> None:
    cluster = DatabaseCluster(
        "aws_rds_cluster.db", "arn", "db", "aurora-postgresql", "17", "", "", 5432, "", "",
        subnet_ids=("subnet-b", "subnet-a"),
        instances=(DatabaseInstance("x", "arn", "i", "db.serverless"),) * instances,
    )  # fmt: skip
    found = database_thing(Blueprint(network=NETWORK), cluster, (), "")
    assert found.zones == zones
    assert not found.runs_here  # nothing of it is known


def test_the_worst_rule_counts() -> None:
    rules = (
        CallRule("s3", latency=0.2),
        CallRule("s3", "GetObject", 50, "throttle"),
        CallRule("sqs", silent=True),
    )
    disturb = disturb_by(rules, chance=lambda: 0.3)
    found = disturb({"s3"}, "GetObject")
    assert found is not None
    assert (found.seconds, found.refusal, found.silent) == (0.2, "throttle", False)
    listed = disturb({"s3"}, "ListBuckets")
    assert listed is not None
    assert listed.refusal is None
    assert disturb({"logs"}, "PutLogEvents") is None
    queue = disturb({"sqs"}, "SendMessage")
    assert queue is not None
    assert queue.silent
    seldom = disturb_by(rules, chance=lambda: 0.7)({"s3"}, "GetObject")
    assert seldom is not None
    assert seldom.refusal is None
