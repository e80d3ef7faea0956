"""A build writes only below its own folder."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from builds import Rig, log, probed, spec

from bonkei.services.codebuild.buildspec.reader import read
from bonkei.services.codebuild.escape import escapes, outside
from bonkei.services.codebuild.running import machine
from bonkei.services.codebuild.running.confinement import Confinement, probe
from bonkei.services.codebuild.values import BuildOutput

NAMESPACES = probed()
confined = pytest.mark.skipif(
    sys.platform != "linux" or not NAMESPACES.is_possible, reason=NAMESPACES.why_not
)


@confined
async def test_files_that_a_build_writes_elsewhere_disappear_with_it(rig: Rig) -> None:
    outer = rig.world.directory / "outside"
    outer.mkdir()
    folders = ("/usr/local/bin", "/etc", "/etc/ssl/certs", "/tmp", "/opt", "", str(Path.home()))  # noqa: S108
    places = [f"{folder}/bonkei-was-here" for folder in folders]
    result = await rig.run(
        spec(
            *(f"echo x >{place} && test -s {place}" for place in places),
            "rm -rf /usr/share/doc /etc/hosts; ! test -e /etc/hosts",
            f"! touch {outer}/x",
        )
    )
    assert result.status == "SUCCEEDED", log(result)
    assert [place for place in [*places, str(outer / "x")] if Path(place).exists()] == []
    assert Path("/etc/hosts").exists()


@confined
async def test_a_build_is_confined_in_a_folder_of_any_name(tmp_path: Path) -> None:
    directory = tmp_path / "a,b:c\\d e"
    directory.mkdir()
    assert probe(directory) == Confinement()
    rig = Rig(directory)
    rig.builds.start()
    written = "/usr/local/bin/bonkei-was-here"
    result = await rig.run(spec(f"echo x >{written} && test -s {written}"))
    await rig.builds.stop()
    assert result.status == "SUCCEEDED", log(result)
    assert not Path(written).exists()
    assert "which separates folders in PATH" in log(result)


@pytest.fixture
def elsewhere() -> Iterator[Path]:
    """A folder that is not below /tmp: a build's own /tmp would hide everything there."""
    with tempfile.TemporaryDirectory(prefix="bonkei-home-", dir="/var/tmp") as made:
        yield Path(made)


@confined
async def test_a_build_sees_nothing_that_is_not_its_own(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not the miniature's home, not a person's keys, not other people's files."""
    home, person = elsewhere / "project" / ".bonkei", elsewhere / "person"
    monkeypatch.setenv("HOME", str(person))
    files = [
        *(home / name for name in ("console/token", "logs/bonkei.log", "secrets/password")),
        *(home / name for name in ("cloud/state/s3.json", "terraform/terraform.tfstate")),
        *(home / name for name in ("builds/logs/other", "builds/runs/other/home/key")),
        home.parent / ".env",
        *(person / name for name in (".aws/credentials", ".config/gh/hosts.yml", ".netrc")),
        *(person / name for name in (".azure/token", ".m2/settings.xml", ".cargo/credentials")),
        *(person / name for name in (".local/share/keyrings/login", ".ssh/id_ed25519")),
        elsewhere / "neighbour" / "key",
    ]
    rig = Rig(home)
    rig.source = elsewhere / "source"
    rig.source.mkdir()
    rig.builds.start()
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("key", encoding="utf-8")
    with socket.socket(socket.AF_UNIX) as control:
        control.bind(str(home / "control.sock"))
        control.listen()
        connect = "import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])"
        tried = [*files, *map(Path, ("/etc/shadow", "/etc/sudoers", "/var/log/dpkg.log"))]
        result = await rig.run(
            spec(
                *(f"! cat {file}; ! test -e {file}" for file in tried),
                f"! python3 -c '{connect}' {home}/control.sock",
                'test -z "$(grep -rls "^key$" /var/tmp)"',
                f'test "$(ls {home})" = builds && test $(ls {home}/builds/runs | wc -l) = 1',
                f'test "$(ls {home}/builds/tls)" = authorities.pem',
                "test $(ls -d /proc/[0-9]* | wc -l) -lt 10",
            )
        )
    await rig.builds.stop()
    assert result.status == "SUCCEEDED", log(result)


@confined
async def test_a_builds_programs_run_wherever_they_are_installed(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Python that uv manages, pyenv's shims, a command that is a link into another folder."""
    person = elsewhere / "person"
    python = person / ".local/share/uv/python/cpython-3.99.1"
    (python / "bin").mkdir(parents=True)
    (python / "lib").mkdir()
    (python / "lib" / "standard").write_text("library")
    _script(python / "bin" / "python3.99", f"cat {python}/lib/standard")
    python.with_name("cpython-3.99").symlink_to(python.name)
    tool = person / ".local/share/uv/tools/tool"
    (tool / "bin").mkdir(parents=True)
    (tool / "bin" / "python").symlink_to(python.with_name("cpython-3.99") / "bin" / "python3.99")
    _script(tool / "bin" / "tool", f"exec {tool}/bin/python")
    (person / ".local/bin").mkdir()
    (person / ".local/bin" / "tool").symlink_to(tool / "bin" / "tool")
    (person / ".local/share/keyrings").mkdir()
    _script(person / ".pyenv/shims/shimmed", f"exec {person}/.pyenv/versions/1/bin/shimmed")
    _script(person / ".pyenv/versions/1/bin/shimmed", "echo shimmed")
    _script(elsewhere / "vendor/bin/vendored", f"cat {elsewhere}/vendor/lib/name")
    (elsewhere / "vendor/lib").mkdir()
    (elsewhere / "vendor/lib/name").write_text("vendored")
    (person / "bin").mkdir()
    (person / "diary").touch()
    monkeypatch.setenv("HOME", str(person))
    folders = (".local/bin", ".pyenv/shims", "../vendor/bin", "bin", "")
    path = ":".join(str(person / each) for each in folders)
    monkeypatch.setenv("PATH", f"{path}:{os.environ['PATH']}")
    rig = Rig(elsewhere / "home")
    rig.builds.start()
    result = await rig.run(
        spec(
            "test $(tool) = library",
            "test $(shimmed) = shimmed",
            "test $(vendored) = vendored",
            f"! test -e {person}/.local/share/keyrings && ! test -e {person}/diary",
            "git --version && python3 -c 'import ssl, json'",
            "getent hosts localhost && getent passwd root && date && ls /etc/ssl/certs >/dev/null",
        )
    )
    await rig.builds.stop()
    assert result.status == "SUCCEEDED", log(result)


def _script(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)


@confined
async def test_a_build_reaches_no_disks_no_kernel_settings_and_no_sockets_of_root(
    rig: Rig,
) -> None:
    """To these, the root of a namespace is the same root."""
    result = await rig.run(
        spec(
            "ls -l /dev",
            "! ls -l /dev/ | grep ^b",
            "echo x >/dev/null; head -c 9 /dev/urandom >/dev/shm/x; echo y >/dev/stderr",
            'test -z "$(cat < <(true))"',
            "! (echo h >/proc/sysrq-trigger)",
            "! (echo 1 >/proc/sys/vm/drop_caches)",
            "! mount -o remount,bind,rw /sys",
            "! umount /proc",
            "! umount /usr",
            # And not through a namespace of its own.
            "! unshare -Urm mount -o remount,bind,rw /sys",
            "! unshare -Urm umount /proc",
            'test -z "$(find /run -type s)"',
        )
    )
    assert result.status == "SUCCEEDED", log(result)


def test_the_program_inside_loads_nothing_that_it_does_not_need() -> None:
    """Every build starts it."""
    folder = str(Path(machine.__file__).parent)
    program = f"import sys; sys.path.append({folder!r}); import inside; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=True
    ).stdout.split()
    assert "inside" in loaded
    assert {"typing", "platform", "subprocess", "pathlib"} & {*loaded} == set()


@confined
async def test_no_process_from_before_the_build_leads_out_of_it(rig: Rig) -> None:
    """By /proc/PID/exe a build reaches a program through the mount that it was started from."""
    mine, python = Path(__file__), Path(sys.executable).resolve()
    before = python.stat()
    result = await rig.run(
        spec(
            'set -- /proc/[0-9]*; test "$*" = "/proc/1 /proc/$$"',
            f"! test -e /proc/1/root{mine} && ! test -e /proc/1/cwd/../../../..{mine}",
            # What it writes there is its own: of its layer, as elsewhere below such a folder.
            "cat /proc/1/exe >copy; chmod 700 /proc/1/exe; touch /proc/1/exe; true",
        )
    )
    assert result.status == "SUCCEEDED", log(result)
    after = python.stat()
    assert (after.st_mode, after.st_mtime_ns) == (before.st_mode, before.st_mtime_ns)


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
async def test_a_link_does_not_lead_the_miniature_out_of_the_build(rig: Rig, trick: str) -> None:
    """The miniature reads and writes files of the build, with more rights than the build."""
    outside = rig.world.directory / "outside"
    outside.mkdir()
    (outside / "given.json").write_text('{"A": "stolen"}', encoding="utf-8")
    more = "artifacts:\n  files: ['**/*']\n"
    text = spec('S="$HOME/../state"', trick.format(outside=outside), "echo more", more=more)
    text = text.replace("  shell: bash\n", "  shell: bash\n  exported-variables: [A]\n")
    (rig.source / "own").touch()
    result = await rig.run(text, outputs=(BuildOutput("O", "art", "key"),))
    assert [file.name for file in outside.iterdir()] == ["given.json"]
    assert dict(result.exported) == {}
    handed = rig.world.bucket.file("art", "key")
    if handed.exists():
        assert zipfile.ZipFile(handed).namelist() == ["own"]


class Unconfined(Rig):
    """A rig on a machine without namespaces."""


@pytest.fixture
async def open_rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Rig]:
    rig = Unconfined(tmp_path)
    monkeypatch.setattr(rig.builds, "confinement", lambda: Confinement("there are none"))
    rig.builds.start()
    yield rig
    await rig.builds.stop()


async def test_without_namespaces_a_build_that_stays_in_its_folder_runs(open_rig: Rig) -> None:
    result = await open_rig.run(
        spec('mkdir -p "$HOME/tools"', "echo x >here", 'test -d "$TMPDIR"', "cat /etc/hosts")
    )
    assert result.status == "SUCCEEDED", log(result)
    assert "Nothing confines this build: there are none" in log(result)


async def test_without_namespaces_a_build_that_writes_outside_is_refused(open_rig: Rig) -> None:
    target = open_rig.world.directory / "written"
    result = await open_rig.run(spec("echo first", f"echo x >{target}"))
    assert result.error.startswith("DOWNLOAD_SOURCE: CLIENT_ERROR: line 8 of the buildspec: it wri")
    assert "[builds] in bonkei.toml" in result.error
    assert "\nfirst\n" not in log(result)
    assert not target.exists()


async def test_a_setting_allows_builds_to_write_outside(tmp_path: Path, monkeypatch) -> None:
    rig = Rig(tmp_path, may_write_outside=True)
    monkeypatch.setattr(rig.builds, "confinement", lambda: Confinement("there are none"))
    rig.builds.start()
    target = tmp_path / "written"
    result = await rig.run(spec(f"echo x >{target}"))
    await rig.builds.stop()
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
