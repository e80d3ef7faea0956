"""A command's side: it asks the running miniature, and waits for the answer.

It imports little: most commands do nothing else.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from errno import ENOENT
from pathlib import Path
from typing import Any

from bonkei.miniature.control.protocol import LOG, Report
from bonkei.miniature.control.socket_file import find_socket
from bonkei.miniature.home import Home, MiniatureError
from bonkei.miniature.lock import holder

STATE = "/proc/{}/stat"  # on Linux
AT_ONCE = 30.0  # seconds for an answer that needs no work, however busy the machine is


def call(
    home: Home,
    name: str,
    report: Report = lambda _: None,
    *,
    service: str = "",
    arguments: Mapping[str, Any] | None = None,
    limit: float = 300.0,
) -> Any:
    """Call the miniature that runs from `home`, and wait up to `limit` seconds for each line.
    Raises MiniatureError if it does not answer or refuses."""
    with borrow(home, name, report, service=service, arguments=arguments, limit=limit) as (made, _):
        return made


@contextmanager
def borrow(
    home: Home,
    name: str,
    report: Report = lambda _: None,
    *,
    service: str = "",
    arguments: Mapping[str, Any] | None = None,
    limit: float = 300.0,
) -> Iterator[tuple[Any, socket.socket]]:
    """Like `call`. The lent resources are ours in the `with` block. If the miniature takes them
    back, the connection ends earlier."""
    _require_awake(home)
    request = {"call": name, "service": service, "arguments": dict(arguments or {})}
    with socket.socket(socket.AF_UNIX) as connection:
        for answer in _answers(connection, home, request, limit):
            if "progress" in answer:
                report(str(answer["progress"]))
            elif "error" in answer:
                raise MiniatureError(str(answer["error"]), remedy=str(answer.get("remedy", "")))
            else:
                result = answer["result"]
                break
        else:
            raise MiniatureError(
                "the miniature ended before it answered",
                remedy=LOG,
            )
        connection.settimeout(None)
        yield result, connection


def _require_awake(home: Home) -> None:
    """Ctrl-Z does not end a miniature. It only stops its answers."""
    process = holder(home)
    if process is not None and _is_suspended(process):
        raise MiniatureError(
            f"the miniature is suspended (process {process}), as by Ctrl-Z",
            remedy=f"let it go on: `fg` in its terminal, or kill -CONT {process}",
        )


def _is_suspended(process: int) -> bool:
    """Without psutil where possible: its import takes longer than the whole call."""
    try:
        about = Path(STATE.format(process)).read_text(encoding="utf-8", errors="replace")
        return about.rpartition(") ")[2].startswith("T")  # the name may have parentheses, too
    except OSError:
        import psutil  # noqa: PLC0415

        with suppress(psutil.Error):
            return bool(psutil.Process(process).status() == psutil.STATUS_STOPPED)
        return False


def _answers(
    connection: socket.socket, home: Home, request: Mapping[str, Any], limit: float
) -> Iterator[dict[str, Any]]:
    connection.settimeout(limit)
    try:
        path = find_socket(home)
        if path is None:
            raise FileNotFoundError(ENOENT, "it does not listen")
        connection.connect(str(path))
        connection.sendall(json.dumps(request).encode() + b"\n")
        with connection.makefile("r", encoding="utf-8") as lines:
            for line in lines:
                if not line.endswith("\n"):
                    return  # it was killed in the middle of its answer
                yield json.loads(line)
    except TimeoutError:
        raise MiniatureError(
            f"the miniature did not answer within {limit:.0f} s",
            remedy="read its log with `bonkei logs bonkei`, and try again",
        ) from None
    except OSError as error:
        if process := holder(home):
            raise MiniatureError(
                f"the miniature (process {process}) cannot be reached: {error.strerror}",
                remedy="it may just be starting or stopping; see `bonkei logs bonkei`",
            ) from None
        raise MiniatureError("no miniature runs here", remedy="start it with `bonkei up`") from None
