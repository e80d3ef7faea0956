"""The start of a database says what it left as it was."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from bonkei.base.aws_service import AwsServiceError, Caller
from bonkei.base.vault import MemoryVault
from bonkei.blueprint.rds import DatabaseCluster, DatabaseInstance
from bonkei.miniature.addresses import Addresses
from bonkei.miniature.loopback import AddressBook
from bonkei.miniature.parts.endpoint.endpoint import AwsEndpoint
from bonkei.miniature.parts.rds import Databases
from bonkei.miniature.steps import Steps
from bonkei.services.rds.errors import DatabaseError
from bonkei.services.rds.estate import Estate, keep_estate, read_estate
from bonkei.services.rds.manager import Database
from bonkei.services.rds.naming import rehearsed
from bonkei.services.rds.place import delete_data, find_place
from bonkei.services.rds.snapshot import DatabaseSnapshot
from bonkei.services.rds.storage import Storage
from bonkei.services.rds.tokens import CheckToken
from tests.bonkei.services.rds.conftest import HOST, cluster

LEFT = "bonkei-0 keeps the database of an earlier home"


class Started:
    """A database whose start found another home's data."""

    def __init__(self, definition: DatabaseCluster) -> None:
        self.others = (LEFT,)
        self._identifier = definition.identifier

    async def start(self) -> None:
        pass

    async def apply(self, definition: DatabaseCluster) -> None:
        pass

    def snapshot(self) -> DatabaseSnapshot:
        return DatabaseSnapshot(
            self._identifier, "available", "", "", "PostgreSQL 18.6", None, "", "", 0.0, 0, ()
        )


@pytest.fixture
def addresses(tmp_path: Path) -> Iterator[Addresses]:
    made = Addresses(tmp_path / "addresses")
    yield made
    made.loopback.close()


async def test_data_that_another_home_had_is_named_once(addresses, tmp_path):
    lines: list[str] = []
    steps = Steps(lines.append, lambda: 0.0)
    databases = Databases(
        lambda definition, *_: cast(Database, Started(definition)),
        "",
        cast(AwsEndpoint, None),
        addresses,
        tmp_path,
        MemoryVault(),
    )
    definition = cluster()
    for _ in range(2):
        await databases.follow([definition], steps)
    assert lines[0].split()[:2] == ["✓", "database"]
    assert lines[1:] == [f"    {LEFT}"]
    lines.clear()
    for version in ("18", "18", "19"):
        await databases.follow([replace(definition, engine_version=version)], steps)
    said = "runs PostgreSQL 18.6: nothing was upgraded here, so try the upgrade on AWS"
    name = definition.identifier
    assert lines == [f"    {name} declares {version}, {said}" for version in ("18", "19")]


async def test_changes_come_one_after_the_other_and_one_that_fails_changes_nothing(
    addresses, tmp_path
):
    databases = Databases(
        lambda definition, *_: cast(Database, Started(definition)),
        "", cast(AwsEndpoint, None), addresses, tmp_path, MemoryVault(),
    )  # fmt: skip
    await databases.follow([cluster()], Steps(lambda _: None))
    instances = (DatabaseInstance("i", "arn:i", "i", "db.r8g.large"),)
    others = [cluster(identifier=name, arn=name, instances=instances) for name in "abc"]

    def put(other: DatabaseCluster) -> Callable[[Estate], Estate]:
        return lambda estate: estate.put(other)

    def slowly(_: Storage) -> None:
        time.sleep(0.05)

    def badly(_: Storage) -> None:
        raise DatabaseError("the disk is full")

    await asyncio.gather(*(databases.become(put(other), slowly) for other in others[:2]))
    with pytest.raises(DatabaseError, match="full"):
        await databases.become(put(others[2]), badly)
    assert [one.identifier for one in databases.estate.clusters] == ["a", "b"]
    assert read_estate(tmp_path) == databases.estate
    assert [one.identifier for one in databases.snapshot()] == ["main", "a", "b"]


def test_what_a_killed_rehearsal_has_left_is_removed(addresses, tmp_path):
    left = rehearsed(cluster())
    keep_estate(tmp_path, Estate((left, cluster(identifier="restored"))))
    place = find_place(tmp_path)
    (place.root / left.identifier).mkdir()
    try:
        databases = Databases(
            lambda definition, *_: cast(Database, Started(definition)),
            "", cast(AwsEndpoint, None), addresses, tmp_path, MemoryVault(),
        )  # fmt: skip
        assert [one.identifier for one in databases.estate.clusters] == ["restored"]
        assert not (place.root / left.identifier).exists()
    finally:
        delete_data(tmp_path)


class Iam:
    """The endpoint's part in a sign-in: who signed a token, and what this one may."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.cloud = self

    def token_caller(self, token: str, places: Collection[str], user: str, region: str) -> Caller:
        if token == "a person's":
            return Caller("arn:aws:iam::123456789012:user/bonkei", "", "123456789012")
        if token != "a task's":
            raise AwsServiceError("AccessDenied", f"it is for {user} at {sorted(places)}")
        arn = "arn:aws:sts::123456789012:assumed-role/app/task"
        return Caller(arn, "", "123456789012", "arn:aws:iam::123456789012:role/app")

    def role(self, *asked: str) -> str:
        self.asked.append(asked)
        return "" if asked[-1].endswith("/app") else "no identity-based policy allows it"


async def test_a_token_needs_the_permission_to_connect_as_that_user(addresses, tmp_path):
    checks: list[CheckToken] = []

    def make(definition: DatabaseCluster, _host: str, check: CheckToken) -> Database:
        checks.append(check)
        return cast(Database, Started(definition))

    definition = cluster(resource_id="cluster-ABC")
    iam = Iam()
    translator = addresses.translator
    translator.book = AddressBook(hosts={definition.endpoint: HOST, "other": "127.0.0.9"})
    translator.callers = {"app": AddressBook(hosts={definition.endpoint: "127.0.0.2"})}
    databases = Databases(make, "", cast(AwsEndpoint, iam), addresses, tmp_path, MemoryVault())
    await databases.follow([definition], Steps(lambda _: None))
    (check,) = checks
    assert check("app", "a task's") == ""
    assert check("master", "a task's") == "no identity-based policy allows it"
    assert check("master", "a person's") == ""
    hosts = (HOST, "127.0.0.2", definition.endpoint, definition.reader_endpoint)
    places = sorted(f"{host}:{definition.port}" for host in hosts)
    assert check("app", "another's") == f"it is for app at {places}"
    target = "arn:aws:rds-db:eu-west-1:123456789012:dbuser:cluster-ABC"
    role = ("arn:aws:iam::123456789012:role/app", "task", "rds-db:connect")
    assert iam.asked == [(*role, f"{target}/app"), (*role, f"{target}/master")]
