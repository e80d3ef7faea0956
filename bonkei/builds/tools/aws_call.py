"""`aws` in a build: a call of the copy that the first call has left, or the first call itself.

    python -I -S aws_call.py PROGRAM …

The command takes half a second of a processor to start, and a release calls it fifty times. So a
copy of the first one stays, and forks for each later one (`aws_stay.py`). A call gives
it everything that a process inherits: arguments, variables, folder, umask, and the three streams.
Where there is no such process, PROGRAM starts as it would without this.

It runs alone inside a build: it uses only the standard library, and of that what loads quickly.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import sys
import zlib
from contextlib import suppress

STAY = os.path.join(os.path.dirname(__file__), "aws_stay.py")  # noqa: PTH118, PTH120
_READ_EARLY = ("LANG", "LC_", "PYTHON", "LD_", "HOME", "TZ", "AWS_DATA_PATH")
_SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2)
_STREAMS = (0, 1, 2)


def main(program: str, words: list[str]) -> None:
    """Ends as the call ends: with its exit code, or by its signal."""
    folder = os.environ.get("MINIATURE_TOOLS", "")
    python = f"{os.path.dirname(program)}/python"  # noqa: PTH120
    if sys.platform != "linux" or not folder or not os.access(python, os.X_OK):
        os.execv(program, [program, *words])  # noqa: S606 - the command, as it is
    name = _name()
    if (status := _ask(folder, name, words)) is not None:
        _end(status)
    os.execv(python, [python, STAY, f"{folder}/{name}", program, *words])  # noqa: S606


def _name() -> str:
    """Of the socket. A process reads some variables only at its start, so other values of them have
    a process of their own.
    """
    early = {k: v for k, v in os.environ.items() if k.startswith(_READ_EARLY)}
    text = json.dumps([os.getuid(), sorted(early.items())])
    return f"aws-{zlib.crc32(text.encode()):08x}"


def _ask(folder: str, name: str, words: list[str]) -> int | None:
    """The status of the call; None where nobody has taken it."""
    try:
        here = os.open(".", os.O_PATH | os.O_DIRECTORY)
        for each in _STREAMS:
            os.fstat(each)
    except OSError:
        return None
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asked:
        try:
            os.chdir(folder)  # the name of a socket has at most 107 bytes
            asked.connect(name)
        except OSError:
            return None
        finally:
            os.fchdir(here)
        umask = os.umask(0)
        os.umask(umask)
        order = {"words": words, "variables": dict(os.environ), "umask": umask}
        text = json.dumps(order).encode()
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)  # until they can be handed on
        try:
            socket.send_fds(asked, [struct.pack("!I", len(text))], [*_STREAMS, here])
            asked.sendall(text)
            taken = asked.recv(1) == b"!"
        except OSError:
            taken = False  # it has just ended, and has begun nothing
        if taken:
            _hand_on_signals(asked)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        return _status(asked) if taken else None


def _hand_on_signals(asked: socket.socket) -> None:
    """A signal to this process is one to the call."""

    def hand_on(number: int, _frame: object) -> None:
        with suppress(OSError):
            asked.send(bytes([number]))

    for each in _SIGNALS:
        if signal.getsignal(each) is not signal.SIG_IGN:
            signal.signal(each, hand_on)


def _status(asked: socket.socket) -> int:
    said = b""
    while len(said) < 4:
        more = asked.recv(4 - len(said))
        if not more:
            sys.exit("aws: its process has ended from outside")
        said += more
    return int(struct.unpack("!i", said)[0])


def _end(status: int) -> None:
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        with suppress(OSError):  # nobody can ignore SIGKILL
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    sys.exit(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
