"""docs/compatibility.md, from the outcomes of the suites."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from suites.counts import Outcome

_HEAD = """\
# Compatibility

What suites that others wrote say of the miniature. `make suites SUITES=FOLDER` runs those whose
checkouts are in the folder; `python -m suites --help` says what each needs.

A test does not apply when it needs what the miniature names as not simulated, or a second account.
All others count, also where the words of an error differ alone.

| suite, commit, date | about | passed | failed | does not apply |
"""
_RULE = "|---|---|---:|---:|---:|\n"


def page(outcomes: Iterable[Outcome], written: str = "") -> str:
    """The whole page; suites that did not run keep the rows that they have in `written`, and what
    stands below the table stays."""
    ran = {outcome.suite: "".join(_rows(outcome)) for outcome in outcomes}
    _, _, before = written.partition(_RULE)
    table, separator, notes = before.partition("|\n\n")
    rows: dict[str, str] = {}
    for row in (table + separator.rstrip("\n")).splitlines():
        suite = row.split(maxsplit=2)[1]
        rows[suite] = rows.get(suite, "") + row + "\n"
    rows |= ran
    return _HEAD + _RULE + "".join(rows[suite] for suite in sorted(rows)) + "\n" + notes


def _rows(outcome: Outcome) -> Iterator[str]:
    for part in outcome.parts:
        yield (
            f"| {outcome.suite} {outcome.commit} {outcome.date} | {part.part} "
            f"| {part.passed:,} | {part.failed:,} | {part.not_applicable:,} |\n"
        )
