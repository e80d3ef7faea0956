"""Every alarm's state and history, on disk. A restart changes nothing and announces nothing."""

from __future__ import annotations

import json
import sqlite3
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from bonkei.services.cloudwatch.alarm.evaluation import State
from bonkei.services.cloudwatch.alarm.reason import INITIAL
from bonkei.services.cloudwatch.alarm.suppression import NOTHING, Suppression
from bonkei.services.cloudwatch.sqlite_file import open_file

KEPT_SECONDS = 14 * 86400  # "CloudWatch preserves alarm history for two weeks"
_MOST_ITEMS = 50_000
_MOST_WAITING = 1_000  # history entries that a full disk does not take

_SCHEMA = """
create table if not exists state (alarm text primary key, content text);
create table if not exists history (
  id integer primary key, alarm text, time real, kind text, summary text, data text
);
create table if not exists made (alarm text primary key, content text);
create index if not exists history_by_alarm on history (alarm, time);
"""


@dataclass(frozen=True, slots=True)
class AlarmState:
    """`since`: when the state last changed. `updated`: when the alarm's settings last changed.
    `data`: StateReasonData, in JSON. `suppression`: only for a composite alarm. `acknowledged_by`:
    who works on it, until it is OK again. Times are in Unix seconds."""

    value: State = State.INSUFFICIENT_DATA
    reason: str = INITIAL
    data: str = ""
    since: float = 0.0
    updated: float = 0.0
    suppression: Suppression = NOTHING
    acknowledged_by: str = ""
    acknowledged_at: float = 0.0


@dataclass(frozen=True, slots=True)
class HistoryItem:
    """`kind`: StateUpdate, ConfigurationUpdate or Action, as DescribeAlarmHistory calls them."""

    alarm: str
    time: float
    kind: str
    summary: str
    data: str = ""


class AlarmBook:
    """The book is kept in SQLite; `file` is None in tests."""

    def __init__(self, file: Path | None = None) -> None:
        self._connection = _open(file)
        self._unwritten: set[str] = set()
        self._gone: set[str] = set()
        self._waiting: deque[HistoryItem] = deque(maxlen=_MOST_WAITING)
        self.problem = ""
        """Why the last changes are not on disk yet; empty when they are."""
        self._states = {
            alarm: _state(content)
            for alarm, content in self._connection.execute("select alarm, content from state")
        }

    def state(self, alarm: str) -> AlarmState:
        """The state of the alarm with this name. An unknown alarm has CloudWatch's initial
        state."""
        return self._states.get(alarm, AlarmState())

    def is_known(self, alarm: str) -> bool:
        """Whether it has had a state."""
        return alarm in self._states

    def states(self) -> dict[str, State]:
        """The states by name."""
        return {name: state.value for name, state in self._states.items()}

    def set(self, alarm: str, state: AlarmState, items: Iterable[HistoryItem] = ()) -> None:
        """Store the new state and its history entries together. If the disk is full, they are
        written with the next ones: an alarm acts also then."""
        self._states[alarm] = state
        self._unwritten.add(alarm)
        self._waiting.extend(items)
        self._write()

    def note(self, *items: HistoryItem) -> None:
        """Record an action that was taken."""
        self._waiting.extend(items)
        self._write()

    def _write(self) -> None:
        found = {name: self._states[name] for name in self._unwritten if name in self._states}
        states = [(name, json.dumps(asdict(state))) for name, state in found.items()]
        items = [(one.alarm, one.time, one.kind, one.summary, one.data) for one in self._waiting]
        gone = [(name,) for name in self._gone]
        try:
            with self._connection:
                self._connection.executemany("delete from state where alarm = ?", gone)
                self._connection.executemany("delete from made where alarm = ?", gone)
                self._connection.executemany("insert or replace into state values (?, ?)", states)
                self._connection.executemany(
                    "insert into history (alarm, time, kind, summary, data) values (?, ?, ?, ?, ?)",
                    items,
                )
        except sqlite3.OperationalError as error:
            self.problem = str(error)
            return
        self.problem = ""
        self._gone.clear()
        self._unwritten.clear()
        self._waiting.clear()

    def forget(self, alarm: str) -> None:
        """The alarm was deleted; its history stays, as on AWS. If the disk is full, the next write
        deletes it: it would be back after a restart."""
        self._states.pop(alarm, None)
        self._gone.add(alarm)
        self._write()

    def keep(self, alarm: str, content: str | None) -> None:
        """The settings of an alarm that a call made. None: the alarm is now declared in the
        definitions."""
        with self._connection:
            self._connection.execute("delete from made where alarm = ?", (alarm,))
            if content is not None:
                self._connection.execute("insert into made values (?, ?)", (alarm, content))
        self._gone.discard(alarm)

    def kept(self) -> tuple[str, ...]:
        """The settings of all alarms that calls made."""
        rows = self._connection.execute("select content from made order by alarm")
        return tuple(content for (content,) in rows)

    def history(
        self,
        alarm: str | None = None,
        kind: str | None = None,
        begin: float = 0.0,
        end: float = 1e12,
        most: int = 1000,
        skipped: int = 0,
        *,
        oldest_first: bool = False,
        wanted: Callable[[str], bool] = lambda _: True,
    ) -> tuple[HistoryItem, ...]:
        """Newest first, unless asked otherwise. `skipped`: how many come before the first one.
        `wanted`: of an alarm with this name."""
        sign = 1 if oldest_first else -1
        self._connection.create_function("is_wanted", 1, wanted)
        rows = self._connection.execute(
            "select alarm, time, kind, summary, data from history where (? is null or alarm = ?)"
            " and (? is null or kind = ?) and time >= ? and time <= ? and is_wanted(alarm)"
            " order by time * ?, id * ? limit ? offset ?",
            (alarm, alarm, kind, kind, begin, end, sign, sign, most, skipped),
        )
        return tuple(HistoryItem(*row) for row in rows)

    def age(self, now: float) -> None:
        """Remove entries older than two weeks. If there are too many, remove the oldest. Entries
        that wait for space are written."""
        if self.problem:
            self._write()
        with self._connection:
            self._connection.execute("delete from history where time < ?", (now - KEPT_SECONDS,))
            self._connection.execute(
                "delete from history where id <= (select max(id) from history) - ?", (_MOST_ITEMS,)
            )

    def close(self) -> None:
        """Close the file. May be called twice."""
        if self._unwritten or self._waiting or self._gone:
            self._write()
        self._connection.close()


def _open(file: Path | None) -> sqlite3.Connection:
    if file is None:
        connection = sqlite3.connect(":memory:")
        connection.executescript(_SCHEMA)
        return connection
    return open_file(file, _SCHEMA)


def _state(content: str) -> AlarmState:
    known = json.loads(content)
    suppression = Suppression(**known.pop("suppression", {}))
    return AlarmState(**{**known, "value": State(known["value"]), "suppression": suppression})
