"""The declared resources in MiniStack: created once it runs, and checked at each change."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path

from bonkei.base.errors import BonkeiError
from bonkei.services.endpoint.backing.process import LOCK, MiniStack
from bonkei.services.endpoint.provision.provisioner import MADE, Provisioner, read_made
from bonkei.services.endpoint.provision.reconcile import has_made
from bonkei.services.endpoint.provision.step import S3Step, Thing
from bonkei.services.endpoint.provision.store import MiniStackStore
from bonkei.services.endpoint.settings import CloudSettings

_START = 30.0
"""Seconds for a start of the store."""

Environments = Callable[[Path], Awaitable[Path]]
"""Creates the virtual environment for a lock file, and returns its place."""


class DeclaredResources:
    """Call `start` first, `apply` with the resources of each blueprint, and always `stop`.

    `failure`: why MiniStack does not run. `notes`: how the resources differ from the declared ones.
    """

    def __init__(
        self,
        settings: CloudSettings,
        store: MiniStack,
        environments: Environments,
        report: Callable[[str], None],
    ) -> None:
        self._settings = settings
        self._store = store
        self._environments = environments
        self._report = report
        self._made_file = settings.directory / MADE
        self._starting: asyncio.Task[None] | None = None
        self._making: asyncio.Task[None] | None = None
        self._due = asyncio.Event()
        self.notes: tuple[str, ...] = ()
        self.failure = ""

    def start(self) -> None:
        """MiniStack starts in the background, or when it is called if all has been created."""
        self._starting = asyncio.create_task(self._start_store())

    async def apply(self, things: Sequence[Thing], *, check_later: bool = False) -> None:
        """Create what is missing. At a start without changes, or with `check_later`, what is there
        is checked later, in the background. If the store has failed, the endpoint reports it to
        callers.
        """
        self._due.set()
        before = self._making
        if before is not None:
            await asyncio.wait({before})
        may_wait = before is None or check_later
        if may_wait and not self.notes and has_made(things, read_made(self._made_file)):
            # Everything exists since the last time. Only calls wait for the store.
            self._due.clear()
            self._making = asyncio.create_task(self._check(things))
        else:
            await self._make(things)

    def check(self) -> None:
        """Check now what was left for later: no caller waits any more."""
        self._due.set()

    async def take(self, step: S3Step, region: str) -> tuple[str, str]:
        """The code and the message of the step's error; both are empty when it succeeded."""
        async with self._opened() as store:
            return await store.take(step, region)

    async def stop(self) -> None:
        tasks = [task for task in (self._making, self._starting) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _start_store(self) -> None:
        try:
            environment = await self._environments(LOCK)
            is_first = not self._made_file.exists()
            await self._store.start(environment / "bin" / "python", at_once=is_first)
        except BonkeiError as error:
            self.failure = error.message
        except OSError as error:
            self.failure = f"the store behind the AWS endpoint cannot be started: {error}"

    async def _check(self, things: Sequence[Thing]) -> None:
        """When the start or the apply is over, or before the next change."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._settings.check_after):
                await self._due.wait()
        try:
            await self._make(things, self._report)
        except (
            OSError
        ) as error:  # a full disk: nothing awaits this, and the next apply checks again
            self.notes = (f"the declared resources were not checked: {error}",)
            self._report(self.notes[0])

    async def _make(
        self, things: Sequence[Thing], report: Callable[[str], None] = lambda _: None
    ) -> None:
        """`report` gets the differences if no caller waits for them."""
        if self._starting is not None:
            await asyncio.wait({self._starting})
        if not self.failure and not await self._store.wait_until_ready(_START):
            self.notes = ("the store behind the AWS endpoint does not answer",)
        elif not self.failure:
            async with self._opened() as store:
                self.notes = await Provisioner(store, self._made_file).reconcile(things)
            self._store.save()
        for note in (self.failure, *self.notes):
            if note:
                report(note)

    def _opened(self) -> MiniStackStore:
        settings = self._settings
        return MiniStackStore(self._store, settings.account, settings.definitions)
