"""The supervisor's messages: to the terminal, and into its log (`bonkei logs bonkei`)."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

_LARGEST = 1024 * 1024  # bytes; at a start, a larger file is replaced by a new one
_TOKEN = re.compile(r"(?<=[?&]token=)[^\s&#]+")


class Journal:
    """Logs each report, and passes it to `echo` until `be_quiet`. An address with a token opens the
    console, so only the terminal gets it."""

    def __init__(self, file: Path, echo: Callable[[str], None]) -> None:
        self._echo: Callable[[str], None] | None = echo
        file.parent.mkdir(mode=0o700, exist_ok=True)
        if file.exists() and file.stat().st_size > _LARGEST:
            file.replace(file.with_name(f"{file.name}.1"))
        self._file = file.open("ab", buffering=0)

    def __call__(self, text: str) -> None:
        """Print and log a message. A closed terminal or a full disk is not an error, because the
        miniature must be able to stop."""
        try:
            if self._echo is not None:
                self._echo(text)
        except OSError:
            self.be_quiet()
        self.keep(text)

    def keep(self, text: str) -> None:
        """Write only to the log. Each line has its time, like the containers' lines."""
        time = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        known = _TOKEN.sub("••••", text)
        lines = [f"{time} {line}\n" for line in known.splitlines() if line.strip()]
        with suppress(OSError):
            self._file.write("".join(lines).encode())

    def be_quiet(self) -> None:
        """Stop printing: the terminal is gone."""
        self._echo = None

    def close(self) -> None:
        self._file.close()
