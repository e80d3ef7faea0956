"""A release of this project by the README's own command, right after `make up`.

Nothing else is set. Its frontend cannot start, while the backend takes its time: longer than ECS
describes a deployment that it has rolled back. The same programs are released in test_guide.py.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from miniatures import ANSWER, applied_copy, removed

from tests.e2e.test_releases_of_programs import PATIENCE, Shop, stays_for

NAME = "statuspage-development"
SERVICES = [f"{NAME}-backend", f"{NAME}-frontend"]
AT_MOST = 300.0  # seconds; the stage itself ends after an hour
_SERVER = Path("program/frontend/frontend/server.py")
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
    # The backend settles forty seconds after its update.
    project.edit("bonkei.toml", "[slack]", "[monitor]\ntime_factor = 3\n\n[slack]")
    (project.folder / "environment/buildspecs/rollout.py").write_text(stays_for(12.0))
    made = Releases(project)
    made.git("init", "-q", "-b", "main")
    made.commit({})
    with removed(project):
        started = project.bonkei("up", "--detach")
        assert "Ready after" in started.stdout, started.stdout + started.stderr
        yield made


def test_a_release_whose_frontend_cannot_start_leaves_both_services_as_they_were(
    releases: Releases,
) -> None:
    before = releases.revisions()
    text = (releases.project.folder / _SERVER).read_text()
    broken = text.replace("\nimport ", "\nimport no_such_module\nimport ", 1)
    assert broken != text
    releases.commit({str(_SERVER): broken})
    outcome = releases.project.bonkei("pipeline", "run", "program", "--json", within=PATIENCE)
    run = json.loads(outcome.stdout)["execution"]
    failed = releases.failed_action(run)
    assert failed["actionName"] == "Deploy", "builds, scans and the migration need no variable"
    assert (failed["lastUpdateTime"] - failed["startTime"]).total_seconds() < AT_MOST
    log = releases.project.bonkei("pipeline", "logs", run, "Deploy").stdout
    assert f"{NAME}-frontend: its deployment failed: " in log
    assert "exit code 1" in log
    assert releases.revisions() == before
    for service in SERVICES:
        assert f"{service} is back at {service}:" in log
    assert httpx.get(releases.project.site, timeout=ANSWER).status_code == 200
