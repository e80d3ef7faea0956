"""`bonkei rehearse restore`: restores the database beside itself, and measures it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bonkei.base.errors import BonkeiError
from bonkei.cli.context import Context, pass_context
from bonkei.cli.terminal import as_json, safe
from bonkei.cli.typed import say

if TYPE_CHECKING:
    from bonkei.services.rds.connection import Connection

_BEAT = 0.05  # seconds between two commits of the rehearsal's own
_BEFORE, _AFTER = 2.0, 0.5  # seconds of commits before the moment, and after it
_TABLES = (
    "SELECT schemaname, tablename FROM pg_tables"
    " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
)
_PATIENCE = 600.0
_NOT_SHOWN = 3  # an exit code, as of `bonkei alarm rehearse`


@dataclass(frozen=True, slots=True)
class Beat:
    """A commit: when it began and ended, and where it is in the write-ahead log."""

    began: float
    ended: float
    place: int


@dataclass(frozen=True, slots=True)
class Result:
    """`rto`: seconds from the loss to the restored server's first answer. `rpo`: from the newest
    commit that it has to the loss. Commits: the rehearsal's own ones. Tables of which the rows are
    `equal` or `different`, or `changed` meanwhile, so that they cannot be compared."""

    cluster: str
    restored: str
    moment: int
    rto: float
    rpo: float
    commits_before: int
    commits_missing: int
    commits_after: int
    commits_too_late: int
    equal: tuple[str, ...]
    different: tuple[str, ...]
    changed: tuple[str, ...]
    removed: bool

    @property
    def is_wrong(self) -> bool:
        wrong = self.commits_missing or self.commits_too_late or self.different
        return bool(wrong) or not self.removed


@dataclass(frozen=True, slots=True)
class Seen:
    """`loss`: when. `end`: where the restored server's log ends."""

    cluster: str
    restored: str
    moment: int
    loss: float
    rto: float
    beats: tuple[Beat, ...]
    end: int


def judge(
    seen: Seen,
    before: Mapping[str, str],
    here: Mapping[str, str],
    there: Mapping[str, str],
    *,
    removed: bool,
) -> Result:
    """From the digests of the tables before the moment and after it, and of those restored."""
    kept = [one for one in seen.beats if one.place <= seen.end]
    due = [one for one in seen.beats if one.ended <= seen.moment]
    late = [one for one in seen.beats if one.began > seen.moment]
    compared = [name for name in sorted(before) if before[name] == here.get(name)]
    return Result(
        seen.cluster,
        seen.restored,
        seen.moment,
        seen.rto,
        seen.loss - max((one.ended for one in kept), default=0.0),
        len(due),
        len([one for one in due if one not in kept]),
        len(late),
        len([one for one in late if one in kept]),
        tuple(name for name in compared if there.get(name) == before[name]),
        tuple(name for name in compared if there.get(name) != before[name]),
        tuple(sorted(before.keys() - set(compared))),
        removed,
    )


@click.group()
def rehearse() -> None:
    """Rehearse what is done in an emergency."""


@rehearse.command()
@click.argument("cluster", required=False, default="")
@click.option("--json", "json_wanted", is_flag=True, help="As JSON.")
@pass_context
def restore(context: Context, cluster: str, json_wanted: bool) -> None:
    """Restore the database beside itself, look, and remove it.

    CLUSTER names one of several. The running system is not touched. Exit code 1 if data is missing,
    and 3 if no table could be compared.
    """
    result = _rehearse(context, _chosen(context, cluster))
    say(as_json(asdict(result), indent=2) if json_wanted else safe(_table(result)))
    if result.is_wrong:
        raise SystemExit(1)
    if not result.equal:
        raise SystemExit(_NOT_SHOWN)


def _chosen(context: Context, wanted: str) -> Mapping[str, Any]:
    found = context.ask("status")["databases"]
    known = [one for one in found if wanted in ("", one["identifier"])]
    if len(known) != 1:
        names = ", ".join(one["identifier"] for one in found) or "there is none"
        raise BonkeiError("name one database cluster", remedy=f"of these: {names}")
    return dict(known[0])


def _rehearse(context: Context, status: Mapping[str, Any]) -> Result:
    from bonkei.miniature import control

    source, cluster = _superuser(status), str(status["identifier"])
    begin = {"cluster": cluster}
    with control.borrow(context.home, "rehearse restore", arguments=begin, limit=_PATIENCE):
        before = _digests(source)
        with _beating(source) as beats:
            time.sleep(_BEFORE)
            while time.time() % 1 < _AFTER:
                time.sleep(_BEAT)
        loss = time.time()
        moment = int(loss)  # RDS restores to the second
        found = context.ask("restore", limit=_PATIENCE, moment=moment)
        host, _, port = found["endpoint"].rpartition(":")
        restored = replace(source, host=host, port=int(port))
        end = _end_of_log(restored)
        rto = time.time() - loss
        here, there = _digests(source), _digests(restored)
    seen = Seen(cluster, found["identifier"], moment, loss, rto, tuple(beats), end)
    return judge(seen, before, here, there, removed=_is_removed(context))


def _superuser(status: Mapping[str, Any]) -> Connection:
    from bonkei.services.rds.connection import ADMIN, Connection

    if not status["data"]:
        raise BonkeiError(
            f"{status['identifier']} cannot be restored: it runs on a server of your own",
            remedy="unset BONKEI_DATABASE_URL",
        )
    password = Path(status["data"]).with_name(ADMIN).read_text(encoding="ascii").strip()
    host, _, port = status["endpoint"].rpartition(":")
    return Connection(host, int(port), ADMIN, password, status["database"] or "postgres")


@contextmanager
def _beating(server: Connection) -> Iterator[list[Beat]]:
    """Commits, one after the other. They write into the log alone, and to no table."""
    beats: list[Beat] = []
    over = threading.Event()

    def beat() -> None:
        with server.open() as connection:
            while not over.wait(_BEAT):
                began = time.time()
                connection.execute("SELECT pg_logical_emit_message(true, 'bonkei', 'rehearsal')")
                place = _place(connection.execute("SELECT pg_current_wal_flush_lsn()").fetchone())
                beats.append(Beat(began, time.time(), place))

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield beats
    finally:
        over.set()
        thread.join()


def _end_of_log(server: Connection) -> int:
    """Where the restored server's own log begins: the last line of its history ("Timelines")."""
    with server.open() as connection:
        history = connection.execute(
            "SELECT pg_read_file('pg_wal/' || name) FROM pg_ls_waldir()"
            " WHERE name LIKE '%.history' ORDER BY name DESC LIMIT 1"
        ).fetchone()
    return _place((str(history[0]).strip().splitlines()[-1].split("\t")[1],)) if history else 0


def _place(row: tuple[object, ...] | None) -> int:
    high, _, low = str(row[0] if row else "0/0").partition("/")
    return (int(high, 16) << 32) + int(low, 16)


def _digests(server: Connection) -> dict[str, str]:
    """Of the rows of each table, in whatever order they are."""
    from psycopg import sql

    digest = sql.SQL("SELECT concat(count(*), ' ', sum(hashtextextended(t::text, 0))) FROM {} t")
    with server.open() as connection:
        found = {}
        for schema, table in connection.execute(_TABLES).fetchall():
            query = digest.format(sql.Identifier(str(schema), str(table)))
            found[f"{schema}.{table}"] = str(connection.execute(query).fetchone())
        return found


def _is_removed(context: Context) -> bool:
    """The miniature begins to remove it when the connection ends."""
    while not (found := context.ask("restore rehearsed"))["over"]:
        time.sleep(_BEAT)
    return not found["left"]


def _table(result: Result) -> str:
    moment = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(result.moment))
    there = f"{result.commits_before - result.commits_missing} of {result.commits_before}"
    late = f"{result.commits_too_late} of {result.commits_after}"
    tables = (("equal", result.equal), ("different", result.different))
    rows = [
        ("restored", f"{result.cluster} beside itself, as of {moment}"),
        ("RTO", f"{result.rto:.1f} s until the restored server answered"),
        ("RPO", f"{result.rpo:.1f} s of commits are lost"),
        ("commits", f"{there} before that moment are there, and {late} after it"),
        *(("tables", f"{len(names)} {kind}") for kind, names in tables),
        ("tables", f"{len(result.changed)} changed meanwhile, not compared"),
        *(("different", name) for name in result.different),
        ("afterwards", "removed again" if result.removed else f"{result.restored} is still there"),
    ]
    return "\n".join(f"{name:10}  {text}" for name, text in rows)
