"""A process that outlives the supervisor just long enough to end its children.

Its standard input is lines:

    watch PROCESS_GROUP SIGNAL GRACE_SECONDS
    forget PROCESS_GROUP

At their end every watched group gets its signal, and SIGKILL if it still exists after its grace.
`watchdog.sh` reads them from a pipe that only the supervisor holds, and starts this program when
that one is gone. So it imports little, to begin at once. `guard` has the supervisor's end.
"""

from __future__ import annotations

import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:  # `typing` alone takes half a megabyte
    import signal
    from collections.abc import Iterable
else:  # what is behind it: its enums take nearly a megabyte
    import _signal as signal

_POLL = 0.02  # seconds


def _signal_group(group: int, number: int) -> bool:
    """Send the signal. Returns whether the group still existed."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    except PermissionError:  # macOS: the group has only zombies
        return False
    return True


def read_orders(lines: Iterable[str]) -> dict[int, tuple[int, float]]:
    """Return the groups still watched after the last line: group -> (signal, grace in seconds)."""
    watched: dict[int, tuple[int, float]] = {}
    for line in lines:
        match line.split():
            case ["watch", group, number, grace]:
                watched[int(group)] = (int(number), float(grace))
            case ["forget", group]:
                watched.pop(int(group), None)
    return watched


def end_groups(watched: dict[int, tuple[int, float]]) -> None:
    """Signal every group, and send SIGKILL to those that remain after their grace period."""
    began = time.monotonic()
    remaining = {g: grace for g, (number, grace) in watched.items() if _signal_group(g, number)}
    while remaining:
        for group, grace in tuple(remaining.items()):
            if not _signal_group(group, 0):
                del remaining[group]
            elif time.monotonic() - began >= grace:
                _signal_group(group, signal.SIGKILL)
                del remaining[group]
        time.sleep(_POLL)


def main() -> None:
    """See the module's description."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    end_groups(read_orders(sys.stdin))


if __name__ == "__main__":
    main()
