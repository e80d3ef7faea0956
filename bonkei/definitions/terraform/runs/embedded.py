"""Terraform inside this process: `python embedded.py LIBRARY ARGUMENTS` is `terraform ARGUMENTS`.

Run as a file, in a process of its own: the library is Go, with a runtime and signal handling that
nothing else should share. With `--ahead` alone it loads the library, and then reads its arguments
from standard input, with a zero byte behind each. It ends where there are none. Its last line of
output is then a zero byte and its exit code: it frees its memory for 30 ms after that.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
from types import FrameType

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_RUN = b"run"
_AHEAD = "--ahead"


def main(library: str, arguments: list[str]) -> int:
    """Run one Terraform command and return its exit code."""
    _end_with_parent()
    terraform = _loaded(library)
    if arguments == [_AHEAD]:
        given = sys.stdin.buffer.read().split(b"\0")[:-1]
        if not given:
            return 1
        output = os.dup(sys.stdout.fileno())  # the library closes its own
        code = _run(terraform, given)
        os.write(output, b"\0%d\n" % code)
        return code
    return _run(terraform, [each.encode() for each in arguments])


def _run(terraform: ctypes.CDLL, given: list[bytes]) -> int:
    argv = (ctypes.c_char_p * len(given))(*given)
    result: list[int] = []
    worker = threading.Thread(
        target=lambda: result.append(terraform.RunCliWithCancel(_RUN, len(given), argv, 1, 2)),
        daemon=True,
    )

    def cancel(_signal: int, _frame: FrameType | None) -> None:
        terraform.CancelCli(_RUN)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, cancel)
    worker.start()
    while worker.is_alive():
        worker.join(timeout=0.2)  # in slices, so that this thread can handle signals
    return result[0] if result else 1


def _loaded(library: str) -> ctypes.CDLL:
    terraform = ctypes.CDLL(library)
    number, text = ctypes.c_int64, ctypes.c_char_p
    terraform.RunCliWithCancel.argtypes = (text, number, ctypes.POINTER(text), number, number)
    terraform.CancelCli.argtypes = (text,)
    return terraform


def _end_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


if __name__ == "__main__":
    code = main(sys.argv[1], sys.argv[2:])
    sys.stdout.flush()
    os._exit(code)  # Go's threads have nothing to say to Python's shutdown
