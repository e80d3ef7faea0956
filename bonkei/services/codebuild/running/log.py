"""A build's log: for CloudWatch, the terminal and a file, bounded and without secrets."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

LARGEST = 32_000_000  # bytes that a build's log keeps
LINES = 1_000_000  # lines that it keeps: an empty one costs as much time as another
_LONGEST = 200_000  # bytes of one line; CloudWatch Logs accepts 256 KB
_TAIL = 64_000  # bytes of the end that are kept beyond the limit
_HIDDEN = "***"
_SHORTEST_SECRET = 4  # characters: a shorter one would hide words

Listener = Callable[[float, str], None]  # (Unix time, line)


class BuildLog:
    """`say` is for the agent's own lines, `feed` for the build's output. Call `close` at the
    end."""

    def __init__(
        self, file: Path, listener: Listener, clock: Callable[[], float] = time.time
    ) -> None:
        self._file: TextIO | None = None
        with suppress(OSError):  # no descriptor is left: listeners still get the lines
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = file.open("w", encoding="utf-8", errors="replace")
        self._listener = listener
        self._clock = clock
        self._secrets: tuple[str, ...] = ()
        self._rest = b""
        self._kept = 0
        self._lines = 0
        self._lost = 0
        self._tail = b""
        self.recent = ""  # the end of the running entry's output

    def hide(self, secrets: Iterable[str]) -> None:
        """Values that are credentials, or come from Parameter Store or Secrets Manager."""
        found = {line for each in secrets for line in (each, *each.splitlines())}
        known = {*self._secrets, *(each for each in found if len(each) >= _SHORTEST_SECRET)}
        self._secrets = tuple(sorted(known, key=len, reverse=True))

    def say(self, text: str) -> None:
        """A line of the agent: `[Container] 2024/04/21 21:06:52.675129 Phase is …`."""
        self.flush()
        now = self._clock()
        moment = datetime.fromtimestamp(now, UTC).strftime("%Y/%m/%d %H:%M:%S.%f")
        for line in self._clean(text).splitlines() or [""]:
            self._write(now, f"[Container] {moment} {line}", always=True)
        self._save()

    def feed(self, data: bytes) -> None:
        """A piece of output."""
        if self._is_full:
            self._lost += len(data)
            self._tail = (self._tail + data)[-_TAIL:]
            return
        *whole, self._rest = (self._rest + data).split(b"\n")
        self._print(whole)
        if len(self._rest) > _LONGEST:
            self._print_most()
        self._save()

    def flush(self) -> None:
        """A last line may have no end."""
        rest, self._rest = self._rest, b""
        if rest:
            self._print([rest])
            self._save()

    def close(self) -> None:
        self.flush()
        if self._lost:
            self._kept = self._lines = 0
            limit, lost, tail = LARGEST // 1_000_000, self._lost, self._tail
            self._lost = 0
            self.say(
                f"The log keeps {limit} MB and {LINES:,} lines; {lost} bytes were left out. The "
                "last of them:"
            )
            self._print(tail.split(b"\n")[1:])
        file, self._file = self._file, None  # the gate may still say something of its last client
        if file is not None:
            with suppress(OSError):  # a full disk: the miniature reports it elsewhere
                file.close()

    @property
    def _is_full(self) -> bool:
        return self._kept > LARGEST or self._lines > LINES

    def _print_most(self) -> None:
        """A long line without its last characters: they may be the beginning of a secret."""
        text = self._clean(self._rest.decode("utf-8", "replace"))
        cut = len(text) - max((len(each) for each in self._secrets), default=0)
        self._rest = text[cut:].encode()
        self._print([text[:cut].encode()])

    def _print(self, lines: Iterable[bytes]) -> None:
        said = [self.recent]
        for data in lines:
            for line in _pieces(self._clean(data.removesuffix(b"\r").decode("utf-8", "replace"))):
                said.append(f"{line}\n")
                self._write(self._clock(), line)
        self.recent = "".join(said)[-4096:]

    def _write(self, at: float, line: str, *, always: bool = False) -> None:
        self._kept += len(line) + 1
        self._lines += 1
        if self._is_full and not always:
            self._lost += len(line) + 1
            self._tail = (self._tail + line.encode() + b"\n")[-_TAIL:]
            return
        if self._file is not None:
            with suppress(OSError):
                self._file.write(f"{line}\n")
        self._listener(at, line)

    def _save(self) -> None:
        """Once for a piece of output, which may have a thousand lines."""
        if self._file is not None:
            with suppress(OSError):
                self._file.flush()

    def _clean(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, _HIDDEN)
        return text


def _pieces(line: str) -> Iterator[str]:
    """Of a line without secrets: one could lie on both sides of a cut."""
    if len(line) * 4 <= _LONGEST or len(data := line.encode()) <= _LONGEST:
        yield line
        return
    for start in range(0, len(data), _LONGEST):
        yield data[start : start + _LONGEST].decode("utf-8", "replace")
