"""Which worker takes which file of tests: the long ones first, and never on all workers at once.

xdist would begin with the files that have most tests. Those that start whole miniatures have few:
they would come last, one after the other. Here the first two workers take the longest file that is
left, and the others any other: tests that wait in real time run beside tests that use a processor.
"""

from __future__ import annotations

from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

LANES = 2
"""How many workers begin with the long files: as many as CI has processors."""

LONG = (
    "tests/e2e/test_terraform_pipeline.py",
    "tests/e2e/test_following_the_definitions.py",
    "tests/e2e/test_releases.py",
    "tests/e2e/test_builds.py",
    "tests/e2e/test_logs_of_everything.py",
    "tests/e2e/test_services_that_fail.py",
    "tests/e2e/test_starting_and_stopping.py",
    "tests/infrastructure/test_faults.py",
    "tests/infrastructure/test_terraform.py",
    "tests/e2e/test_a_request_through_everything.py",
    "tests/e2e/test_stopping_in_order.py",
    "tests/infrastructure/test_life_cycle.py",
    "tests/e2e/test_setting_up.py",
    "tests/e2e/test_in_a_browser.py",
    "tests/program/frontend/browser/test_public_pages_in_a_browser.py",
    "tests/program/frontend/browser/test_area_in_a_browser.py",
    "tests/e2e/test_open_files.py",
    "tests/bonkei/terraform/test_errors.py",
    "tests/conventions/test_scanners.py",
    "tests/bonkei/terraform/test_selection.py",
    "tests/e2e/test_another_teams_stack.py",
    "tests/infrastructure/test_releases.py",
)
"""The files that take longest, the longest first. `pytest --durations=100` shows what is slow."""


class Lanes(LoadFileScheduling):
    """Hands out whole files."""

    def __init__(self, config: pytest.Config, log: Any = None) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False  # in the order of their collection

    def _assign_work_unit(self, node: Any) -> None:
        file = choice(self.workqueue, lane=self.nodes.index(node))
        self.workqueue.move_to_end(file, last=False)
        super()._assign_work_unit(node)


def choice(left: Any, lane: int) -> str:
    """The file that this worker takes next, of those that are left."""
    long = [file for file in LONG if file in left]
    others = (file for file in left if file not in LONG)
    if lane < LANES:
        return long[0] if long else next(others)
    return next(others, long[0] if long else "")
