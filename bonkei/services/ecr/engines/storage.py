"""Removes what engines have stored. An ordinary user's engine stores files of other user ids, from
the range in /etc/subuid: only in the engine's own namespace may that user remove them."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

from bonkei.base.folders import matching


def remove_storage(folder: Path) -> None:
    """Remove the storages of Podman and Buildah below the engines' folder. What cannot be removed
    stays, and the caller's own attempt names it."""
    for name in ("podman", "buildah"):
        program = shutil.which(name)
        for storage in matching(folder, f"{name}-*"):
            with suppress(PermissionError):
                shutil.rmtree(storage)
            if program is not None and storage.exists():
                command = [program, "unshare", "rm", "-rf", str(storage)]
                subprocess.run(command, capture_output=True, check=False)
