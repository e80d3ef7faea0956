"""The command: joins the rounds and the follower."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bonkei.cli.context import Context, pass_context
from bonkei.cli.watching.screen import Screen

if TYPE_CHECKING:
    from bonkei.cli.watching.meaning import Watched
    from bonkei.config import Config
    from bonkei.definitions.terraform.reports.changes import PlanSummary


@click.command()
@click.option("--apply", "applies", is_flag=True, help="Apply changed definitions without asking.")
@click.option("--json", "as_json", is_flag=True, help="Each event as a line of JSON.")
@pass_context
def watch(context: Context, applies: bool, as_json: bool) -> None:
    """Make the running miniature follow each saved file, until Ctrl-C.

    A changed program: its services get new tasks, as `bonkei restart` does, and no request is
    dropped. A file that the program reads again by itself (`reads_again` in bonkei.toml): its
    tasks read it, and nothing is restarted. Changed definitions, or a function's source: the plan
    is shown, and `a` applies it. An error stays on the screen until you fix it; the tasks
    from before keep serving.
    """
    from bonkei.miniature.home import MiniatureError
    from bonkei.miniature.lock import is_running

    if not is_running(context.home):
        raise MiniatureError("no miniature runs here", remedy="start it with `bonkei up`")
    with suppress(KeyboardInterrupt):
        asyncio.run(_watch(context, Screen(as_json, context.config.root), applies))
    if not as_json:
        click.echo("\nno longer watching; the miniature runs on")


_OF_A_PLAN = ("definitions", "roots", "variable_files", "existing", "remote_states", "modules")
"""The settings that may change one."""


class _Miniature:
    """The running one."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def look(self) -> Watched:
        from bonkei import blueprint
        from bonkei.cli.watching.meaning import watched

        workspace, config = self._context.workspace, self._context.config
        found = blueprint.read(workspace.state())
        return watched(found, config, workspace.read_places())

    def restart(self, service: str, report: Callable[[str], None]) -> None:
        from bonkei.miniature import asking

        asking.restart(self._context.home, service, report)

    def refresh(self, service: str) -> None:
        from bonkei.miniature import asking
        from bonkei.miniature.home import MiniatureError
        from bonkei.miniature.log_files.record import read

        answers = read(service, "container", asking.refresh(self._context.home, service))
        for record in answers:
            if record.is_at_least("WARNING"):
                raise MiniatureError(record.message, remedy="the old files are still served")

    def reread(self) -> bool:
        before = self._context.config

        def of_this_home(now: Config) -> Config:
            return replace(
                now, home=before.home, workspace=before.workspace, account_id=before.account_id
            )

        context = self._context.renewed(of_this_home)
        now = context.config
        self._context = context
        return any(getattr(now, name) != getattr(before, name) for name in _OF_A_PLAN)

    def is_current(self) -> bool:
        return self._context.workspace.is_current()

    def plan(self) -> PlanSummary:
        return self._context.workspace.plan()

    def apply(self) -> str:
        return f"{self._context.workspace.apply(lambda _text: None).render()}."

    def follow(self, report: Callable[[str], None]) -> None:
        from bonkei.miniature import asking

        asking.reload(self._context.home, report)


async def _watch(context: Context, screen: Screen, applies: bool) -> None:
    from bonkei.cli.watching import triggers
    from bonkei.cli.watching.follower import Follower
    from bonkei.cli.watching.meaning import meaning

    system = _Miniature(context)
    pressed: asyncio.Queue[str] = asyncio.Queue()
    with triggers.keys(pressed) as has_keys:
        follower = Follower(
            system, screen, applies=applies, has_keys=has_keys,
            forget_keys=lambda: triggers.empty(pressed),
        )  # fmt: skip
        watched = await asyncio.to_thread(system.look)
        async with Rounds(watched, pressed) as rounds:
            _introduce(screen, watched)  # from now on no change is missed
            async for changed, keys in rounds:
                await triggers.wait_for_git(context.config.root)
                applied = "a" in keys and follower.waits and await follower.apply()
                files = changed | rounds.more()
                if watched.prepared:
                    files = await asyncio.to_thread(saved, files, watched, context.home.path)
                found = meaning(files, watched)
                applied |= bool(found) and await follower.follow(found)
                if applied or found.settings:  # other services may run from other folders now
                    before, watched = watched, await asyncio.to_thread(system.look)
                    await rounds.watch(watched)
                    if applied or watched != before:
                        _introduce(screen, watched)


def saved(changed: frozenset[Path], watched: Watched, home: Path) -> frozenset[Path]:
    """Without what the preparation of a folder has written: its tasks run that already."""
    from bonkei.services.ecs.execution.folders import is_ready

    made = [each.directory for each in watched.prepared if is_ready(each, home)]
    return frozenset(
        path for path in changed if not any(path.is_relative_to(folder) for folder in made)
    )


def _introduce(screen: Screen, watched: Watched) -> None:
    names = sorted({name for names in watched.programs.values() for name in names})
    folders = [str(folder) for folder in sorted(watched.folders)]
    programs = ", ".join(names) or "no service"
    text = f"Watching the definitions and the programs of {programs}. Ctrl-C ends it."
    screen.event("watching", text, folders=folders, services=names)


class Rounds:
    """Changes and keys, as they come. Those that come during a round form the next one."""

    def __init__(self, watched: Watched, pressed: asyncio.Queue[str]) -> None:
        self._first = watched
        self._pressed = pressed
        self._changed: asyncio.Queue[frozenset[Path]] = asyncio.Queue()
        self._places: tuple[frozenset[Path], ...] = ()
        self._readers: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Rounds:
        await self.watch(self._first)
        return self

    async def __aexit__(self, *_: object) -> None:
        await _end(self._readers)

    async def watch(self, watched: Watched) -> None:
        """Other places, from now on. The changes so far are kept."""
        from bonkei.cli.watching import triggers

        if self._places == (watched.folders, watched.files):
            return  # a reader that goes on misses nothing
        self._places = folders, files = watched.folders, watched.files
        before, self._readers = self._readers, []
        for found in (triggers.changes(folders), triggers.looks(files)):
            self._readers.append(asyncio.create_task(self._read(found)))
        await asyncio.sleep(0)  # each begins to watch in its first step
        await _end(before)

    async def _read(self, found: AsyncIterator[frozenset[Path]]) -> None:
        async for changed in found:
            self._changed.put_nowait(changed)

    def more(self) -> frozenset[Path]:
        """The changes since then."""
        found: frozenset[Path] = frozenset()
        while not self._changed.empty():
            found |= self._changed.get_nowait()
        return found

    async def __aiter__(self) -> AsyncIterator[tuple[frozenset[Path], str]]:
        while True:
            change = asyncio.create_task(self._changed.get())
            key = asyncio.create_task(self._pressed.get())
            waiting = [change, key, *self._readers]
            done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in (change, key):
                if task not in done:
                    task.cancel()
            for reader in [each for each in self._readers if each in done]:
                reader.result()  # its error
                self._readers.remove(reader)
            yield (
                change.result() if change in done else frozenset(),
                key.result() if key in done else "",
            )


async def _end(readers: Sequence[asyncio.Task[None]]) -> None:
    for reader in readers:
        reader.cancel()
    await asyncio.gather(*readers, return_exceptions=True)
