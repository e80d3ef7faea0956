"""The number of connections that an instance allows, counted as Aurora does."""

from __future__ import annotations

from pathlib import Path

import pytest

from bonkei.base.vault import MemoryVault
from bonkei.blueprint.rds import DatabaseCluster, DatabaseInstance
from bonkei.services.rds.manager import Database
from bonkei.services.rds.parameters import Settings, configuration
from bonkei.services.rds.size import connections


def cluster(instance_class: str, acu: float = 0.0, **parameters: str) -> DatabaseCluster:
    return DatabaseCluster(
        "c", "arn:c", "main", "aurora-postgresql", "17", "", "", 5432, "main", "master",
        instances=(DatabaseInstance("i", "arn:i", "main-1", instance_class),),
        serverless_max_capacity=acu, parameters=tuple(parameters.items()),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("instance_class", "acu", "expected"),
    # "Maximum connections to an Aurora PostgreSQL DB instance": LEAST(memory / 9531392, 5000).
    [("db.serverless", 2.0, 450), ("db.r8g.large", 0.0, 1802), ("db.r6g.8xlarge", 0.0, 5000),
     ("db.unknown", 0.0, 0)],
)  # fmt: skip
def test_as_many_as_the_memory_allows(instance_class: str, acu: float, expected: int) -> None:
    assert connections(cluster(instance_class, acu)) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (cluster("db.serverless", 2.0), "450"),
        (cluster("db.r8g.large"), "500"),
        (cluster("db.serverless", 2.0, max_connections="50"), "50"),
    ],
)
def test_the_server_here_allows_the_same_number_up_to_a_bound(
    given: DatabaseCluster, expected: str, tmp_path: Path
) -> None:
    database = Database(given, "127.0.0.1", tmp_path, MemoryVault({}))
    assert database._parameters()["max_connections"] == expected


@pytest.mark.parametrize(
    ("declared", "locks"),
    [
        ((), "32"),  # 200 connections
        ((("max_connections", "450"),), "15"),
        ((("max_connections", "1000"),), "10"),
        ((("max_connections", "20"),), "64"),
        ((("max_connections", "450"), ("max_locks_per_transaction", "128")), "128"),
    ],
)
def test_the_room_for_locks_does_not_grow_with_the_connections(
    declared: tuple[tuple[str, str], ...], locks: str
) -> None:
    lines = configuration("127.0.0.1", 5432, Settings(declared)).splitlines()
    assert f"max_locks_per_transaction = '{locks}'" in lines
