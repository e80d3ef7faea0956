"""The part of this machine that a process without an image can see, as a list of what is allowed.

The system's programs and libraries, the programs of its PATH, and the files below /etc that a
program needs for names, users, time and TLS. What is not on the list does not exist for it: the
home of the miniature, a person's keys, other people's files, sockets.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

from bonkei.base.folders import matching
from bonkei.base.processes.roots.command import enter_command, try_out
from bonkei.base.processes.roots.values import Machine, Mount, Root

_SYSTEM = (
    *("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"),
    *("/nix/store", "/gnu/store"),
)
_ETC = (
    *("passwd", "group", "nsswitch.conf", "shells", "login.defs"),
    *("hosts", "hostname", "resolv.conf", "host.conf", "gai.conf", "networks"),
    *("protocols", "services", "rpc", "ethertypes"),
    *("localtime", "timezone", "locale.conf", "locale.alias"),
    *("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "ld-musl-*.path", "alternatives", "terminfo"),
    *(
        "ssl/certs",
        "ssl/cert.pem",
        "ssl/ca-bundle.pem",
        "ssl/openssl.cnf",
        "ca-certificates",
        "ca-certificates.conf",
    ),
    *("pki/ca-trust", "pki/tls/certs", "pki/tls/cert.pem", "pki/tls/openssl.cnf"),
    *("crypto-policies", "*-release", "debian_version", "mime.types", "magic", "magic.mime"),
    *("profile", "profile.d", "bash.bashrc", "bashrc", "inputrc", "xattr.conf"),
    *("fonts", "java*", "perl", "python3*", "ImageMagick-*"),
)
_NO_PROGRAMS = ("/etc", "/proc", "/sys", "/dev", "/run")
_BESIDE = ("lib", "lib64", "libexec", "include", "share", "pyvenv.cfg")
"""Beside a folder of programs: what they load. In `~/.local`, `share` has a person's keys."""


def machine_root(
    scratch: Path,
    path: str,
    *,
    reads: Iterable[Path] = (),
    writes: Iterable[Path] = (),
    home: Path,
    is_apart: bool = False,
) -> Root:
    """Build the root for a process with this PATH. `reads` and `writes` are further paths that it
    needs, and they keep their names. `home` is the miniature's; it appears empty, even inside a
    folder that contains it. `is_apart` means that the namespaces already exist."""
    layers, files, links = _system()
    programs = _programs(f"{path}{os.pathsep}{Path(sys.executable).parent}")
    shown = {
        **{each: Mount(each, each, is_layer=True) for each in (*layers, *programs)},
        **{each: Mount(each, each, read_only=True) for each in _present(reads)},
        **{each: Mount(each, each) for each in _present(writes)},
    }
    for each in [one.target for one in shown.values() if one.is_layer]:
        # Below a folder that is shown anyway, unless the home is between them.
        around = any(each.startswith(f"{m.target}/") and not m.read_only for m in shown.values())
        if around and not _is_within(each, _names(home)):
            del shown[each]
    hidden = {each: Mount("", each) for each in _names(home) if _is_within(each, shown)}
    mounts = sorted({**hidden, **shown}.values(), key=lambda each: each.target.count("/"))
    return Root(
        "", str(scratch), os.getuid(), os.getgid(),
        mounts=tuple(_with_layers(mounts, os.path.realpath(scratch))),
        machine=Machine(files, links), is_apart=is_apart,
    )  # fmt: skip


def why_not_confined(folder: Path, before: Sequence[str] = ()) -> str:
    """Try to run a process in such a root below `folder`. Returns the reason why this machine
    cannot, or an empty text if it can. `before` is a command that creates the namespaces."""

    def enter(made: Path) -> Sequence[str]:
        path = os.environ.get("PATH", os.defpath)
        root = machine_root(made / "scratch", path, home=folder, is_apart=bool(before))
        return (*before, *enter_command(root, "/", (sys.executable, "-I", "-S", "-c", "")))

    return try_out(folder, enter, 0)


class Trial:
    """Tests once whether this machine can run a process in such a root below a folder. `say` gets a
    line if it cannot."""

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        self._folder = folder
        self._say = say
        self._trying: asyncio.Future[str] | None = None

    async def is_possible(self) -> bool:
        if self._trying is None:
            trying = asyncio.to_thread(why_not_confined, self._folder)
            self._trying = asyncio.ensure_future(trying)
            self._trying.add_done_callback(self._has_ended)
        return not await asyncio.shield(self._trying)

    async def end(self) -> None:
        """Wait until the trial is over, so that it leaves nothing behind."""
        if self._trying is not None:
            await asyncio.wait({self._trying})

    def _has_ended(self, trying: asyncio.Future[str]) -> None:
        if not trying.cancelled() and trying.exception() is None and (why := trying.result()):
            self._say(f"programs here may read what you may read: {why}")


def _with_layers(mounts: Iterable[Mount], scratch: str) -> Iterator[Mount]:
    """A layer cannot keep what is written below the folder that it covers, so such a mount becomes
    read-only."""
    for each in mounts:
        if each.is_layer and _is_within(scratch, (_resolved(each.source),)):
            yield Mount(each.source, each.target, read_only=True)
        else:
            yield each


@cache
def _system() -> tuple[tuple[str, ...], tuple[str, ...], tuple[tuple[str, str], ...]]:
    """Return the folders to show, the files to copy, and the links, which stay as they are."""
    names = [*_SYSTEM, *(str(path) for name in _ETC for path in matching(Path("/etc"), name))]
    folders, files, links = [], [], []
    for name in names:
        path = Path(name)
        if path.is_symlink() and (name in _SYSTEM or path.resolve().is_relative_to("/usr")):
            links.append((name, str(path.readlink())))
        elif path.is_dir():
            folders.append(name)
        elif os.access(name, os.R_OK):
            files.append(name)
    return tuple(folders), tuple(files), tuple(links)


@cache
def _programs(path: str) -> tuple[str, ...]:
    """The folders of programs on a PATH, what is beside them, and where their links lead."""
    shown: dict[str, None] = {}
    seen: set[Path] = set()
    waiting = [each for each in path.split(os.pathsep) if each.startswith("/")]
    while waiting:
        folder = Path(os.path.normpath(waiting.pop()))
        if folder in seen or _contains_a_person(folder) or not folder.is_dir():
            continue
        seen.add(folder)
        if not _is_within(str(folder), (*_SYSTEM, *shown)):
            shown |= dict.fromkeys(_around(folder))
        waiting += _led_to(folder)
    return tuple(shown)


def _around(folder: Path) -> Iterator[str]:
    prefix, person = folder.parent, Path.home()
    if folder.name == "shims" and prefix not in (person, person / ".local"):
        yield str(prefix)  # pyenv and its like: a shim needs the whole of it
        return
    yield str(folder)
    if folder.name not in ("bin", "sbin") or _contains_a_person(prefix):
        return
    for name in _BESIDE:
        if (prefix / name).exists() and not (name == "share" and prefix == person / ".local"):
            yield str(prefix / name)


@cache
def _led_to(folder: Path) -> tuple[str, ...]:
    """Find the folders of the programs that the links in a folder lead to. Each link is followed
    step by step, because every path on the way must exist."""
    found: dict[str, None] = {}
    with suppress(OSError), os.scandir(folder) as files:
        for file in files:
            if not file.is_symlink() or "/" not in (named := os.readlink(file)):  # noqa: PTH115
                continue  # many files, so no Path
            for target in (os.path.normpath(os.path.join(folder, named)), os.path.realpath(file)):  # noqa: PTH118
                if not _is_within(target, _NO_PROGRAMS) and os.path.isfile(target):  # noqa: PTH113
                    found[target.rpartition("/")[0]] = None
    return tuple(found)


def _contains_a_person(folder: Path) -> bool:
    """Whether a folder is someone's whole home folder, or contains it."""
    return any(Path(each).is_relative_to(folder) for each in _names(Path.home()))


def _present(paths: Iterable[Path]) -> Iterator[str]:
    for path in paths:
        if path.exists() and path.is_absolute() and path != Path("/"):
            yield from _names(path)


def _names(path: Path) -> tuple[str, ...]:
    """Return the path as given, and the path with its links resolved."""
    return tuple(dict.fromkeys((os.path.normpath(path), os.path.realpath(path))))


@cache
def _resolved(layer: str) -> str:
    """The layers are the same for every process."""
    return os.path.realpath(layer)


def _is_within(path: str, folders: Iterable[str]) -> bool:
    return any(path == each or path.startswith(f"{each}/") for each in folders)
