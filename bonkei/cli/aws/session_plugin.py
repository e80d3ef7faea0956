"""The miniature's `session-manager-plugin`: `aws ecs execute-command` starts it.

    python -m bonkei.cli.aws.session_plugin HOME [SESSION REGION StartSession ...]

AWS's own plugin opens a channel of Systems Manager. This one starts the command itself, on the
terminal that the `aws` command has.
"""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import mkstemp

from bonkei.base.errors import BonkeiError
from bonkei.cli.typed import say

_NAME = "session-manager-plugin"


def install(home: Path, folder: Path) -> Path:
    """Write the plugin for a home as a program in `folder`, which is created. Returns `folder`."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    words = [sys.executable, "-P", "-m", "bonkei.cli.aws.session_plugin", str(home)]
    program = folder / _NAME
    text = f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n'
    with suppress(FileNotFoundError):
        if program.read_text(encoding="utf-8") == text:
            return folder
    # Several commands may begin at once.
    descriptor, draft = mkstemp(prefix=f"{_NAME}-", dir=folder)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    Path(draft).chmod(0o700)
    Path(draft).replace(program)
    return folder


def main(arguments: Sequence[str]) -> int:
    """Return the exit code that `aws` sees: 0 after a session, however its command has ended."""
    from bonkei.miniature.control.attach import attach
    from bonkei.miniature.home import Home
    from bonkei.services.ecs.api.shells import Shell

    home, *asked = arguments
    if not asked or asked[0] == "--version":  # `aws` looks whether the plugin is there
        say("The miniature's Session Manager plugin is here.")
        return 0
    try:
        session = json.loads(asked[0])
        shell, name = Shell.read(session["tokenValue"]), session["sessionId"]
    except (KeyError, TypeError, ValueError):
        say("error: this session is not one of the miniature's", err=True)
        return 1
    say(f"Starting session with SessionId: {name}")
    options = {"command": shell.command, "container": shell.container}
    try:
        attach(Home(Path(home)), "exec", shell.task, options, lambda text: say(text, err=True))
    except BonkeiError as error:
        say("\n  ".join(filter(None, (f"error: {error.message}", error.remedy))), err=True)
        return 1
    say(f"Exiting session with sessionId: {name}.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
