"""A running miniature, as a test sees it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bonkei import config
from bonkei.base.errors import BonkeiError
from bonkei.miniature import control
from bonkei.miniature.home import Home
from bonkei.testing.rows import Rows
from bonkei.testing.stores import Stores

if TYPE_CHECKING:
    import psycopg

_PATIENCE = 60.0  # seconds for an answer of the miniature
_PORTS = ("BONKEI_EDGE_PORT", "BONKEI_ALB_PORT", "BONKEI_CLOUD_PORT")


class System:
    """`home`: that of a miniature that runs."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._clients: dict[str, Any] = {}
        self._databases = {each["identifier"]: Rows.of(each) for each in self.status()["databases"]}
        self._stores: Stores | None = None

    def status(self) -> Mapping[str, Any]:
        """What `bonkei status --json` prints."""
        return dict(control.call(self._home, "status", limit=_PATIENCE))

    @cached_property
    def urls(self) -> Mapping[str, str]:
        """Where each distribution and load balancer listens, by the names of `bonkei status`."""
        listeners = self.status()["edge"]["listeners"]
        return {each["name"]: each["url"] for each in listeners}

    @property
    def url(self) -> str:
        """The site: the first distribution, or else the first load balancer."""
        if not self.urls:
            raise BonkeiError("the definitions have no listener", remedy="see `bonkei status`")
        return next(iter(self.urls.values()))

    @property
    def databases(self) -> Mapping[str, str]:
        """The URI of each cluster's database, for its superuser."""
        return {name: each.server.uri for name, each in self._databases.items()}

    def environment(self, role: str = "") -> dict[str, str]:
        """The variables for an SDK in any language, as the account or as a role."""
        who = {"role": role, "user": ""}
        return dict(control.call(self._home, "aws", arguments=who, limit=_PATIENCE))

    def aws(self, service: str, role: str = "") -> Any:
        """boto3's client of a service, as the account or as a role."""
        import boto3  # noqa: PLC0415 - only who calls this needs it

        found = self.environment(role)
        return boto3.client(
            service,
            endpoint_url=found["AWS_ENDPOINT_URL"],
            region_name=found["AWS_REGION"],
            aws_access_key_id=found["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=found["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=found.get("AWS_SESSION_TOKEN"),
        )

    def connect(self, cluster: str = "") -> psycopg.Connection[tuple[object, ...]]:
        """A connection of psycopg to a cluster's database, or to the only one, as superuser. It
        commits each statement."""
        rows = self._databases.get(cluster or next(iter(self._databases), ""))
        if rows is None:
            known = ", ".join(self._databases) or "none"
            raise BonkeiError(f"no database cluster {cluster}".rstrip(), remedy=f"known: {known}")
        return rows.server.open()

    def keep(self) -> None:
        """Keep the data of this moment for `reset`. The fixture calls it after the start."""
        for each in self._databases.values():
            each.keep()
        self._stores = Stores.of(self.aws)

    def reset(self) -> None:
        """Put the data back as it was at `keep`: the databases' rows and, with boto3, objects,
        messages and items. Logs and metrics stay."""
        for each in self._databases.values():
            each.put_back()
        if self._stores is not None:
            self._stores.put_back()


@contextmanager
def started(file: Path, folder: Path) -> Iterator[System]:
    """A miniature of these settings, with its home in `folder`. At the end it is stopped."""
    environment = {
        **os.environ,
        **dict(zip(_PORTS, map(str, _free_ports(len(_PORTS))), strict=True)),
        "BONKEI_CONSOLE_PORT": "off",
        "BONKEI_HOME": str(folder / "home"),
    }
    settings = config.load(file, environment)
    home = Home(settings.home).make()
    # Environments are made once for all sessions; they are named by their content.
    own = Home(config.load(file, os.environ).home).make().environments
    own.mkdir(exist_ok=True, mode=0o700)
    home.environments.symlink_to(own)

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-P", "-m", "bonkei", "--config", str(file), *words],
            cwd=settings.root,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    with ExitStack() as stops:
        stops.callback(run, "down")
        begun = run("up", "--detach")
        if begun.returncode:
            raise BonkeiError(f"the miniature did not become ready:\n{begun.stdout}")
        system = System(home)
        system.keep()
        yield system


def _free_ports(count: int) -> list[int]:
    with ExitStack() as taken:
        probes = [taken.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
