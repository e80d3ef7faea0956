"""A miniature of this repository's last commit in a folder of its own, and its visitors."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from bench.broken import PROGRAMS, Change
from tests.support.ports import free_port

NAME = "statuspage-development"
_PIPELINE = f"{NAME}-pipeline-program"
_PATIENCE = 900.0
_WHO = {
    f"GIT_{one}_{what}": "bench" for one in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
}


@dataclass
class Visitors:
    """What they have seen so far."""

    milliseconds: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    async def read(
        self, site: str, paths: Sequence[str] = ("/", "/api/v1/readiness"), rate: float = 30.0
    ) -> None:
        """The paths in turn, until cancelled; requests in flight then end. A request begins when it
        is due, whatever the others do."""
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector) as session:
            due, number, going = time.monotonic(), 0, set[asyncio.Task[None]]()
            try:
                while True:
                    url = site + paths[number % len(paths)]
                    task = asyncio.create_task(self._one(session, url))
                    going.add(task)
                    task.add_done_callback(going.discard)
                    number, due = number + 1, due + 1 / rate
                    await asyncio.sleep(max(0.0, due - time.monotonic()))
            finally:
                await asyncio.gather(*going)

    def forget(self, since: int, failed: int) -> None:
        """What they have seen since so many requests, of which so many had failed."""
        del self.milliseconds[since:], self.failures[failed:]

    async def _one(self, session: aiohttp.ClientSession, url: str) -> None:
        began = time.monotonic()
        try:
            async with session.get(url) as answer:
                await answer.read()
                if answer.status != 200:
                    self.failures.append(f"{url}: {answer.status}")
        except (aiohttp.ClientError, OSError) as error:
            self.failures.append(f"{url}: {error!r}")
        self.milliseconds.append((time.monotonic() - began) * 1000)


class Drill:
    """A miniature in a folder of its own."""

    def __init__(
        self, folder: Path, home: Path, *, superseding: bool = False, **variables: str
    ) -> None:
        """`variables`: those of the definitions, as Terraform writes them. `superseding`: releases
        do not queue, as the definitions say."""
        self.folder = folder
        self._home = home
        port = free_port()
        self.site = f"http://127.0.0.1:{port}"
        self._environment = {
            **os.environ, **_WHO, **{f"TF_VAR_{name}": each for name, each in variables.items()},
            "BONKEI_HOME": str(home), "BONKEI_EDGE_PORT": str(port),
            "BONKEI_ALB_PORT": str(free_port()), "BONKEI_CLOUD_PORT": str(free_port()),
            "BONKEI_CONSOLE_PORT": "0", "GIT_CONFIG_GLOBAL": os.devnull,
        }  # fmt: skip
        shutil.rmtree(folder / "bonkei")  # the one that runs is this one
        if superseding:
            self._let_supersede()
        self._run("git", "commit", "-qam", "what the drill changes")

    def _let_supersede(self) -> None:
        file = self.folder / "infrastructure/modules/delivery/pipeline.tf"
        head, mark, tail = file.read_text().partition('execution_mode = "QUEUED"')
        assert mark, f"{file} has no queue"
        file.write_text(head + 'execution_mode = "SUPERSEDED"' + tail)

    def bonkei(self, *words: str) -> subprocess.CompletedProcess[str]:
        return self._run(sys.executable, "-m", "bonkei", *words)

    def _run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words, cwd=self.folder, env=self._environment,
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    def commit(self, change: Change, name: str) -> str:
        """Its hash. It is beside the branch: services that go back to the working copy must not
        find the change there."""
        before = self._run("git", "rev-parse", "HEAD").stdout.strip()
        change(self.folder)
        self._run("git", "add", "-A")
        self._run("git", "commit", "-qm", name)
        made = self._run("git", "rev-parse", "HEAD").stdout.strip()
        self._run("git", "reset", "-q", "--hard", before)
        return made

    def release(self, commit: str, *options: str) -> Mapping[str, Any]:
        """What `pipeline run` says of it, at its end unless it is detached."""
        words = ("pipeline", "run", _PIPELINE, "--json", "--commit", commit, *options)
        return dict(json.loads(self.bonkei(*words).stdout))

    def aws(self, service: str, operation: str, *options: str) -> Any:
        return json.loads(self.bonkei("aws", "--", service, operation, *options).stdout)

    def actions(self, execution: str) -> list[dict[str, Any]]:
        """Those that have begun, the latest first."""
        found = self.aws(
            "codepipeline", "list-action-executions", "--pipeline-name", _PIPELINE,
            "--filter", f"pipelineExecutionId={execution}",
        )  # fmt: skip
        return list(found["actionExecutionDetails"])

    def state(self, execution: str) -> str:
        """Succeeded, Failed, InProgress, …"""
        return str(self._execution(execution)["status"])

    def _execution(self, execution: str) -> dict[str, Any]:
        found = self.aws(
            "codepipeline", "get-pipeline-execution", "--pipeline-name", _PIPELINE,
            "--pipeline-execution-id", execution,
        )["pipelineExecution"]  # fmt: skip
        return {"status": found["status"], "summary": found.get("statusSummary", "")}

    def ended(self, execution: str) -> Mapping[str, Any]:
        """What became of it, in the words of `pipeline run`."""
        self.until(lambda: self.state(execution) != "InProgress")
        actions = [
            {
                "stage": each["stageName"],
                "action": each["actionName"],
                "status": each["status"],
                "seconds": float(each["lastUpdateTime"]) - float(each["startTime"]),
            }
            for each in reversed(self.actions(execution))
        ]
        return {**self._execution(execution), "actions": actions}

    def reach(self, execution: str, part: str) -> None:
        """Wait until this stage or action has begun."""
        named = ("stageName", "actionName")
        self.until(
            lambda: any(part in [each[n] for n in named] for each in self.actions(execution))
        )

    def kill(self) -> None:
        """SIGKILL the miniature, and start it again."""
        os.kill(int((self._home / "lock").read_text()), signal.SIGKILL)
        started = self.bonkei("up", "--detach")
        assert "Ready after" in started.stdout, started.stdout + started.stderr

    def rings(self, alarm: str) -> bool:
        found = self.aws("cloudwatch", "describe-alarms", "--alarm-names", alarm)
        return bool(found["MetricAlarms"][0]["StateValue"] == "ALARM")

    def runs(self) -> list[str]:
        """The revision of each service."""
        services = [f"{NAME}-{program}" for program in PROGRAMS]
        found = self.aws("ecs", "describe-services", "--cluster", NAME, "--services", *services)
        return [each["taskDefinition"].rpartition("/")[2] for each in found["services"]]

    def until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _PATIENCE
        while not condition():
            assert time.monotonic() < deadline, "it did not happen"
            time.sleep(1.0)
