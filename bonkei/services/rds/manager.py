"""A cluster, from its definition to a server that answers at its address and port."""

from __future__ import annotations

import asyncio
import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from bonkei.base.background import Background
from bonkei.base.processes import Keeper
from bonkei.base.vault import Vault
from bonkei.blueprint.rds import DatabaseCluster
from bonkei.services.rds.backups import Backups, start_recovered
from bonkei.services.rds.binaries import Binaries, find_binaries
from bonkei.services.rds.connection import Connection, Guest, Wanted
from bonkei.services.rds.errors import DatabaseError
from bonkei.services.rds.files import ClusterFiles, ServerSpec
from bonkei.services.rds.identity import home_id
from bonkei.services.rds.log import rotate
from bonkei.services.rds.master import keep_password, master_password, new_password
from bonkei.services.rds.ownership import Mark, is_used_as_it_is, require_ours
from bonkei.services.rds.parameters import LOCKS, USUAL_CONNECTIONS, Settings, translate
from bonkei.services.rds.place import Place, find_place
from bonkei.services.rds.preparing import Preparing, preparing
from bonkei.services.rds.relay import Open, Relay
from bonkei.services.rds.server import Server
from bonkei.services.rds.size import connections
from bonkei.services.rds.snapshot import DatabaseSnapshot, UsageMeter, described, differences
from bonkei.services.rds.tokens import CheckToken, socket_directory, token_sign_in

if TYPE_CHECKING:
    from bonkei.services.rds.reading.reader import Reader

_PATIENCE = (0.0, 1.0, 5.0, 15.0)  # seconds before a dead server is started again
_SETTLED = 60.0  # after this many seconds of running, the next death counts as the first
_LOOK = 30.0  # seconds between looks at the log's size


class Database:
    """One Aurora PostgreSQL cluster. `host`: its loopback address; `url`: a user's own server. It
    may hold other data only if `shared`.

    The master user's password is in the vault, as JSON {"username", "password"}, under the
    cluster's `master_secret_arn`, or under the cluster's ARN when RDS does not manage it.
    """

    def __init__(
        self,
        cluster: DatabaseCluster,
        host: str,
        home: Path,
        vault: Vault,
        url: str | None = None,
        *,
        shared: bool = False,
        check_token: CheckToken | None = None,
    ) -> None:
        """`check_token`: for the users of IAM, if the cluster takes tokens."""
        self._cluster = cluster
        self._host = host
        self._home = home
        self._vault = vault
        self._url = url
        self._shared = shared
        self._check_token = check_token
        self._sockets: Path | None = None
        self._status = "stopped"
        self._version = 0
        self._elsewhere = ""
        self._server: Server | None = None
        self._relay: Relay | None = None
        self._libraries: frozenset[str] = frozenset()
        self._settings = Settings(())
        self._notes: tuple[str, ...] = ()
        self._place: Place | None = None
        self._guard = Background()
        self._usage = UsageMeter()
        self._reader: Reader | None = None
        self._prepared: tuple[DatabaseCluster, Wanted] | None = None

    async def start(self) -> None:
        """Start, and wait until the server answers. After a DatabaseError nothing is left
        running."""
        self._status = "creating"
        try:
            _check_engine(self._cluster)
            if self._url:
                await self._start_relay(self._url)
            else:
                await self._start_server()
        except BaseException:
            await self.stop()
            self._status = "failed"
            raise
        self._status = "available"

    async def apply(self, cluster: DatabaseCluster) -> None:
        """Follow a changed definition: parameters, database, password. A changed port needs a
        restart. Without a change nothing is started: preparing the server takes 0.2 s."""
        before, self._cluster = self._cluster, cluster
        moved = _place(cluster) != _place(before)
        if moved or self._status != "available":
            await self.stop()
            await self.start()
        elif self._server is None:
            await self._prepare_elsewhere(self._url or "")
        elif self._prepared != (cluster, self._wanted()):
            await self._reload(self._server)

    async def rotate(self) -> None:
        """Give the master user a new password. Existing sessions stay signed in. Raises
        DatabaseError for a user's own server, because its users are not changed."""
        files, cluster = self.files, self._cluster
        before = master_password(cluster, self._vault)
        keep_password(cluster, self._vault, new_password())
        try:
            async with preparing() as prepare:
                await self._prepare(prepare, files.admin)
        except BaseException:
            keep_password(cluster, self._vault, before)
            raise

    async def stop(self) -> None:
        """Fast shutdown; the data stays."""
        self._status = "stopping"
        await self._guard.stop()
        server, self._server = self._server, None
        if server is not None:
            await server.stop()
        relay, self._relay = self._relay, None
        if relay is not None:
            await relay.stop()
        sockets, self._sockets = self._sockets, None
        if sockets is not None:
            shutil.rmtree(sockets, ignore_errors=True)
        self._status = "stopped"

    def snapshot(self) -> DatabaseSnapshot:
        """The cluster's state."""
        server = self._server
        pid = server.pid if server else None
        usage = self._usage.read(pid)
        cluster, version = self._cluster, self._version
        return DatabaseSnapshot(
            identifier=cluster.identifier,
            status=self._status,
            endpoint=f"{self._host}:{cluster.port}",
            database=cluster.database_name,
            server=described(cluster, version, elsewhere=self._elsewhere) if version else "",
            pid=pid,
            data=str(server.files.data) if server else "",
            log=str(server.files.spec.log) if server else "",
            cpu_percent=usage.cpu_percent,
            memory=usage.memory,
            notes=(*self._notes, *self._settings.notes),
            earliest=Backups(server.files).earliest if server else None,
        )

    @property
    def files(self) -> ClusterFiles:
        """Of the running server. Raises DatabaseError."""
        if self._server is None:
            raise DatabaseError(
                f"{self._cluster.identifier} does not run on the miniature's own server"
            )
        return self._server.files

    @property
    def others(self) -> tuple[str, ...]:
        """Sentences about data of another home, which the last start did not touch."""
        return self._place.notes if self._place else ()

    @property
    def reader(self) -> Reader:
        """A reader of its tables. Raises DatabaseError for a user's own server, because no
        read-only role is created there."""
        if self._url:
            raise DatabaseError(
                f"the tables of {self._cluster.identifier} are on a server of your own, and no"
                " read-only role is created there",
                remedy="look with a client of your own",
            )
        from bonkei.services.rds.reading.reader import Reader  # noqa: PLC0415 - psycopg, as below

        wanted = self._cluster.database_name or "postgres"
        if self._reader is None or self._reader.database != wanted:
            self._reader = Reader(self._admin, wanted)
        return self._reader

    def _admin(self) -> Connection:
        if self._server is None:
            raise DatabaseError(f"{self._cluster.identifier} is {self._status}")
        return self._server.files.admin

    # The built-in server.

    async def _start_server(self) -> None:
        async with preparing() as prepare:  # it loads while the server starts
            directory, binaries = await asyncio.to_thread(_find, self._home)
            self._libraries = binaries.libraries
            self._place = directory
            identifier = self._cluster.identifier
            log = self._home / "logs" / identifier / "postgresql.log"
            if self._cluster.takes_tokens and self._check_token is not None:
                self._sockets = socket_directory(self._home, directory)
            spec = ServerSpec(identifier, self._host, self._cluster.port, log, self._sockets)
            files = ClusterFiles(spec, directory, binaries)
            keeper = Keeper(self._home / "processes" / "database" / identifier)
            self._server = server = Server(files, keeper)
            await asyncio.to_thread(files.ensure)
            wanted = translate(self._parameters(), self._libraries)
            self._settings = await asyncio.to_thread(files.configure, wanted)
            await start_recovered(server)
            if spec.socket is not None and self._check_token is not None:
                await self._listen(token_sign_in(spec.socket, self._check_token, log))
            await self._prepare(prepare, files.admin)
        self._guard.start(self._watch(server))

    async def _listen(self, open_server: Open) -> None:
        self._relay = Relay(self._host, self._cluster.port, open_server)
        await self._relay.start()

    def _parameters(self) -> dict[str, str]:
        """The declared parameters. If the number of connections is not declared, it is Aurora's, up
        to the limit for a laptop."""
        most = min(connections(self._cluster), USUAL_CONNECTIONS)
        usual = {"max_connections": str(most)} if most else {}
        return usual | dict(self._cluster.parameters)

    async def _reload(self, server: Server) -> None:
        self._prepared = None
        wanted = translate(self._parameters(), self._libraries)
        self._settings = await asyncio.to_thread(server.files.configure, wanted)
        server.reload()
        async with preparing() as prepare:
            pending = await self._prepare(prepare, server.files.admin)
        told = [name for name in pending if name not in LOCKS or name in wanted.names]
        self._notes += tuple(f"parameter {name} is pending-reboot" for name in told)

    async def _watch(self, server: Server) -> None:
        """Start a dead server again, as Aurora does, and keep its log bounded."""
        deaths = 0
        began = time.monotonic()
        while True:
            try:
                async with asyncio.timeout(_LOOK):
                    await server.wait()
            except TimeoutError:
                with suppress(OSError):  # a full disk: the next attempt may find space
                    await rotate(server.files.spec.log, server.pid)
                    await self._back_up(server)
                continue
            deaths = 0 if time.monotonic() - began > _SETTLED else deaths
            self._status = "rebooting"
            await asyncio.sleep(_PATIENCE[min(deaths, len(_PATIENCE) - 1)])
            deaths += 1
            began = time.monotonic()
            try:
                await server.launch()
            except (DatabaseError, OSError) as error:
                self._status = "failed"
                self._notes = (*self._notes[-10:], str(error))
            else:
                self._status = "available"

    async def _back_up(self, server: Server) -> None:
        try:
            await asyncio.to_thread(Backups(server.files).keep)
        except DatabaseError as error:
            if error.message not in self._notes:
                self._notes = (*self._notes[-10:], error.message)

    # A server elsewhere.

    async def _start_relay(self, url: str) -> None:
        connection = await self._prepare_elsewhere(url)
        await self._listen(lambda *_: asyncio.open_connection(connection.host, connection.port))

    async def _prepare_elsewhere(self, url: str) -> Connection:
        """Check the server, then create missing objects. Foreign objects are not touched."""
        import psycopg  # noqa: PLC0415 - it takes a while to load, and 10 MiB

        from bonkei.services.rds import bootstrap, external  # noqa: PLC0415 - as above

        admin = external.parse_url(url)
        mark = Mark(home_id(self._home), self._cluster.identifier)
        try:
            found = await asyncio.to_thread(external.survey, admin)
            external.check_version(admin, found.version)
            wanted = self._wanted()
            require_ours(found, wanted, mark, admin, shared=self._shared)
            as_it_is = is_used_as_it_is(found, wanted, mark, admin)
            if as_it_is:
                keep_password(self._cluster, self._vault, admin.password)
            guest = Guest(mark.text, as_it_is, self._shared)
            self._version = await asyncio.to_thread(bootstrap.prepare, admin, wanted, guest)
        except psycopg.Error as error:
            raise external.explain(admin, error) from None
        self._elsewhere = external.place(admin)
        self._notes = differences(self._cluster, self._version, elsewhere=self._elsewhere)
        return admin

    # Both.

    def _wanted(self) -> Wanted:
        cluster = self._cluster
        password = master_password(cluster, self._vault)
        return Wanted(cluster.master_username, password, cluster.database_name)

    async def _prepare(self, prepare: Preparing, admin: Connection) -> tuple[str, ...]:
        """Roles, database and password. Returns the parameters that need a restart."""
        cluster, wanted = self._cluster, self._wanted()
        found = await prepare(admin, wanted)
        if found.refused:
            raise DatabaseError(
                f"the server of {cluster.identifier} cannot be prepared: {found.refused}",
                remedy="begin with empty data: `bonkei reset`",
            )
        self._version = found.version
        self._prepared = (cluster, wanted)
        self._notes = differences(cluster, self._version)
        return found.pending


def _place(cluster: DatabaseCluster) -> tuple[object, ...]:
    """What a running server does not follow."""
    return cluster.port, cluster.identifier, cluster.takes_tokens


def _find(home: Path) -> tuple[Place, Binaries]:
    found = find_place(home)
    return found, find_binaries(found)


def _check_engine(cluster: DatabaseCluster) -> None:
    if "postgres" not in cluster.engine:
        raise DatabaseError(
            f"{cluster.address}: the engine {cluster.engine} cannot be run here",
            remedy="the miniature runs aurora-postgresql only",
        )
