"""A cluster's files: made once, configured at each start."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bonkei.base.processes import launch_command
from bonkei.services.rds.binaries import Binaries
from bonkei.services.rds.connection import ADMIN, Connection
from bonkei.services.rds.errors import DatabaseError
from bonkei.services.rds.parameters import ACCESS, Settings, configuration, refused_names
from bonkei.services.rds.place import Place

_MEANT_BY_A_SHELL = frozenset('$`"\\')  # also between double quotes


@dataclass(frozen=True, slots=True)
class ServerSpec:
    """`identifier` names the cluster's directory; `log` is where PostgreSQL writes its lines.
    `sockets`: the directory of its socket, if a relay listens at its address."""

    identifier: str
    host: str
    port: int
    log: Path
    sockets: Path | None = None

    @property
    def socket(self) -> Path | None:
        return self.sockets / f".s.PGSQL.{self.port}" if self.sockets else None


class ClusterFiles:
    """`<place>/<identifier>/`: the data directory and the superuser's password. Methods block."""

    def __init__(self, spec: ServerSpec, place: Place, binaries: Binaries) -> None:
        self.spec = spec
        self._place = place
        self._binaries = binaries
        self.directory = place.root / spec.identifier
        self.data = self.directory / "data"
        self._password = self.directory / ADMIN

    @property
    def admin(self) -> Connection:
        """Connect as the superuser. Only this user can read its password."""
        password = self._password.read_text(encoding="ascii").strip()
        return Connection(self.spec.host, self.spec.port, ADMIN, password)

    def command(self, name: str, *arguments: str) -> list[str]:
        """The command line of one of PostgreSQL's programs, as the server's user."""
        program = (self._binaries.program(name), *arguments)
        rights = {"uid": self._place.uid, "gid": self._place.gid}
        return launch_command(program, ending=signal.SIGINT, **rights)

    def ensure(self) -> None:
        """Create the data directory, or check that the existing one fits this PostgreSQL."""
        self._place.make_directory(self.directory)
        if self.data.exists():
            self._check_version()
        else:
            self._initialise()

    def subfolder(self, path: Path) -> Path:
        """A directory of the server's user, below a cluster's own."""
        return self._place.make_directory(path)

    @contextmanager
    def draft(self, source: Path) -> Iterator[Path]:
        """A new data directory, made from another cluster's. It gets its name when it is complete.
        `source` has the superuser's password, as the data has it."""
        self._place.make_directory(self.directory)
        shutil.rmtree(self.data, ignore_errors=True)
        draft = self.directory / f".data.{secrets.token_hex(4)}"
        try:
            yield draft
            for path in (draft, *draft.rglob("*")):
                self._place.give(path)
            self._write(self._password, source.joinpath(ADMIN).read_text(encoding="ascii"))
            draft.rename(self.data)
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def configure(self, settings: Settings) -> Settings:
        """Write the configuration. Returns the settings without those that PostgreSQL refused."""
        self._write(self.data / "pg_hba.conf", ACCESS)
        while True:
            sockets = str(self.spec.sockets or "")
            text = configuration(self.spec.host, self.spec.port, settings, sockets)
            self._write(self.data / "postgresql.conf", text)
            if not settings.values:
                return settings
            result = self.run("postgres", "-D", str(self.data), "-C", "port")
            if result.returncode == 0:
                return settings
            refused = refused_names(result.stderr) & {name for name, _ in settings.values}
            if not refused:
                raise DatabaseError(
                    f"PostgreSQL refuses the parameters of {self.spec.identifier}: "
                    f"{last_lines(result.stderr)}",
                    remedy="correct the cluster's parameter group",
                )
            settings = settings.without(refused, "PostgreSQL refuses its name or its value")

    def _initialise(self) -> None:
        """Run initdb into a draft. The draft gets its name when it is complete."""
        if strange := _MEANT_BY_A_SHELL & set(self._binaries.program("initdb")):
            raise DatabaseError(
                f"PostgreSQL's initdb passes its own path to a shell, and the path has "
                f"{' '.join(sorted(strange))} in it: {self._binaries.program('initdb')}",
                remedy="move the project to a folder without it, or let BONKEI_DATABASE_URL name "
                "a server of yours",
            )
        draft = self.directory / f".data.{secrets.token_hex(4)}"
        self._write(self._password, secrets.token_urlsafe(24))
        result = self.run(
            "initdb", "-D", str(draft), "-U", ADMIN, "--auth=scram-sha-256",
            f"--pwfile={self._password}", "--encoding=UTF8", "--no-instructions",
            "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
        )  # fmt: skip
        if result.returncode != 0:
            shutil.rmtree(draft, ignore_errors=True)
            raise DatabaseError(
                f"PostgreSQL cannot make its files in {self.data}: {last_lines(result.stderr)}",
                remedy="check that the disk has space and that the directory may be written to",
            )
        draft.rename(self.data)

    def _check_version(self) -> None:
        version = (self.data / "PG_VERSION").read_text(encoding="ascii").strip()
        if not version.isdecimal():
            raise DatabaseError(
                f"{self.data / 'PG_VERSION'} is damaged: it is not the number of a version",
                remedy="put back a copy of the data, of one time; or begin with empty data: "
                "`bonkei reset`",
            )
        if version != str(self._binaries.major):
            raise DatabaseError(
                f"the data in {self.data} is of PostgreSQL {version}, and the server here is "
                f"{self._binaries.version}",
                remedy="`bonkei reset` begins with empty data; to keep it, dump it with "
                f"PostgreSQL {version} first",
            )
        if not self._password.exists() or not self.admin.password.strip("\0"):
            raise DatabaseError(
                f"{self._password} is missing or empty: without it the data next to it cannot be "
                "administered",
                remedy="put it back, or begin with empty data: `bonkei reset`",
            )

    def _write(self, path: Path, text: str) -> None:
        """Write atomically; only the server's user can read the file."""
        draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        self._place.give(draft)
        draft.replace(path)

    def run(
        self, name: str, *arguments: str, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run one of PostgreSQL's programs as the server's user."""
        return subprocess.run(
            self.command(name, *arguments),
            cwd=self.directory,
            env=program_environment() | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )


def program_environment() -> dict[str, str]:
    """The environment of PostgreSQL's programs. It contains nothing from this process."""
    return {"PATH": os.defpath, "LANG": "C.UTF-8", "LC_ALL": "C", "TZ": "UTC"}


def last_lines(output: str, count: int = 4) -> str:
    """The end of a program's output, in one line; of a server's log, what ended it."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    fatal = [line for line in lines if "FATAL:  " in line or "PANIC:  " in line]
    return " | ".join((fatal or lines)[-count:])
