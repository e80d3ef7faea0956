"""Suites that are tests for pytest: runs them in their own environment, and reads their record."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from suites.checkouts import SuiteError
from suites.counts import Case, Verdict

_HERE = Path(__file__).parent
_UNSERVED = (
    "The miniature does not",  # its own sentences, which name what
    "is not served by the miniature",
    "(InvalidAction)",  # MiniStack's
    "(InvalidClientTokenId)",  # the credentials of a second account
)
_MISWRITTEN = re.compile(
    r"E   TypeError: .* got an unexpected keyword argument"
    r"|use 'pytest --fixtures \[testpath\]' for help on them"
)


@dataclass(frozen=True, slots=True)
class Tests:
    """What is run. `part`: the service that a test's id is about."""

    python: Path
    folder: Path
    words: Sequence[str]
    environment: Mapping[str, str]
    part: Callable[[str], str]
    limit: int  # seconds of a test


def run(tests: Tests, say: Callable[[str], None]) -> list[Case]:
    """All of them; `say` hears the count so far, and the part."""
    with tempfile.TemporaryDirectory() as scratch:
        record, plug_in = Path(scratch) / "record", Path(scratch) / "plug-in"
        plug_in.mkdir()
        (plug_in / "suites_recorder.py").write_bytes((_HERE / "recorder.py").read_bytes())
        path = f"{plug_in}:{tests.environment.get('PYTHONPATH', '')}".rstrip(":")
        record.touch()
        command = [
            str(tests.python), "-m", "pytest", "-q", "-p", "suites_recorder",
            "-p", "no:cacheprovider", "--tb=short", "--color=no", *tests.words,
        ]  # fmt: skip
        environment = {**tests.environment, "PYTHONPATH": path, "SUITES_RECORD": str(record)}
        environment["SUITES_LIMIT"] = str(tests.limit)
        with subprocess.Popen(
            command, cwd=tests.folder, env=environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        ) as running:  # fmt: skip
            assert running.stdout is not None
            said: list[str] = []
            for line in running.stdout:
                said = [*said[-30:], line]
                if shown := re.search(r"\[ *(\d+%)\]$", line.rstrip()):
                    say(shown[1])
        if running.returncode not in (0, 1):  # 1: tests failed
            raise SuiteError("its pytest did not run:\n" + "".join(said))
        return list(read(record.read_text().splitlines(), tests.part))


def read(lines: Iterable[str], part: Callable[[str], str]) -> Iterator[Case]:
    """The verdict of each line of the record."""
    for line in lines:
        test = json.loads(line)
        verdict, why = _verdict(test)
        differences = tuple(test.get("differences", ()))
        yield Case(part(test["id"]), test["id"], verdict, why, differences)


def _verdict(test: Mapping[str, Any]) -> tuple[Verdict, str]:
    outcomes = [test.get(phase) for phase in ("setup", "call", "teardown")]
    if "skipped" in outcomes:
        return Verdict.NOT_APPLICABLE, "skipped by the suite"
    if "failed" not in outcomes:
        return Verdict.PASSED, ""
    # A fixture of several tests fails once, and is told again without a call.
    why = test.get("why", "")
    for service, operation, error in test["errors"]:
        if any(sign in error for sign in _UNSERVED):
            return Verdict.NOT_APPLICABLE, f"{service}:{operation} is not simulated"
    if not test["errors"] and any(sign in why for sign in _UNSERVED):
        return Verdict.NOT_APPLICABLE, "what it needs first is not simulated"
    if _MISWRITTEN.search(why):
        return Verdict.NOT_APPLICABLE, "the test does not fit its own suite"
    return Verdict.FAILED, why.strip().rpartition("\n")[2] or why
