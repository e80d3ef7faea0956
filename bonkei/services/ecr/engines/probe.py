"""Which container engine works here. Each has to build an image with a step that runs a program."""

from __future__ import annotations

import os
import platform
import shutil
import struct
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

from bonkei.services.ecr.engines import commands
from bonkei.services.ecr.engines.values import Engine, NotBuilt, Order
from bonkei.services.ecr.running import Runner

ENGINES = ("docker", "podman", "buildah")
_TAG = "bonkei.local/probe:1"
_DOCKERFILE = 'FROM scratch\nCOPY --chown=10001:10001 probe /probe\nRUN ["/probe"]\n'
# exit(0), as machine code: an image from scratch has no other program.
_CODE = {
    "x86_64": (62, bytes.fromhex("31ffb83c0000000f05")),
    "aarch64": (183, bytes.fromhex("000080d2a80b80d2010000d4")),
}


class Discovery:
    """`wanted`: of bonkei.toml. `home`: the engines' folder, made when one is looked for."""

    def __init__(self, wanted: str, home: Path, runner: Runner) -> None:
        self._wanted = wanted
        self._home = home
        self._runner = runner

    async def find(self) -> Engine | NotBuilt:
        """The first engine that works, or why none does."""
        if self._wanted == "none":
            return NotBuilt('[builds] engine is "none"')
        commands.make_home(self._home)
        names = ENGINES if self._wanted == "auto" else (self._wanted,)
        reasons = []
        for name in names:
            program = shutil.which(name)
            if program is None:
                reasons.append(f"{name} is not installed")
                continue
            reason = "it cannot be set up"
            async for engine in self._candidates(name, program):
                reason = await self._try(engine)
                if not reason:
                    return await self._ready(engine)
            reasons.append(f"{name}: {reason}")
        return NotBuilt("; ".join(reasons))

    async def _candidates(self, name: str, program: str) -> AsyncIterator[Engine]:
        if name == "docker":
            if host := await self._daemon(program):
                yield commands.docker(program, host, self._home)
            return
        for each in commands.candidates(name, program, shutil.which("unshare"), self._home):
            yield each

    async def _daemon(self, program: str) -> str:
        """The address of the user's own daemon (its context, DOCKER_HOST), which is only read."""
        words = ("context", "inspect", "--format", "{{.Endpoints.docker.Host}}")
        found = await self._runner.run((program, *words), os.environ, self._home)
        return found.said[-1] if found.code == 0 and found.said else ""

    async def _ready(self, engine: Engine) -> Engine:
        if engine.is_docker:
            return engine
        if engine.name == "buildah":
            await self._runner.run(commands.tidy(engine), engine.environment, self._home)
        lines: list[str] = []
        help_ = commands.pull_help(engine)
        await self._runner.run(help_, engine.environment, self._home, lines.append)
        return replace(engine, can_retry=any("--retry " in line for line in lines))

    async def _try(self, engine: Engine) -> str:
        """Why an engine does not work; empty if it does."""
        folder = self._home / "work" / "probe"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        program = small_program()
        if program is None:
            return "it is not tried on this kind of machine"
        (folder / "probe").write_bytes(program)
        (folder / "probe").chmod(0o755)
        (folder / "Dockerfile").write_text(_DOCKERFILE, encoding="utf-8")
        line = commands.build(engine, Order(), folder, _TAG)
        outcome = await self._runner.run(line, engine.environment, self._home)
        if outcome.code:
            return outcome.reason
        await self._runner.run(commands.remove(engine, _TAG), engine.environment, self._home)
        return ""


def small_program() -> bytes | None:
    """An ELF program that exits at once; None for an unknown processor."""
    machine = {"arm64": "aarch64", "amd64": "x86_64"}.get(platform.machine(), platform.machine())
    if machine not in _CODE or sys.byteorder != "little":
        return None
    kind, code = _CODE[machine]
    size, start = 120 + len(code), 0x400000
    head = b"\x7fELF\x02\x01\x01" + bytes(9)
    head += struct.pack("<HHIQQQIHHHHHH", 2, kind, 1, start + 120, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    head += struct.pack("<IIQQQQQQ", 1, 5, 0, start, start, size, size, 0x1000)
    return head + code
