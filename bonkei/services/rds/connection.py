"""A server and its wanted state, as values. Only an open connection needs psycopg."""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    import psycopg

ADMIN = "rdsadmin"
MADE = "Made by Bonkei"
"""The comment on everything that Bonkei creates on a user's server begins like this."""
_CONNECT_TIMEOUT = 10  # seconds
_OF_LIBPQ = (
    "PGHOST PGHOSTADDR PGPORT PGDATABASE PGUSER PGPASSWORD PGPASSFILE PGREQUIREAUTH PGREQUIREPEER"
    " PGCHANNELBINDING PGSERVICE PGSERVICEFILE PGOPTIONS PGSSLMODE PGREQUIRESSL PGSSLCERT PGSSLKEY"
    " PGSSLCERTMODE PGSSLROOTCERT PGSSLCRL PGSSLCRLDIR PGSSLNEGOTIATION PGSSLMINPROTOCOLVERSION"
    " PGSSLMAXPROTOCOLVERSION PGGSSENCMODE PGMINPROTOCOLVERSION PGMAXPROTOCOLVERSION"
    " PGCLIENTENCODING PGTARGETSESSIONATTRS PGLOADBALANCEHOSTS PGDATESTYLE PGTZ PGGEQO"
)
"""libpq reads a setting from these if a connection does not name it ("Environment Variables")."""


def forget_user_settings(environment: MutableMapping[str, str]) -> None:
    """Remove the settings of the user's own clients, such as another address, or TLS: the
    miniature's own server is on loopback, and has no TLS."""
    for name in _OF_LIBPQ.split():
        environment.pop(name, None)


@dataclass(frozen=True, slots=True)
class Connection:
    """A server, and the user to connect as. `options`: further options of psycopg (sslmode …)."""

    host: str
    port: int
    user: str
    password: str
    database: str = "postgres"
    options: tuple[tuple[str, str], ...] = ()

    @property
    def uri(self) -> str:
        """PostgreSQL, "Connection URIs"; without the options."""
        who, where = (quote(part, safe="") for part in (self.password, self.database))
        return f"postgresql://{self.user}:{who}@{self.host}:{self.port}/{where}"

    def open(self) -> psycopg.Connection[tuple[object, ...]]:
        """A connection in autocommit mode. Raises psycopg.OperationalError if it fails."""
        import psycopg  # noqa: PLC0415 - it takes a while to load, and 10 MiB

        return psycopg.connect(
            autocommit=True,
            host=self.host,
            port=self.port,
            user=self.user,
            password=self.password,
            dbname=self.database,
            connect_timeout=_CONNECT_TIMEOUT,
            application_name="bonkei",
            **dict(self.options),  # type: ignore[arg-type]
        )


@dataclass(frozen=True, slots=True)
class Wanted:
    """The needed state: the master user with this password, and its database (name may be
    empty)."""

    username: str
    password: str
    database: str


@dataclass(frozen=True, slots=True)
class Guest:
    """Rules for a user's own server. `mark` becomes the comment on everything created there.

    `keep_master`: do not alter the master user. `shared`: grant no right over other sessions.
    """

    mark: str
    keep_master: bool = False
    shared: bool = False
