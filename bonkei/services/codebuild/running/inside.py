"""The program that runs a build's entries one after another, as the miniature orders.

    python -I -S inside.py ANSWERS

If the kernel has namespaces, it is process 1 of the build's own ones, in a root of its own.

It reads orders from standard input, one JSON object in each line. It answers on the descriptor
ANSWERS, also line by line:

run    `argv`, `variables` (the whole environment), `directory`, `files` (contents by path, written
       before). It is run to its end; the answer has its `code`.
read   `path`, `most`. The answer has the file's `text`, or null.

The miniature itself opens no file of a running build, because a link might lead elsewhere. At the
end of input this program ends, and the kernel ends the remaining processes of the namespace.

It runs alone, without this package, and uses only the standard library.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from contextlib import suppress

TYPE_CHECKING = False  # typing has it, too, but takes a tenth of the start
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_PR_SET_CHILD_SUBREAPER = 36


def main(descriptor: int) -> None:
    """See the module's description."""
    if sys.platform == "linux":
        # A process that leaves its parent stays a descendant, so it can be ended.
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(descriptor, "w", encoding="utf-8", buffering=1)
    os.set_inheritable(answers.fileno(), False)
    answers.write('{"code": 0}\n')  # ready
    for line in sys.stdin:
        order = json.loads(line)
        answer = {"text": read(**order["read"])} if "read" in order else {"code": run(order["run"])}
        answers.write(json.dumps(answer) + "\n")


def read(path: str, most: int) -> str | None:
    """A file's text; None if it cannot be read or is longer than `most`."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:  # noqa: PTH123
            text = file.read(most + 1)
    except OSError:
        return None
    return text if len(text) <= most else None


def run(order: Mapping[str, Any]) -> int:
    """Run one entry to its end. Returns its exit code. The entry's background processes
    continue."""
    try:
        for path, text in order["files"].items():
            with open(path, "w", encoding="utf-8") as file:  # noqa: PTH123
                file.write(text)
    except OSError as error:
        os.write(2, f"{error.filename}: {error.strerror}\n".encode())
        return 1
    nothing = os.open(os.devnull, os.O_RDONLY)
    try:
        child = os.fork()
        if child == 0:
            _become(order, nothing)
    finally:
        os.close(nothing)
    while True:
        with suppress(ChildProcessError):
            ended, status = os.wait()
            if ended == child:
                return os.waitstatus_to_exitcode(status)
            continue
        return 1


def _become(order: Mapping[str, Any], stdin: int) -> None:
    try:
        os.setsid()
        os.dup2(stdin, 0)
        os.chdir(order["directory"])
        os.execve(order["argv"][0], order["argv"], order["variables"])  # noqa: S606
    except OSError as error:
        os.write(2, f"{order['argv'][0]}: {error.strerror}\n".encode())
    os._exit(127)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: inside.py ANSWERS")
    main(int(sys.argv[1]))
