"""`python -m bench.terraform_ready FILE`: a provider that does nothing, in place of the real one.

It has the answer to every call of one operation ready, as the real one gave it before:
BENCH_ANSWERS names the file. Where that file is not there yet, the real provider answers, and the
file is written. What Terraform takes with ready answers is what no provider can save.
"""

from __future__ import annotations

import asyncio
import json
import os
import pickle
import runpy
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from pathlib import Path

from bonkei.definitions.provider.plugin import calls
from bonkei.definitions.provider.plugin.protocol import message

_FILE = Path(os.environ["BENCH_ANSWERS"])
_CONFIGURE = "/tfplugin6.Provider/ConfigureProvider"
_Key = tuple[str, str, bytes, bytes]
"""The provider's socket and its configuration, the method and the request."""


class _Remembered(calls.Connection):
    """Answers from `answers`, or with the real methods, whose answers it keeps there."""

    answers: dict[_Key, bytes]
    lock = threading.Lock()
    """One answer for equal requests, also of threads: a random value is in later requests, too."""

    def __init__(
        self,
        methods: Mapping[str, Callable[[bytes], bytes]],
        paths: dict[bytes, str],
        pool: Executor | None,
    ) -> None:
        self._configuration = b""
        super().__init__({path: self._method(path, methods[path]) for path in methods}, paths, pool)

    def _method(self, path: str, real: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
        def answer(request: bytes) -> bytes:
            if path == _CONFIGURE:
                self._configuration = request
            name = Path(str(self._transport.get_extra_info("sockname"))).name
            key = name, path, self._configuration, request
            with self.lock:
                if key not in self.answers:
                    self.answers[key] = real(request)
            return self.answers[key]

        return answer


def _record() -> None:
    _Remembered.answers = {}

    end = os._exit

    def write_and_end(code: int) -> None:
        _FILE.write_bytes(pickle.dumps(_Remembered.answers))
        end(code)

    vars(os)["_exit"] = write_and_end
    vars(calls)["Connection"] = _Remembered
    runpy.run_module("bonkei.definitions.provider", run_name="__main__")


def _unknown(path: str) -> Callable[[bytes], bytes]:
    operation = path.rpartition("/")[2]

    def answer(request: bytes) -> bytes:
        asked = message(f"{operation}.Request").FromString(request)
        raise LookupError(f"{operation} had no answer ready: {asked}"[:2_000])

    return answer


async def _replay(sockets: list[socket.socket]) -> None:
    loop = asyncio.get_running_loop()
    methods = {path: _unknown(path) for _, path, _, _ in _Remembered.answers}
    paths: dict[bytes, str] = {}
    for each in sockets:
        await loop.create_unix_server(lambda: _Remembered(methods, paths, None), sock=each)
    await loop.run_in_executor(None, sys.stdin.buffer.read)


def main() -> None:
    """Serve until the input ends, as the real one."""
    if not _FILE.exists():
        _record()
        return
    # Written by this program a moment ago, in a directory of the measurement.
    _Remembered.answers = pickle.loads(_FILE.read_bytes())  # noqa: S301
    document = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    asyncio.run(_replay([socket.socket(fileno=each) for each in document["sockets"].values()]))
    os._exit(0)


if __name__ == "__main__":
    main()
