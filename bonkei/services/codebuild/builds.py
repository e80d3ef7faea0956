"""The service's life cycle: CodeBuild's projects and their builds."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from bonkei.base.processes import Keeper
from bonkei.base.processes.roots import remove_scratch
from bonkei.blueprint.codebuild import BuildProject
from bonkei.services.codebuild.errors import BuildsError
from bonkei.services.codebuild.recorder import Recorder
from bonkei.services.codebuild.run import Ground, Run
from bonkei.services.codebuild.running.confinement import Confinement, probe
from bonkei.services.codebuild.running.log import BuildLog
from bonkei.services.codebuild.store import Store, numbers
from bonkei.services.codebuild.surroundings import BuildsSettings, Surroundings
from bonkei.services.codebuild.tools.archives import HOSTS
from bonkei.services.codebuild.tools.gate import Gate
from bonkei.services.codebuild.values import (
    FAULT,
    STOPPED,
    TIMED_OUT,
    Build,
    BuildPhase,
    BuildRequest,
    BuildsSnapshot,
)

OnLine = Callable[[str], None]
_FLUSH = 0.5  # seconds between two deliveries to CloudWatch Logs
_MOST_EVENTS = 5_000  # of one delivery
_MINUTE = 60.0


def _has_failed(ground: asyncio.Future[Ground]) -> bool:
    return ground.done() and (ground.cancelled() or ground.exception() is not None)


class Builds:
    """Call `start` once, `apply` with each blueprint, and `stop` at the end. Then nothing runs any
    more."""

    def __init__(
        self,
        settings: BuildsSettings,
        given: Surroundings,
        *,
        clock: Callable[[], float] = time.time,
        minute: float = _MINUTE,
    ) -> None:
        self._settings = settings
        self._given = given
        self._clock = clock
        self._minute = minute
        self._keeper = Keeper(settings.directory / "processes")
        self._projects: dict[str, BuildProject] = {}
        self._builds: dict[str, Build] = {}
        self._numbers: Counter[str] = Counter()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._listeners: dict[str, list[OnLine]] = {}
        self._flushing: dict[str, Callable[[], None]] = {}
        self._notes: dict[str, None] = {}
        self._turn = asyncio.Condition()
        self._running: Counter[str] = Counter()
        self._ground: asyncio.Future[Ground] | None = None

    def start(self) -> None:
        """Stop and remove the leftovers of an earlier miniature."""
        settings = self._settings
        self._keeper.start()
        remove_scratch(settings.directory / "runs")
        self._store = Store(settings.directory)
        kept = self._store.forget(self._store.read())
        self._builds = {build.id: build for build in kept}
        for project, number in numbers(kept):
            self._numbers[project] = max(self._numbers[project], number)

    def apply(self, projects: Sequence[BuildProject]) -> None:
        """The present projects. A running build keeps its old project."""
        self._projects = {project.name: project for project in projects}

    @property
    def projects(self) -> tuple[BuildProject, ...]:
        return tuple(self._projects.values())

    def find(self, name: str) -> BuildProject:
        """By name or ARN. BuildsError."""
        for project in self._projects.values():
            if name in (project.name, project.arn):
                return project
        raise BuildsError(
            f"there is no build project {name}",
            remedy=f"there are: {', '.join(sorted(self._projects)) or 'none'}",
        )

    def submit(self, request: BuildRequest, undeclared: BuildProject | None = None) -> Build:
        """A build. It begins as soon as there is a place. `undeclared`: the project of this build
        alone, which cannot be started. Raises BuildsError if the project is missing."""
        project = undeclared or self.find(request.project)
        unique = str(uuid4())
        identifier = f"{project.name}:{unique}"
        self._numbers[project.name] += 1
        now = self._clock()
        region = self._given.region()
        prefix = project.logs.stream
        build = Build(
            id=identifier,
            arn=f"arn:aws:codebuild:{region}:{self._given.account}:build/{identifier}",
            number=self._numbers[project.name],
            request=request,
            start=now,
            phases=(BuildPhase("SUBMITTED", "SUCCEEDED", now, now),),
            log_group=project.logs.group or f"/aws/codebuild/{project.name}",
            log_stream=f"{prefix}/{unique}" if prefix else unique,
        )
        self._hear(build)
        self._tasks[identifier] = asyncio.create_task(self._live(project, build))
        return build

    async def wait(self, build_id: str) -> Build:
        """The build after its end. Raises BuildsError for an unknown build."""
        build = self.get(build_id)
        if task := self._tasks.get(build.id):
            await asyncio.wait({task})
        return self.get(build.id)

    async def stop_build(self, build_id: str) -> Build:
        """The operation StopBuild. A build that has ended does not change. Raises BuildsError."""
        await asyncio.sleep(0)  # a build that was just submitted begins now, and so can end
        if task := self._tasks.get(self.get(build_id).id):
            task.cancel()
            await asyncio.wait({task})
        return self.get(build_id)

    def get(self, build_id: str) -> Build:
        """By id or ARN. BuildsError."""
        plain = build_id.rpartition(":build/")[2] or build_id
        if plain not in self._builds:
            raise BuildsError(f"there is no build {build_id}")
        return self._builds[plain]

    @property
    def builds(self) -> tuple[Build, ...]:
        """The newest first."""
        return tuple(reversed(self._builds.values()))

    def log(self, build_id: str) -> Path:
        return self._store.log(self.get(build_id).id)

    def follow(self, build_id: str, on_line: OnLine) -> Callable[[], None]:
        """Lines as they come from now on. The returned function ends this."""
        heard = self._listeners.setdefault(self.get(build_id).id, [])
        heard.append(on_line)

        def end() -> None:
            with suppress(ValueError):
                heard.remove(on_line)

        return end

    def snapshot(self) -> BuildsSnapshot:
        """For `bonkei status`."""
        last = {each.request.project: each for each in self._builds.values() if each.is_over}
        return BuildsSnapshot(
            len(self._projects),
            tuple((each.id, each.phase) for each in self._builds.values() if not each.is_over),
            tuple((each.id, each.status, each.error) for each in last.values()),
            tuple(self._notes),
        )

    async def stop(self) -> None:
        await asyncio.sleep(0)  # as above
        tasks = tuple(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._ground is not None:
            for made in await asyncio.gather(self._ground, return_exceptions=True):
                if isinstance(made, Ground):
                    made.gate.stop()
        self._keeper.stop()

    async def _live(self, project: BuildProject, build: Build) -> None:
        log = BuildLog(self._store.log(build.id), self._deliver(project, build), self._clock)
        recorder = Recorder(build, log, self._clock, self._hear)
        taken = False
        try:
            recorder.begin("QUEUED")
            async with asyncio.timeout(project.queued_timeout * self._minute):
                await self._take(project)
                taken = True
                ground = await self._get_ground()
            recorder.end()
            folder = self._settings.directory / "runs" / build.id.rpartition(":")[2][:13]
            await Run(project, recorder, log, folder.resolve(), ground).execute()
        except TimeoutError:
            self._end_early(recorder, log, TIMED_OUT)
        except asyncio.CancelledError:
            self._end_early(recorder, log, STOPPED)
        except Exception as error:
            said = f"{type(error).__name__}: {error}"
            self._end_early(recorder, log, FAULT, "INTERNAL_SERVICE_ERROR", said)
        finally:
            self._flushing.pop(build.id, lambda: None)()
            self._listeners.pop(build.id, None)
            self._tasks.pop(build.id, None)
            if taken:
                self._running[project.name] -= 1
                async with self._turn:
                    self._turn.notify_all()

    @staticmethod
    def _end_early(
        recorder: Recorder, log: BuildLog, status: str, code: str = "", message: str = ""
    ) -> None:
        if recorder.is_in_phase:
            recorder.end(status, code, message)
        log.close()
        recorder.complete(status)

    async def _take(self, project: BuildProject) -> None:
        """Wait for a place within the project's own limit and this machine's limit."""
        limit = project.concurrent_build_limit or self._settings.at_once
        async with self._turn:
            await self._turn.wait_for(
                lambda: (
                    self._running[project.name] < limit
                    and self._running.total() < self._settings.at_once
                )
            )
            self._running[project.name] += 1

    async def _get_ground(self) -> Ground:
        """It is created with the first build, because most miniatures run none. The first builds
        may come at the same time, and must trust the same authority: that of a build which is
        stopped meanwhile, too."""
        if self._ground is None or _has_failed(self._ground):
            self._ground = asyncio.ensure_future(asyncio.to_thread(self._make_ground))
        return await asyncio.shield(self._ground)

    def _make_ground(self) -> Ground:
        from bonkei.services.codebuild.tools.certificates import make_authority  # noqa: PLC0415 - slow to load

        directory = self._settings.directory
        now = datetime.fromtimestamp(self._clock(), UTC)
        possible = self.confinement()
        gate = Gate(make_authority(directory / "tls", HOSTS, now))
        gate.start()
        return Ground(self._settings, self._given, self._keeper, gate, possible, self._minute)

    def confinement(self) -> Confinement:
        """Whether this machine can confine a build to its folder."""
        return probe(self._settings.directory / "runs")

    def _hear(self, build: Build) -> None:
        self._builds[build.id] = build
        with suppress(OSError):
            self._store.write(build)
        if build.is_over:
            kept = self._store.forget(list(self._builds.values()))
            self._builds = {each.id: each for each in kept}
        self._given.changed(build)

    def _deliver(self, project: BuildProject, build: Build) -> Callable[[float, str], None]:
        waiting: list[tuple[int, str]] = []

        def flush() -> None:
            events, waiting[:] = list(waiting), []
            if not events or not project.logs.enabled:
                return
            why = self._given.logs.write(
                project.role_arn, build.log_group, build.log_stream, events
            )
            if why:
                self._notes[f"{project.name}: its log is not in {build.log_group}: {why}"] = None

        def deliver(at: float, line: str) -> None:
            for hear in tuple(self._listeners.get(build.id, ())):
                hear(line)
            if not waiting:
                with suppress(RuntimeError):
                    asyncio.get_running_loop().call_later(_FLUSH, flush)
            waiting.append((int(at * 1000), line or " "))
            if len(waiting) >= _MOST_EVENTS:
                flush()

        self._flushing[build.id] = flush
        return deliver
