"""`python -m suites FOLDER`: run others' suites against a miniature, and count.

Ctrl-C ends the suite that runs, and shows what the ones before it have said.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from suites import (
    cache_tests,
    event_ruler,
    iam_simulate,
    localstack,
    moto,
    provider_examples,
    templates,
)
from suites.checkouts import SuiteError, commit
from suites.counts import Case, Outcome, counted, failures
from suites.page import page

_PAGE = Path(__file__).resolve().parent.parent / "docs" / "compatibility.md"


class Suite(Protocol):
    """A module. FOLDER: its checkout's name. NEEDS: a sentence."""

    FOLDER: str
    NEEDS: str

    def run(self, checkout: Path, quick: bool, say: Callable[[str], None], /) -> list[Case]:
        """Its cases; `say` hears how far it is. Raises SuiteError if it lacks something."""


SUITES: tuple[Suite, ...] = (
    iam_simulate,
    event_ruler,
    cache_tests,
    moto,
    localstack,
    templates,
    provider_examples,
)


def main(arguments: Sequence[str]) -> int:
    """The exit code: 1 if a suite that is there could not run."""
    given = _parser().parse_args(arguments)
    chosen = [suite for suite in SUITES if not given.only or suite.FOLDER in given.only]
    outcomes, is_whole = [], True
    with contextlib.suppress(KeyboardInterrupt):
        for suite in chosen:
            checkout = given.folder.resolve() / suite.FOLDER
            if not checkout.is_dir():
                _say(f"{suite.FOLDER} is not there; it needs {suite.NEEDS}\n")
                continue
            try:
                outcome = _run(suite, checkout, given.quick)
            except SuiteError as error:
                _say(f"{suite.FOLDER} did not run: {error}\n")
                is_whole = False
                continue
            outcomes.append(outcome)
            _say(_lines(outcome))
    if given.json:
        print(json.dumps([outcome.to_json() for outcome in outcomes], indent=1))
    if given.write:
        _PAGE.write_text(page(outcomes, _PAGE.read_text() if _PAGE.exists() else ""))
    return 0 if is_whole else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m suites",
        description="Run others' suites against a miniature of its own, and count.",
        epilog="The suites:\n" + "".join(f"\n{suite.FOLDER}\n  {suite.NEEDS}" for suite in SUITES),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="where the checkouts are")
    names = [suite.FOLDER for suite in SUITES]
    parser.add_argument("--only", action="append", choices=names, help="this one; repeatable")
    parser.add_argument("--quick", action="store_true", help="their quick part: 20 minutes")
    parser.add_argument("--json", action="store_true", help="print counts and failures as JSON")
    parser.add_argument("--write", action="store_true", help="write docs/compatibility.md")
    return parser


def _run(suite: Suite, checkout: Path, quick: bool) -> Outcome:
    begun = time.monotonic()
    say = _progress(suite.FOLDER)
    say("begins")
    cases = suite.run(checkout, quick, say)
    return Outcome(
        suite.FOLDER,
        commit(checkout),
        datetime.now(UTC).date().isoformat(),
        round(time.monotonic() - begun),
        counted(cases),
        failures(cases),
    )


def _progress(name: str) -> Callable[[str], None]:
    if sys.stderr.isatty():
        return lambda said: _say(f"\r\x1b[K{name} {said}")
    begun: set[str] = set()

    def say(said: str) -> None:
        """To a file: each part once."""
        part = said.split(maxsplit=1)[0]
        if part.isalpha() and part not in begun:
            begun.add(part)
            _say(f"{name} {part}\n")

    return say


def _say(text: str) -> None:
    print(text, end="", file=sys.stderr, flush=True)


def _lines(outcome: Outcome) -> str:
    start = "\r\x1b[K" if sys.stderr.isatty() else ""
    return f"{start}{outcome.suite}, {outcome.seconds} s\n" + "".join(
        f"  {part.part:<20}{part.passed:>6} passed {part.failed:>5} failed "
        f"{part.not_applicable:>5} do not apply\n"
        for part in outcome.parts
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
