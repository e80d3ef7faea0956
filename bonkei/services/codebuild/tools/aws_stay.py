"""The first `aws` of a build. A copy of it stays, and forks for each later call.

    PYTHON aws_stay.py SOCKET PROGRAM …

PYTHON is the one of the command's own environment. The copy is made before the first call, so it
has loaded the command's modules, and has made what is the same for every call. It listens at SOCKET
for `aws_call.py`. A call in it does what it does in a process of its own.

It ends with the build, and when nobody has called for five minutes. With `-` as the SOCKET there is
no copy: the command starts as quickly.
"""

from __future__ import annotations

import atexit
import gc
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

ALONE = "-"
IDLE = 300.0  # seconds
_PATIENCE = 20.0  # seconds for an order, which comes at once
_LENGTH = struct.Struct("!I")
_STATUS = struct.Struct("!i")
_KINDS = ("service-2", "paginators-1", "waiters-2", "endpoint-rule-set-1")
_FILES = ("endpoints", "partitions", "sdk-default-configuration", "_retry")
_ALIAS = {"s3api": "s3"}
_OWN = ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")
_OF_AWS = ("AWS_", "BOTO")
_OF_A_ROLE = "AWS_CONTAINER_CREDENTIALS_FULL_URI"


def main(place: Path, program: str, words: list[str]) -> None:
    """The first call, or in a process of its own a later one."""
    sys.path[0] = os.path.dirname(program)  # noqa: PTH120 - as if it were the command's script
    gc.disable()  # of what is loaded nothing is garbage, and to look for some is a tenth of it
    before = dict(os.environ)
    if os.environ.get("LC_CTYPE") == "UTF-8":
        os.environ["LC_CTYPE"] = "en_US.UTF-8"  # as the command's script does
    from awscli import (  # type: ignore[import-not-found]  # noqa: PLC0415
        clidriver,
        handlers,  # noqa: F401 - each call loads it, and that is half of its work
    )

    sys.argv = [program, *words]
    ready = Ready(clidriver)
    ready.prepare(words)
    gc.freeze()
    gc.enable()
    if place.name != ALONE and not place.exists() and os.fork() == 0:
        own = {name: text for name, text in os.environ.items() if before.get(name) != text}
        Copy(place, program, own, ready).serve()
    end(clidriver.main())


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


class Ready:
    """What a call needs and a copy can have before it: the command's driver with its tables of
    services and options, the credentials of the build's role, and the data of the called service.

    To make these is most of the work of a call. The driver is kept while no variable of AWS changes
    and nobody has settings of their own: those only a call can know, and models, too.
    """

    def __init__(self, clidriver: Any) -> None:
        self._clidriver, self._make = clidriver, clidriver.create_clidriver
        self._loader: Any = None
        self._driver: Any = None
        self._made_with: object = None

    def prepare(self, words: list[str]) -> None:
        """For a call with these words, and the variables of this process."""
        driver = None
        try:
            self._read(words)
            driver = self._made()
        except Exception:  # another version of the command: it does all itself
            self._driver = None
        self._clidriver.create_clidriver = self._make if driver is None else lambda *_: driver

    def _read(self, words: list[str]) -> None:
        """The loader keeps what it has read, and each session gets this loader."""
        if self._loader is None:
            self._lend()
        services = self._loader.list_available_services(_KINDS[0])
        name = next((each for word in words if (each := _ALIAS.get(word, word)) in services), "")
        for kind in _KINDS:
            if name in self._loader.list_available_services(kind):
                self._loader.load_service_model(name, kind)

    def _lend(self) -> None:
        session, given = self._clidriver.botocore.session, os.environ.get("AWS_DATA_PATH")
        anew, package = session.create_loader, os.path.dirname(self._clidriver.__file__)  # noqa: PTH120
        loader = anew(given)

        def create_loader(places: str | None = None) -> Any:
            is_known = places == given and all(
                place.startswith(package) for place in loader._potential_locations()
            )
            return loader if is_known else anew(places)

        _list_quickly(loader, package)
        for name in _FILES:
            loader.load_data(name)
        self._loader, session.create_loader = loader, create_loader

    def _made(self) -> Any:
        home = os.path.expanduser("~/.aws")  # noqa: PTH111
        if os.path.lexists(home) or any(name in os.environ for name in _OWN):
            return None
        made_with = {k: v for k, v in os.environ.items() if k.startswith(_OF_AWS)}
        if self._driver is None or made_with != self._made_with:
            driver = self._make()
            driver._get_command_table()
            driver._get_argument_table()
            if _OF_A_ROLE in os.environ:
                _ask_for_credentials(driver.session)
            self._driver, self._made_with = driver, made_with
        return self._driver


def _ask_for_credentials(session: Any) -> None:
    """Those of a build's role last for an hour: each call would ask the busy miniature for them,
    and would fail when it has no answer within two seconds. A call near their end asks again."""
    session.get_credentials()
    role = session.get_component("credential_provider").get_provider("container-role")
    role._fetcher._session.close()  # the copy has no stream, and no call has this one


def _list_quickly(loader: Any, package: str) -> None:
    """Let the loader know its services by one look into each folder, not by one for each kind."""
    found = dict[str, set[str]]()
    for place in loader._potential_locations():
        if not place.startswith(package):
            raise LookupError(place)
        for service in _folders(place):
            for version in _folders(service.path):
                for file in os.listdir(version.path):  # noqa: PTH208
                    found.setdefault(file, set()).add(service.name)
    known = {
        kind: sorted(found.get(f"{kind}.json", set()) | found.get(f"{kind}.json.gz", set()))
        for kind in _KINDS
    }
    anew = loader.list_available_services

    def listed(type_name: str) -> list[str]:
        return known[type_name] if type_name in known else list(anew(type_name))

    loader.list_available_services = listed


def _folders(place: str) -> list[os.DirEntry[str]]:
    with os.scandir(place) as entries:
        return [each for each in entries if each.is_dir()]


class Copy:
    """`serve` returns in the process of a call, and never in the copy itself."""

    def __init__(self, place: Path, program: str, own: dict[str, str], ready: Ready) -> None:
        """`own`: the variables that the command's modules have set."""
        self._place, self._program, self._own, self._ready = place, program, own, ready
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
        given: list[int] = []
        try:
            head, given, _, _ = socket.recv_fds(asked, _LENGTH.size, 4)
            umask = self._take(_whole(asked, _LENGTH.unpack(head)[0]))
            gc.freeze()
            asked.sendall(b"!")  # from here on only this process does it
            child = os.fork()
        except (OSError, ValueError, struct.error):
            _close(given)
            asked.close()
            return False
        if child:
            _close(given)
            self._calls[child] = asked
            self._selector.register(asked, selectors.EVENT_READ)
            return False
        self._selector.close()
        asked.close()
        for number, each in enumerate(given[:3]):
            os.dup2(each, number)
        os.fchdir(given[3])
        _close(given)
        os.umask(umask)
        return True

    def _take(self, order: bytes) -> int:
        """The words and variables of a call become those of this process. Returns its umask."""
        umask, count, *rest = order.split(b"\0")
        given = [os.fsdecode(each) for each in rest]
        words, variables = given[: int(count)], given[int(count) :]
        os.environ.clear()
        os.environ.update(dict(each.split("=", 1) for each in variables) | self._own)
        sys.argv = [self._program, *words]
        self._ready.prepare(words)
        return int(umask)

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


def _close(given: list[int]) -> None:
    """A stream that stays open here has no end for whoever reads it."""
    for each in given:
        os.close(each)


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
