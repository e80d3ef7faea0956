"""`aws` in a build: a call of the copy that the first call has left, or the first call itself.

    python -I -S aws_call.py PROGRAM …

The command takes half a second of a processor to start, and a release calls it fifty times. So a
copy of the first one stays, and forks for each later one (`aws_stay.py`). A call gives
it everything that a process inherits: arguments, variables, folder, umask, and the three streams.
Where there is no such process, PROGRAM starts as it would without this.

It runs alone inside a build, and does little: what it imports is most of what it costs. So it uses
the modules below `signal` and `socket`, and no others.
"""

import _signal  # type: ignore[import-not-found]
import _socket
import os
import sys

_READ_EARLY = (
    *(b"LANG", b"LC_", b"PYTHON", b"LD_", b"HOME=", b"TZ="),
    *(b"AWS_DATA_PATH=", b"AWS_NEW_RETRIES", b"BOTO_DISABLE_CRT="),
)
_SIGNALS = (
    *(_signal.SIGHUP, _signal.SIGINT, _signal.SIGTERM, _signal.SIGUSR1, _signal.SIGUSR2),
)  # fmt: skip
_STREAMS = (0, 1, 2)


def main(program: str, words: list[str]) -> None:
    """Ends as the call ends: with its exit code, or by its signal."""
    folder = os.environ.get("MINIATURE_TOOLS", "")
    python = f"{os.path.dirname(program)}/python"  # noqa: PTH120
    if sys.platform != "linux" or not folder or not os.access(python, os.X_OK):
        os.execv(program, [program, *words])  # noqa: S606 - the command, as it is
    variables = [name + b"=" + text for name, text in os.environb.items()]
    name = _name(variables)
    if (status := _ask(folder, name, words, variables)) is not None:
        _end(status)
    stay = f"{os.path.dirname(__file__)}/aws_stay.py"  # noqa: PTH120
    os.execv(python, [python, stay, f"{folder}/{name}", program, *words])  # noqa: S606


def _name(variables: list[bytes]) -> str:
    """Of the socket. A process reads some variables only at its start, so other values of them have
    a process of their own.
    """
    early = sorted(each for each in variables if each.startswith(_READ_EARLY))
    text = b"\0".join((b"%d" % os.getuid(), *early))
    return f"aws-{int.from_bytes(text, 'big') % ((1 << 61) - 1):x}"  # needs no module


def _ask(folder: str, name: str, words: list[str], variables: list[bytes]) -> int | None:
    """The status of the call; None where nobody has taken it."""
    try:
        here = os.open(".", os.O_PATH | os.O_DIRECTORY)
        for each in _STREAMS:
            os.fstat(each)
    except OSError:
        return None
    asked = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        os.chdir(folder)  # the name of a socket has at most 107 bytes
        asked.connect(name)
    except OSError:
        return None
    finally:
        os.fchdir(here)
    umask = os.umask(0)
    os.umask(umask)
    text = b"\0".join((b"%d" % umask, b"%d" % len(words), *map(os.fsencode, words), *variables))
    given = b"".join(each.to_bytes(4, sys.byteorder) for each in (*_STREAMS, here))
    rights = [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, given)]
    _signal.pthread_sigmask(_signal.SIG_BLOCK, _SIGNALS)  # until they can be handed on
    try:
        asked.sendmsg([len(text).to_bytes(4, "big")], rights)
        asked.sendall(text)
        taken = asked.recv(1) == b"!"
    except OSError:
        taken = False  # it has just ended, and has begun nothing
    if taken:
        _hand_on_signals(asked)
    _signal.pthread_sigmask(_signal.SIG_UNBLOCK, _SIGNALS)
    return _status(asked) if taken else None


def _hand_on_signals(asked: _socket.socket) -> None:
    """A signal to this process is one to the call."""

    def hand_on(number: int, _frame: object) -> None:
        try:  # noqa: SIM105 - suppress would be one module more
            asked.send(bytes([number]))
        except OSError:
            pass

    for each in _SIGNALS:
        if _signal.getsignal(each) != _signal.SIG_IGN:
            _signal.signal(each, hand_on)


def _status(asked: _socket.socket) -> int:
    said = b""
    while len(said) < 4:
        more = asked.recv(4 - len(said))
        if not more:
            sys.exit("aws: its process has ended from outside")
        said += more
    return int.from_bytes(said, "big", signed=True)


def _end(status: int) -> None:
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        try:  # noqa: SIM105
            _signal.signal(number, _signal.SIG_DFL)
        except OSError:  # nobody can ignore SIGKILL
            pass
        os.kill(os.getpid(), number)
    sys.exit(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
