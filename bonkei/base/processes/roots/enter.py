"""The program that enters a root file system and becomes the command.

    python -I -S enter.py root ROOT PORTS DIRECTORY COMMAND [ARGUMENT …]
    python -I -S enter.py join PID PORTS DIRECTORY COMMAND [ARGUMENT …]
    python -I -S enter.py serve

ROOT is a `values.Root` as JSON; PID is a process that is in one already. `serve` joins again and
again, for `visits`. PORTS is empty, or names who translates the command's ports (`switchboard`).
A user and a mount namespace are made: it takes no rights of root, and
gives none outside. The image's files are the lower layer of an overlay, so that its tasks share
them and change none; without an image the root is an empty folder. Of this machine remain:
processes (/proc, read-only; those of its own namespace, if it has one), its kernel's view of
devices (/sys, read-only), six devices, the network, and what ROOT names.

It runs alone, without this package: only the standard library. It runs before each container and
build, and imports little: with `typing`, `contextlib`, `secrets` and `json` it would take twice the
processor's time.
"""

from __future__ import annotations

import ctypes
import os
import stat
import sys
import time
import warnings  # noqa: F401 - `os.execvp` imports it, and the new root may not have it

TYPE_CHECKING = False  # type checkers take it as `typing`'s
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, NoReturn

_NEW_USER, _NEW_MOUNTS = 0x10000000, 0x00020000
_MS_BIND, _MS_REC, _MS_PRIVATE = 4096, 16384, 1 << 18
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_NOEXEC = 1, 2, 4, 8
_MNT_DETACH = 2
_MOUNT_ATTR_RDONLY = 1
_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000
_MOUNT_SETATTR, _PIVOT_ROOT = 442, {"x86_64": 155, "aarch64": 41}
_PR_SET_PDEATHSIG, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 1, 24, 38
# The numbers of seccomp(2), bind(2) and connect(2), and the AUDIT_ARCH of linux/audit.h.
_SECCOMP = {"x86_64": (317, 49, 42, 0xC000003E), "aarch64": (277, 200, 203, 0xC00000B7)}
_SET_FILTER, _NEW_LISTENER, _ONLY_KILLED = 1, 1 << 3, 1 << 5
_LOAD, _IF_EQUAL, _RETURN, _ALLOW, _ASK = 0x20, 0x15, 0x06, 0x7FFF0000, 0x7FC00000
# As a container engine leaves them (linux/capability.h), without mknod and sys_chroot.
_KEPT_CAPABILITIES = sum(1 << number for number in (0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 31))
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_LINKS = {"fd": "self/fd", "stdin": "self/fd/0", "stdout": "self/fd/1", "stderr": "self/fd/2"}
_NAMES = ("/etc/resolv.conf", "/etc/hosts", "/etc/hostname")
"""Files that ECS mounts into every container."""
_FOLDERS = (
    *("tmp", "var/tmp", "run", "home", "root", "opt", "srv", "mnt", "etc"),
    *("var/cache", "var/lib", "var/log", "var/spool"),
)
"""Of a root without an image: empty at first."""
_SIGKILL = 9
_NOT_MADE, _NOT_EXECUTABLE, _NOT_FOUND = 125, 126, 127
_LIBRARY = ctypes.CDLL(None, use_errno=True)


class _Attributes(ctypes.Structure):
    """`struct mount_attr` of linux/mount.h."""

    _fields_ = (
        ("set", ctypes.c_uint64),
        ("clear", ctypes.c_uint64),
        ("propagation", ctypes.c_uint64),
        ("userns", ctypes.c_uint64),
    )


class _Step(ctypes.Structure):
    """`struct sock_filter` of linux/filter.h."""

    _fields_ = (
        ("code", ctypes.c_uint16),
        ("if_true", ctypes.c_uint8),
        ("if_false", ctypes.c_uint8),
        ("value", ctypes.c_uint32),
    )


class _Filter(ctypes.Structure):
    """`struct sock_fprog` of linux/filter.h."""

    _fields_ = (("length", ctypes.c_uint16), ("steps", ctypes.POINTER(_Step)))


def main(way: str, place: str, ports: str, directory: str, *command: str) -> NoReturn:
    """See the module's description."""
    try:
        switchboard = _switchboard(ports)
        if way == "join":
            _join(int(place))
        else:
            _enter(_root(place))
        os.makedirs(directory, exist_ok=True)  # noqa: PTH103 - as everything here
        os.chdir(directory)
        _give_up_rights()
        if switchboard is not None:
            _ask_for_ports(switchboard, ports)
    except OSError as error:
        _end(_NOT_MADE, f"this machine cannot run it in the image's files: {error}")
    _become(command)


def _root(text: str) -> Mapping[str, Any]:
    import json  # noqa: PLC0415 - a process that joins does not need it

    root: Mapping[str, Any] = json.loads(text)
    return root


def _enter(root: Mapping[str, Any]) -> None:
    if not root["is_apart"]:
        _make_namespaces(root)
    _mount("", "/", "", _MS_REC | _MS_PRIVATE)
    scratch = root["scratch"]
    merged = f"{scratch}/merged"
    os.makedirs(merged, mode=0o755, exist_ok=True)  # noqa: PTH103
    lower = root["folder"]
    if root["machine"] is not None:
        lower = f"{scratch}/empty"
        _make_folders(lower)
    # Also over an empty folder: mounts on a plain one would go when its files are removed, under a
    # command that runs beside a task which has ended.
    _put_a_layer(os.open(lower, os.O_PATH), _own_folders(scratch), merged, "/proc")
    names = [] if root["machine"] else [_of_the_machine(path) for path in _NAMES]
    mounts = [
        (each, os.open(each["source"], os.O_PATH) if each["source"] else -1,
         _own_folders(f"{scratch}/layers/{index}") if each["is_layer"] else ())
        for index, each in enumerate((*names, *root["mounts"]))
        if not each["source"] or os.path.exists(each["source"])  # noqa: PTH110 - few imports
    ]  # fmt: skip
    old = _pivot(merged)
    if root["machine"] is not None:
        _copy(old, **root["machine"])
    _fill(old, mounts, has_processes=root["is_apart"])
    _call("umount2", old.encode(), _MNT_DETACH)
    os.rmdir(old)  # noqa: PTH106
    if root["read_only"]:
        _set_read_only("/", recursive=False)


def _make_namespaces(root: Mapping[str, Any]) -> None:
    uid, gid = os.getuid(), os.getgid()
    _call("unshare", _NEW_USER | _NEW_MOUNTS)
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{root['uid']} {uid} 1"),
        ("gid_map", f"{root['gid']} {gid} 1"),
    ):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:  # noqa: PTH123
            file.write(text)


def _of_the_machine(path: str) -> Mapping[str, Any]:
    return {"source": path, "target": path, "read_only": True, "is_layer": False}


def _own_folders(own: str) -> tuple[int, int]:
    """Two folders for what is written over a layer. The second one belongs to the kernel."""
    opened = []
    for name in ("upper", "workdir"):
        os.makedirs(f"{own}/{name}", mode=0o755, exist_ok=True)  # noqa: PTH103
        opened.append(os.open(f"{own}/{name}", os.O_PATH))
    return opened[0], opened[1]


def _put_a_layer(lower: int, own: tuple[int, ...], target: str, processes: str) -> None:
    """Pass descriptors, because a comma or colon in a path would end an option."""
    places = [f"{processes}/self/fd/{descriptor}" for descriptor in (lower, *own)]
    options = "userxattr,lowerdir={},upperdir={},workdir={}".format(*places)
    _mount("overlay", target, "overlay", _MS_NOSUID | _MS_NODEV, options)


def _make_folders(root: str) -> None:
    for name in _FOLDERS:
        os.makedirs(f"{root}/{name}", mode=0o755, exist_ok=True)  # noqa: PTH103
        if name.endswith("tmp"):
            os.chmod(f"{root}/{name}", 0o1777)  # noqa: PTH101, S103 - as everywhere


def _copy(old: str, files: Sequence[str], links: Sequence[tuple[str, str]]) -> None:
    """Copy small files, because a mounted file could not be replaced or removed."""
    for path, target in links:
        os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120
        if not os.path.lexists(path):  # of an earlier start of this container
            os.symlink(target, path)  # noqa: PTH211
    for path in files:
        os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120
        try:
            with open(f"{old}{path}", "rb") as source, open(path, "wb") as copy:  # noqa: PTH123
                copy.write(source.read())
        except OSError:
            continue  # what this user may not read, the command may not, either


def _pivot(merged: str) -> str:
    """Make `merged` the root. From here on, the image's links lead to the image's files. The
    result is where the old root is, under a name that no image can know."""
    os.chdir(merged)
    old = f".old-{os.urandom(16).hex()}"
    os.mkdir(old)  # noqa: PTH102
    number = _PIVOT_ROOT.get(os.uname().machine)
    if number is None:
        raise OSError(0, f"processors of the kind {os.uname().machine} are not known")
    _call("syscall", ctypes.c_long(number), b".", old.encode())
    os.chdir("/")
    return f"/{old}"


def _fill(
    old: str,
    mounts: Sequence[tuple[Mapping[str, Any], int, tuple[int, ...]]],
    *,
    has_processes: bool,
) -> None:
    """Add what a container has besides its image's files."""
    for name in ("proc", "sys"):
        _make_place(f"/{name}", is_folder=True)
        if name == "proc" and has_processes and _mount_processes():
            continue
        _mount(f"{old}/{name}", f"/{name}", "", _MS_BIND | _MS_REC)
        # Root of this machine would own the kernel's switches here, too.
        _set_read_only(f"/{name}", recursive=True)
    _make_devices(old)
    for each, descriptor, own in mounts:
        path = each["target"]
        if descriptor < 0:
            _make_place(path, is_folder=True)
            _mount("tmpfs", path, "tmpfs", _MS_NOSUID | _MS_NODEV, "size=1m,mode=755")
            continue
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        _make_place(path, is_folder=is_folder)
        if own and is_folder:
            _put_a_layer(descriptor, own, path, f"{old}/proc")
        else:
            _mount(f"{old}/proc/self/fd/{descriptor}", path, "", _MS_BIND | _MS_REC)
            if each["read_only"] or own:
                _set_read_only(path, recursive=True)
        for opened in (descriptor, *own):
            os.close(opened)


def _mount_processes() -> bool:
    """Mount the view of its own process namespace. A container that hides parts of its own view
    cannot pass one on."""
    try:
        _mount("proc", "/proc", "proc", _MS_RDONLY | _MS_NOSUID | _MS_NODEV | _MS_NOEXEC)
    except OSError:
        return False
    return True


def _make_devices(old: str) -> None:
    """Create a /dev with the devices that every program needs, but no disks."""
    _make_place("/dev", is_folder=True)
    _mount("tmpfs", "/dev", "tmpfs", _MS_NOSUID | _MS_NOEXEC, "size=1m,mode=755")
    for name in _DEVICES:
        _make_place(f"/dev/{name}", is_folder=False)
        _mount(f"{old}/dev/{name}", f"/dev/{name}", "", _MS_BIND)
    for name, target in _LINKS.items():
        os.symlink(f"/proc/{target}", f"/dev/{name}")  # noqa: PTH211
    os.mkdir("/dev/shm")  # noqa: PTH102, S108
    _mount("tmpfs", "/dev/shm", "tmpfs", _MS_NOSUID | _MS_NODEV, "size=64m,mode=1777")  # noqa: S108
    try:
        os.mkdir("/dev/pts")  # noqa: PTH102
        _mount("devpts", "/dev/pts", "devpts", _MS_NOSUID, "newinstance,ptmxmode=0666")
        os.symlink("pts/ptmx", "/dev/ptmx")  # noqa: PTH211
    except OSError:
        return  # terminals are a luxury


def _join(pid: int) -> None:
    """Enter the namespaces of another process. The user namespace comes first, because it gives the
    right to enter the rest."""
    while _is_entering(pid):
        time.sleep(0.005)
    found = [os.open(f"/proc/{pid}/ns/{name}", os.O_RDONLY) for name in ("user", "mnt")]
    for descriptor in found:
        _call("setns", descriptor, 0)
        os.close(descriptor)


def _is_entering(pid: int) -> bool:
    """Whether a process is still this program, and so has only a part of its mounts."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:  # noqa: PTH123
            words = file.read().split(b"\0", 5)
    except OSError:  # it has ended
        return False
    return words[3:5] == [os.fsencode(__file__), b"root"]


def _serve() -> NoReturn:
    """Read orders, one JSON list a line: a process to join, who translates its ports, a directory,
    a command's variables, and the command. Write the number of each process that was started, in
    the order of the orders, and `NUMBER EXIT-CODE` when one has ended. When there are no more
    orders, end all."""
    import json  # noqa: PLC0415 - only here
    import select  # noqa: PLC0415

    started: dict[int, int] = {}
    waiting, unread = select.poll(), b""
    waiting.register(0, select.POLLIN)
    while True:
        for descriptor, _ in waiting.poll():
            if descriptor in started:
                _, status = os.waitpid(pid := started.pop(descriptor), 0)
                waiting.unregister(descriptor)
                os.close(descriptor)
                os.write(1, b"%d %d\n" % (pid, os.waitstatus_to_exitcode(status)))
                continue
            read = os.read(0, 1 << 16)
            if not read:
                for pid in started.values():
                    os.killpg(pid, _SIGKILL)
                    os.waitpid(pid, 0)
                os._exit(0)
            *orders, unread = (unread + read).split(b"\n")
            for order in orders:
                pid = _visit(*json.loads(order))
                os.write(1, b"%d\n" % pid)
                started[child := os.pidfd_open(pid)] = pid
                waiting.register(child, select.POLLIN)


def _visit(
    beside: int, ports: str, directory: str, environment: Mapping[str, str], command: list[str]
) -> int:
    """Start a process that joins another one. Nothing reads what it writes."""
    if pid := os.fork():
        try:  # both do it, so that the group is there for either
            os.setpgid(pid, pid)
        except OSError:  # it runs its command already
            return pid
        return pid
    try:
        os.setpgid(0, 0)
        _LIBRARY.prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0)
        nothing = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(nothing, number)
        os.environ.clear()
        os.environ.update(environment)
        main("join", str(beside), ports, directory, *command)
    finally:
        os._exit(_NOT_MADE)


def _give_up_rights() -> None:
    """Root in the namespace keeps the capabilities that a container's root has; other users keep
    none."""
    for number in range(64):
        if not _KEPT_CAPABILITIES >> number & 1:
            _LIBRARY.prctl(_PR_CAPBSET_DROP, number, 0, 0, 0)
    _LIBRARY.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def _switchboard(ports: str) -> Any:
    """A socket to who translates ports. The new root may lack Python's module, so it comes first.
    None where there is no translation."""
    if not ports or os.uname().machine not in _SECCOMP:
        return None
    import _socket  # noqa: PLC0415 - not every process needs it, and `socket` imports a lot

    made = _socket.socket(_socket.AF_UNIX, _socket.SOCK_DGRAM)
    try:
        made.connect(b"\0" + ports.partition(" ")[0].encode())
    except OSError:  # it has ended, and so does this process
        return None
    return made


def _ask_for_ports(switchboard: Any, ports: str) -> None:
    """Let the switchboard answer this process's calls of bind and connect, and those of its
    children: seccomp_unotify(2). Where the kernel does not allow it, ports stay as they are."""
    seccomp, bind, connect, processor = _SECCOMP[os.uname().machine]
    steps = (_Step * 7)(
        _Step(_LOAD, 0, 0, 4),  # seccomp_data.arch
        _Step(_IF_EQUAL, 0, 3, processor),
        _Step(_LOAD, 0, 0, 0),  # seccomp_data.nr
        _Step(_IF_EQUAL, 2, 0, bind),
        _Step(_IF_EQUAL, 1, 0, connect),
        _Step(_RETURN, 0, 0, _ALLOW),
        _Step(_RETURN, 0, 0, _ASK),
    )
    described = _Filter(len(steps), steps)
    for flags in (_NEW_LISTENER | _ONLY_KILLED, _NEW_LISTENER):  # the former is of Linux 5.19
        listener = _LIBRARY.syscall(
            ctypes.c_long(seccomp), _SET_FILTER, flags, ctypes.byref(described)
        )
        if listener >= 0:
            rights = (1, 1, listener.to_bytes(4, sys.byteorder))  # SOL_SOCKET, SCM_RIGHTS
            switchboard.sendmsg([ports.partition(" ")[2].encode()], [rights])
            os.close(listener)
            break
    switchboard.close()


def _become(command: Sequence[str]) -> NoReturn:
    try:
        os.execvp(command[0], list(command))  # noqa: S606 - that is what it is for
    except OSError as error:
        code = _NOT_FOUND if isinstance(error, FileNotFoundError) else _NOT_EXECUTABLE
        _end(code, f"{command[0]}: {error.strerror}")


def _end(code: int, text: str) -> NoReturn:
    try:
        os.write(2, f"{text}\n".encode())
    finally:
        os._exit(code)


def _make_place(path: str, *, is_folder: bool) -> None:
    """Create a mount point of the same kind."""
    os.makedirs(path if is_folder else os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120
    if not is_folder and not os.path.exists(path):  # noqa: PTH110
        if os.path.islink(path):  # noqa: PTH114 - it leads nowhere
            os.unlink(path)  # noqa: PTH108
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))


def _mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    texts = [text.encode() or None for text in (source, target, kind)]
    if _LIBRARY.mount(*texts, ctypes.c_ulong(flags), options.encode() or None):
        number = ctypes.get_errno()
        raise OSError(number, f"mount {kind or source} on {target}: {os.strerror(number)}")


def _set_read_only(path: str, *, recursive: bool) -> None:
    attributes = _Attributes(_MOUNT_ATTR_RDONLY, 0)
    arguments = (
        ctypes.c_long(_MOUNT_SETATTR), ctypes.c_int(_AT_FDCWD), path.encode(),
        ctypes.c_uint(_AT_RECURSIVE if recursive else 0),
        ctypes.byref(attributes), ctypes.c_size_t(ctypes.sizeof(attributes)),
    )  # fmt: skip
    _call("syscall", *arguments)


def _call(name: str, *arguments: Any) -> None:
    if getattr(_LIBRARY, name)(*arguments) < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        _serve()
    if len(sys.argv) < 6 or sys.argv[1] not in ("root", "join"):
        sys.exit(
            "usage: enter.py {serve|{root ROOT|join PID} PORTS DIRECTORY COMMAND [ARGUMENT …]}"
        )
    main(*sys.argv[1:])
