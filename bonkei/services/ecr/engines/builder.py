"""One build: a context and an order in, an image out."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from secrets import token_hex
from tempfile import mkdtemp

from bonkei.base.processes.roots import EngineRun, give_image
from bonkei.services.ecr.docker.client import Client
from bonkei.services.ecr.docker.local import LocalImages
from bonkei.services.ecr.engines import commands
from bonkei.services.ecr.engines.archive import read_archive
from bonkei.services.ecr.engines.bases import base_images, rename_images
from bonkei.services.ecr.engines.probe import Discovery
from bonkei.services.ecr.engines.values import Engine, NotBuilt, Order, Saved
from bonkei.services.ecr.errors import RegistryError
from bonkei.services.ecr.layers import BYTES
from bonkei.services.ecr.names import read_reference
from bonkei.services.ecr.running import Runner, Say

AT_ONCE = 3
"""Builds at once: as many as the program pipeline has images."""


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """`wanted`: auto, none, or an engine's name. `home`: the engines' own folder. `ledger`: where
    processes are noted. `obstacle`: why tasks cannot run from built images here."""

    wanted: str
    home: Path
    ledger: Path
    obstacle: Callable[[], str]


class Builder:
    """Call `build` at any time; the first call looks for an engine."""

    def __init__(self, settings: EngineSettings) -> None:
        self._settings = settings
        self._runner = Runner(settings.ledger)
        self._discovery = Discovery(settings.wanted, settings.home, self._runner)
        self._found: Engine | NotBuilt | None = None
        self._finding = asyncio.Lock()
        self._room = asyncio.Semaphore(AT_ONCE)

    async def stop(self) -> None:
        """Call this after the last build."""
        engine = self._found
        if isinstance(engine, Engine) and engine.name == "podman":
            line = commands.end_helper(engine)
            await self._runner.run(line, engine.environment, self._settings.home)
        self._runner.stop()

    @property
    def is_strict(self) -> bool:
        """Whether bonkei.toml names the engine: then nothing is packaged instead."""
        return self._settings.wanted not in ("auto", "none")

    async def engine(self) -> Engine | NotBuilt:
        async with self._finding:
            if self._found is None:
                self._runner.start()
                self._found = await self._find()
            return self._found

    async def _find(self) -> Engine | NotBuilt:
        if self._settings.wanted == "auto":
            why = await asyncio.to_thread(self._settings.obstacle)
            if why:
                return NotBuilt(f"tasks could not run from its image: {why}")
        return await self._discovery.find()

    def work_folder(self) -> Path:
        """A new folder for one build; `forget` removes it."""
        work = self._settings.home / "work"
        work.mkdir(parents=True, exist_ok=True, mode=0o700)
        return Path(mkdtemp(prefix="build-", dir=work))

    async def forget(self, folder: Path) -> None:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def build(
        self, engine: Engine, order: Order, context: Path, work: Path, say: Say
    ) -> Saved | NotBuilt:
        """Raises RegistryError when a step fails. NotBuilt when a base image cannot be had."""
        async with self._room:
            login = {"REGISTRY_AUTH_FILE": str(self._log_in(order, work))}
            variables = {**engine.environment, **order.proxies, **login}
            allowed = replace(engine, environment=variables)
            own: dict[str, str] = {}
            try:
                for image in base_images(context / "Dockerfile", order.build_arguments):
                    if why := await self._have(allowed, order, image, work, own, say):
                        return NotBuilt(f"{engine.name} could not get {image}: {why}")
                if own:
                    rename_images(context / "Dockerfile", order.build_arguments, own)
                    order = replace(order, pull=False)  # done
                tag = f"bonkei.local/build:{token_hex(8)}"
                return await self._carry_out(allowed, order, context, work, tag, say)
            finally:
                for name in own.values() if engine.is_docker else ():
                    await self._runner.run(commands.remove(engine, name), variables, work)

    async def _have(
        self,
        engine: Engine,
        order: Order,
        image: str,
        work: Path,
        own: dict[str, str],
        say: Say,
    ) -> str:
        """Why a base image cannot be had; empty: the engine has it, or pulls it itself. `own`: the
        names that images of this registry get there."""
        if not _is_ecr(image):
            is_pulled = order.pull or not engine.is_docker
            return await self._ensure(engine, order, image, work, say) if is_pulled else ""
        if engine.is_docker:
            name, why = await self._give(engine, order, image, work)
        else:
            # Also one that is there: its tag may have moved, and it is near.
            name = f"{order.place}/{image.partition('/')[2]}"
            line = commands.pull_ours(engine, name)
            outcome = await self._runner.run(line, engine.environment, work)
            why = outcome.reason if outcome.code else ""
        own[image] = name
        return why

    async def _give(self, engine: Engine, order: Order, image: str, work: Path) -> tuple[str, str]:
        """An image of this registry for Docker's daemon, which may not reach it: its name there,
        and why it cannot be had."""
        name = f"bonkei.local/base:{token_hex(8)}"
        kept = LocalImages(work / "bases")
        client = Client(f"http://{order.place}", order.authorization)
        try:
            await asyncio.to_thread(client.pull, read_reference(image), name, kept)
        except RegistryError as error:
            return name, error.message
        manifest = work / "bases" / "blobs" / kept.images()[name].removeprefix("sha256:")
        run = EngineRun(engine.line, engine.environment, name, str(manifest), "")
        return name, await asyncio.to_thread(give_image, run)

    def _log_in(self, order: Order, work: Path) -> Path:
        """The build's login, for the engine: in a file, because all users can see a command
        line."""
        user = order.authorization.partition(" ")[2]
        logins = {order.place: {"auth": user}} if user else {}
        file = work / "auth.json"
        file.touch(mode=0o600)
        file.write_text(json.dumps({"auths": logins}), encoding="utf-8")
        return file

    async def _carry_out(
        self, engine: Engine, order: Order, context: Path, work: Path, tag: str, say: Say
    ) -> Saved:
        say(f"built by {engine.name} ({engine.kind})")
        line = commands.build(engine, order, context, tag)
        outcome = await self._runner.run(line, engine.environment, work, say)
        if outcome.code:
            raise RegistryError("UNKNOWN", f"failed to build: {outcome.reason}")
        try:
            archive = work / "image.tar"
            saved = await self._runner.run(
                commands.save(engine, tag, archive), engine.environment, work
            )
            if saved.code:
                raise RegistryError("UNKNOWN", f"the image cannot be saved: {saved.reason}")
            if archive.stat().st_size > BYTES:
                raise RegistryError("SIZE_INVALID", f"the image has more than {BYTES >> 30} GiB")
            blobs = work / "blobs"
            blobs.mkdir()
            return await asyncio.to_thread(read_archive, archive, blobs)
        finally:
            await self._runner.run(commands.remove(engine, tag), engine.environment, work)

    async def _ensure(self, engine: Engine, order: Order, image: str, work: Path, say: Say) -> str:
        """Fetch a base image. Returns why it is not available; empty if it is."""

        async def done(line: list[str]) -> tuple[bool, str]:
            outcome = await self._runner.run(line, engine.environment, work)
            return outcome.code == 0, outcome.reason

        is_there, _ = await done(commands.has(engine, image))
        if is_there and not order.pull:
            return ""
        is_new, reason = await done(commands.pull(engine, image))
        if is_new:
            return ""
        if is_there:
            say(f"{image} cannot be pulled ({reason}): the one of an earlier build is used")
            return ""
        return reason


def _is_ecr(image: str) -> bool:
    try:
        return read_reference(image).is_ecr
    except RegistryError:
        return False
