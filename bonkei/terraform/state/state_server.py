"""Terraform's state over HTTP, for the time of one run.

The local backend writes the whole state after each resource: with two hundred resources that is
half of an apply's work. A remote state is written every 20 seconds and at the end, and the HTTP
backend is the simplest remote one. (What the miniature has in its state exists nowhere else, so
nothing is orphaned if Terraform is killed in between.)

Listens on loopback; the password is new each time and reaches Terraform in its environment.
"""

from __future__ import annotations

import secrets
import socket
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bonkei.serving import Serving

_USER = "terraform"


class StateServer:
    """A context manager; `environment`: the settings for Terraform's http backend.

    It listens at once, and answers from `serve` on: Terraform can start meanwhile.
    """

    def __init__(self, file: Path, *, reads_twice: bool = False) -> None:
        """`reads_twice`: as the library does, when it opens the backend and when it begins an
        operation, which starts from what was read last. So the first answer is that there is none:
        decoding a state of 259 resources takes a tenth of a second."""
        self._password = secrets.token_urlsafe(32)
        self._state = State(file, readable=not reads_twice)
        self._serving: Serving | None = None

    def __enter__(self) -> StateServer:
        self._listening = socket.create_server(("127.0.0.1", 0))
        return self

    def serve(self) -> None:
        """Load what answers, and let it answer."""
        from bonkei.serving import Serving  # noqa: PLC0415 -- slow to load, as the next one
        from bonkei.terraform.state.state_requests import Requests  # noqa: PLC0415

        requests = Requests(self._listening, self._state, f"{_USER}:{self._password}")
        self._serving = Serving(requests, "state")
        self._serving.start()

    def __exit__(self, *_: object) -> None:
        """Raises OSError when the disk still refuses Terraform's last state."""
        if self._serving is None:
            self._listening.close()
        else:
            self._serving.stop()
        self._state.settle()

    @property
    def environment(self) -> dict[str, str]:
        """The backend's settings, as the variables that it reads."""
        return {
            "TF_HTTP_ADDRESS": f"http://127.0.0.1:{self._listening.getsockname()[1]}/state",
            "TF_HTTP_USERNAME": _USER,
            "TF_HTTP_PASSWORD": self._password,
        }


class State:
    """The file, and the state that the disk refused.

    After an error Terraform would write the whole state, with its secrets, to another file or the
    terminal. So Terraform gets no error; the user gets it at the end.
    """

    def __init__(self, file: Path, *, readable: bool) -> None:
        self._file = file
        self._held: bytes | None = None
        self._readable = readable
        self._was_read = False

    def read(self) -> bytes | None:
        if not self._readable:
            self._readable = True
            return None
        self._was_read = True
        if self._held is not None:
            return self._held
        return self._file.read_bytes() if self._file.is_file() else None

    def write(self, content: bytes) -> bool:
        """False for a state that does not continue the one that is there."""
        if not self._was_read and self._file.is_file():
            return False
        self._held = content
        with suppress(OSError):
            self.settle()
        return True

    def delete(self) -> None:
        self._held = None
        self._file.unlink(missing_ok=True)

    def settle(self) -> None:
        """Write the state that is not in the file yet."""
        if self._held is not None:
            _write(self._file, self._held)
            self._held = None


def _write(file: Path, content: bytes) -> None:
    draft = file.with_suffix(".draft")
    try:
        draft.touch(mode=0o600)
        draft.write_bytes(content)
        draft.replace(file)
    except OSError as error:  # which names no file when it is the writing that fails
        raise OSError(error.errno, error.strerror, str(file)) from error
