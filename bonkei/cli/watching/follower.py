"""Carries changes out, one round after another. Failures stay on the screen."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Protocol

from bonkei.base.errors import BonkeiError
from bonkei.cli.machine import explain
from bonkei.cli.watching.meaning import Round
from bonkei.cli.watching.screen import Screen

if TYPE_CHECKING:
    from bonkei.definitions.terraform.reports.changes import PlanSummary
import threading


class System(Protocol):
    """The running miniature and its definitions. Methods block, and raise a BonkeiError. After
    `restart`, `refresh` and `follow` the miniature goes on, whether or not this program waits."""

    def restart(self, service: str, report: Callable[[str], None]) -> None: ...

    def refresh(self, service: str) -> None:
        """Let its running tasks read their files again."""
        ...

    def reread(self) -> bool:
        """Read bonkei.toml again. Returns whether it names other definitions or variables."""
        ...

    def is_current(self) -> bool:
        """Whether the definitions equal the applied ones."""
        ...

    def plan(self) -> PlanSummary: ...

    def apply(self) -> str:
        """Returns a line about the changes."""
        ...

    def follow(self, report: Callable[[str], None]) -> None:
        """Let the miniature follow what is applied."""
        ...


DEFINITIONS, SETTINGS = "definitions", "bonkei.toml"
_TO_ASK = 1.0  # seconds until the miniature has heard a question


class Follower:
    """Carries rounds out. `applies` means that changed definitions are applied at once. `has_keys`
    means that a person can press a key. `forget_keys` drops keys that were pressed before a plan
    was shown, because they do not mean that plan."""

    def __init__(
        self,
        system: System,
        screen: Screen,
        *,
        applies: bool,
        has_keys: bool,
        forget_keys: Callable[[], None] = lambda: None,
    ) -> None:
        self._system = system
        self._screen = screen
        self._applies = applies
        self._has_keys = has_keys
        self._forget_keys = forget_keys
        self._again = Round()
        self._unfollowed = False  # the miniature is not healthy with what is applied
        self._has_asked = False  # it, in this round
        self.waits = False  # a plan waits for the key

    async def follow(self, found: Round) -> bool:
        """Returns whether the definitions were applied. Earlier failures are tried again with
        them."""
        self._screen.changed(found.files)
        again, self._again = self._again, Round()
        unfollowed, self._has_asked = self._unfollowed, False
        services = dict.fromkeys((*again.services, *found.services))
        definitions = found.definitions or again.definitions
        if found.settings and await self._settings():
            definitions = True
        applied = definitions and await self._definitions()
        for service in services:
            await self._restart(service)
        for service in dict.fromkeys((*again.refreshed, *found.refreshed)):
            if service not in services:
                await self._refresh(service)
        if unfollowed and not self._has_asked:
            applied = await self._try(DEFINITIONS, self._follow_again)
        self._screen.remaining()
        return bool(applied)

    async def apply(self) -> bool:
        """The plan that was shown, or the present definitions."""
        self.waits = False
        done = await self._try_to_apply()
        self._screen.remaining()
        return done

    async def _restart(self, service: str) -> None:
        self._screen.line(f"  restarting {service}")
        restart = partial(self._system.restart, service, _silent)
        if not await self._done(service, restart, "restarted", "runs it"):
            self._again = replace(self._again, services=(*self._again.services, service))

    async def _refresh(self, service: str) -> None:
        refresh = partial(self._system.refresh, service)
        if not await self._done(service, refresh, "refreshed", "has read it"):
            self._again = replace(self._again, refreshed=(*self._again.refreshed, service))

    async def _done(self, service: str, act: Callable[[], None], event: str, words: str) -> bool:
        began = time.monotonic()
        if not await self._try(service, partial(abandonable, act)):
            return False
        seconds = time.monotonic() - began
        text = f"  ✓ {service} {words}, {seconds:.1f} s"
        self._screen.event(event, text, service=service, seconds=round(seconds, 2))
        return True

    async def _settings(self) -> bool:
        """Returns whether a plan may be another one by them."""
        others: list[bool] = []

        def reread() -> None:
            others.append(self._system.reread())

        if not await self._try(SETTINGS, partial(asyncio.to_thread, reread)):
            return False
        self._screen.event(
            "settings", "  bonkei.toml: definitions, variables and folders of containers take "
            "effect at the next apply, all else at the next start",
        )  # fmt: skip
        return any(others)

    async def _definitions(self) -> bool:
        """Show the plan, and apply it if requested. Returns whether it was applied."""
        self.waits = False
        plans: list[PlanSummary] = []

        def look() -> None:
            if not self._system.is_current():
                plans.append(self._system.plan())

        if not await self._try(DEFINITIONS, partial(asyncio.to_thread, look)):
            self._again = replace(self._again, definitions=True)
            return False
        changing = [plan for plan in plans if not plan.is_empty]
        if not changing:
            self._screen.event("unchanged", "  the definitions have no effective change")
            return False
        [plan] = changing
        self._forget_keys()
        self._screen.event("planned", plan.render(), plan=plan.as_dict())
        if self._applies:
            return await self._try_to_apply()
        self.waits = self._has_keys
        self._screen.line(
            "  Press a to apply it." if self._has_keys else "  Apply it with `bonkei apply`."
        )
        return False

    async def _try_to_apply(self) -> bool:
        self._unfollowed = False
        done = await self._try(DEFINITIONS, self._apply)
        if not done and not self._unfollowed:  # Terraform refused
            self._again = replace(self._again, definitions=True)
        return done

    async def _apply(self) -> None:
        began = time.monotonic()
        line = await self._applied()
        await self._following()
        seconds = time.monotonic() - began
        self._screen.event("applied", f"  ✓ {line} {seconds:.1f} s", seconds=round(seconds, 2))

    async def _applied(self) -> str:
        applying = asyncio.create_task(asyncio.to_thread(self._system.apply))
        try:
            return await asyncio.shield(applying)
        except asyncio.CancelledError:  # Ctrl-C: Terraform ends first, and is not in vain
            [done] = await asyncio.gather(applying, return_exceptions=True)
            if isinstance(done, str):
                with suppress(TimeoutError, BonkeiError):
                    async with asyncio.timeout(_TO_ASK):
                        await self._following()
            raise

    async def _follow_again(self) -> None:
        began = time.monotonic()
        await self._following()
        seconds = time.monotonic() - began
        self._screen.event(
            "applied", f"  ✓ what was applied runs, {seconds:.1f} s", seconds=round(seconds, 2)
        )

    async def _following(self) -> None:
        self._unfollowed = self._has_asked = True
        await abandonable(partial(self._system.follow, self._screen.line))
        self._unfollowed = False

    async def _try(self, what: str, act: Callable[[], Awaitable[None]]) -> bool:
        """Returns whether it succeeded. A failure is kept until it is fixed."""
        try:
            await act()
        except BonkeiError as error:
            self._screen.failed(what, error)
            return False
        except OSError as error:  # a file that cannot be read, or that has gone just now
            self._screen.failed(what, explain(error) or BonkeiError(str(error)))
            return False
        self._screen.mended(what)
        return True


def _silent(_text: str) -> None:
    """Drop progress that is not shown."""


async def abandonable(act: Callable[[], None]) -> None:
    """Run it in a thread, as `asyncio.to_thread`. But Ctrl-C does not wait for its end: a tasks'
    replacement may take minutes, and only the miniature's answer is missed."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()

    def finish(error: BaseException | None) -> None:
        if ended.done():  # cancelled
            return
        if error is None:
            ended.set_result(None)
        else:
            ended.set_exception(error)

    def run() -> None:
        error: BaseException | None = None
        try:
            act()
        except BaseException as caught:
            error = caught
        with suppress(RuntimeError):  # the loop is closed: nothing waits
            loop.call_soon_threadsafe(finish, error)

    threading.Thread(target=run, daemon=True).start()
    await ended
