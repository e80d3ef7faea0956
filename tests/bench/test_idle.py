"""The table of a miniature at rest: parts, and processes that begin or end meanwhile."""

from __future__ import annotations

import pytest

from bench.idle import Used, part_of, table

OWN = "the miniature's own process: edge, endpoint, logs, metrics, console"


@pytest.mark.parametrize(
    ("command", "part"),
    [
        ("/x/.venv/bin/python -I -S /x/bonkei/base/processes/watchdog.py", "watchdog"),
        (
            "/h/environments/5/bin/python /x/bonkei/services/endpoint/data/run_ministack.py",
            "MiniStack",
        ),
        (
            "/x/.venv/bin/python -P -m bonkei.services.logs.router /h/tasks/8/log_router.yaml",
            "log routers",
        ),
        (
            "/x/.venv/bin/python -I -S /x/bonkei/base/processes/roots/enter.py serve",
            "health checks",
        ),
        ("/h/environments/6/bin/python -m backend serve", "the status page's programs"),
        ("postgres: checkpointer", "PostgreSQL, all its processes"),
        ("/bin/sh -c curl", "others"),
    ],
)
def test_the_part_of_a_command_line(command: str, part: str) -> None:
    assert part_of(command) == part


def test_the_use_of_an_ended_process_is_not_counted_again_as_its_parents() -> None:
    before = {
        (1, 0.0): Used(OWN, 10.0, 70),
        (2, 0.0): Used("functions", 5.0, 40),
        (3, 0.0): Used("watchdog", 0.1, 5),
    }
    after = {
        (1, 0.0): Used(OWN, 15.6, 71),  # it has waited for 2
        (3, 0.0): Used("watchdog", 0.1, 5),
        (3, 9.0): Used("MiniStack", 0.3, 46),
    }
    assert table(before, after, 60)[2:] == [
        f"| {OWN} | 1.00 % | 71 |",
        "| MiniStack | 0.50 % | 46 |",
        "| watchdog | 0.00 % | 5 |",
        "| **all, 3 processes** | **1.50 %** | **122** |",
    ]
