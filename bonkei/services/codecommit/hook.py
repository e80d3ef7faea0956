"""A git hook that notes each push in its own file in the repository.

So pushes over HTTP and pushes to the folder itself are treated alike. A push with
`_BONKEI_UNNOTICED` in its environment is not noted: `bonkei pipeline run` starts the pipeline.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bonkei.base.folders import bytes_of, matching

UNNOTICED = "_BONKEI_UNNOTICED"
_PUSHES = "bonkei-pushes"
_BYTES = 1_000_000
_SCRIPT = f"""\
#!/bin/sh
# Written by Bonkei: notes what was pushed.
[ -n "${UNNOTICED}" ] && exit 0
noted="${{GIT_DIR:-.}}/{_PUSHES}/$(date +%s%N).$$"
cat >"$noted.new" && mv "$noted.new" "$noted.done"
exit 0
"""
NOTHING = "0" * 40


@dataclass(frozen=True, slots=True)
class Push:
    """A reference that was pushed. `before` is NOTHING for a new one, `after` for a removed one."""

    repository: str
    reference: str
    before: str
    after: str

    @property
    def branch(self) -> str:
        """The name of the branch; empty if the reference is not a branch."""
        return self.reference.removeprefix("refs/heads/") if self.is_branch else ""

    @property
    def is_branch(self) -> bool:
        return self.reference.startswith("refs/heads/")


def write_hook(repository: Path) -> None:
    """Install the hook."""
    hook = repository / "hooks" / "post-receive"
    hook.parent.mkdir(exist_ok=True)
    (repository / _PUSHES).mkdir(exist_ok=True)
    with os.fdopen(os.open(hook, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o700), "w") as file:
        file.write(_SCRIPT)


def take_pushes(repository: Path, name: str) -> tuple[Push, ...]:
    """The pushes since the last call, oldest first. What the machine refuses to read now (it has
    no descriptor left) stays for a later call."""
    pushes: list[Push] = []
    with suppress(OSError):
        for file in matching(repository / _PUSHES, "*.done"):
            text = (bytes_of(file) or b"")[:_BYTES].decode("utf-8", "replace")
            file.unlink(missing_ok=True)
            words = [line.split(" ", 2) for line in text.splitlines()]
            pushes += [Push(name, each[2], each[0], each[1]) for each in words if len(each) == 3]
    return tuple(pushes)
