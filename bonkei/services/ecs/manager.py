"""The tasks of a miniature: joins the scheduler, its clock and the executor.

All events go through one inbox, in order, on the event loop's thread. The scheduler decides, and
the executor begins the actions. Their results come into the inbox as events.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import deque
from collections.abc import Callable, Collection, Sequence

from bonkei.base.background import Background
from bonkei.base.events import AlarmStateChanged, Bus, TargetDrained, TargetHealthChanged
from bonkei.base.vault import Vault
from bonkei.blueprint import Blueprint
from bonkei.blueprint.ecs import TaskDefinition
from bonkei.config import FolderProgram
from bonkei.services.ecs import messages as m
from bonkei.services.ecs.compose import Composition, compose, one_off, stand_alone
from bonkei.services.ecs.errors import TaskError
from bonkei.services.ecs.execution.executor import Executor
from bonkei.services.ecs.execution.memory import MemoryWatch
from bonkei.services.ecs.execution.process import ProcessSpec
from bonkei.services.ecs.execution.usage import UsageMeter
from bonkei.services.ecs.logs import FileLogSink, LogSink, Tails
from bonkei.services.ecs.reporting import describe
from bonkei.services.ecs.scaling.auto_scaling import AutoScaler
from bonkei.services.ecs.scheduling.scheduler import Scheduler
from bonkei.services.ecs.settings import TaskSettings
from bonkei.services.ecs.snapshot import TaskOutcome, TasksSnapshot
from bonkei.services.ecs.standalone import StandaloneTasks
from bonkei.services.ecs.task_spec import ContainerOverride, TaskSpec

Decision = Callable[[float], list[m.Action]]


class Tasks:
    """ECS over processes of this machine. Use it from one event loop, and `stop` it.

    `logs` gets every line of every container; files below `<home>/logs` by default.
    """

    def __init__(
        self, bus: Bus, vault: Vault, settings: TaskSettings, *, logs: LogSink | None = None
    ) -> None:
        self._bus = bus
        self._settings = settings
        self._logs = Tails(logs or FileLogSink(settings.home / "logs", report=settings.progress))
        self._scheduler = Scheduler(lambda: secrets.token_hex(16))
        self._standalone = StandaloneTasks(self._scheduler)
        self._executor = Executor(bus, vault, settings, self._logs, self._report)
        self._composition = Composition((), ())
        self._definitions: dict[str, TaskDefinition] = {}
        self._inbox: deque[Decision] = deque()
        self._deciding = False
        self._alarm: asyncio.TimerHandle | None = None
        self._waiting: list[asyncio.Future[None]] = []
        self._usage = UsageMeter()
        self._guests: dict[str, tuple[int, ...]] = {}
        self._scaler = AutoScaler(
            lambda: self._scheduler.services, self._executor.pids, self._scale,
            settings.metric_period,
        )  # fmt: skip
        self._memory = MemoryWatch(
            lambda: {one: life.spec.definition for one, life in self._scheduler.tasks.items()},
            self._executor.pids, lambda: self._guests, self._report,
        )  # fmt: skip
        self._unsubscribe: list[Callable[[], None]] = []
        self._started = False
        self._hooks = Background()

    async def prepare(self) -> None:
        """Find out what this machine can, which the first task would otherwise wait for."""
        self._start()
        await self._executor.confines()

    async def make_ready(self, program: FolderProgram) -> None:
        """Run what prepares a program's folder, if it has changed. Else its next task would wait
        for that. Raises TaskError if it fails."""
        self._start()
        await self._executor.make_ready(program)

    async def reconcile(self, blueprint: Blueprint, only: Collection[str] = ()) -> None:
        """Begin to bring the services to the blueprint's state. `steady` waits for the end.

        `only`: the ARNs of the services to change. The others stay as they are, even if this
        machine has changed.
        """
        self._start()
        self._definitions = {d.arn: d for d in blueprint.task_definitions}
        self._composition = composition = await self._composed(blueprint)
        known = self._scheduler.services
        specs = [
            known[spec.arn].spec if only and spec.arn not in only and spec.arn in known else spec
            for spec in composition.services
        ]
        self._submit(lambda now: self._scheduler.reconcile(specs, now, only))

    async def would_deploy(self, blueprint: Blueprint) -> bool:
        """Whether `reconcile` with this blueprint would begin a deployment, and so new tasks."""
        composition = await self._composed(blueprint)
        return self._scheduler.would_deploy(composition.services)

    async def steady(self) -> None:
        """Wait until every service runs as wanted and no task is stopping.

        If a service always fails, this never ends. So use a time limit, and `snapshot`.
        """
        await self._until(lambda: self._scheduler.is_steady)

    async def run_task(
        self,
        task_definition: TaskDefinition | str,
        container: str,
        command: Sequence[str] | None = None,
    ) -> TaskOutcome:
        """Run one task until its container has ended, as with `ecs run-task` and a command
        override. Its other containers then end by themselves: a log router delivers the last lines.

        `task_definition`: a value, or an ARN in the last reconciled blueprint. Raises TaskError if
        it or the container does not exist. When cancelled, it stops the task.
        """
        self._start()
        definition = self._definition(task_definition)
        override = None if command is None else tuple(command)
        settings = self._settings
        spec = one_off(definition, settings.containers, container, override, settings.built)
        task_id = self._begin(spec, self._logs.follow)
        life = self._scheduler.tasks[task_id]
        try:
            await self._until(lambda: life.has_result(container))
        except asyncio.CancelledError:
            self._submit(lambda now: self._scheduler.stop_task(task_id, "Cancelled", now))
            raise
        finally:
            self._standalone.leave(task_id)
        exit_code = life.containers[container].exit_code if life.containers else None
        return TaskOutcome(exit_code, life.explanation, self._logs.unfollow(task_id))

    def start_task(
        self,
        definition: TaskDefinition,
        overrides: Sequence[ContainerOverride] = (),
        started_by: str = "",
    ) -> str:
        """Start one task without waiting for it. Returns its id. `snapshot` has its state, and for
        some time its result. Raises TaskError like `run_task`."""
        self._start()
        settings = self._settings
        spec = stand_alone(definition, settings.containers, overrides, started_by, settings.built)
        return self._begin(spec, self._standalone.add)

    async def lend(
        self, definition: TaskDefinition, container: str, command: Sequence[str]
    ) -> tuple[str, ProcessSpec]:
        """A task's id, and its container's process with that command, for the caller to start. It
        is valid until `give_back`. Raises TaskError like `run_task`."""
        self._start()
        settings, wanted = self._settings, tuple(command)
        spec = one_off(definition, settings.containers, container, wanted, settings.built)
        task_id = secrets.token_hex(16)
        return task_id, await self._executor.lend(task_id, spec, container)

    def give_back(self, task_id: str) -> None:
        """Release the resources of `lend`. May be called twice."""
        self._executor.give_back(task_id)

    def beside(self, task_id: str, container: str, command: Sequence[str]) -> ProcessSpec:
        """Another process for a running container, as with ECS Exec. Raises TaskError if the
        container does not run."""
        try:
            return self._executor.beside(task_id, container, command)
        except KeyError:
            raise TaskError(
                f"container {container} of task {task_id[:8]} does not run",
                remedy="see the running parts with `bonkei status`",
            ) from None

    def count_with(self, task_id: str, pid: int) -> None:
        """Add another process's CPU and memory to a task's until the task ends, for sessions of ECS
        Exec."""
        known = {one: pids for one, pids in self._guests.items() if one in self._scheduler.tasks}
        self._guests = known | {task_id: (*known.get(task_id, ()), pid)}

    def stop_task(self, task_id: str, reason: str = "Task stopped by user") -> None:
        """Begin to stop one task. A service replaces it."""
        self._submit(lambda now: self._scheduler.stop_task(task_id, reason, now))

    def stop_deployment(self, service: str, deployment: str) -> None:
        """Begin to go back to the service's last completed deployment."""
        self._submit(lambda now: self._scheduler.stop_deployment(service, deployment, now))

    def snapshot(self) -> TasksSnapshot:
        """The state of all tasks, with reasons. Usage is sampled at most once a second."""
        pids = {
            task_id: (*self._executor.pids(task_id).values(), *self._guests.get(task_id, ()))
            for task_id in self._scheduler.tasks
        }
        ended = tuple(self._standalone.ended)
        return describe(self._scheduler, self._composition.notes, self._usage.read(pids), ended)

    async def stop(self) -> None:
        """Stop every task, SIGTERM first, and wait until no process is left."""
        if not self._started:
            return
        await self._scaler.stop()
        await self._memory.stop()
        await self._hooks.stop()
        self._submit(lambda now: self._scheduler.stop_all("The miniature is stopped", now))
        await self._until(
            lambda: all(life.status == "STOPPED" for life in self._scheduler.tasks.values())
        )
        for undo in self._unsubscribe:
            undo()
        self._unsubscribe.clear()
        if self._alarm is not None:
            self._alarm.cancel()
        await self._executor.stop()
        self._started = False

    # How it works.

    def _start(self) -> None:
        if self._started:
            return
        self._started = True
        self._executor.start()
        self._scaler.start()
        self._memory.start()
        self._unsubscribe = [
            self._bus.subscribe(TargetHealthChanged, self._on_health),
            self._bus.subscribe(TargetDrained, self._on_drained),
            self._bus.subscribe(AlarmStateChanged, self._on_alarm),
        ]

    async def _composed(self, blueprint: Blueprint) -> Composition:
        settings, is_confined = self._settings, await self._executor.confines()
        return await asyncio.to_thread(
            compose, blueprint, settings.containers, settings.built, settings.minute,
            is_confined=is_confined,
        )  # fmt: skip

    def _definition(self, wanted: TaskDefinition | str) -> TaskDefinition:
        if isinstance(wanted, TaskDefinition):
            return wanted
        try:
            return self._definitions[wanted]
        except KeyError:
            raise TaskError(
                f"there is no task definition {wanted}",
                remedy="name one of the definitions that are applied",
            ) from None

    def _begin(self, spec: TaskSpec, note: Callable[[str], None]) -> str:
        """Start a task. `note` gets its id before anything else happens."""
        started: list[str] = []

        def begin(now: float) -> list[m.Action]:
            task_id, actions = self._scheduler.run(spec, now)
            started.append(task_id)
            note(task_id)
            return actions

        self._submit(begin)
        return started[0]

    def _on_health(self, event: TargetHealthChanged) -> None:
        arn, task_id, state = event.target_group_arn, event.task_id, event.state
        self._submit(lambda now: self._scheduler.target_health(arn, task_id, state, now))

    def _on_drained(self, event: TargetDrained) -> None:
        arn, task_id = event.target_group_arn, event.task_id
        self._submit(lambda now: self._scheduler.target_drained(arn, task_id, now))

    def _on_alarm(self, event: AlarmStateChanged) -> None:
        name, rings = event.alarm, event.state == "ALARM"
        self._submit(lambda now: self._scheduler.alarm(name, rings=rings, now=now))

    def _scale(self, arn: str, desired: int, cause: str) -> None:
        self._submit(lambda now: self._scheduler.scale(arn, desired, cause, now))

    async def _ask(self, call: m.CallHook) -> None:
        verdict = await self._settings.hook(call)
        self._submit(lambda now: self._scheduler.hook_answered(call, verdict, now))

    def _report(self, event: m.TaskEvent) -> None:
        self._submit(lambda now: self._scheduler.handle(event, now))

    def _submit(self, decision: Decision) -> None:
        """Queue one more decision behind those in progress."""
        self._inbox.append(decision)
        if self._deciding:
            return
        self._deciding = True
        since = time.monotonic()
        try:
            while self._inbox:
                for action in self._inbox.popleft()(time.monotonic()):
                    if isinstance(action, m.CallHook):
                        self._hooks.start(self._ask(action))
                        continue
                    if isinstance(action, m.PrepareTask):
                        life = self._scheduler.tasks[action.task_id]
                        self._executor.adopt(action.task_id, life.spec)
                    self._executor.execute(action)
        finally:
            self._deciding = False
        self._standalone.settle()
        self._set_alarm(since)
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    def _set_alarm(self, since: float) -> None:
        """Set the timer, also for deadlines that passed during decisions."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        deadline = self._scheduler.deadline(since)
        if deadline is not None:
            delay = max(0.0, deadline - time.monotonic())
            self._alarm = asyncio.get_running_loop().call_later(delay, self._tick)

    def _tick(self) -> None:
        self._alarm = None
        self._submit(self._scheduler.tick)

    async def _until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            future = asyncio.get_running_loop().create_future()
            self._waiting.append(future)
            await future
