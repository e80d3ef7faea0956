"""CodePipeline: it carries commands out, keeps the books, and starts the runners.

A command's result is on disk before any part of it is done or answered. After a SIGKILL the next
start reads the books, and each action in progress continues as its runner prescribes
(`AfterRestart`).
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from bonkei.base.aws_service import AwsServiceError
from bonkei.base.errors import BonkeiError
from bonkei.base.events import ServiceEvent
from bonkei.blueprint.codepipeline import Pipeline, PipelineAction
from bonkei.services.codepipeline.core import answers, commands
from bonkei.services.codepipeline.core.commands import Command
from bonkei.services.codepipeline.core.structure import restructure
from bonkei.services.codepipeline.core.values import (
    AbandonAction,
    ActionRun,
    Book,
    Changed,
    Effect,
    Execution,
    Finished,
    StartAction,
)
from bonkei.services.codepipeline.events import event
from bonkei.services.codepipeline.lookup import (
    action_of,
    digest,
    failure,
    find_run,
    is_job,
    under_way,
)
from bonkei.services.codepipeline.record import Record
from bonkei.services.codepipeline.runners import ActionRunner, ActionWork

Runners = Mapping[tuple[str, str], ActionRunner]
"""The runners by category and provider, as in an action's type."""
PASSING = "rehearsal-"
"""How the ids of executions begin that a rehearsal starts. The book does not keep them."""
_LONGEST_SLEEP = 60.0
_AGAIN = 5.0  # seconds before a full disk is tried again
_ENDED = "The miniature ended while the action ran, and nothing says how far it came"


@dataclass(frozen=True, slots=True)
class Around:
    """`publish`: sends to EventBridge. `changed`: is called when a pipeline's book has changed."""

    runners: Runners
    publish: Callable[[ServiceEvent], None]
    report: Callable[[str], None]
    changed: Callable[[str], None] = lambda _: None


@dataclass(slots=True)
class _Kept:
    """A pipeline, its book, and the book's place on disk."""

    pipeline: Pipeline
    book: Book
    record: Record


class Pipelines:
    """Call `follow` with each blueprint. `start` lets time pass. Always call `stop`. `clock`: Unix
    seconds."""

    def __init__(
        self,
        directory: Path,
        around: Around,
        clock: Callable[[], float] = time.time,
        mint: Callable[[], str] = lambda: str(uuid.uuid4()),
    ) -> None:
        self._directory = directory
        self._around = around
        self._clock = clock
        self._mint = mint
        self._kept: dict[str, _Kept] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._ticking: asyncio.Task[None] | None = None
        self._earlier = asyncio.Event()

    # The declared pipelines.

    def follow(self, declared: Sequence[Pipeline], *, are_new: bool) -> None:
        """Follow the declared pipelines. `are_new`: pipelines that were unknown before have just
        been created, so each of them starts once, as on AWS."""
        names = {each.name for each in declared}
        for gone in self._kept.keys() - names:
            self._carry_out(gone, restructure(""))
            del self._kept[gone]
        for pipeline in declared:
            is_known = pipeline.name in self._kept
            if is_known:
                self._kept[pipeline.name].pipeline = pipeline
            else:
                record = Record(self._directory / pipeline.name)
                kept = _Kept(pipeline, record.read(), record)
                self._kept[pipeline.name] = kept
                for left in [e.id for e in kept.book.executions if e.id.startswith(PASSING)]:
                    self.forget(pipeline.name, left)
            structure = digest(pipeline)
            kept = self._kept[pipeline.name]
            is_created = not kept.book.structure
            if kept.book.structure != structure:
                self._carry_out(pipeline.name, restructure(structure))
            if not is_known:
                self._resume(pipeline.name)
                if are_new and is_created:
                    self._carry_out(pipeline.name, commands.start("CreatePipeline"))

    def start(self) -> None:
        """Let time-outs come due from now on."""
        self._ticking = asyncio.create_task(self._tick())

    async def stop(self) -> None:
        """Actions in progress stay unchanged. The next start continues with them."""
        tasks = [*self._tasks.values(), *([self._ticking] if self._ticking is not None else [])]
        self._tasks.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # Requests.

    @property
    def all(self) -> tuple[Pipeline, ...]:
        """The pipelines by name."""
        return tuple(self._kept[name].pipeline for name in sorted(self._kept))

    def pipeline(self, name: str) -> Pipeline:
        """Raises AwsServiceError."""
        return self._find(name).pipeline

    def book(self, name: str) -> Book:
        """Raises AwsServiceError."""
        return self._find(name).book

    def do(self, name: str, command: Command) -> str:
        """Carry a command out. Returns the id of its execution. Raises AwsServiceError."""
        self._find(name)
        return self._carry_out(name, command)

    def begin_passing(self, name: str, command: Command) -> str:
        """The same for an execution of a rehearsal, whose id says what it is. The caller forgets
        it, or else the next start does."""
        self._find(name)
        return self._carry_out(name, command, lambda: f"{PASSING}{self._mint()}")

    def forget(self, name: str, execution_id: str) -> None:
        """As if there had been no such execution. Raises AwsServiceError."""
        kept = self._find(name)
        execution = kept.book.find(execution_id)
        if execution is not None and execution.is_running:
            self._carry_out(name, commands.stop(execution_id, "", abandon=True))
        before = kept.book
        rest = tuple(each for each in before.executions if each.id != execution_id)
        kept.book = replace(before, executions=rest)
        kept.record.write(before, kept.book)
        self._around.changed(name)

    def finish_job(self, action_id: str, finished: Finished) -> None:
        """The result of an action that waits for a caller's answer. Raises AwsServiceError."""
        for name, kept in self._kept.items():
            found = find_run(kept.book, action_id)
            if found is not None and is_job(kept.pipeline, *found):
                self._carry_out(name, answers.finish(action_id, finished))
                return
        raise AwsServiceError("JobNotFoundException", f"There is no job {action_id}")

    # How it is done.

    def _find(self, name: str) -> _Kept:
        try:
            return self._kept[name]
        except KeyError:
            raise AwsServiceError(
                "PipelineNotFoundException", f"The account does not have a pipeline {name}"
            ) from None

    def _carry_out(self, name: str, command: Command, mint: Callable[[], str] | None = None) -> str:
        kept, now = self._kept[name], self._clock()
        before = kept.book
        book, effects, id_ = commands.run(kept.pipeline, before, now, mint or self._mint, command)
        kept.record.write(before, book)
        kept.book = book
        for effect in effects:
            self._take(kept, effect, now)
        if effects:
            self._around.changed(name)
            self._earlier.set()
        return id_

    def _take(self, kept: _Kept, effect: Effect, now: float) -> None:
        match effect:
            case StartAction():
                self._begin(kept, effect.execution_id, effect.action_id)
            case AbandonAction(action_id):
                task = self._tasks.pop(action_id, None)
                if task is not None:
                    task.cancel()
            case Changed():
                found = event(kept.pipeline, kept.book, effect, now)
                if found is not None:
                    self._around.publish(found)

    def _begin(self, kept: _Kept, execution_id: str, action_id: str) -> None:
        task = asyncio.get_running_loop().create_task(self._run(kept, execution_id, action_id))
        self._tasks[action_id] = task

    async def _run(self, kept: _Kept, execution_id: str, action_id: str) -> None:
        """Run one action to its end. It begins after its command has been answered."""
        name = kept.pipeline.name
        work = self._work(kept, execution_id, action_id)
        if work is None:
            return
        finished: Finished | None
        try:
            finished = await self._runner(work.action).run(work)
        except AwsServiceError as error:
            finished = failure(error.code, error.message)
        except BonkeiError as error:
            finished = failure("JobFailed", error.message)
        except Exception as error:  # a runner's bug is the action's failure, with the bug's message
            self._around.report(f"pipeline {name}: {work.action.name}: {error!r}")
            finished = failure("InternalError", f"The miniature failed: {error!r}")
        self._tasks.pop(action_id, None)
        if finished is not None:
            await self._conclude(name, action_id, finished)

    async def _conclude(self, name: str, action_id: str, finished: Finished) -> None:
        """Keep the action's result, as soon as the disk accepts it."""
        while name in self._kept:
            try:
                self._carry_out(name, answers.finish(action_id, finished))
            except OSError as error:
                self._around.report(f"pipeline {name}: its book cannot be written: {error}")
                await asyncio.sleep(_AGAIN)
            else:
                return

    def _work(self, kept: _Kept, execution_id: str, action_id: str) -> ActionWork | None:
        execution, found = kept.book.find(execution_id), find_run(kept.book, action_id)
        if execution is None or found is None:
            return None
        stage, run = found
        in_stage = execution.stage_run(stage)
        declared = next(each for each in kept.pipeline.stages if each.name == stage)
        action = action_of(declared, run, in_stage)
        name = kept.pipeline.name

        def note(external_id: str, url: str, summary: str) -> None:
            if name not in self._kept:
                return
            try:
                self._carry_out(name, answers.note(action_id, external_id, url, summary))
            except OSError as error:  # the action itself goes on
                self._around.report(f"pipeline {name}: its book cannot be written: {error}")

        override = next((each for each in execution.overrides if each.action == run.name), None)
        return ActionWork(kept.pipeline, action, run, execution_id, stage, override, note)

    def _runner(self, action: PipelineAction) -> ActionRunner:
        found = self._around.runners.get((action.category, action.provider))
        if found is None or action.owner != "AWS":
            raise AwsServiceError(
                "NotSimulated",
                f"actions of {action.category} by {action.provider} ({action.owner}) are not "
                "simulated",
            )
        return found

    def _resume(self, name: str) -> None:
        """Actions that were in progress when an earlier run ended, and executions that it could no
        longer move: SIGKILL may come between two files of a book."""
        kept = self._kept[name]
        for execution in kept.book.executions:
            for run in under_way(execution):
                self._continue(kept, execution, run)
        self._carry_out(name, answers.tick())

    def _continue(self, kept: _Kept, execution: Execution, run: ActionRun) -> None:
        work = self._work(kept, execution.id, run.id)
        rule = "fail"
        with suppress(AwsServiceError):
            if work is not None:
                rule = self._runner(work.action).after_restart
        if rule == "again" or (rule == "follow" and (run.external_id or run.token)):
            self._begin(kept, execution.id, run.id)
        else:
            self._carry_out(
                kept.pipeline.name, answers.finish(run.id, failure("JobFailed", _ENDED))
            )

    async def _tick(self) -> None:
        while True:
            now = self._clock()
            due = [
                expires for kept in self._kept.values()
                for _, expires in answers.deadlines(kept.book)
            ]  # fmt: skip
            self._earlier.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(min([_LONGEST_SLEEP, *(d - now for d in due)])):
                    await self._earlier.wait()
            try:
                self._time_out()
            except OSError as error:
                self._around.report(f"pipelines: time-outs cannot be written: {error}")
                await asyncio.sleep(_AGAIN)

    def _time_out(self) -> None:
        for name in tuple(self._kept):
            if any(d <= self._clock() for _, d in answers.deadlines(self._kept[name].book)):
                self._carry_out(name, answers.tick())
