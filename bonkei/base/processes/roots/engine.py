"""The command lines of a process that a container engine starts in its image's files.

For machines that have no namespaces for us, and a container engine that has. The process shares
this machine's network, as one that has entered its root does.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import resource
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from bonkei.base.processes.roots.values import EngineRun, Mount, Root

_ATTEND = Path(__file__).with_name("attend.py")
_OPTIONS = (
    "--rm", "--network", "host", "--pull", "never", "--log-driver", "none", "--no-healthcheck",
    "--security-opt", "no-new-privileges", "--security-opt", "label=disable",
    "--cap-drop", "MKNOD", "--cap-drop", "SYS_CHROOT", "--cap-drop", "AUDIT_WRITE",
)  # fmt: skip


def container_name(root: Root) -> str:
    """Derive the container's name from the folder that the process writes to, because each process
    has its own."""
    return f"bonkei-{hashlib.sha256(root.scratch.encode()).hexdigest()[:24]}"


def run_command(
    run: EngineRun, root: Root, directory: str, command: Sequence[str], given: Mapping[str, str]
) -> tuple[str, ...]:
    """Run `command` in a new container of an image that the engine has, at `directory`. The caller
    gives the process the variables `given` and those of the engine. Exit codes are those of
    `enter_command`. A signal to the process is the container's; when it is killed, the container
    is removed."""
    name = container_name(root)
    program, *words = command
    options = [
        *_OPTIONS, *_files_limit(), "--name", name, "--label", run.label,
        "--user", f"{root.uid}:{root.gid}", "--workdir", directory, "--entrypoint", program,
        *(["--read-only"] if root.read_only else []),
        *(word for mount in root.mounts for word in ("--mount", _mount(mount))),
        *_variables(run, given),
    ]  # fmt: skip
    order = {"line": run.line, "name": name}
    ended = (*run.line, "run", *options, run.image, *words)
    return (sys.executable, "-I", "-S", str(_ATTEND), json.dumps(order), *ended)


def exec_command(
    run: EngineRun, root: Root, directory: str, command: Sequence[str], given: Mapping[str, str]
) -> tuple[str, ...]:
    """Run `command` beside the container's own process. The variables are passed as in
    `run_command`."""
    where = ("--workdir", directory, *_variables(run, given), container_name(root))
    return (*run.line, "exec", *where, *command)


def _variables(run: EngineRun, given: Mapping[str, str]) -> list[str]:
    """Pass variables by name only, because everyone can read the values on a command line. The
    engine's own ones (PATH, HOME and the like) are not secrets."""
    return [
        word
        for name, value in given.items()
        for word in ("--env", f"{name}={value}" if name in run.environment else name)
    ]


def _files_limit() -> tuple[str, ...]:
    """Use this process's own limit: engines ask for a higher one, and may not get it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return ("--ulimit", f"nofile={soft}:{hard}")


def _mount(mount: Mount) -> str:
    """Write the mount as a line of comma-separated values, which both engines read."""
    line = io.StringIO()
    fields = ["type=bind", f"source={mount.source}", f"target={mount.target}"]
    csv.writer(line, lineterminator="").writerow(fields + ["readonly"] * mount.read_only)
    return line.getvalue()


_PATIENCE = 600.0  # seconds


def give_image(run: EngineRun) -> str:
    """Load the image into the engine unless it already has it. Returns the reason why that failed,
    or an empty text. Call it in a thread: a large image takes long."""
    import tarfile  # noqa: PLC0415 - a miniature without images has no use for it

    there = [*run.line, "image", "inspect", run.image]
    environment = dict(run.environment)
    try:
        asked = subprocess.run(
            there, env=environment, capture_output=True, timeout=_PATIENCE, check=False
        )
        return _load(run) if asked.returncode else ""
    except subprocess.TimeoutExpired:
        return f"it does not answer within {_PATIENCE:.0f} seconds"
    except (OSError, ValueError, KeyError, tarfile.TarError) as error:
        return str(error)


def _load(run: EngineRun) -> str:
    loading = subprocess.Popen(
        [*run.line, "load"],
        env=dict(run.environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        assert loading.stdin is not None  # noqa: S101 - a pipe was asked for
        with suppress(BrokenPipeError):  # it says why
            write_archive(Path(run.manifest), run.image, loading.stdin)
        with suppress(BrokenPipeError):
            loading.stdin.close()
        loading.stdin = None
        said, _ = loading.communicate(timeout=_PATIENCE)
    finally:
        loading.kill()
        loading.wait()
    lines = said.decode("utf-8", "replace").strip().splitlines() or ["it says nothing"]
    return lines[-1][:400] if loading.returncode else ""


def write_archive(manifest: Path, image: str, to: IO[bytes]) -> None:
    """Write the archive that `docker save` would write: "Docker Image Specification v1.2"."""
    import tarfile  # noqa: PLC0415 - as above

    found = json.loads(manifest.read_bytes())
    layers = [each["digest"].partition(":")[2] for each in found["layers"]]
    config = found["config"]["digest"].partition(":")[2]
    entry = {
        "Config": f"{config}.json",
        "RepoTags": [image],
        "Layers": [f"{layer}.tar" for layer in layers],
    }
    files = {f"{config}.json": config, **{f"{layer}.tar": layer for layer in layers}}
    with tarfile.open(fileobj=to, mode="w|", format=tarfile.PAX_FORMAT) as archive:
        for name, blob in files.items():
            archive.add(manifest.with_name(blob), name, recursive=False)
        text = json.dumps([entry]).encode()
        member = tarfile.TarInfo("manifest.json")
        member.size = len(text)
        archive.addfile(member, io.BytesIO(text))
