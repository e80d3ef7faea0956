"""The program that becomes a container engine's client, and leaves a guard.

    python -I -S attend.py ORDER CLIENT run [OPTION …] IMAGE [ARGUMENT …]

ORDER is JSON: `line` (how the engine's commands begin) and `name` (of the container). A container
lives on when its client is killed, so a child waits for the client's end and removes what is left
then.

It runs alone, without this package: only the standard library.
"""

from __future__ import annotations

import json
import os
import select
import sys
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

_NOT_MADE = 125


def main(order: Mapping[str, Any], command: Sequence[str]) -> NoReturn:
    """See the module's description."""
    try:
        _leave_a_guard([*order["line"], "rm", "--force", "--volumes", order["name"]])
        os.execv(command[0], list(command))  # noqa: S606 - that is what it is for
    except OSError as error:
        said = f"this machine's container engine cannot run it: {error}\n"
        os.write(2, said.encode())
        os._exit(_NOT_MADE)


def _leave_a_guard(remove: Sequence[str]) -> None:
    """The guard gets its own session, so that a signal to this process's group does not end it."""
    client = os.pidfd_open(os.getpid())
    if os.fork():
        os.close(client)
        return
    try:
        os.setsid()
        nothing = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(nothing, number)
        waiting = select.poll()
        waiting.register(client, select.POLLIN)
        waiting.poll()
        os.execv(remove[0], list(remove))  # noqa: S606 - as above
    finally:
        os._exit(1)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit("usage: attend.py ORDER CLIENT run …")
    main(json.loads(sys.argv[1]), sys.argv[2:])
