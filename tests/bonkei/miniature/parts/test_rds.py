"""The start of a database says what it left as it was."""

from __future__ import annotations

from typing import cast

from bonkei.blueprint.rds import DatabaseCluster
from bonkei.miniature.parts.rds import Databases
from bonkei.miniature.steps import Steps
from bonkei.services.rds.manager import Database
from bonkei.services.rds.snapshot import DatabaseSnapshot
from tests.bonkei.services.rds.conftest import cluster

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


async def test_data_that_another_home_had_is_named_once():
    lines: list[str] = []
    steps = Steps(lines.append, lambda: 0.0)
    databases = Databases(lambda definition, _: cast(Database, Started(definition)), server="")
    definition = cluster()
    for _ in range(2):
        await databases.follow([definition], {definition.arn: "127.0.0.1"}, steps)
    assert lines[0].split()[:2] == ["✓", "database"]
    assert lines[1:] == [f"    {LEFT}"]
