"""Good and broken releases by the real program pipeline, on a small system.

The pipeline, its builds with their buildspecs, the scanner, the registry, ECS's decisions and the
way to Slack are those of the definitions. All broken releases queue at once, so that one is built
while another is deployed. What a health check decides about a new task is shown in
tests/bonkei/services/ecs, and a program that ends at its start in
test_releases_as_the_readme_says.py.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import over_http
import pytest
from miniatures import ANSWER, ROOT, Project, eventually, removed

from bench.drill import Visitors
from bonkei.services.codebuild.tools.archives import archive_digests

FIXTURE = Path(__file__).with_name("programs")
PATIENCE = 800.0  # seconds for a queue of releases, which take ten each on a quiet machine
PIPELINE = "shop-test-pipeline-program"
RESCAN = "shop-test-pipeline-scan"
WEB = "program/web"
_SOME = 15  # requests a second; half reach new tasks, and five errors ring the alarm
_MANY = 40  # requests a second
_ROLES = ("AUTHOR", "COMMITTER")
_SERVER, _VERSION, _MIGRATION = (f"{WEB}/{n}" for n in ("server.py", "version.txt", "migrate.py"))
_ROLLOUT = "environment/buildspecs/rollout.py"
_VERIFY = "environment/buildspecs/program_verify.yaml"
# A key that opens nothing, in the form that scanners look for.
_KEY = "-----BEGIN {0} PRIVATE KEY-----\n{1}\n-----END {0} PRIVATE KEY-----\n"
pytestmark = pytest.mark.timeout(1200)


@dataclass(frozen=True, slots=True)
class Broken:
    """`files`: what the commit writes. `stage`: where the pipeline has to fail; `says`: a part of
    the reason."""

    files: dict[str, str]
    stage: str
    says: str


def _before(text: str) -> dict[str, str]:
    return {_SERVER: text + (FIXTURE / _SERVER).read_text()}


def _other(before: str, after: str) -> dict[str, str]:
    text = (FIXTURE / _SERVER).read_text()
    assert before in text
    return {_SERVER: text.replace(before, after)}


def stays_for(seconds: float) -> str:
    """The module that watches a release's tasks for so long. On AWS a deployment takes longer than
    a watch, so no release waits for its end. One takes twelve seconds here, so looks at services
    follow sooner."""
    text = (ROOT / _ROLLOUT).read_text()
    for name, value in {"STAYS_FOR": seconds, "POLL": 1.0}.items():
        text, changed = re.subn(rf"(?m)^{name} = [\d.]+ ", f"{name} = {value} ", text)
        assert changed == 1
    return text


BROKEN = {
    # Ten seconds of checks are declared here.
    "dies after its checks": Broken(
        {
            **_before("import os, threading\nthreading.Timer(14, os._exit, (3,)).start()\n"),
            _ROLLOUT: stays_for(60.0),
        },
        "Deploy",
        "Essential container",
    ),
    "answers with errors": Broken(
        _other("\nSTATUS = 200", "\nSTATUS = 500"), "Deploy", "shop-test-web-5xx in ALARM"
    ),
    "does not migrate": Broken(
        {_MIGRATION: "raise SystemExit(4)\n"}, "Migrate", "the migration failed"
    ),
    "has a private key": Broken(
        {f"{WEB}/id_rsa": _KEY.format("RSA", "MIIEow" + "A" * 600)}, "Build", "AsymmetricPrivateKey"
    ),
}


# What the version before writes still fits, as updating.md asks.
MIGRATED = {
    _MIGRATION: (FIXTURE / _MIGRATION).read_text()
    + "execute(\"ALTER TABLE visits ADD COLUMN IF NOT EXISTS page text NOT NULL DEFAULT ''\")\n",
    **_other("visits DEFAULT VALUES", "visits (page) VALUES ('home')"),
}
OLDER = {name: (FIXTURE / name).read_text() for name in MIGRATED}


class Shop:
    """The project. Its miniature runs in the background."""

    pipeline = PIPELINE

    def __init__(self, project: Project) -> None:
        self.project = project

    def git(self, *words: str) -> str:
        who = {f"GIT_{role}_{what}": "me" for role in _ROLES for what in ("NAME", "EMAIL")}
        return subprocess.run(
            ["git", *words], cwd=self.project.folder, check=True, capture_output=True, text=True,
            env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, **who},
        ).stdout.strip()  # fmt: skip

    def commit(self, files: dict[str, str]) -> str:
        for name, text in files.items():
            (self.project.folder / name).write_text(text)
        self.git("add", "-A")
        self.git("commit", "-qm", "a change")
        return self.git("rev-parse", "HEAD")

    def commit_beside(self, files: dict[str, str]) -> str:
        """A commit that the branch here does not have afterwards."""
        before = self.git("rev-parse", "HEAD")
        made = self.commit(files)
        self.git("reset", "-q", "--hard", before)
        return made

    def release(self, commit: str, *options: str, code: int = 0) -> dict[str, Any]:
        words = ("pipeline", "run", "pipeline-program", "--json", "--commit", commit, *options)
        outcome = self.project.bonkei(*words, within=PATIENCE)
        assert outcome.returncode == code, outcome.stdout + outcome.stderr
        return dict(json.loads(outcome.stdout))

    def follow(self, run: str) -> str:
        """Its status at its end."""
        named = {"pipelineName": self.pipeline, "pipelineExecutionId": run}

        def ended() -> str:
            found = self.client("codepipeline").get_pipeline_execution(**named)
            status = str(found["pipelineExecution"]["status"])
            return "" if status == "InProgress" else status

        return str(eventually(ended, f"{run} ends", PATIENCE, every=1.0))

    def actions(self, run: str) -> list[dict[str, Any]]:
        """Those that have begun."""
        listed = self.client("codepipeline").list_action_executions(
            pipelineName=self.pipeline, filter={"pipelineExecutionId": run}
        )
        return list(listed["actionExecutionDetails"])

    def failed_action(self, run: str) -> dict[str, Any]:
        (failed,) = [each for each in self.actions(run) if each["status"] == "Failed"]
        return failed

    def reach(self, run: str, stage: str) -> None:
        """Wait until this stage begins, or an action has failed."""

        def has_begun() -> bool:
            found = self.actions(run)
            return any(stage == each["stageName"] or each["status"] == "Failed" for each in found)

        eventually(has_begun, f"{run} reaches {stage}", PATIENCE, every=1.0)

    def client(self, service: str) -> Any:
        return self.project.client(service)

    def push_by_hand(self, folder: Path) -> None:
        """Build the image of HEAD and push it without a scan; `folder`: of this docker's logins."""
        (repository,) = self.client("ecr").describe_repositories()["repositories"]
        token = self.client("ecr").get_authorization_token()["authorizationData"][0]
        user, _, password = base64.b64decode(token["authorizationToken"]).decode().partition(":")
        uri = repository["repositoryUri"]
        image = f"{uri}:{self.git('rev-parse', 'HEAD')}"
        endpoint = self.client("ecr").meta.endpoint_url
        for words in (
            ("login", "-u", user, "-p", password, uri.partition("/")[0]),
            ("build", "-t", image, str(self.project.folder / WEB)),
            ("push", image),
        ):
            subprocess.run(
                [sys.executable, "-m", "bonkei.services.ecr.docker", *words], check=True, cwd=ROOT,
                env={**os.environ, "HOME": str(folder), "AWS_ENDPOINT_URL": endpoint},
            )  # fmt: skip

    def visits(self) -> tuple[int, int]:
        """The rows, and their columns."""
        page = f"{self.project.load_balancer}/visits"
        rows, columns = over_http.get(page, timeout=ANSWER).text.split()
        return int(rows), int(columns)

    def version(self) -> str:
        return over_http.get(self.project.load_balancer, timeout=ANSWER).text


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("programs")
    project = Project(folder / "project", folder / "home")
    made = Shop(project)
    shutil.copytree(FIXTURE, project.folder)
    shutil.copytree(ROOT / "environment", project.folder / "environment")
    shutil.copytree(ROOT / "infrastructure/modules", project.folder / "infrastructure/modules")
    shutil.copytree(ROOT / "program/functions", project.folder / "program/functions")
    (project.folder / _ROLLOUT).write_text(stays_for(12.0))
    trivy = {"version": "0.76.0", "sha256": archive_digests()["trivy"]}
    (project.folder / "infrastructure/x.auto.tfvars.json").write_text(json.dumps({"trivy": trivy}))
    made.git("init", "-q", "-b", "main")
    made.commit({})
    with removed(project):
        started = project.bonkei("up", "--detach")
        assert "Ready after" in started.stdout, started.stdout + started.stderr
        yield made


@contextmanager
def visitors(shop: Shop, rate: float, path: str = "/") -> Iterator[Visitors]:
    """So many requests a second to the load balancer, each when it is due."""
    seen = Visitors()
    loop = asyncio.new_event_loop()
    reading = loop.create_task(seen.read(shop.project.load_balancer, (path,), rate))
    thread = threading.Thread(target=lambda: loop.run_until_complete(_until_cancelled(reading)))
    thread.start()
    try:
        yield seen
    finally:
        loop.call_soon_threadsafe(reading.cancel)
        thread.join()
        loop.close()


async def _until_cancelled(task: asyncio.Task[None]) -> None:
    await asyncio.wait([task])


@dataclass(frozen=True, slots=True)
class Good:
    """Two good releases that have queued, the second one with a migration. `ends`: their statuses;
    `commit`: the second one's. Its `writers` are visitors who are recorded in the database."""

    ends: tuple[str, str]
    commit: str
    visitors: Visitors
    writers: Visitors


@pytest.fixture(scope="module")
def good(shop: Shop) -> Good:
    """The second is under load from its first change to the last. While an image is built nothing
    changes, and so many visits would use the processor that this needs.

    Verify of the first begins late, as it may: it must not see the second one's images.
    """
    verify = (ROOT / _VERIFY).read_text()
    late = verify.replace("    commands:\n", "    commands:\n      - sleep 12\n")
    assert late != verify
    before = shop.commit_beside({_VERSION: "one before\n", _VERIFY: late})
    commit = shop.commit({**MIGRATED, _VERSION: "good\n"})
    one, other = (shop.release(each, "--detach")["execution"] for each in (before, commit))
    shop.reach(other, "Migrate")
    with visitors(shop, _MANY) as seen, visitors(shop, _SOME, "/visit") as writers:
        return Good((shop.follow(one), shop.follow(other)), commit, seen, writers)


def test_two_good_releases_that_queue_both_succeed(good: Good) -> None:
    """The second one deploys as soon as the first has left the stage, and then other images run."""
    assert good.ends == ("Succeeded", "Succeeded")


def test_a_good_release_under_load_loses_no_request(shop: Shop, good: Good) -> None:
    assert good.visitors.failures == []
    assert len(good.visitors.milliseconds) > 10 * _MANY
    assert shop.version() == "good"
    assert shop.project.slack() == ""
    released = shop.client("ssm").get_parameter(Name="/shop-test/web/image-tag")["Parameter"]
    assert good.commit in released["Value"]


@dataclass(frozen=True, slots=True)
class Queued:
    """All of BROKEN wait in the queue of the pipeline, while visitors read, so that errors are
    noticed. `runs`: the executions by the names."""

    runs: dict[str, str]
    visitors: ExitStack


@pytest.fixture(scope="module")
def broken(shop: Shop, good: Good) -> Iterator[Queued]:
    assert shop.version() == "good", good.ends
    with ExitStack() as reading:
        reading.enter_context(visitors(shop, _SOME))
        runs = {
            name: shop.release(shop.commit_beside(one.files), "--detach")["execution"]
            for name, one in BROKEN.items()
        }
        yield Queued(runs, reading)


@pytest.fixture(scope="module")
def over(shop: Shop, broken: Queued) -> None:
    """All of them have ended, and their visitors have left."""
    for run in broken.runs.values():
        shop.follow(run)
    broken.visitors.close()


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_release(shop: Shop, broken: Queued, name: str) -> None:
    """It fails in its stage, Slack reports it, and the good one serves on."""
    run, expected = broken.runs[name], BROKEN[name]
    shop.follow(run)
    failed = shop.failed_action(run)
    assert failed["stageName"] == expected.stage
    log = shop.project.bonkei("pipeline", "logs", run, failed["actionName"]).stdout
    assert expected.says in log
    assert shop.version() == "good"
    eventually(lambda: run in shop.project.slack(), "Slack reports it", PATIENCE)


@dataclass(frozen=True, slots=True)
class WayBack:
    """An older image after the good one's migration, while `visitors` write. `version`: what serves
    then. `log`: of its build. `visits`: the rows of the visits, and their columns."""

    visitors: Visitors
    version: str
    log: str
    visits: tuple[int, int]


@pytest.fixture(scope="module")
def way_back(shop: Shop, over: None, tmp_path_factory: pytest.TempPathFactory) -> WayBack:
    """The older image was pushed when nothing was known of a finding: by hand here."""
    key = BROKEN["has a private key"].files
    older = shop.commit({**OLDER, **key, _VERSION: "older\n"})
    shop.push_by_hand(tmp_path_factory.mktemp("logins"))
    with visitors(shop, _SOME, "/visit") as seen:
        run = shop.release(older)["execution"]
        version = shop.version()
        begun = len(seen.milliseconds)
        eventually(lambda: len(seen.milliseconds) > begun + 30, "the older one writes", PATIENCE)
    log = shop.project.bonkei("pipeline", "logs", run, "web").stdout
    return WayBack(seen, version, log, shop.visits())


def test_the_way_back_builds_nothing_and_is_open(way_back: WayBack) -> None:
    assert way_back.version == "older"
    assert "is released again" in way_back.log


def test_the_way_there_and_back_past_a_migration_loses_nothing(
    good: Good, way_back: WayBack
) -> None:
    """The older program serves with the newer schema, which stays: its own has one column."""
    assert good.writers.failures == way_back.visitors.failures == []
    written = [len(each.milliseconds) for each in (good.writers, way_back.visitors)]
    assert min(written) > 0
    assert way_back.visits == (sum(written), 2)


def test_the_way_back_is_open_when_a_scan_finds_something_by_now(way_back: WayBack) -> None:
    assert way_back.version == "older"
    assert "AsymmetricPrivateKey" in way_back.log


def test_the_weekly_scan_tells_slack_of_a_finding_in_what_runs(
    shop: Shop, way_back: WayBack
) -> None:
    """By its schedule, which is a minute here in place of a week."""
    events = shop.client("events")
    rule = events.describe_rule(Name=RESCAN)
    assert rule["ScheduleExpression"] == "cron(0 0 ? * MON *)"
    events.put_rule(Name=RESCAN, ScheduleExpression="rate(1 minute)")
    eventually(lambda: f"Pipeline failed: {RESCAN}" in shop.project.slack(), "it is told", PATIENCE)
    events.disable_rule(Name=RESCAN)
    assert way_back.version == "older"
    log = shop.project.bonkei("pipeline", "logs", "pipeline-scan", "web").stdout
    assert "AsymmetricPrivateKey" in log
