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
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

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
