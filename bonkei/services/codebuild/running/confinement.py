"""Confines a build to its own folder, if the kernel allows it.

A build gets a user, a mount and a process namespace (`unshare`), and a root of its own: a list of
what it may see (`bonkei.base.processes.roots.machine`), beside its folder. What it writes elsewhere
is in that folder, and is removed with it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bonkei.base.processes.roots import enter_command, machine_root, why_not_confined

_SOCKETS = ("/run/docker.sock", "/run/containerd", "/run/podman")


@dataclass(frozen=True, slots=True)
class Confinement:
    """`why_not`: why this machine cannot confine a build; empty if it can."""

    why_not: str = ""

    @property
    def is_possible(self) -> bool:
        return not self.why_not


def confined(
    folder: Path, reads: Sequence[Path], home: Path, *, has_engine: bool, command: Sequence[str]
) -> tuple[str, ...]:
    """The command line that runs `command` confined to `folder`. `reads`: what it needs of the
    miniature. `has_engine`: a privileged project may use the machine's container engine."""
    sockets = map(Path, _SOCKETS if has_engine else ())
    root = machine_root(
        folder / "root", os.environ.get("PATH", os.defpath),
        reads=reads, writes=(folder, *sockets), home=home, is_apart=True,
    )  # fmt: skip
    return (*_unshare_command(), *enter_command(root, str(folder), command))


def _unshare_command() -> tuple[str, ...]:
    """The first command of a confined build. When it ends, every process of the build ends."""
    return (
        *(shutil.which("unshare") or "unshare", "--user", "--map-root-user", "--mount", "--ipc"),
        *("--pid", "--fork", "--kill-child=SIGKILL"),
    )


def probe(directory: Path) -> Confinement:
    """Try it in a separate folder below `directory`."""
    if shutil.which("unshare") is None:
        return Confinement("there is no `unshare` (util-linux)")
    return Confinement(why_not_confined(directory, _unshare_command()))
