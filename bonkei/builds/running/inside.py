"""The program that runs a build's entries one after another, as the miniature orders.

    python -I -S inside.py PLACE.json

If the kernel has namespaces, it is process 1 of the build's own ones. It first creates the file
system that PLACE.json describes. Only the build's folder can be written to. Over system folders
lies a layer, and writes to them go into the build's folder. /tmp is the build's own.

Then it reads orders from standard input, one JSON object in each line. It answers on the descriptor
`answers`, also line by line:

run    `argv`, `variables` (the whole environment), `directory`, `files` (contents by path, written
       before). It is run to its end; the answer has its `code`.
read   `path`, `most`. The answer has the file's `text`, or null.

The miniature itself opens no file of a running build, because a link might lead elsewhere. At the
end of input this program ends, and the kernel ends the remaining processes of the namespace.

It runs alone, without this package, and uses only the standard library.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import stat
import sys
from contextlib import suppress

TYPE_CHECKING = False  # typing has it, too, but takes a tenth of the start
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_MS_BIND, _MS_REC, _MS_PRIVATE = 4096, 16384, 1 << 18
_MS_RDONLY = 1
_MS_NOSUID, _MS_NODEV, _MS_NOEXEC = 2, 4, 8
_MOUNT_ATTR_RDONLY = 1
_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000
_MOUNT_SETATTR = 442
_PR_SET_CHILD_SUBREAPER = 36


_PR_CAPBSET_DROP = 24
_CAPABILITY_VERSION_3 = 0x20080522
# chown, dac_override, fowner, fsetid, kill, setgid, setuid, setpcap, net_bind_service, net_raw,
# sys_chroot, setfcap (linux/capability.h): the capabilities that a container engine leaves root,
# except for mknod.
_KEPT_CAPABILITIES = sum(1 << number for number in (0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 31))
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_LINKS = {
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
}


class _Attributes(ctypes.Structure):
    """`struct mount_attr` of linux/mount.h."""

    _fields_ = (
        ("set", ctypes.c_uint64),
        ("clear", ctypes.c_uint64),
        ("propagation", ctypes.c_uint64),
        ("userns", ctypes.c_uint64),
    )


def main(place: Mapping[str, Any]) -> None:
    """See the module's description."""
    if place["is_confined"]:
        confine(place)
    elif sys.platform == "linux":
        # A process that leaves its parent stays a descendant, so it can be ended.
        _library().prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(place["answers"], "w", encoding="utf-8", buffering=1)
    os.set_inheritable(answers.fileno(), False)
    answers.write('{"code": 0}\n')  # ready
    for line in sys.stdin:
        order = json.loads(line)
        answer = {"text": read(**order["read"])} if "read" in order else {"code": run(order["run"])}
        answers.write(json.dumps(answer) + "\n")


def read(path: str, most: int) -> str | None:
    """A file's text; None if it cannot be read or is longer than `most`."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:  # noqa: PTH123
            text = file.read(most + 1)
    except OSError:
        return None
    return text if len(text) <= most else None


def run(order: Mapping[str, Any]) -> int:
    """Run one entry to its end. Returns its exit code. The entry's background processes
    continue."""
    try:
        for path, text in order["files"].items():
            with open(path, "w", encoding="utf-8") as file:  # noqa: PTH123
                file.write(text)
    except OSError as error:
        os.write(2, f"{error.filename}: {error.strerror}\n".encode())
        return 1
    nothing = os.open(os.devnull, os.O_RDONLY)
    try:
        child = os.fork()
        if child == 0:
            _become(order, nothing)
    finally:
        os.close(nothing)
    while True:
        with suppress(ChildProcessError):
            ended, status = os.wait()
            if ended == child:
                return os.waitstatus_to_exitcode(status)
            continue
        return 1


def _become(order: Mapping[str, Any], stdin: int) -> None:
    try:
        os.setsid()
        os.dup2(stdin, 0)
        os.chdir(order["directory"])
        os.execve(order["argv"][0], order["argv"], order["variables"])  # noqa: S606
    except OSError as error:
        os.write(2, f"{order['argv'][0]}: {error.strerror}\n".encode())
    os._exit(127)


def confine(place: Mapping[str, Any]) -> None:
    """Make the build's view of the file system. Raises OSError if the kernel does not allow it."""
    folder: str = place["folder"]
    _mount("", "/", "", _MS_REC | _MS_PRIVATE)
    _mount(folder, folder, "", _MS_BIND)
    _set_read_only("/", recursive=True, value=True)
    _set_read_only(folder, recursive=False, value=False)
    # A path that a later mount hides is held by a descriptor, and then mounted again in its place.
    kept = {path: os.open(path, os.O_PATH) for path in [folder, *place["keep"]]}
    for path in place["layers"]:
        _put_a_layer(path, f"{folder}/layers{path}")
    for path, own in place["own"].items():
        os.makedirs(own, exist_ok=True)  # noqa: PTH103
        _mount(own, path, "", _MS_BIND)
        _set_read_only(path, recursive=False, value=False)
    for path, descriptor in kept.items():
        if not _is_there(path, descriptor):
            _make_place(path, stat.S_ISDIR(os.fstat(descriptor).st_mode))
            _mount(f"/proc/self/fd/{descriptor}", path, "", _MS_BIND | _MS_REC)
        os.close(descriptor)
    for path in place["hidden"]:
        _hide(path)
    # Root in a namespace is still the owner of disks and of the kernel's switches.
    _make_devices()
    with suppress(OSError):  # a container may have masked it: then the old one stays, read-only
        _mount("proc", "/proc", "proc", _MS_RDONLY | _MS_NOSUID | _MS_NODEV | _MS_NOEXEC)
    os.chdir(folder)
    _drop_capabilities()


def _put_a_layer(path: str, own: str) -> None:
    """Let what is written below a system folder go into the build's own folder."""
    folders = (path, f"{own}/upper", f"{own}/work")
    for each in folders[1:]:
        os.makedirs(each, exist_ok=True)  # noqa: PTH103 - as everything here: few imports
    # Descriptors, because a comma, a colon or a backslash in a path would end an option.
    opened = [os.open(each, os.O_PATH) for each in folders]
    try:
        lower, upper, work = (f"/proc/self/fd/{descriptor}" for descriptor in opened)
        options = f"lowerdir={lower},upperdir={upper},workdir={work},userxattr"
        _mount("overlay", path, "overlay", 0, options)
    finally:
        for descriptor in opened:
            os.close(descriptor)


def _drop_capabilities() -> None:
    """Keep only the capabilities of a container's root. With CAP_SYS_ADMIN, a build could unmount
    all of this again. In a namespace that the build itself makes, these mounts are locked."""
    library = _library()
    for number in range(64):
        if not _KEPT_CAPABILITIES >> number & 1:
            library.prctl(_PR_CAPBSET_DROP, number, 0, 0, 0)
    head = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    low = _KEPT_CAPABILITIES & 0xFFFFFFFF
    data = (ctypes.c_uint32 * 6)(low, low, 0, 0, 0, 0)  # effective, permitted, inheritable; high
    if library.capset(head, data):
        raise OSError(ctypes.get_errno(), "capset")


def _make_devices() -> None:
    """A /dev with the devices that every program needs, without disks."""
    kept = {name: os.open(f"/dev/{name}", os.O_PATH) for name in (*_DEVICES, "shm")}
    _mount("tmpfs", "/dev", "tmpfs", _MS_NOSUID, "size=1m,mode=755")
    for name, descriptor in kept.items():
        _make_place(f"/dev/{name}", name == "shm")
        _mount(f"/proc/self/fd/{descriptor}", f"/dev/{name}", "", _MS_BIND)
        os.close(descriptor)
    for name, target in _LINKS.items():
        os.symlink(target, f"/dev/{name}")  # noqa: PTH211
    with suppress(OSError):  # terminals are a luxury
        os.mkdir("/dev/pts")  # noqa: PTH102
        _mount("devpts", "/dev/pts", "devpts", _MS_NOSUID, "newinstance,ptmxmode=0666")
        os.symlink("pts/ptmx", "/dev/ptmx")  # noqa: PTH211


def _make_place(path: str, is_folder: bool) -> None:
    """Something to mount on, of the same kind."""
    os.makedirs(path if is_folder else os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120
    if not is_folder:
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))


def _is_there(path: str, descriptor: int) -> bool:
    """Whether a path still leads to the same file. A layer shows the file under another device,
    so only the number is compared.
    """
    try:
        found = os.stat(path)  # noqa: PTH116
    except OSError:
        return False
    return found.st_ino == os.fstat(descriptor).st_ino


def _hide(path: str) -> None:
    """Put something empty over a file or folder of the user's."""
    with suppress(OSError):
        if os.path.isdir(path):  # noqa: PTH112
            _mount("tmpfs", path, "tmpfs", _MS_NOSUID | _MS_NODEV, "size=4k,mode=700")
        elif os.path.exists(path):  # noqa: PTH110
            _mount(os.devnull, path, "", _MS_BIND)


def _mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    texts = [text.encode() or None for text in (source, target, kind)]
    if _library().mount(*texts, ctypes.c_ulong(flags), options.encode() or None):
        number = ctypes.get_errno()
        raise OSError(number, f"mount {kind or source} on {target}: {os.strerror(number)}")


def _set_read_only(path: str, *, recursive: bool, value: bool) -> None:
    attributes = _Attributes(*((_MOUNT_ATTR_RDONLY, 0) if value else (0, _MOUNT_ATTR_RDONLY)))
    failed = _library().syscall(
        ctypes.c_long(_MOUNT_SETATTR), ctypes.c_int(_AT_FDCWD), path.encode(),
        ctypes.c_uint(_AT_RECURSIVE if recursive else 0),
        ctypes.byref(attributes), ctypes.c_size_t(ctypes.sizeof(attributes)),
    )  # fmt: skip
    if failed:
        number = ctypes.get_errno()
        raise OSError(number, f"mount_setattr {path}: {os.strerror(number)}")


def _library() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: inside.py PLACE.json")
    with open(sys.argv[1], encoding="utf-8") as file:  # noqa: PTH123
        main(json.load(file))
