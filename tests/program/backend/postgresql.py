"""A PostgreSQL server for the tests, and settings for it."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psycopg
import pytest
from backend.settings import MigrateSettings
from backend.store import connect, database

from bonkei.services.rds.binaries import find_binaries
from bonkei.services.rds.place import Place
from tests.support.sharing import put_cluster

MASTER, MASTER_PASSWORD = "master", "master-password"
USERNAME, PASSWORD = "status", "status'password\\"
ADMINISTRATOR_PASSWORD = "correct horse battery"


@dataclass(frozen=True, slots=True)
class Server:
    port: int
    process: subprocess.Popen[bytes]
    log: Path

    def execute(self, statement: str, database: str = "postgres") -> None:
        with psycopg.connect(self.dsn(database), autocommit=True) as connection:
            connection.execute(statement.encode())

    def dsn(self, database: str) -> str:
        return (
            f"host=127.0.0.1 port={self.port} user={MASTER} password={MASTER_PASSWORD} "
            f"dbname={database}"
        )


@contextmanager
def running_server(port: int, factory: pytest.TempPathFactory | None = None) -> Iterator[Server]:
    """A new PostgreSQL server, which is deleted with its data. It does not run as root. With
    `factory`, its files may be a copy of those that another server began with.

    Meanwhile the program waits for a database for a minute, in this process: a busy machine is no
    outage. Tests of the real limits start the program as a process.
    """
    with _patience():
        yield from _running_server(port, factory)


def _running_server(port: int, factory: pytest.TempPathFactory | None) -> Iterator[Server]:
    user = "nobody" if os.getuid() == 0 else None
    # That user can reach this folder, whatever TMPDIR root has.
    place = "/var/tmp" if user else None  # noqa: S108 - mkdtemp is safe there
    home = Path(tempfile.mkdtemp(prefix="postgresql-", dir=place))
    try:
        programs = find_programs(home, user)
        password = home / "password"
        password.write_text(MASTER_PASSWORD)
        if user:
            shutil.chown(home, user)
            shutil.chown(password, user)
        data = home / "data"
        make = partial(
            subprocess.run,
            [programs / "initdb", "-D", data, "-U", MASTER, "--pwfile", password, "--no-sync",
             "-A", "scram-sha-256", "-E", "UTF8", "--locale=C"],
            user=user, cwd=home, check=True, capture_output=True,
        )  # fmt: skip
        if factory is None:
            make()
        else:
            put_cluster(data, "backend", make, factory)
        with (home / "log").open("wb") as log:
            process = subprocess.Popen(
                [programs / "postgres", "-D", data, "-p", str(port), "-h", "127.0.0.1", "-k", "",
                 "-c", "fsync=off", "-c", "max_connections=60"],
                user=user, cwd=home, stderr=log,
            )  # fmt: skip
        server = Server(port, process, home / "log")
        try:
            _wait_until_ready(server)
            yield server
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)
    finally:
        shutil.rmtree(home)


@contextmanager
def _patience() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("UNIT_SECONDS", "POOL_WAIT_SECONDS"):
            patch.setattr(database, name, 60)
        patch.setattr(connect, "CONNECT_SECONDS", 60)
        for name in ("STATEMENT_MILLISECONDS", "LOCK_MILLISECONDS"):
            patch.setattr(connect, name, 60_000)
        yield


def find_programs(home: Path, user: str | None) -> Path:
    """PostgreSQL's programs, copied below `home` when the user cannot reach them."""
    if user is None:
        return find_binaries(Place(home)).install / "bin"
    account = pwd.getpwnam(user)
    return find_binaries(Place(home, account.pw_uid, account.pw_gid)).install / "bin"


def _wait_until_ready(server: Server) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            server.execute("SELECT 1")
        except psycopg.OperationalError:
            if time.monotonic() > deadline or server.process.poll() is not None:
                raise AssertionError(server.log.read_text()) from None
            time.sleep(0.05)
        else:
            return


def migrate_settings(server: Server, database: str) -> MigrateSettings:
    return MigrateSettings(
        database_host="127.0.0.1",
        database_port=server.port,
        database_name=database,
        database_username=USERNAME,
        database_password=PASSWORD,
        database_master_username=MASTER,
        database_master_password=MASTER_PASSWORD,
        administrator_password=ADMINISTRATOR_PASSWORD,
        database_wait_seconds=0,
    )
