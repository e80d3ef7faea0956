"""What a rehearsal of a restore calls shown, and how it ends."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from click.testing import CliRunner

from bonkei.cli.incidents import restore
from bonkei.cli.incidents.restore import Beat, Seen, judge
from bonkei.cli.program import bonkei

TABLES = {"public.a": "1 x", "public.b": "2 y"}
# Two commits before second 100, and one after it.
BEATS = (Beat(99.0, 99.1, 10), Beat(99.5, 99.6, 20), Beat(100.2, 100.3, 30))
SEEN = Seen("main", "main-rehearsal", 100, 100.6, 0.7, BEATS, 20)


@pytest.mark.parametrize(
    ("end", "here", "there", "removed", "code"),
    [
        (20, TABLES, TABLES, True, 0),
        (10, TABLES, TABLES, True, 1),  # a commit is missing
        (30, TABLES, TABLES, True, 1),  # one is too late
        (20, TABLES, TABLES | {"public.b": "1 y"}, True, 1),
        (20, TABLES, {"public.a": "1 x"}, True, 1),
        (20, TABLES | {"public.b": "3 z"}, TABLES, True, 0),  # changed meanwhile
        (20, {}, TABLES, True, 3),  # all of them
        (20, TABLES, TABLES, False, 1),
    ],
)
def test_what_is_not_shown_ends_with_a_code(
    monkeypatch: pytest.MonkeyPatch, end: int, here: Any, there: Any, removed: bool, code: int
) -> None:
    result = judge(replace(SEEN, end=end), TABLES, here, there, removed=removed)
    monkeypatch.setattr(restore, "_chosen", lambda *_: {})
    monkeypatch.setattr(restore, "_rehearse", lambda *_: result)
    outcome = CliRunner().invoke(bonkei, ["rehearse", "restore"])
    assert outcome.exit_code == code, outcome.output
    assert outcome.output.splitlines()[0] == (
        "restored    main beside itself, as of 1970-01-01 00:01:40 UTC"
    )


def test_the_newest_commit_that_is_there_counts() -> None:
    assert judge(SEEN, {}, {}, {}, removed=True).rpo == pytest.approx(1.0)
