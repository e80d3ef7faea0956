"""How the table of releases names their ends."""

from __future__ import annotations

import pytest

from bench.releases import end

GOOD = {"stage": "Build", "action": "backend", "status": "Succeeded"}


@pytest.mark.parametrize(
    ("status", "stage", "action", "named"),
    [
        ("Failed", "Build", "frontend", "Build fails"),
        ("Failed", "Deploy", "Verify", "Verify fails"),
        ("Succeeded", "", "", "success"),
        ("Superseded", "", "", "superseded"),
    ],
)
def test_the_end_is_that_of_the_action_that_failed(
    status: str, stage: str, action: str, named: str
) -> None:
    """Actions of a stage that run beside it may be listed after it."""
    failed = [{"stage": stage, "action": action, "status": "Failed"}] if stage else []
    assert end({"status": status, "actions": [*failed, GOOD]}) == named
