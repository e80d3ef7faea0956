"""Carries out the scheduler's actions, and reports their results as events. Decides nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from functools import partial

from bonkei.base.background import Background
from bonkei.base.errors import BonkeiError
from bonkei.base.events import Bus, Event
from bonkei.base.folders import entries
from bonkei.base.processes import Keeper
from bonkei.base.processes.roots import Switchboard, Trial, remove_scratch
from bonkei.base.vault import Vault
from bonkei.config import FolderProgram
from bonkei.services.ecs import messages as m
from bonkei.services.ecs.errors import TaskError
from bonkei.services.ecs.execution import buffers
from bonkei.services.ecs.execution.environment import (
    Surroundings,
    build_environment,
    container_ports,
)
from bonkei.services.ecs.execution.file_systems import shared_folders
from bonkei.services.ecs.execution.folders import make_ready, was_ready
from bonkei.services.ecs.execution.listened_ports import (
    LISTENS_WITHIN,
    LOOKS,
    listened_ports,
    until_listening,
)
from bonkei.services.ecs.execution.output import ContainerOutput, LogSource
from bonkei.services.ecs.execution.ports import Ports
from bonkei.services.ecs.execution.process import (
    ContainerProcess,
    ProcessSpec,
    run_briefly,
    shell_words,
    signal_number,
)
from bonkei.services.ecs.execution.running_task import RunningTask
from bonkei.services.ecs.execution.secret_references import require_permission
from bonkei.services.ecs.execution.software import ensure_environment
from bonkei.services.ecs.execution.task_ports import TaskPorts
from bonkei.services.ecs.execution.visits import Visits
from bonkei.services.ecs.images.local import LocalContainer
from bonkei.services.ecs.logs import LogSink
from bonkei.services.ecs.settings import RouterCommand, RouterStart, TaskSettings
from bonkei.services.ecs.task_spec import TaskSpec


class Executor:
    """`report` gets every event on the event loop, but never from within `execute`."""

    def __init__(
        self,
        bus: Bus,
        vault: Vault,
        settings: TaskSettings,
        logs: LogSink,
        report: Callable[[m.TaskEvent], None],
    ) -> None:
        self._bus = bus
        self._vault = vault
        self._settings = settings
        self._logs = logs
        self._report = report
        self._ports = Ports()
        self._keeper = Keeper(settings.home / "processes" / "tasks")
        self._scratch = settings.home / "tasks"
        self._tasks: dict[str, RunningTask] = {}
        self._leaving = Background()
        self._last_complaint = ""
        self._trial = Trial(self._scratch, settings.progress)
        self._visits = Visits(self._keeper)
        self._switchboard = Switchboard(TaskPorts(self._tasks, self._ports))

    def start(self) -> None:
        """End leftovers of an earlier run."""
        self._keeper.start()
        for left in entries(self._scratch):
            buffers.keep(left, self._settings.home)
        remove_scratch(self._scratch)
        self._switchboard.open()

    async def confines(self) -> bool:
        """Try out whether tasks can be confined."""
        return await self._trial.is_possible()

    async def stop(self) -> None:
        """Call this after the last task is STOPPED."""
        if self._leaving:
            await asyncio.wait(self._leaving)
        await self._trial.end()
        await self._visits.stop()
        self._switchboard.close()
        self._keeper.stop()
        self._logs.close()

    def adopt(self, task_id: str, spec: TaskSpec) -> None:
        """Take over a task's specification, before its first action."""
        home = self._settings.home
        shared = shared_folders(spec.definition, home, self._settings.access_point)
        ports = self._switchboard.ports_of(task_id)
        addresses = self._settings.addresses.of(spec.group)
        self._tasks[task_id] = RunningTask(
            spec, self._scratch / task_id, home, shared, ports, addresses
        )

    def pids(self, task_id: str) -> dict[str, int]:
        """The containers' processes that run now."""
        task = self._tasks.get(task_id)
        return {name: p.pid for name, p in task.processes.items()} if task else {}

    def execute(self, action: m.Action) -> None:
        """Begin one action; slow parts continue in the background."""
        match action:
            case m.Publish(event=event):
                self._publish(event)
            case m.PrepareTask(task_id=task_id):
                failed = partial(m.PreparationFailed, task_id)
                self._spawn(task_id, self._prepare(task_id), failed)
            case m.StartContainer(task_id=task_id, container=name):
                not_started = partial(m.ContainerNotStarted, task_id, name)
                self._spawn(task_id, self._run(task_id, name), not_started)
            case m.ProbeHealth(task_id=task_id, container=name):
                unhealthy = m.HealthProbed(task_id, name, succeeded=False)
                self._spawn(task_id, self._probe(task_id, name), lambda _: unhealthy)
            case m.TerminateContainer(task_id=task_id, container=name):
                self._terminate(self._tasks[task_id], name)
            case m.KillContainer(task_id=task_id, container=name):
                if (process := self._tasks[task_id].processes.get(name)) is not None:
                    process.kill()
            case m.ReleaseTask(task_id=task_id):
                self._release(task_id)

    def _spawn(
        self,
        task_id: str,
        job: Coroutine[None, None, None],
        failed: Callable[[str], m.TaskEvent],
    ) -> None:
        """Run a job in the background. `failed` turns an unexpected error into an event."""

        def finish(ended: asyncio.Task[None]) -> None:
            if not ended.cancelled() and (error := ended.exception()) is not None:
                self._complain(f"task {task_id}", error)
                self._report(failed(f"{type(error).__name__}: {error}"))

        self._tasks[task_id].jobs.start(job).add_done_callback(finish)

    def _complain(self, what: str, error: BaseException) -> None:
        """Report an unexpected error; it must not stop the other tasks.

        An error of this machine (a full disk) is reported in one line, and only once.
        """
        context: dict[str, object] = {"message": f"bonkei.services.ecs: {what}: {error}"}
        if not isinstance(error, (OSError, BonkeiError)):
            context["exception"] = error
        elif str(error) == self._last_complaint:
            return
        self._last_complaint = str(error)
        asyncio.get_running_loop().call_exception_handler(context)

    def _publish(self, event: Event) -> None:
        try:
            self._bus.publish(event)
        except Exception as error:
            self._complain(f"a listener of {type(event).__name__}", error)

    async def _prepare(self, task_id: str) -> None:
        """Create the ports, software and environments (with secrets) of all containers, or report
        one failure."""
        task = self._tasks[task_id]
        try:
            self._require_start(task.spec)
            task.scratch.mkdir(parents=True, mode=0o700)
            for local in task.spec.local.containers:
                task.take_ports(local, self._ports)
            for local in task.spec.local.containers:
                task.environments[local.container.name] = await self._environment(task, local)
        except (TaskError, OSError) as error:
            remedy = getattr(error, "remedy", "")
            reason = f"{error} ({remedy})" if remedy else str(error)
            self._report(m.PreparationFailed(task_id, " ".join(reason.split())))
        else:
            self._report(m.TaskPrepared(task_id, tuple(task.endpoints.items())))

    async def make_ready(self, program: FolderProgram) -> None:
        """Run what prepares a folder, before its tasks. Raises TaskError if that fails."""
        await make_ready(
            program,
            self._settings.home,
            self._keeper,
            self._settings.progress,
            is_confined=await self._trial.is_possible(),
        )

    def _require_start(self, spec: TaskSpec) -> None:
        if reason := self._settings.may_start(spec.definition, spec.group):
            raise TaskError(reason, remedy="`bonkei iam denied` says more")

    async def lend(self, task_id: str, spec: TaskSpec, container: str) -> ProcessSpec:
        """The process of one container, for the caller to start. It has its own ports, environment
        and files until `give_back`. Raises TaskError if it cannot run."""
        self.adopt(task_id, spec)
        task = self._tasks[task_id]
        local = spec.local.container(container)
        try:
            task.scratch.mkdir(parents=True, mode=0o700)
            task.take_ports(local, self._ports)
            task.environments[container] = await self._environment(task, local)
        except BaseException:
            self._release(task_id)
            raise
        return task.process(container)

    def give_back(self, task_id: str) -> None:
        """The lent process has ended. Release its resources."""
        if task_id in self._tasks:
            self._release(task_id)

    def beside(self, task_id: str, container: str, command: Sequence[str]) -> ProcessSpec:
        """Another process for a running container, with the same environment, as with ECS Exec.
        Raises KeyError if the container does not run."""
        task = self._tasks[task_id]
        if container not in task.processes:
            raise KeyError(container)
        return task.beside(container, command)

    async def _environment(self, task: RunningTask, local: LocalContainer) -> dict[str, str]:
        software = None
        if local.content.requirements:
            software = await ensure_environment(
                local.content.requirements,
                self._settings.home / "environments",
                self._settings.progress,
            )
        if local.program is not None and not was_ready(local.program, self._settings.home):
            await self.make_ready(local.program)
        require_permission(
            (value_from for _, value_from in local.container.secrets),
            task.spec.local.definition,
            self._settings.may_read,
        )
        definition, group = task.spec.local.definition, task.spec.group
        cloud = self._settings.cloud(definition, task.scratch.name, group, local.container.name)
        task.is_confined = await self._trial.is_possible()
        return build_environment(
            local,
            task.spec.local.definition.arn,
            Surroundings(task.scratch, task.endpoints, software, cloud),
            self._settings.addresses.of(group),
            self._vault,
        )

    async def _run(self, task_id: str, name: str) -> None:
        task = self._tasks[task_id]
        local = task.spec.local.container(name)
        source = LogSource(task.spec.group, name, task_id)
        output = ContainerOutput(source, self._logs, self._complain)
        try:
            router = None
            if local.container.firelens is not None:
                router = await asyncio.to_thread(self._router, task, task_id, local)
            spec = task.process(name, router)
            await output.open(self._settings.log_driver, task.spec.local)
            process = await ContainerProcess.start(
                spec, self._keeper, output.write, output.writable
            )
        except BonkeiError as error:
            reason = f"{error.message} ({error.remedy})" if error.remedy else error.message
            await output.close()
            self._report(m.ContainerNotStarted(task_id, name, reason))
            return
        task.processes[name] = process
        self._report(m.ContainerStarted(task_id, name, process.pid))
        own = [task.endpoints[name, number].port for number in container_ports(local)]
        if own:
            unknown = m.ListensElsewhere(task_id, name)
            self._spawn(task_id, self._watch(task_id, name, own), lambda _: unknown)
            if local.container.health_check is not None:
                listening = self._await_listening(task_id, name, own)
                self._spawn(task_id, listening, lambda _: unknown)
        code = await process.wait()
        await output.close()
        task.processes.pop(name, None)
        self._report(m.ContainerExited(task_id, name, code, output.error_of(code)))

    def _router(self, task: RunningTask, task_id: str, local: LocalContainer) -> RouterCommand:
        """A log router's command, after its configuration is written for this machine."""
        own_name = local.container.name
        own = {number: e.port for (name, number), e in task.endpoints.items() if name == own_name}
        own_buffers = buffers.buffers_of(task.scratch, task.spec.definition.family)
        buffers.take_over(own_buffers, task.home)
        start = RouterStart(
            task.spec.definition,
            local.container,
            local.command,
            local.localize,
            task_id,
            task.environments[own_name],
            task.scratch,
            own_buffers,
            own,
        )
        return self._settings.log_router(start)

    async def _await_listening(self, task_id: str, name: str, own: Sequence[int]) -> None:
        if await until_listening(own, LISTENS_WITHIN):
            self._report(m.Listens(task_id, name))

    async def _watch(self, task_id: str, name: str, own: Sequence[int]) -> None:
        """Report when a container ignores PORT. A slow start does not count."""
        reported: tuple[int, ...] = ()
        processes = self._tasks[task_id].processes
        for wait in LOOKS:
            await asyncio.sleep(wait)
            process = processes.get(name)
            if process is None:
                return
            found = await asyncio.to_thread(listened_ports, process.pid)
            elsewhere = () if found & {*own} else tuple(sorted(found))
            if found and elsewhere != reported:  # one that ends listens nowhere
                reported = elsewhere
                self._report(m.ListensElsewhere(task_id, name, elsewhere))
            if found & {*own}:
                return

    async def _probe(self, task_id: str, name: str) -> None:
        task = self._tasks[task_id]
        check = task.spec.local.container(name).container.health_check
        succeeded = False
        if check is not None:
            spec = task.beside(name, shell_words(check.command))
            if spec.root is not None and spec.root.engine is None:
                succeeded = await self._visits.succeed(spec, check.timeout)
            else:
                succeeded = await run_briefly(spec, self._keeper, check.timeout)
        self._report(m.HealthProbed(task_id, name, succeeded))

    def _terminate(self, task: RunningTask, name: str) -> None:
        process = task.processes.get(name)
        if process is not None:
            process.send(signal_number(task.spec.local.container(name).image.stop_signal))

    def _release(self, task_id: str) -> None:
        task = self._tasks.pop(task_id)
        for endpoint in task.endpoints.values():
            self._ports.give_back(endpoint)
        if task.jobs:  # an abandoned preparation, or a probe: let it undo its work
            self._leaving.start(_end(task))
        else:
            buffers.keep(task.scratch, task.home)
            remove_scratch(task.scratch)


async def _end(task: RunningTask) -> None:
    await task.jobs.stop()
    buffers.keep(task.scratch, task.home)
    # In a thread: a task has two hundred folders, and other tasks' visitors wait meanwhile.
    await asyncio.to_thread(remove_scratch, task.scratch)
