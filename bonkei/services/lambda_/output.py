"""The output of a function's process: two pipes, read without waiting.

Standard output and error share one pipe. Each of its lines is a log event. The other pipe holds
frames: whole messages of any number of lines, with the time of their writing.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from contextlib import suppress

MAGIC = b"\xa5\x5a\x00\x03"
_HEAD = 16  # magic, length, microseconds
_CHUNK = 64 * 1024
_TURN = 8 * 1024  # bytes in one turn of the event loop: a program may print faster than it is read
_DRAINED = 2  # chunks that a drain reads at most: more than a pipe holds
_LONGEST = 1024 * 1024  # bytes of one event; CloudWatch Logs accepts no longer one

Listener = Callable[[float, str], None]  # (Unix time, text)


class Output:
    """Use it between `open` and `close`. The child's ends are `lines` and `frames`."""

    def __init__(self, listener: Listener, clock: Callable[[], float] = time.time) -> None:
        self._listener = listener
        self._clock = clock
        self._line, self._frame = b"", bytearray()
        self._read_lines, self.lines = os.pipe()
        self._read_frames, self.frames = os.pipe()
        loop = asyncio.get_running_loop()
        for descriptor in (self._read_lines, self._read_frames):
            os.set_blocking(descriptor, False)
            loop.add_reader(descriptor, self._read_some)

    def close_child_ends(self) -> None:
        """Close the child's ends here, once the child has them."""
        for name in ("lines", "frames"):
            descriptor = getattr(self, name)
            if descriptor >= 0:
                os.close(descriptor)
                setattr(self, name, -1)

    def drain(self) -> None:
        """Read everything that the pipes hold now. Output from before an answer must precede that
        answer in the log."""
        for _ in range(_DRAINED):
            if not self._read_some(_CHUNK):
                return

    def close(self) -> None:
        """Read the rest. The last line may not be terminated."""
        self.close_child_ends()
        self.drain()
        if self._line:
            self._tell(self._line)
            self._line = b""
        loop = asyncio.get_running_loop()
        for descriptor in (self._read_lines, self._read_frames):
            loop.remove_reader(descriptor)
            with suppress(OSError):
                os.close(descriptor)

    def _read_some(self, most: int = _TURN) -> bool:
        """Whether there was output."""
        if frames := self._read(self._read_frames, most):
            self._take_frames(frames)
        if lines := self._read(self._read_lines, most):
            self._take_lines(lines)
        return bool(frames or lines)

    def _take_lines(self, data: bytes) -> None:
        *whole, self._line = (self._line + data).split(b"\n")
        for line in whole:
            self._tell(line)
        if len(self._line) > _LONGEST:
            self._tell(self._line)
            self._line = b""

    def _tell(self, line: bytes) -> None:
        self._listener(self._clock(), line.removesuffix(b"\r").decode("utf-8", "replace"))

    def _take_frames(self, data: bytes) -> None:
        self._frame += data
        while len(self._frame) >= _HEAD:
            if self._frame[:4] != MAGIC:  # not a frame of ours: kept unchanged
                self._tell(bytes(self._frame))
                self._frame.clear()
                return
            length = int.from_bytes(self._frame[4:8], "big")
            if len(self._frame) < _HEAD + length:
                return
            at = int.from_bytes(self._frame[8:16], "big") / 1e6
            text = self._frame[_HEAD : _HEAD + length].decode("utf-8", "replace")
            del self._frame[: _HEAD + length]
            self._listener(at, text.rstrip("\n"))

    @staticmethod
    def _read(descriptor: int, most: int) -> bytes:
        try:
            data = os.read(descriptor, most)
        except OSError:  # the pipe is empty now
            return b""
        if not data:  # the other end is closed: it would stay readable
            asyncio.get_running_loop().remove_reader(descriptor)
        return data
