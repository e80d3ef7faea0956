"""A build writes only below its own folder."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from builds import Room, log, probed, spec

from bonkei.builds.buildspec.reader import read
from bonkei.builds.escape import escapes, outside
from bonkei.builds.running.confinement import INSIDE, Confinement, probe
from bonkei.builds.values import BuildOutput

NAMESPACES = probed()
confined = pytest.mark.skipif(
    sys.platform != "linux" or not NAMESPACES.is_possible, reason=NAMESPACES.why_not
)


@confined
async def test_files_that_a_build_writes_elsewhere_disappear_with_it(room: Room) -> None:
    outer = room.world.directory / "outside"
    outer.mkdir()
    places = [f"{folder}/bonkei-was-here" for folder in ("/usr/local/bin", "/etc", "/tmp")]  # noqa: S108
    result = await room.run(
        spec(
            *(f"echo x >{place} && test -s {place}" for place in places),
            "rm -rf /usr/share/doc /etc/hosts; ! test -e /etc/hosts",
            f"! touch {outer}/x",
            "! touch /x",
        )
    )
    assert result.status == "SUCCEEDED", log(result)
    assert [place for place in [*places, "/x", str(outer / "x")] if Path(place).exists()] == []
    assert Path("/etc/hosts").exists()


@confined
async def test_a_build_is_confined_in_a_folder_of_any_name(tmp_path: Path) -> None:
    directory = tmp_path / "a,b:c\\d e"
    directory.mkdir()
    assert probe(directory) == Confinement()
    room = Room(directory)
    room.builds.start()
    written = "/usr/local/bin/bonkei-was-here"
    result = await room.run(spec(f"echo x >{written} && test -s {written}", "! touch /x"))
    await room.builds.stop()
    assert result.status == "SUCCEEDED", log(result)
    assert not Path(written).exists()
    assert "which separates folders in PATH" in log(result)


@confined
async def test_a_build_sees_no_keys_no_hidden_files_and_no_other_processes(
    room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = tmp_path / "person"
    (person / ".aws").mkdir(parents=True)
    (person / ".aws" / "credentials").write_text("key", encoding="utf-8")
    (person / ".netrc").write_text("key", encoding="utf-8")
    hidden = tmp_path / "secrets"
    hidden.mkdir()
    (hidden / "password").write_text("key", encoding="utf-8")
    monkeypatch.setenv("HOME", str(person))
    room = Room(tmp_path / "other")
    room.world.hidden = (hidden,)
    room.builds._given = room.world.surroundings()
    room.builds.start()
    # A build has its own /tmp and would not see these anyway. They are kept so that hiding is
    # tested.
    result = await room.run(
        spec(
            f"! cat {person}/.aws/credentials",
            f"! grep key {person}/.netrc",
            f"! cat {hidden}/password",
            "test $(ls -d /proc/[0-9]* | wc -l) -lt 10",
        )
    )
    await room.builds.stop()
    assert result.status == "SUCCEEDED", log(result)


@confined
async def test_a_build_reaches_no_disks_no_kernel_settings_and_no_sockets_of_root(
    room: Room,
) -> None:
    """To these, the root of a namespace is the same root."""
    result = await room.run(
        spec(
            "ls -l /dev",
            "! ls -l /dev/ | grep ^b",
            "echo x >/dev/null; head -c 9 /dev/urandom >/dev/shm/x; echo y >/dev/stderr",
            'test -z "$(cat < <(true))"',
            "! (echo h >/proc/sysrq-trigger)",
            "! (echo 1 >/proc/sys/vm/drop_caches)",
            "! mount -o remount,bind,rw /",
            "! umount /proc",
            "! umount /tmp",
            # And not through a namespace of its own.
            "! unshare -Urm mount -o remount,bind,rw /",
            "! unshare -Urm umount /proc",
            "! touch /x",
            'test -z "$(find /run -type s)"',
        )
    )
    assert result.status == "SUCCEEDED", log(result)


def test_the_program_inside_loads_nothing_that_it_does_not_need() -> None:
    """Every build starts it."""
    program = (
        f"import sys; sys.path.append({str(INSIDE.parent)!r}); import inside; print(*sys.modules)"
    )
    loaded = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=True
    ).stdout.split()
    assert "inside" in loaded
    assert {"typing", "platform", "subprocess", "pathlib"} & {*loaded} == set()


@confined
async def test_no_process_from_before_the_build_leads_out_of_it(room: Room) -> None:
    """By /proc/PID/exe a build reaches a program through the mount that it was started from."""
    flags = "import os, sys; print(os.statvfs(sys.argv[1]).f_flag & os.ST_RDONLY)"
    result = await room.run(
        spec(
            'set -- /proc/[0-9]*; test "$*" = "/proc/1 /proc/$$"',
            *(
                f"test $(python3 -c '{flags}' /proc/1/{way}) = {os.ST_RDONLY}"
                for way in ("exe", "root")
            ),
        )
    )
    assert result.status == "SUCCEEDED", log(result)


@confined
@pytest.mark.parametrize(
    "trick",
    [
        'rm -rf "$S"; ln -s {outside} "$S"',
        'ln -sf {outside}/taken "$S/entry"; true',
        'rm -f "$S/variables"; ln -s {outside}/taken "$S/variables"',
        'rm -f "$S/exported.json"; ln -s {outside}/given.json "$S/exported.json"',
        'cd "$HOME"; rm -rf "$CODEBUILD_SRC_DIR"; ln -s {outside} "$CODEBUILD_SRC_DIR"',
        "ln -s {outside}/given.json out.json; ln -s {outside} folder",
        'ln -s {outside}/taken "$HOME/../artifact-0.zip"',
    ],
)
async def test_a_link_does_not_lead_the_miniature_out_of_the_build(room: Room, trick: str) -> None:
    """The miniature reads and writes files of the build, with more rights than the build."""
    outside = room.world.directory / "outside"
    outside.mkdir()
    (outside / "given.json").write_text('{"A": "stolen"}', encoding="utf-8")
    more = "artifacts:\n  files: ['**/*']\n"
    text = spec('S="$HOME/../state"', trick.format(outside=outside), "echo more", more=more)
    text = text.replace("  shell: bash\n", "  shell: bash\n  exported-variables: [A]\n")
    (room.source / "own").touch()
    result = await room.run(text, outputs=(BuildOutput("O", "art", "key"),))
    assert [file.name for file in outside.iterdir()] == ["given.json"]
    assert dict(result.exported) == {}
    handed = room.world.bucket.file("art", "key")
    if handed.exists():
        assert zipfile.ZipFile(handed).namelist() == ["own"]


class Unconfined(Room):
    """A room on a machine without namespaces."""


@pytest.fixture
async def open_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Room]:
    room = Unconfined(tmp_path)
    monkeypatch.setattr(room.builds, "confinement", lambda: Confinement("there are none"))
    room.builds.start()
    yield room
    await room.builds.stop()


async def test_without_namespaces_a_build_that_stays_in_its_folder_runs(open_room: Room) -> None:
    result = await open_room.run(
        spec('mkdir -p "$HOME/tools"', "echo x >here", 'test -d "$TMPDIR"', "cat /etc/hosts")
    )
    assert result.status == "SUCCEEDED", log(result)
    assert "Nothing confines this build: there are none" in log(result)


async def test_without_namespaces_a_build_that_writes_outside_is_refused(open_room: Room) -> None:
    target = open_room.world.directory / "written"
    result = await open_room.run(spec("echo first", f"echo x >{target}"))
    assert result.error.startswith("DOWNLOAD_SOURCE: CLIENT_ERROR: line 8 of the buildspec: it wri")
    assert "[builds] in bonkei.toml" in result.error
    assert "\nfirst\n" not in log(result)
    assert not target.exists()


async def test_a_setting_allows_builds_to_write_outside(tmp_path: Path, monkeypatch) -> None:
    room = Room(tmp_path, may_write_outside=True)
    monkeypatch.setattr(room.builds, "confinement", lambda: Confinement("there are none"))
    room.builds.start()
    target = tmp_path / "written"
    result = await room.run(spec(f"echo x >{target}"))
    await room.builds.stop()
    assert result.status == "SUCCEEDED", log(result)
    assert target.read_text(encoding="utf-8") == "x\n"


@pytest.mark.parametrize(
    "command",
    [
        "curl -o /usr/local/bin/terraform https://x",
        "curl -fsSLo /usr/local/bin/terraform https://x",
        "unzip -q -o x.zip -d /usr/local/bin",
        "tar -xzf x.tar.gz -C /usr/local/bin trivy",
        "echo a > /etc/motd",
        "echo a >>/etc/motd",
        "cat x 2>/var/log/y",
        "mv terraform /usr/local/bin/",
        "cp -r a /opt",
        "sudo cp a /opt/b",
        "mkdir -p /tools",
        "test -d x || mkdir /x",
        "install -m 755 a /usr/bin/a",
        "ln -s a /usr/bin/a",
        "rm -rf /var/lib/x",
        "tee /etc/x",
        "apt-get update -y",
        "yum install -y jq",
        "npm install -g cdk",
        "if true; then touch /x; fi",
        "sed -i 's|a|b|;s|c|d|' /etc/hosts",
        "sed -i.kept -E -e s/a/b/ '/etc/hosts'",
    ],
)
def test_a_command_that_writes_outside_is_found(command: str) -> None:
    assert outside(command)


@pytest.mark.parametrize(
    "command",
    [
        'curl -fsSL -o "$HOME/tools/x" https://x/a',
        "cp /etc/hosts .",
        "cat /etc/hosts >here",
        "echo x >/dev/null 2>&1",
        "echo a >&2",
        "unzip -q -o x.zip -d tools",
        'rm -rf "$HOME/x" build',
        "test a -gt 3",
        "ls /usr/bin",
        "python3 /opt/x.py",
        'terraform show -json "$CODEBUILD_SRC_DIR_Plan/tfplan" >"$HOME/plan.json"',
        "aws s3 cp s3://bucket/key .",
        """sed -i '/^x "y"/,/^}/{s|^ a|/b|;s|^ c|/d|}' here/*.tf""",
        "sed -i.kept -e '/^#/d' here && ls /usr",
    ],
)
def test_a_command_that_stays_inside_is_not_found(command: str) -> None:
    assert not outside(command), outside(command)


def test_none_of_our_buildspecs_writes_outside() -> None:
    from buildspecs import BUILDSPECS

    files = sorted(BUILDSPECS.glob("*.yaml"))
    assert len(files) == 7
    assert [found for file in files for found in escapes(read(file.read_text("utf-8")))] == []
