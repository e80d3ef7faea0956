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

_MINIATURE = "a whole miniature of this repository starts"
_PLANS = "Terraform plans all 260 resources"
_BROWSER = "a real browser draws every page"

LONG = {
    "tests/e2e/test_a_request_through_everything.py": f"{_MINIATURE}, for TOGETHER",
    "tests/e2e/test_guide.py": "a person's first day: two pipelines, from an empty home",
    "tests/e2e/test_releases_of_programs.py": "seven releases, whose tasks must stay for a while",
    "tests/e2e/test_releases_as_the_readme_says.py": f"{_MINIATURE}; a release of all programs",
    "tests/e2e/test_following_the_definitions.py": f"{_PLANS} five times, and tasks roll",
    "tests/bonkei/services/console/browser": f"{_BROWSER} in each state, and axe looks at it",
    "tests/program/frontend/browser": f"{_BROWSER}, and axe looks at it",
    "tests/e2e/test_terraform_pipeline.py": "a real scan, plan and apply for each of eight runs",
    "tests/infrastructure/test_life_cycle.py": f"{_PLANS}: five variants live and die, for all",
    "tests/infrastructure/test_faults.py": f"{_PLANS} for each batch of faults",
    "tests/infrastructure/test_terraform.py": "`terraform test` plans a module eighty times",
    "tests/e2e/test_probation.py": "tasks have to run for a while, twice",
    "tests/e2e/test_releases.py": "eleven runs of a pipeline, each with a real build",
    "tests/e2e/test_logs_of_everything.py": f"{_MINIATURE}; four inputs for each of its paths",
    "tests/e2e/test_services_that_fail.py": "services are given the time to fail",
    "tests/e2e/test_restoring.py": f"{_MINIATURE}, and its database is restored five times",
    "tests/e2e/test_starting_and_stopping.py": f"{_MINIATURE}, three times",
    "tests/e2e/test_damaged_homes.py": f"{_MINIATURE}, four times",
    "tests/infrastructure/test_releases.py": f"{_PLANS} five times",
    "tests/conventions/test_scanners.py": "the real scanners read every file",
    "tests/e2e/test_console.py": f"{_MINIATURE}, and alarms are rehearsed",
    "tests/bonkei/services/ecr/test_engines.py": "each engine is probed, and builds images",
    "tests/e2e/test_stopping_in_order.py": "requests that last longer than a stop waits",
    "tests/e2e/test_setting_up.py": "`make` makes environments",
    "tests/bonkei/services/rds/test_database.py": "PostgreSQL makes, starts and keeps its files",
    "tests/bonkei/services/rds/test_ownership.py": "PostgreSQL makes, starts and keeps its files",
    "tests/e2e/test_open_files.py": "a miniature starts, and five hundred clients stay",
    "tests/bonkei/miniature/control/test_sessions.py": "`bonkei` starts for each use of a task",
    "tests/bonkei/services/lambda_/test_functions.py": "each function is a process of its own",
    "tests/bonkei/services/endpoint/test_survival.py": "servers of APIs are killed and start again",
    "tests/bonkei/services/endpoint/test_damaged_state.py": "a server starts for each damage",
    "tests/bonkei/services/endpoint/test_resting.py": "servers of AWS's APIs rest and start again",
    "tests/bonkei/definitions/cloudformation/test_deploying.py": "`aws` starts each time",
    "tests/bonkei/services/codebuild/test_torture.py": "a build writes 100 MB",
    "tests/bonkei/services/codebuild/test_hostile_definitions.py": "seventy real builds",
    "tests/bonkei/miniature/parts/test_ways_out.py": "fifty builds, and git for each attack",
    "tests/bonkei/definitions/terraform/test_errors.py": "Terraform runs for each mistake",
    "tests/environment/test_terraform_scan.py": "the real scanner starts for each of three modules",
    "tests/bonkei/definitions/terraform/test_selection.py": "Terraform runs for each selection",
    "tests/e2e/test_small_stacks.py": "a miniature starts for four stacks, and each is planned",
    "tests/e2e/test_another_teams_stack.py": "a whole miniature of another stack starts",
    "tests/e2e/test_package.py": "the package is built, installed, and runs a whole miniature",
    "tests/bonkei/services/ecr/test_docker.py": "images are built, and the real Trivy reads one",
    "tests/bonkei/testing/test_plugin.py": "a miniature starts for Python, and one for others",
    "tests/program/backend/test_process.py": "the backend's process starts again and again",
    "tests/program/backend/test_hostile.py": "a real backend gets many and large requests",
    "tests/bonkei/services/endpoint/test_clients.py": "clients of Python and JavaScript; `aws`",
    "tests/bonkei/services/ecs/test_by_engine.py": "an engine's commands start for each task",
    "tests/bonkei/definitions/terraform/test_lifecycle.py": "Terraform runs for each change",
    "tests/bonkei/definitions/terraform/test_blocks.py": "Terraform runs for each change",
    "tests/bonkei/definitions/terraform/test_moved_definitions.py": "`bonkei` starts seven times",
}
"""The files that take longest, or the whole FOLDERS, the longest first, and why. `make test` prints
what costs most.
"""

SHARED = {"tests/infrastructure": "the first worker that asks evaluates the definitions, for all"}
"""Folders of which any file may cost much, and why: the first one does the work of the others."""

TOGETHER = (
    "tests/e2e/test_a_request_through_everything.py",
    "tests/e2e/test_console.py",
    "tests/e2e/test_in_a_browser.py",
    "tests/e2e/test_starting_and_stopping.py",
)
"""Files that one worker takes at once, and that share a home and its first start."""

FOLDERS = ("tests/bonkei/services/console/browser", "tests/program/frontend/browser")
"""Folders that one worker takes at once: each would start the browser that they share anew."""


class Lanes(LoadFileScheduling):
    """Hands out whole files, TOGETHER as one, and each of FOLDERS as one."""

    def __init__(self, config: pytest.Config, log: Any = None) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False  # in the order of their collection

    def _split_scope(self, nodeid: str) -> str:
        return unit(super()._split_scope(nodeid))

    def _assign_work_unit(self, node: Any) -> None:
        file = choice(self.workqueue, lane=self.nodes.index(node))
        self.workqueue.move_to_end(file, last=False)
        super()._assign_work_unit(node)


def unit(file: str) -> str:
    """The name of what is handed out with this file: its own, its folder's, or that of the first of
    several files.
    """
    if file in TOGETHER:
        return TOGETHER[0]
    return next((folder for folder in FOLDERS if file.startswith(f"{folder}/")), file)


def choice(left: Any, lane: int) -> str:
    """The file that this worker takes next, of those that are left."""
    long = [file for file in LONG if file in left]
    others = (file for file in left if file not in LONG)
    if lane < LANES:
        return long[0] if long else next(others)
    return next(others, long[0] if long else "")
