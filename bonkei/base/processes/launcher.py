"""A tiny program that ties a child to its parent, gives up privileges, and becomes the command.

    python -I -S launcher.py PARENT SIGNAL UID GID COMMAND [ARGUMENT …]

It runs in the child after `exec`, where code can run safely. A `preexec_fn` would run between fork
and exec, where another thread's locks may be held forever. UID and GID are -1 to keep the current
ones. Exit codes are a shell's: 126: the command could not be executed; 127: not found.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def launch_command(
    command: Sequence[str], *, ending: int, uid: int | None = None, gid: int | None = None
) -> list[str]:
    """The command line that starts `command`. When this process dies, the command gets the signal
    `ending`.

    The kernel watches the thread that starts it: start it from a thread that lives as long as the
    process (the event loop's).
    """
    rights = [str(-1 if value is None else value) for value in (uid, gid)]
    program = [sys.executable, "-I", "-S", __file__, str(os.getpid()), str(int(ending))]
    return [*program, *rights, *command]


def _tie_to_parent(parent: int, ending: int) -> Callable[[], None]:
    """Return a function that requests the signal `ending` at the parent's death. It exists only on
    Linux; elsewhere the watchdog alone ends the process."""
    if sys.platform != "linux":
        return lambda: None
    import ctypes  # noqa: PLC0415 - slow to load, and needed here only

    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def tie() -> None:
        prctl(_PR_SET_PDEATHSIG, ending, 0, 0, 0)
        if os.getppid() != parent:  # it died before we asked
            os._exit(1)

    return tie


def _reset_signals() -> None:
    """Restore signals that this process ignores or blocks (a shell's `&`, nohup)."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _become(command: Sequence[str]) -> None:
    try:
        os.execvp(command[0], list(command))  # noqa: S606 - that is what a launcher does
    except OSError as error:
        sys.stderr.write(f"{command[0]}: {error.strerror}\n")
        sys.stderr.flush()
        os._exit(127 if isinstance(error, FileNotFoundError) else 126)


def main(arguments: Sequence[str]) -> None:
    """See the module's description."""
    parent, ending, uid, gid = (int(value) for value in arguments[:4])
    tie = _tie_to_parent(parent, ending)  # before the change of user: it imports
    if gid >= 0:
        os.setgroups([])
        os.setgid(gid)
    if uid >= 0:
        os.setuid(uid)
    # After the change of user, because the kernel forgets the request when credentials change.
    tie()
    _reset_signals()
    _become(arguments[4:])


if __name__ == "__main__":
    main(sys.argv[1:])
