"""Reads and checks a scenario file, `faults.toml`. Each error names the place and the remedy."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bonkei.services.faults import quantities
from bonkei.services.faults.errors import FaultError
from bonkei.services.faults.values import KINDS, REFUSALS, WHATS, Ask

LONGEST = 1800.0
MOST_RATE = 500
MOST_FAULTS = 32
MOST_BYTES = 32 * 1024
"""The most bytes of a scenario's text."""


@dataclass(frozen=True, slots=True)
class Load:
    """`rate`: requests a second. They are sent whether or not earlier ones are answered. Times are
    in seconds."""

    paths: tuple[str, ...] = ("/",)
    rate: float = 10.0
    timeout: float = 10.0


@dataclass(frozen=True, slots=True)
class PlannedFault:
    at: float
    ask: Ask


@dataclass(frozen=True, slots=True)
class Expectations:
    """None: nothing is expected. `failures`: the largest share of all requests, from 0 to 1.
    `latency`: of 99 in 100 answers. `recovery`: seconds since the first fault's begin. `alarms`:
    each must ring."""

    failures: float | None = None
    latency: float | None = None
    recovery: float | None = None
    alarms: tuple[str, ...] = ()
    no_other_alarms: bool = False


@dataclass(frozen=True, slots=True)
class Scenario:
    """`alarm_period`: how long a period of each alarm takes during the drill; None: as declared."""

    name: str
    seconds: float
    load: Load
    faults: tuple[PlannedFault, ...]
    expect: Expectations = Expectations()
    alarm_period: float | None = None
    about: str = ""


_TOP = {"name", "about", "seconds", "alarm_period", "load", "fault", "expect"}
_OF_FAULT = {
    "at", "kind", "target", "for", "percent", "latency", "jitter", "error", "what", "size",
}  # fmt: skip


def read_scenario(text: str, file: str) -> Scenario:
    """Raises FaultError if the text is not a scenario."""
    if len(text.encode()) > MOST_BYTES:
        raise FaultError(f"{file} is larger than {MOST_BYTES // 1024} KiB")
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise FaultError(f"{file} is not TOML: {error}") from None
    top = _Table(found, file, "")
    top.only(_TOP)
    seconds = top.time("seconds")
    if seconds is None:
        raise FaultError(f"{file}: seconds is missing", remedy='write seconds = "60s"')
    if not 1 <= seconds <= LONGEST:
        raise top.wrong("seconds", f"a drill takes from 1 s to {LONGEST:.0f} s")
    planned = top.tables("fault")
    if len(planned) > MOST_FAULTS:
        raise FaultError(f"{file}: more than {MOST_FAULTS} faults")
    return Scenario(
        top.text("name") or file.rpartition("/")[2].removesuffix(".toml"),
        seconds,
        _load(top.table("load")),
        tuple(sorted((_fault(each, seconds) for each in planned), key=lambda one: one.at)),
        _expectations(top.table("expect")),
        _period(top),
        top.text("about") or "",
    )


def _period(top: _Table) -> float | None:
    period = top.time("alarm_period")
    if period is not None and not 1 <= period <= 60:
        raise top.wrong("alarm_period", "an alarm's period takes from 1 s to 60 s")
    return period


def _load(table: _Table) -> Load:
    table.only({"paths", "rate", "timeout"})
    usual = Load()
    paths = table.texts("paths") or usual.paths
    for path in paths:
        if not path.startswith("/") or any(one.isspace() for one in path):
            raise table.wrong("paths", f'{path!r} is not a path: it begins with "/"')
    rate = table.number("rate")
    if rate is not None and not 0 < rate <= MOST_RATE:
        raise table.wrong("rate", f"a rate is more than 0 and at most {MOST_RATE} a second")
    timeout = table.time("timeout")
    if timeout is not None and not 0.1 <= timeout <= 60:
        raise table.wrong("timeout", "a time-out is from 100ms to 60s")
    return Load(paths, rate or usual.rate, timeout or usual.timeout)


def _fault(table: _Table, whole: float) -> PlannedFault:
    table.only(_OF_FAULT)
    at, kind, target = table.time("at") or 0.0, table.text("kind"), table.text("target")
    if kind not in KINDS:
        raise table.wrong("kind", f"a fault's kind is {', '.join(KINDS)}")
    if not target:
        raise table.wrong("target", "a fault needs a target, as `bonkei fault targets` shows them")
    if at >= whole:
        raise table.wrong("at", f"the drill is over after {whole:g} s")
    percent = table.number("percent")
    refusal, what = table.text("error"), table.text("what")
    if refusal is not None and refusal not in REFUSALS:
        raise table.wrong("error", f"an error is {', '.join(REFUSALS)}")
    if what is not None and what not in WHATS:
        raise table.wrong("what", f"what is filled is {', '.join(WHATS)}")
    ask = Ask(
        kind,
        target,
        table.time("for"),
        100 if percent is None else int(percent),
        table.time("latency"),
        table.time("jitter") or 0.0,
        refusal,
        what,
        table.size("size"),
    )
    return PlannedFault(at, ask)


def _expectations(table: _Table) -> Expectations:
    table.only({"failures", "latency", "recovery", "alarms", "no_other_alarms"})
    failures = table.share("failures")
    if failures is not None and not 0 <= failures <= 1:
        raise table.wrong("failures", 'write failures = "1%", or 0')
    return Expectations(
        failures,
        table.time("latency"),
        table.time("recovery"),
        table.texts("alarms"),
        table.flag("no_other_alarms"),
    )


class _Table:
    """A table of the file, and its place in the file."""

    def __init__(self, values: Mapping[str, Any], file: str, place: str) -> None:
        self._values = values
        self._file = file
        self._place = place

    def wrong(self, key: str, remedy: str) -> FaultError:
        value = self._values.get(key)
        return FaultError(f"{self._file}: {self._place}{key} = {value!r} is wrong", remedy=remedy)

    def only(self, known: set[str]) -> None:
        for key in self._values:
            if key not in known:
                raise FaultError(
                    f"{self._file}: {self._place}{key} is not known",
                    remedy=f"known here: {', '.join(sorted(known))}",
                )

    def text(self, key: str) -> Any:
        return self._of(key, str, "a text in quotation marks")

    def number(self, key: str) -> float | None:
        value = self._of(key, (int, float), "a number")
        return None if value is None else float(value)

    def flag(self, key: str) -> bool:
        return bool(self._of(key, bool, "true or false"))

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._of(key, list, 'a list of texts: ["/"]') or []
        if not all(isinstance(one, str) for one in value):
            raise self.wrong(key, 'write a list of texts: ["/"]')
        return tuple(value)

    def time(self, key: str) -> float | None:
        """Seconds, from a text with a unit, or from a number."""
        value = self._of(key, (str, int, float), 'a time: "30s"')
        if isinstance(value, str):
            try:
                return quantities.seconds(value)
            except ValueError as error:
                raise self.wrong(key, str(error)) from None
        return None if value is None else float(value)

    def size(self, key: str) -> float | None:
        value = self._of(key, str, 'a size: "80%" or "256MB"')
        try:
            return None if value is None else quantities.share_or_bytes(value)
        except ValueError as error:
            raise self.wrong(key, str(error)) from None

    def share(self, key: str) -> float | None:
        """`1%`, or a number from 0 to 1."""
        value = self._of(key, (str, int, float), 'a share: "1%"')
        if not isinstance(value, str):
            return None if value is None else float(value)
        try:
            return float(value.removesuffix("%")) / 100 if value.endswith("%") else float(value)
        except ValueError:
            raise self.wrong(key, 'write a share: "1%"') from None

    def table(self, key: str) -> _Table:
        value = self._of(key, dict, f"a table: [{key}]") or {}
        return _Table(value, self._file, f"[{key}] ")

    def tables(self, key: str) -> list[_Table]:
        value = self._of(key, list, f"tables: [[{key}]]") or []
        if not all(isinstance(one, dict) for one in value):
            raise self.wrong(key, f"write tables: [[{key}]]")
        return [
            _Table(one, self._file, f"[[{key}]] {number} ") for number, one in enumerate(value, 1)
        ]

    def _of(self, key: str, kind: Any, words: str) -> Any:
        value = self._values.get(key)
        is_odd_flag = isinstance(value, bool) and kind is not bool
        if value is not None and (is_odd_flag or not isinstance(value, kind)):
            raise self.wrong(key, f"write {words}")
        return value
