"""Processes in a root file system of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from small_roots import fill

from bonkei.base.processes.roots import (
    Mount,
    Root,
    User,
    enter_command,
    find_program,
    find_user,
    join_command,
    remove_scratch,
    resolve,
    why_not,
)
from bonkei.base.processes.roots.values import Machine

OBSTACLE = "this is not Linux" if sys.platform != "linux" else why_not(Path("/tmp/roots"))  # noqa: S108
rooted = pytest.mark.skipif(bool(OBSTACLE), reason=OBSTACLE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fill(tmp_path_factory.mktemp("root"))


def run(root: Root, script: str, directory: str = "/") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        enter_command(root, directory, ("sh", "-c", script)),
        env={"PATH": "/bin", "SECRET": "x"}, capture_output=True, text=True, check=False,
    )  # fmt: skip


@rooted
def test_a_process_sees_the_image_and_not_this_machine(folder: Path, tmp_path: Path) -> None:
    root = Root(str(folder), str(tmp_path / "scratch"), 10001, 10002)
    outcome = run(
        root, f"id -u; id -g; ls /; cat {Path(__file__)} || echo none; echo $SECRET", "/srv"
    )
    lines = outcome.stdout.splitlines()
    assert lines[:2] == ["10001", "10002"], outcome.stderr
    assert {"bin", "etc", "proc", "sys", "dev", "srv"} <= set(lines)
    assert not {"home", "root", "opt"} & set(lines)
    assert lines[-2:] == ["none", "x"]
    assert not any(".old" in line for line in lines)


@rooted
def test_what_it_writes_is_its_own(folder: Path, tmp_path: Path) -> None:
    """Neither the image nor another task sees it."""
    script = "echo new >/srv/file; echo changed >/etc/passwd; cat /srv/file"
    outcome = run(Root(str(folder), str(tmp_path / "a"), 10001, 10001), script)
    assert outcome.stdout == "new\n", outcome.stderr
    assert not (folder / "srv" / "file").exists()
    assert "web" in (folder / "etc" / "passwd").read_text()
    outcome = run(Root(str(folder), str(tmp_path / "b"), 10001, 10001), "cat /srv/file")
    assert outcome.returncode != 0
    assert (tmp_path / "a" / "upper" / "srv" / "file").stat().st_uid == os.getuid()
    remove_scratch(tmp_path / "a")
    assert not (tmp_path / "a").exists()


@rooted
def test_a_read_only_root_takes_nothing_but_volumes_do(folder: Path, tmp_path: Path) -> None:
    volume, fixed = tmp_path / "volume", tmp_path / "fixed"
    volume.mkdir()
    fixed.mkdir()
    (fixed / "file").write_text("fixed")
    mounts = (Mount(str(volume), "/var/data"), Mount(str(fixed), "/fixed", read_only=True))
    root = Root(str(folder), str(tmp_path / "scratch"), 10001, 10001, True, mounts)
    outcome = run(root, "touch /srv/x; touch /fixed/x; echo kept >/var/data/x; cat /fixed/file")
    assert outcome.stdout == "fixed", outcome.stderr
    assert outcome.stderr.count("Read-only file system") == 2
    assert (volume / "x").read_text() == "kept\n"


@rooted
@pytest.mark.parametrize("uid", [0, 10001])
def test_it_has_no_rights_over_this_machine(folder: Path, tmp_path: Path, uid: int) -> None:
    root = Root(str(folder), str(tmp_path / "scratch"), uid, uid)
    attempts = (
        "echo 1 >/proc/sys/kernel/sysrq",
        "echo x >/sys/kernel/uevent_helper",
        f"cat /proc/{os.getpid()}/root/etc/passwd",
        f"ls /proc/{os.getpid()}/cwd/",
        "ls /dev/vda /dev/sda",
    )
    for attempt in attempts:
        assert run(root, f"{attempt} && echo DONE").stdout == "", attempt
    mounts = [line.split() for line in run(root, "cat /proc/self/mounts").stdout.splitlines()]
    writable = {place for _, place, _, options, *_ in mounts if "ro" not in options.split(",")}
    assert not [place for place in writable if place.startswith(("/proc", "/sys"))]
    assert {place for place in writable if not place.startswith("/dev")} == {"/"}


@rooted
def test_a_hostile_image_does_not_lead_out(folder: Path, tmp_path: Path) -> None:
    """Links in the places where files of this machine are mounted."""
    hostile, outside = tmp_path / "hostile", tmp_path / "outside"
    fill(hostile)
    outside.mkdir()
    for name in ("dev", "proc", "sys"):
        (hostile / name).symlink_to(outside)
    (hostile / "etc" / "resolv.conf").symlink_to(outside / "made")
    (hostile / "var").symlink_to(outside)
    volume = tmp_path / "volume"
    volume.mkdir()
    root = Root(
        str(hostile), str(tmp_path / "scratch"), 0, 0, False, (Mount(str(volume), "/var/data"),)
    )
    outcome = run(root, "echo x >/var/data/x; echo done")
    assert list(outside.iterdir()) == [], outcome.stderr
    assert oct(outside.stat().st_mode)[-3:] == "755"


@rooted
def test_another_process_joins_it(folder: Path, tmp_path: Path) -> None:
    root = Root(str(folder), str(tmp_path / "scratch"), 10001, 10001)
    command = enter_command(
        root, "/", ("sh", "-c", "echo here >/tmp/file; echo on; exec sleep 600")
    )
    with subprocess.Popen(
        command, env={"PATH": "/bin"}, stdout=subprocess.PIPE, text=True
    ) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "on\n"
        joined = join_command(first.pid, "/tmp", ("sh", "-c", "cat file; id -u"))  # noqa: S108
        said = subprocess.run(
            joined, env={"PATH": "/bin"}, capture_output=True, text=True, check=False
        )
        first.kill()
    assert said.stdout == "here\n10001\n", said.stderr


@rooted
def test_who_joins_waits_until_its_root_is_whole(tmp_path: Path) -> None:
    """A slow machine mounts for a while. Until then, half of the programs are missing."""
    hold, tools = tmp_path / "hold", tmp_path / "tools"
    os.mkfifo(hold)
    tools.mkdir()
    (tools / "tool").symlink_to("/usr/bin/true")
    root = Root(
        "", str(tmp_path / "scratch"), os.getuid(), os.getgid(),
        mounts=(Mount("/usr", "/usr", is_layer=True), Mount(str(tools), str(tools))),
        machine=Machine((str(hold),), (("/lib", "usr/lib"), ("/lib64", "usr/lib64"))),
    )  # fmt: skip
    first = subprocess.Popen(enter_command(root, "/", ("/usr/bin/sleep", "600")))
    joined = subprocess.Popen(join_command(first.pid, "/", (str(tools / "tool"),)))
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            joined.wait(0.5)
        hold.write_bytes(b"")
        assert joined.wait(60) == 0
    finally:
        first.kill()
        first.wait()
        joined.wait(60)


@rooted
def test_exit_codes_are_a_shells(folder: Path, tmp_path: Path) -> None:
    root = Root(str(folder), str(tmp_path / "scratch"))
    missing = subprocess.run(
        enter_command(root, "/", ("/nothing",)), capture_output=True, check=False
    )
    assert missing.returncode == 127
    assert b"/nothing: No such file or directory" in missing.stderr
    assert run(root, "exit 3").returncode == 3
    gone = Root(str(tmp_path / "gone"), str(tmp_path / "scratch"))
    outcome = run(gone, "true")
    assert outcome.returncode == 125
    assert "cannot run it in the image's files" in outcome.stderr


def test_links_are_followed_inside_the_root(tmp_path: Path) -> None:
    (tmp_path / "usr" / "lib").mkdir(parents=True)
    (tmp_path / "lib").symlink_to("usr/lib")
    (tmp_path / "up").symlink_to("../../../..")
    (tmp_path / "absolute").symlink_to("/lib")
    (tmp_path / "circle").symlink_to("circle")
    assert resolve(tmp_path, "/lib/x") == tmp_path / "usr" / "lib" / "x"
    assert resolve(tmp_path, "absolute/x") == tmp_path / "usr" / "lib" / "x"
    assert resolve(tmp_path, "/up/../../etc/passwd") == tmp_path / "etc" / "passwd"
    with pytest.raises(ValueError, match="too many levels"):
        resolve(tmp_path, "/circle/x")


def test_users_and_programs_are_the_images(folder: Path) -> None:
    assert find_user(folder, "") == User(0, 0, "/root")
    assert find_user(folder, "web") == User(10001, 10002, "/srv")
    assert find_user(folder, "10001:other") == User(10001, 10003, "/srv")
    assert find_user(folder, "77:78") == User(77, 78, "/")
    with pytest.raises(LookupError, match="unable to find user nobody"):
        find_user(folder, "nobody")
    with pytest.raises(LookupError, match="unable to find group them"):
        find_user(folder, "web:them")
    assert find_program(folder, "sh", "/usr/bin:/bin", "/")
    assert find_program(folder, "./sh", "", "/bin")
    assert not find_program(folder, "python3", "/usr/bin:/bin", "/")
    assert not find_program(folder, "/etc/passwd", "", "/")


def test_who_joins_imports_little() -> None:
    """A process starts for each command."""
    order = ("-X", "importtime", *join_command(os.getpid(), "/", ("true",))[1:])
    outcome = subprocess.run((sys.executable, *order), capture_output=True, text=True, check=False)
    imported = {line.rpartition("|")[2].strip() for line in outcome.stderr.splitlines()}
    assert "ctypes" in imported, outcome.stderr
    assert not imported & {"contextlib", "enum", "json", "re", "secrets", "typing"}
