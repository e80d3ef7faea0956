"""A real miniature: `bonkei up` as a user starts it, on free ports, in its own folder."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import boto3
import over_http
import pytest
from evaluations import DEVELOPMENT, put_applied
from ports import free_port
from reading import Reading

from bonkei.config import load
from bonkei.miniature import control
from bonkei.miniature.applied import workspace
from bonkei.miniature.home import Home
from bonkei.miniature.lock import is_running
from bonkei.services.slack.store import Inbox

ROOT = Path(__file__).resolve().parents[2]
BONKEI = [sys.executable, "-m", "bonkei"]
PARTS = ("infrastructure", "environment", "program", "bonkei.toml", "miniature.tfvars")
ENVIRONMENTS = Path(sys.prefix) / "environments"  # made once, not for each home
PATIENCE = 300.0  # seconds for a command or an end of a whole miniature, which takes a few
WAIT = 120.0  # seconds for anything else that is waited for
ANSWER = 60.0  # seconds for an answer of a running miniature, which takes a tenth of one
DRAINS_QUICKLY = (
    "infrastructure/modules/edge/variables.tf",
    "deregistration_delay = optional(number, 30)",
    "deregistration_delay = optional(number, 10)",
)
"""For `Project.edit`: old tasks wait for a shorter time before they stop. No visitor here waits for
an answer as long as that, also on a busy machine."""

OFTEN = 0.01  # seconds between two visits: without a pause they would use a whole processor


def eventually(
    condition: Callable[[], Any], what: str, within: float = WAIT, every: float = 0.1
) -> Any:
    """The first truthy value of `condition`. Fails with `what` when none comes in time, which is
    long enough for a machine that has much else to do.

    It waits for `every` seconds, or as long as the asking took: what is asked without a pause uses
    a processor.
    """
    deadline = time.monotonic() + within
    while (asked := time.monotonic()) < deadline:
        if value := condition():
            return value
        time.sleep(max(every, min(time.monotonic() - asked, 1.0)))
    pytest.fail(f"not within {within:.0f} s: {what}")


@dataclass
class Project:
    """A folder with definitions, programs and a bonkei.toml, and a home beside it.

    The home has the Python environments of other homes with the same requirements: to install them
    anew takes ten seconds of a processor.
    """

    folder: Path
    home: Path
    edge_port: int = field(default_factory=free_port)
    alb_port: int = field(default_factory=free_port)
    cloud_port: int = field(default_factory=free_port)
    console_port: int = field(default_factory=free_port)
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.make_home()

    def make_home(self) -> None:
        """A home with nothing but the environments of others, as after `bonkei reset`."""
        ENVIRONMENTS.mkdir(exist_ok=True)
        place = Home(self.home).make().environments
        if not place.is_symlink():
            place.symlink_to(ENVIRONMENTS)

    @property
    def site(self) -> str:
        return f"http://127.0.0.1:{self.edge_port}"

    @property
    def load_balancer(self) -> str:
        return f"http://127.0.0.1:{self.alb_port}"

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "BONKEI_HOME": str(self.home),
            "BONKEI_EDGE_PORT": str(self.edge_port),
            "BONKEI_ALB_PORT": str(self.alb_port),
            "BONKEI_CLOUD_PORT": str(self.cloud_port),
            "BONKEI_CONSOLE_PORT": str(self.console_port),
            # A base image would be pulled: tests/bonkei/services/ecr/test_engines.py builds really.
            "BONKEI_BUILDS_ENGINE": "none",
        }

    def bonkei(self, *arguments: str, within: float = PATIENCE) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*BONKEI, *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=within,
            check=False,
        )

    @contextlib.contextmanager
    def start(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        """Start a command that keeps running until it is told to end. Its output is lines."""
        with subprocess.Popen(
            [*BONKEI, *arguments],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            text=True,
        ) as command:
            try:
                yield command
            finally:
                command.kill()

    def status(self) -> dict[str, Any]:
        """What `bonkei status --json` prints, without a process: a test that waits asks often."""
        if not is_running(Home(self.home)):
            return {"running": False}
        return dict(control.call(Home(self.home), "status", limit=ANSWER))

    def account(self, role: str = "", user: str = "") -> dict[str, str]:
        """What `bonkei aws env --json` prints, with `--role` and `--user`: an SDK's variables."""
        who = {"role": role, "user": user}
        return dict(control.call(Home(self.home), "aws", arguments=who, limit=PATIENCE))

    def slack(self) -> str:
        """What `bonkei slack --json` prints, all of it, without a process."""
        entries = Inbox(Home(self.home).inbox).entries()
        return "".join(f"{json.dumps(asdict(each), ensure_ascii=False)}\n" for each in entries)

    def client(self, service: str) -> Any:
        """boto3's client of the running miniature's endpoint, the same until another one runs."""
        run = (self.home / "lock").read_text()
        if (service, run) not in self._clients:
            found = self.account()
            self._clients[service, run] = boto3.client(
                service,
                endpoint_url=found["AWS_ENDPOINT_URL"],
                region_name=found["AWS_REGION"],
                aws_access_key_id=found["AWS_ACCESS_KEY_ID"],
                aws_secret_access_key=found["AWS_SECRET_ACCESS_KEY"],
            )
        return self._clients[service, run]

    def edit(self, file: str, before: str, after: str) -> None:
        path = self.folder / file
        text = path.read_text(encoding="utf-8")
        assert before in text, f"{file} has no {before!r}"
        new = path.with_name(f"{path.name}.tmp")  # anyone who watches the file sees one change
        new.write_text(text.replace(before, after, 1), encoding="utf-8")
        new.replace(path)


@contextlib.contextmanager
def removed(project: Project) -> Iterator[None]:
    """Afterwards its miniature is stopped and its home removed, also when a start is interrupted
    or fails."""
    try:
        yield
    finally:
        if is_running(Home(project.home)):
            project.bonkei("down")
        remove(project)


@contextlib.contextmanager
def visitors(
    project: Project, *urls: str, expected: int = 200, pause: Callable[[], float] | None = None
) -> Iterator[list[str]]:
    """Readers who request pages meanwhile. Their errors are in the list.

    `pause`: the seconds between two visits of a reader, asked before each.
    """
    troubles: list[str] = []
    done = threading.Event()
    served = threading.Event()

    def visit(url: str) -> None:
        with Reading(url, ANSWER) as reader:
            while not done.wait(pause() if pause is not None else OFTEN):
                try:
                    status = reader.status()
                    if status != expected:
                        troubles.append(f"{url}: {status}")
                    served.set()
                except (OSError, http.client.HTTPException) as error:
                    troubles.append(f"{url}: {error!r}")

    # Readiness comes from no cache.
    urls = urls or (project.site, f"{project.site}/api/v1/readiness")
    threads = [threading.Thread(target=visit, args=(url,)) for url in urls]
    for thread in threads:
        thread.start()
    try:
        assert served.wait(WAIT)
        yield troubles
    finally:
        done.set()
        for thread in threads:
            thread.join()


def remove(project: Project) -> None:
    """Files of a miniature outside its home are removed, too."""
    if project.home.exists():
        outcome = project.bonkei("reset", "--yes")
        assert outcome.returncode == 0, outcome.stderr


def copy_of_this_project(folder: Path) -> Path:
    """The files of definitions and programs that git tracks, so that a test may edit them."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *PARTS]
    names = subprocess.run(
        listing, cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    for name in names:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target)
    return folder


def applied_copy(folder: Path, factory: pytest.TempPathFactory) -> Project:
    """A copy of this project below `folder`, with a home where it is applied."""
    project = Project(copy_of_this_project(folder / "project"), folder / "home")
    return begin_applied(project, DEVELOPMENT[0], ROOT, factory)


def begin_applied(
    project: Project, name: str, original: Path, factory: pytest.TempPathFactory
) -> Project:
    """Put into the new home of a copy of `original` what its apply leaves, made once for all tests.

    Terraform has nothing to do in the first start: that is half of the start's processor time.
    """
    found, mine = (
        load(each / "bonkei.toml", project.environment) for each in (original, project.folder)
    )
    put_applied(project.home, name, lambda home: workspace(found, home), factory)
    applied = mine.home / "terraform" / "applied"  # of its files, this one alone names the place
    applied.write_text(workspace(mine, mine.home).fingerprint())
    return project


def administrator_password(project: Project) -> str:
    """The generated first password, from the file that `bonkei up` prints."""
    (file,) = (project.home / "secrets").glob("*administrator*")
    return file.read_text()


def administrator(project: Project) -> dict[str, str]:
    """The headers of a signed-in administrator, through the whole system."""
    answer = over_http.post(
        f"{project.site}/api/v1/sessions",
        json={"username": "admin", "password": administrator_password(project)},
        timeout=ANSWER,
    )
    assert answer.status_code == 201, answer.text
    return {"Authorization": f"Bearer {answer.json()['token']}"}
