"""Whether a container engine of this machine can run tasks, where namespaces are not available.

Docker and Podman are tried by a container that ends at once. Buildah is not: `buildah run` ends its
process at SIGTERM instead of passing the signal on, so no task could stop in order.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

from bonkei.base.processes.roots import EngineRun, Root, give_image, run_command
from bonkei.services.ecr.engines import commands
from bonkei.services.ecr.engines.probe import small_program
from bonkei.services.ecr.engines.values import Engine
from bonkei.services.ecr.image_config import own_architecture
from bonkei.services.ecr.manifest import DOCKER_CONFIG, DOCKER_LAYER, DOCKER_MANIFEST

RUNNERS = ("docker", "podman")
_PATIENCE = 60.0  # seconds


class Runs:
    """`wanted`: [builds] engine. `home`: the engines' folder. What is found is kept."""

    def __init__(self, wanted: str, home: Path) -> None:
        self._wanted = wanted
        self._home = home
        self._finding = Lock()
        self._kept: tuple[Engine | None, str] | None = None
        own = hashlib.sha256(str(home).encode()).hexdigest()[:16]
        self._label = f"bonkei.home={own}"
        self._images = f"bonkei.local/run-{own}"
        self._probe = f"bonkei.local/run-probe-{own}:1"  # another home may try at the same time

    def of(self, digest: str, manifest: Path) -> EngineRun | None:
        """How an image is run; None if no engine can run it."""
        engine, _ = self._found
        if engine is None:
            return None
        image = f"{self._images}:{digest.removeprefix('sha256:')}"
        return self._run(engine, image, manifest)

    def forget(self) -> None:
        """Take the images back from the engine, after the last task, so that none stays among the
        user's own. An image in use stays until the next time."""
        engine = self._kept[0] if self._kept else None
        if engine is None:
            return
        words = ("images", "--format", "{{.Repository}}:{{.Tag}}")
        _, names = self._call((*engine.line, *words), engine.environment)
        if own := [name for name in names if name.startswith(f"{self._images}:")]:
            self._call((*engine.line, "image", "rm", *own), engine.environment)

    @property
    def why_not(self) -> str:
        """Why no engine can run tasks; empty if one can."""
        return self._found[1]

    @property
    def kind(self) -> str:
        """The engine's name; empty if none can run tasks."""
        engine, _ = self._found
        return engine.name if engine else ""

    def _run(self, engine: Engine, image: str, manifest: Path) -> EngineRun:
        return EngineRun(engine.line, engine.environment, image, str(manifest), self._label)

    @property
    def _found(self) -> tuple[Engine | None, str]:
        """The engine that was found. The event loop and the threads of builds call this."""
        with self._finding:
            if self._kept is None:
                self._kept = self._find()
            return self._kept

    def _find(self) -> tuple[Engine | None, str]:
        if sys.platform != "linux":
            return None, "a container's network is this machine's on Linux only"
        if self._wanted == "none":
            return None, '[builds] engine is "none"'
        names = RUNNERS if self._wanted == "auto" else (self._wanted,)
        reasons = []
        commands.make_home(self._home)
        for name in names:
            program = shutil.which(name)
            if name not in RUNNERS:
                reasons.append(f"{name} builds only")
            elif program is None:
                reasons.append(f"{name} is not installed")
            else:
                reason = "it does not answer"
                for engine in self._candidates(name, program):
                    reason = self._elsewhere(engine) or self._try(engine)
                    if not reason:
                        return engine, ""
                reasons.append(f"{name}: {reason}")
        return None, "; ".join(reasons)

    def _candidates(self, name: str, program: str) -> Iterator[Engine]:
        if name == "docker":
            words = ("context", "inspect", "--format", "{{.Endpoints.docker.Host}}")
            code, said = self._call((program, *words), os.environ)
            if code == 0 and said:
                yield commands.docker(program, said[-1], self._home)
            return
        for engine in commands.candidates(name, program, None, self._home):
            if engine.kind.partition(",")[0] != "chroot":  # as a container is run
                yield engine

    def _elsewhere(self, engine: Engine) -> str:
        """Whether its containers run on another machine, whose network is not this one's."""
        if not engine.is_docker:
            return ""
        if not engine.environment["DOCKER_HOST"].startswith("unix://"):
            return "its daemon is on another machine"
        words = ("info", "--format", "{{.OperatingSystem}}")
        _, said = self._call((*engine.line, *words), engine.environment)
        is_desktop = any("Docker Desktop" in line for line in said)
        return "Docker Desktop's containers run in a virtual machine" if is_desktop else ""

    def _try(self, engine: Engine) -> str:
        """Why an engine cannot run a container; empty if it can."""
        folder = self._home / "work" / "run-probe"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        program = small_program()
        if program is None:
            return "it is not tried on this kind of machine"
        manifest = _probe_image(program, folder)
        root = Root(str(folder), str(folder), 10001, 10001)
        run = self._run(engine, self._probe, manifest)
        self._sweep(engine)
        if why := give_image(run):
            return why
        line = run_command(run, root, "/", ("/probe",), {})
        code, said = self._call(line, engine.environment)
        self._call((*engine.line, "image", "rm", "--force", self._probe), engine.environment)
        return "" if code == 0 else (said or (f"exit code {code}",))[-1]

    def _sweep(self, engine: Engine) -> None:
        """Remove the containers that a killed miniature has left."""
        words = ("ps", "--all", "--quiet", "--filter", f"label={self._label}")
        _, names = self._call((*engine.line, *words), engine.environment)
        if names:
            self._call((*engine.line, "rm", "--force", "--volumes", *names), engine.environment)

    def _call(
        self, line: Sequence[str], environment: Mapping[str, str]
    ) -> tuple[int, tuple[str, ...]]:
        """The exit code, and the lines of its output."""
        try:
            done = subprocess.run(
                list(line),
                env=dict(environment),
                cwd=self._home,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                timeout=_PATIENCE,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return 124, (f"it does not answer within {_PATIENCE:.0f} seconds",)
        except OSError as error:
            return 127, (str(error.strerror),)
        return done.returncode, tuple(line for line in done.stdout.splitlines() if line.strip())


def _probe_image(program: bytes, folder: Path) -> Path:
    """An image with one program; its manifest's file, with its blobs beside it."""
    import tarfile  # noqa: PLC0415 - a miniature without images does not need it

    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        member = tarfile.TarInfo("probe")
        member.size, member.mode = len(program), 0o755
        archive.addfile(member, io.BytesIO(program))
    layer = gzip.compress(packed.getvalue(), mtime=0)
    difference = f"sha256:{hashlib.sha256(packed.getvalue()).hexdigest()}"
    document = {
        "architecture": own_architecture(),
        "os": "linux",
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": [difference]},
    }
    config = json.dumps(document).encode()

    def keep(content: bytes, kind: str) -> dict[str, Any]:
        name = hashlib.sha256(content).hexdigest()
        (folder / name).write_bytes(content)
        return {"mediaType": kind, "size": len(content), "digest": f"sha256:{name}"}

    manifest = {
        "schemaVersion": 2,
        "mediaType": DOCKER_MANIFEST,
        "config": keep(config, DOCKER_CONFIG),
        "layers": [keep(layer, DOCKER_LAYER)],
    }
    file = folder / "manifest"
    file.write_text(json.dumps(manifest), encoding="utf-8")
    return file
