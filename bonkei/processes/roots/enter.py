"""The program that enters a root file system and becomes the command.

    python -I -S enter.py ORDER COMMAND [ARGUMENT …]

ORDER is JSON: `root` (see `command.Root`) and `directory`; or `join`, the id of a process that is
in one already. A user and a mount namespace are made: nobody needs to be root for it, and nobody is
root outside by it. The image's files are the lower layer of an overlay, so that its tasks share
them and change none. Of this machine remain: processes (/proc, read-only), its kernel's view of
devices (/sys, read-only), six devices, the network, and what ORDER names.

It runs alone, without this package: only the standard library.
"""

from __future__ import annotations

import ctypes
import json
import os
import secrets
import stat
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, NoReturn

_NEW_USER, _NEW_MOUNTS = 0x10000000, 0x00020000
_MS_BIND, _MS_REC, _MS_PRIVATE = 4096, 16384, 1 << 18
_MS_NOSUID, _MS_NODEV, _MS_NOEXEC = 2, 4, 8
_MNT_DETACH = 2
_MOUNT_ATTR_RDONLY = 1
_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000
_MOUNT_SETATTR, _PIVOT_ROOT = 442, {"x86_64": 155, "aarch64": 41}
_PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 24, 38
# As a container engine leaves them (linux/capability.h), without mknod and sys_chroot.
_KEPT_CAPABILITIES = sum(1 << number for number in (0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 31))
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_LINKS = {"fd": "self/fd", "stdin": "self/fd/0", "stdout": "self/fd/1", "stderr": "self/fd/2"}
_NAMES = ("/etc/resolv.conf", "/etc/hosts", "/etc/hostname")
"""Files that ECS mounts into every container."""
_NOT_MADE, _NOT_EXECUTABLE, _NOT_FOUND = 125, 126, 127


class _Attributes(ctypes.Structure):
    """`struct mount_attr` of linux/mount.h."""

    _fields_ = (
        ("set", ctypes.c_uint64),
        ("clear", ctypes.c_uint64),
        ("propagation", ctypes.c_uint64),
        ("userns", ctypes.c_uint64),
    )


def main(order: Mapping[str, Any], command: Sequence[str]) -> NoReturn:
    """See the module's description."""
    try:
        if "join" in order:
            _join(order["join"])
        else:
            _enter(order["root"])
        os.makedirs(order["directory"], exist_ok=True)  # noqa: PTH103 - as everything here
        os.chdir(order["directory"])
        _give_up_rights()
    except OSError as error:
        _end(_NOT_MADE, f"this machine cannot run it in the image's files: {error}")
    _become(command)


def _enter(root: Mapping[str, Any]) -> None:
    uid, gid = os.getuid(), os.getgid()
    _call("unshare", _NEW_USER | _NEW_MOUNTS)
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{root['uid']} {uid} 1"),
        ("gid_map", f"{root['gid']} {gid} 1"),
    ):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:  # noqa: PTH123
            file.write(text)
    _mount("", "/", "", _MS_REC | _MS_PRIVATE)
    *layers, merged = _layers(root)
    # Descriptors, because a comma or colon in a path would end an option.
    places = [f"/proc/self/fd/{descriptor}" for descriptor in layers]
    options = "userxattr,lowerdir={},upperdir={},workdir={}".format(*places)
    _mount("overlay", merged, "overlay", _MS_NOSUID | _MS_NODEV, options)
    names = [{"source": path, "target": path, "read_only": True} for path in _NAMES]
    mounts = [
        (each["target"], os.open(each["source"], os.O_PATH), each["read_only"])
        for each in (*names, *root["mounts"])
        if os.path.exists(each["source"])  # noqa: PTH110 - as everything here: few imports
    ]
    old = _pivot(merged)
    _fill(old, mounts)
    _call("umount2", old.encode(), _MNT_DETACH)
    os.rmdir(old)  # noqa: PTH106
    if root["read_only"]:
        _set_read_only("/", recursive=False, value=True)


def _layers(root: Mapping[str, Any]) -> tuple[int, int, int, str]:
    """The image's files, two folders for what is written, and the place for all of it."""
    scratch = root["scratch"]
    for name in ("upper", "workdir", "merged"):
        os.makedirs(f"{scratch}/{name}", mode=0o755, exist_ok=True)  # noqa: PTH103
    folders = (root["folder"], f"{scratch}/upper", f"{scratch}/workdir")
    lower, upper, work = (os.open(folder, os.O_PATH) for folder in folders)
    return lower, upper, work, f"{scratch}/merged"


def _pivot(merged: str) -> str:
    """Make `merged` the root. From here on, the image's links lead to the image's files. The
    result is where the old root is, under a name that no image can know."""
    os.chdir(merged)
    old = f".old-{secrets.token_hex(16)}"
    os.mkdir(old)  # noqa: PTH102
    number = _PIVOT_ROOT.get(os.uname().machine)
    if number is None:
        raise OSError(0, f"processors of the kind {os.uname().machine} are not known")
    _call("syscall", ctypes.c_long(number), b".", old.encode())
    os.chdir("/")
    return f"/{old}"


def _fill(old: str, mounts: Sequence[tuple[str, int, bool]]) -> None:
    """What a container has beside its image's files."""
    for name in ("proc", "sys"):
        _make_place(f"/{name}", is_folder=True)
        _mount(f"{old}/{name}", f"/{name}", "", _MS_BIND | _MS_REC)
        # Root of this machine would own the kernel's switches here, too.
        _set_read_only(f"/{name}", recursive=True, value=True)
    _make_place("/dev", is_folder=True)
    _mount("tmpfs", "/dev", "tmpfs", _MS_NOSUID | _MS_NOEXEC, "size=1m,mode=755")
    for name in _DEVICES:
        _make_place(f"/dev/{name}", is_folder=False)
        _mount(f"{old}/dev/{name}", f"/dev/{name}", "", _MS_BIND)
    for name, target in _LINKS.items():
        os.symlink(f"/proc/{target}", f"/dev/{name}")  # noqa: PTH211
    os.mkdir("/dev/shm")  # noqa: PTH102, S108
    _mount("tmpfs", "/dev/shm", "tmpfs", _MS_NOSUID | _MS_NODEV, "size=64m,mode=1777")  # noqa: S108
    for path, descriptor, read_only in mounts:
        _make_place(path, is_folder=stat.S_ISDIR(os.fstat(descriptor).st_mode))
        _mount(f"{old}/proc/self/fd/{descriptor}", path, "", _MS_BIND | _MS_REC)
        if read_only:
            _set_read_only(path, recursive=True, value=True)
        os.close(descriptor)


def _join(pid: int) -> None:
    """The namespaces of another process. The user's comes first: it gives the right to the rest."""
    found = [os.open(f"/proc/{pid}/ns/{name}", os.O_RDONLY) for name in ("user", "mnt")]
    for descriptor in found:
        _call("setns", descriptor, 0)
        os.close(descriptor)


def _give_up_rights() -> None:
    """Root of the namespace keeps what a container's root has; other users have nothing."""
    for number in range(64):
        if not _KEPT_CAPABILITIES >> number & 1:
            _library().prctl(_PR_CAPBSET_DROP, number, 0, 0, 0)
    _library().prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def _become(command: Sequence[str]) -> NoReturn:
    try:
        os.execvp(command[0], list(command))  # noqa: S606 - that is what it is for
    except OSError as error:
        code = _NOT_FOUND if isinstance(error, FileNotFoundError) else _NOT_EXECUTABLE
        _end(code, f"{command[0]}: {error.strerror}")


def _end(code: int, text: str) -> NoReturn:
    with suppress(OSError):
        os.write(2, f"{text}\n".encode())
    os._exit(code)


def _make_place(path: str, *, is_folder: bool) -> None:
    """Something to mount on, of the same kind."""
    os.makedirs(path if is_folder else os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120
    if not is_folder and not os.path.exists(path):  # noqa: PTH110
        if os.path.islink(path):  # noqa: PTH114 - it leads nowhere
            os.unlink(path)  # noqa: PTH108
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))


def _mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    texts = [text.encode() or None for text in (source, target, kind)]
    if _library().mount(*texts, ctypes.c_ulong(flags), options.encode() or None):
        number = ctypes.get_errno()
        raise OSError(number, f"mount {kind or source} on {target}: {os.strerror(number)}")


def _set_read_only(path: str, *, recursive: bool, value: bool) -> None:
    attributes = _Attributes(*((_MOUNT_ATTR_RDONLY, 0) if value else (0, _MOUNT_ATTR_RDONLY)))
    arguments = (
        ctypes.c_long(_MOUNT_SETATTR), ctypes.c_int(_AT_FDCWD), path.encode(),
        ctypes.c_uint(_AT_RECURSIVE if recursive else 0),
        ctypes.byref(attributes), ctypes.c_size_t(ctypes.sizeof(attributes)),
    )  # fmt: skip
    _call("syscall", *arguments)


def _call(name: str, *arguments: Any) -> None:
    if getattr(_library(), name)(*arguments) < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def _library() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit("usage: enter.py ORDER COMMAND [ARGUMENT …]")
    main(json.loads(sys.argv[1]), sys.argv[2:])
