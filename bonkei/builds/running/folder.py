"""The folder of a build, and its removal."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path


def remove(folder: Path) -> None:
    """Remove a build's folder after its processes have ended. An overlay leaves folders there that
    even the miniature may not enter."""

    def again(_function: object, path: str, _: object) -> None:
        with suppress(OSError):
            for each in (Path(path).parent, Path(path)):
                if each.is_dir() and not each.is_symlink():
                    each.chmod(0o700)
            if Path(path).is_dir() and not Path(path).is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                Path(path).unlink()

    shutil.rmtree(folder, onerror=again)
    if folder.exists():
        shutil.rmtree(folder, ignore_errors=True)
