"""A small root file system: a shell and some programs of this machine, with their libraries."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

_PATH = re.compile(r"(/\S+) \(0x")


def fill(root: Path, programs: Sequence[str] = ("sh", "cat", "id", "ls", "sleep", "touch")) -> Path:
    """Put `programs` into `root`/bin."""
    (root / "bin").mkdir(parents=True)
    for folder in ("etc", "tmp", "srv"):
        (root / folder).mkdir(exist_ok=True)
    (root / "etc" / "passwd").write_text(
        "root:x:0:0::/root:/bin/sh\nweb:x:10001:10002::/srv:/bin/sh\n"
    )
    (root / "etc" / "group").write_text("root:x:0:\nweb:x:10002:\nother:x:10003:\n")
    for name in programs:
        program = Path(shutil.which(name) or f"/bin/{name}").resolve()
        shutil.copy(program, root / "bin" / name)
        needed = subprocess.run(["ldd", program], capture_output=True, text=True, check=False)
        for library in _PATH.findall(needed.stdout):
            place = root / library.lstrip("/")
            if not place.exists():
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(Path(library).resolve(), place)
    return root
