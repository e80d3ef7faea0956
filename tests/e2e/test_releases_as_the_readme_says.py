"""A release of this project by the README's own command, right after `make up`.

Nothing else is set. Each page of its frontend is a 500, while all health checks are good and
CloudFront has copies of the pages. The same programs are released in test_guide.py; one that cannot
start is a row of `python -m bench.releases`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

import over_http
import pytest
from miniatures import ANSWER, applied_copy, removed

from bench.broken import errors
from tests.e2e.test_releases_of_programs import PATIENCE, Shop, stays_for

NAME = "statuspage-development"
SERVICES = [f"{NAME}-backend", f"{NAME}-frontend"]
AT_MOST = 300.0  # seconds; the stage itself ends after an hour
pytestmark = pytest.mark.timeout(1200)


class Releases(Shop):
    """This project. Its miniature runs in the background."""

    pipeline = f"{NAME}-pipeline-program"

    def revisions(self) -> list[str]:
        """Which one each service runs."""
        found = self.client("ecs").describe_services(cluster=NAME, services=SERVICES)["services"]
        return [service["taskDefinition"] for service in found]


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Releases]:
    assert not [name for name in os.environ if name.startswith("TF_VAR_")]
    project = applied_copy(tmp_path_factory.mktemp("readme"), tmp_path_factory)
    (project.folder / "environment/buildspecs/rollout.py").write_text(stays_for(12.0))
    made = Releases(project)
    made.git("init", "-q", "-b", "main")
    made.commit({})
    with removed(project):
        started = project.bonkei("up", "--detach")
        assert "Ready after" in started.stdout, started.stdout + started.stderr
        yield made


def test_a_release_whose_pages_are_broken_leaves_both_services_as_they_were(
    releases: Releases,
) -> None:
    """Visitors see none of it: CloudFront has a copy of the front page."""
    site = releases.project.site
    assert over_http.get(site, timeout=ANSWER).status_code == 200
    before = releases.revisions()
    errors("frontend")(releases.project.folder)
    commit = releases.commit_beside({})
    words = ("pipeline", "run", "program", "--json", "--commit", commit)
    outcome = releases.project.bonkei(*words, within=PATIENCE)
    run = json.loads(outcome.stdout)["execution"]
    failed = releases.failed_action(run)
    assert failed["actionName"] == "Deploy", "builds, scans and the migration need no variable"
    assert (failed["lastUpdateTime"] - failed["startTime"]).total_seconds() < AT_MOST
    log = releases.project.bonkei("pipeline", "logs", run, "Deploy").stdout
    assert f"{NAME}-backend: GET /api/v1/status gives 200" in log, log
    # Errors at pages ring an alarm, by which ECS may go back before the stage does.
    assert f"{NAME}-frontend: GET /admin/sign-in gives 500\n" in log, log
    assert f"{NAME}-frontend: GET / gives a copy from before the release, " in log
    assert "the cause is older" not in log
    assert releases.revisions() == before
    for service in SERVICES:
        assert f"{service} is back at {service}:" in log, log
    for path in ("/", "/admin/sign-in"):
        assert over_http.get(f"{site}{path}", timeout=ANSWER).status_code == 200
