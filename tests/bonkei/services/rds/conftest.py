"""Clusters on free ports, below a home of their own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
import pytest_asyncio
from ports import free_port
from sharing import put_cluster, shared_folder

from bonkei.base.vault import MemoryVault
from bonkei.blueprint.rds import DatabaseCluster
from bonkei.services.rds.files import ClusterFiles
from bonkei.services.rds.manager import Database
from bonkei.services.rds.place import delete_data

SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:rds!cluster-1-AbCdEf"
HOST = "127.0.0.1"


def cluster(**changes: Any) -> DatabaseCluster:
    values: dict[str, Any] = {
        "address": "aws_rds_cluster.this",
        "arn": "arn:aws:rds:eu-west-1:123456789012:cluster:main",
        "identifier": "main",
        "engine": "aurora-postgresql",
        "engine_version": "18.1",
        "endpoint": "main.cluster-abc.eu-west-1.rds.amazonaws.com",
        "reader_endpoint": "main.cluster-ro-abc.eu-west-1.rds.amazonaws.com",
        "port": free_port(),
        "database_name": "status",
        "master_username": "master",
        "master_secret_arn": SECRET,
    }
    return DatabaseCluster(**{**values, **changes})


def connect(
    vault: MemoryVault, port: int, database: str = "status"
) -> psycopg.Connection[tuple[Any, ...]]:
    """Connect as the master user, the way an application would."""
    secret = json.loads(vault.get(SECRET) or "{}")
    return psycopg.connect(
        host=HOST,
        port=port,
        user=secret["username"],
        password=secret["password"],
        dbname=database,
        autocommit=True,
        connect_timeout=60,
    )


@dataclass(frozen=True)
class Running:
    """A server that tests share. They must not change it."""

    definition: DatabaseCluster
    database: Database
    vault: MemoryVault
    home: Path

    def connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        return connect(self.vault, self.definition.port)


@pytest.fixture(scope="module", autouse=True)
def _copied_files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The first cluster's files are made by initdb, and the others' are copies of them."""
    run = ClusterFiles.run

    def quickly(
        files: ClusterFiles, name: str, *arguments: str, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        if name != "initdb":
            return run(files, name, *arguments, **environment)
        made: list[subprocess.CompletedProcess[str]] = []
        kept = shared_folder("postgresql-password", tmp_path_factory) / "password"

        def make() -> None:
            made.append(run(files, name, *arguments))
            assert made[0].returncode == 0, made[0].stderr
            kept.write_text(files._password.read_text())

        if put_cluster(Path(arguments[1]), "cluster", make, tmp_path_factory):
            return made[0]
        files._write(files._password, kept.read_text())
        return subprocess.CompletedProcess(arguments, 0)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ClusterFiles, "run", quickly)
        yield


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    home, vault, definition = tmp_path_factory.mktemp("shared"), MemoryVault(), cluster()
    database = Database(definition, HOST, home, vault)
    await database.start()
    yield Running(definition, database, vault, home)
    await database.stop()
    delete_data(home)


@pytest.fixture
def vault() -> MemoryVault:
    return MemoryVault()


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "home"
    # As root, what is deleted with a home's folder alone stays in /var/tmp.
    for records in [tmp_path / "home" / "database", *tmp_path.rglob("database")]:
        delete_data(records.parent)


Make = Callable[..., Database]


@pytest.fixture
async def make(home: Path, vault: MemoryVault) -> AsyncIterator[Make]:
    """Build databases, and stop them after the test."""
    made: list[Database] = []

    def build(definition: DatabaseCluster, **changes: Any) -> Database:
        values = {"host": HOST, "home": home, "vault": vault, **changes}
        made.append(Database(definition, **values))
        return made[-1]

    yield build
    for database in made:
        await database.stop()
