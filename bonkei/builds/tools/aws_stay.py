"""The first `aws` of a build. A copy of it stays, and forks for each later call.

    PYTHON aws_stay.py SOCKET PROGRAM …

PYTHON is the one of the command's own environment. The copy is made before the first call, so it
has loaded the command's modules, read its data, which no call changes, and done nothing else. It
listens at SOCKET for `aws_call.py`. A call in it does what it does in a process of its own.

It ends with the build, and when nobody has called for five minutes.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import selectors
import signal
import socket
import struct
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

IDLE = 300.0  # seconds
_PATIENCE = 20.0  # seconds for an order, which comes at once
_LENGTH = struct.Struct("!I")
_STATUS = struct.Struct("!i")
_KINDS = ("service-2", "paginators-1", "waiters-2", "endpoint-rule-set-1")
_FILES = ("endpoints", "partitions", "sdk-default-configuration", "_retry")


def main(place: Path, program: str, words: list[str]) -> None:
    """The first call, or in a process of its own a later one."""
    sys.path[0] = os.path.dirname(program)  # noqa: PTH120 - as if it were the command's script
    gc.disable()  # of what is loaded nothing is garbage, and to look for some is a tenth of it
    before = dict(os.environ)
    from awscli import (  # type: ignore[import-not-found]  # noqa: PLC0415
        clidriver,
        handlers,  # noqa: F401 - each call loads it, and that is half of its work
    )

    sys.argv = [program, *words]
    known = None if place.exists() else _known(words)
    gc.freeze()
    gc.enable()
    if known and os.fork() == 0:
        own = {name: text for name, text in os.environ.items() if before.get(name) != text}
        Copy(place, program, own, known).serve()
    end(clidriver.main())


def _known(words: list[str]) -> Known | None:
    """What the first call reads too; None for a version of the command that reads it otherwise."""
    try:
        known = Known()
        known.read(words)
    except (ImportError, AttributeError, TypeError):
        return None
    return known


def end(code: int | None) -> None:
    """End as a process does, but leave the memory as it is: to free it would copy all of it."""
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        sys.exit(code)  # Python says why
    os._exit((code or 0) & 0xFF)


class Known:
    """The command's own data: its lists of services, and the files that a call reads."""

    def __init__(self) -> None:
        # The command imports this name, also where the package is inside its own: under the other
        # name it would be a second module, which no call uses.
        import awscli  # noqa: PLC0415
        from botocore.loaders import (  # noqa: PLC0415
            JSONFileLoader,
            Loader,
            create_loader,
        )

        self._package = os.path.dirname(awscli.__file__)  # noqa: PTH120
        self._loader, self._files, self._make = Loader, JSONFileLoader, create_loader
        self._list, self._read = Loader.list_available_services, JSONFileLoader.load_file
        self._lists = dict[str, list[str]]()
        self._contents = dict[str, Any]()

    def read(self, words: list[str]) -> None:
        """Read what a call with these words will read."""
        folder, loader = str(self._loader.BUILTIN_DATA_PATH), self._new()
        places = list(loader._potential_locations())
        if not all(place.startswith(self._package) for place in places):
            return  # a person's models are beside them
        if not self._lists:
            self._lists = {kind: self._list(loader, kind) for kind in _KINDS}
            self._loader.list_available_services = self._listed
            self._files.load_file = self._loaded
        names = list(_FILES)
        for word in words:
            if word in self._lists[_KINDS[0]]:
                version = loader.determine_latest_version(word, _KINDS[0])
                names += [f"{word}/{version}/{kind}" for kind in _KINDS]
                break
        for path in (os.path.join(folder, name) for name in names):  # noqa: PTH118
            if path not in self._contents:
                self._contents[path] = self._read(self._files(), path)

    def _new(self) -> Any:
        return self._make(os.environ.get("AWS_DATA_PATH"))

    def _listed(self, type_name: str) -> list[str]:
        if type_name not in self._lists:
            self._lists[type_name] = self._list(self._new(), type_name)
        return list(self._lists[type_name])

    def _loaded(self, file_path: str) -> Any:
        """Once for each call: it may change what it gets."""
        return self._contents.pop(file_path, None) or self._read(self._files(), file_path)


class Copy:
    """`serve` returns in the process of a call, and never in the copy itself."""

    def __init__(self, place: Path, program: str, own: dict[str, str], known: Known) -> None:
        """`own`: the variables that the command's modules have set."""
        self._place, self._program, self._own, self._known = place, program, own, known
        self._calls = dict[int, socket.socket]()  # by the process
        self._selector: selectors.BaseSelector

    def serve(self) -> None:
        self._leave()
        self._selector = selectors.DefaultSelector()
        listener = self._listen()
        ended, wake = socket.socketpair()
        for each in (ended, wake):
            each.setblocking(False)
        signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for each in (listener, ended):
            self._selector.register(each, selectors.EVENT_READ)
        while True:
            ready = self._selector.select(None if self._calls else IDLE)
            if not ready and not self._calls:
                self._end()
            for key, _ in ready:
                source: Any = key.fileobj
                if source is ended:
                    self._reap(ended)
                elif source is not listener:
                    self._heed(source)
                elif self._begin(listener):
                    signal.set_wakeup_fd(-1)
                    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                    for each in (listener, ended, wake, *self._calls.values()):
                        each.close()
                    return

    def _listen(self) -> socket.socket:
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            listener.bind(self._place.name)
        except OSError:
            os._exit(0)  # another first call was quicker
        listener.listen(64)
        return listener

    def _end(self) -> None:
        with suppress(OSError):
            os.unlink(self._place.name)  # noqa: PTH108
        os._exit(0)

    def _leave(self) -> None:
        """Nothing of the first call is kept open by this process."""
        os.setsid()
        os.chdir(self._place.parent)
        nothing = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(nothing, number)
        os.closerange(3, 1 << 16)

    def _begin(self, listener: socket.socket) -> bool:
        """Whether this is the process of the call."""
        asked, _ = listener.accept()
        asked.settimeout(_PATIENCE)
        try:
            head, given, _, _ = socket.recv_fds(asked, _LENGTH.size, 4)
            order = json.loads(_whole(asked, _LENGTH.unpack(head)[0]))
            self._known.read(order["words"])
            gc.freeze()
            asked.sendall(b"!")  # from here on only this process does it
            child = os.fork()
        except (OSError, ValueError, struct.error):
            asked.close()
            return False
        if child:
            for each in given:
                os.close(each)
            self._calls[child] = asked
            self._selector.register(asked, selectors.EVENT_READ)
            return False
        self._selector.close()
        asked.close()
        for number, each in enumerate(given[:3]):
            os.dup2(each, number)
        os.fchdir(given[3])
        for each in given:
            os.close(each)
        os.umask(order["umask"])
        os.environ.clear()
        os.environ.update(order["variables"] | self._own)
        sys.argv = [self._program, *order["words"]]
        return True

    def _heed(self, asked: socket.socket) -> None:
        """A signal for the call. Its end when nobody waits for it any more."""
        process = next((each for each, one in self._calls.items() if one is asked), None)
        try:
            numbers = asked.recv(64)
        except OSError:
            numbers = b""
        if not numbers:
            with suppress(KeyError, ValueError):
                self._selector.unregister(asked)
        for number in numbers or (signal.SIGKILL,):
            if process is not None:
                os.kill(process, number)

    def _reap(self, ended: socket.socket) -> None:
        with suppress(BlockingIOError):
            while ended.recv(64):
                pass
        with suppress(ChildProcessError):
            while (found := os.waitpid(-1, os.WNOHANG))[0]:
                asked = self._calls.pop(found[0])
                with suppress(KeyError):
                    self._selector.unregister(asked)
                with suppress(OSError), asked:
                    asked.sendall(_STATUS.pack(found[1]))


def _whole(asked: socket.socket, length: int) -> bytes:
    text = bytearray()
    while len(text) < length:
        more = asked.recv(length - len(text))
        if not more:
            raise OSError("it has gone")
        text += more
    return bytes(text)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:])
