"""`make` sets up what it needs: with which Python, where, and again when it is missing."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from miniatures import ROOT, WAIT, eventually

from scripts import bootstrap

STAMPS = (".venv/.runtime", ".venv/.development")


@dataclass(frozen=True, slots=True)
class Made:
    """A folder in which two makes began at once. `one` and `other`: what each said."""

    folder: Path
    one: str
    other: str


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A folder with the files that `make` reads, and an environment up to the bootstrap."""
    folder = tmp_path_factory.mktemp("make") / "a project"
    (folder / "scripts").mkdir(parents=True)
    (folder / "requirements").mkdir()
    for name in ("Makefile", "pyproject.toml", "scripts/bootstrap.py"):
        shutil.copy(ROOT / name, folder / name)
    for name in ("bonkei", "dev"):
        shutil.copy(ROOT / "requirements" / f"{name}.txt", folder / "requirements")
    command = ["make", f"PYTHON={sys.executable}", ".venv/bin/python"]
    held = os.open(folder, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)  # neither makes anything before both have seen that nothing is
    both = [
        subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True) for _ in range(2)
    ]
    eventually(lambda: waiting(folder) == len(both), "both makes wait")
    os.close(held)
    said = [process.communicate(timeout=WAIT)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    return Made(folder, *said)


def waiting(folder: Path) -> int:
    """How many processes wait for the lock of this folder."""
    locks = Path("/proc/locks").read_text().splitlines()
    return sum("->" in line and f":{folder.stat().st_ino} " in line for line in locks)


@pytest.fixture(scope="module")
def original(made: Made) -> Path:
    return made.folder


@pytest.fixture
def folder(original: Path, tmp_path: Path) -> Path:
    """A complete environment, in a folder of its own."""
    folder = tmp_path / "a project"
    shutil.copytree(original, folder, symlinks=True)
    configuration = folder / ".venv" / "pyvenv.cfg"
    configuration.write_text(configuration.read_text().replace(str(original), str(folder)))
    for stamp in STAMPS:
        (folder / stamp).touch()
    return folder


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["make", f"PYTHON={sys.executable}", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_an_existing_environment_is_not_made_again(folder: Path) -> None:
    assert "up to date" in make(folder, ".venv/.development").stdout


def test_a_python_without_ensurepip_is_reported_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Debian's python3 without python3-venv: no ensurepip, and no folder of wheels."""
    monkeypatch.setattr(bootstrap.sysconfig, "get_config_var", lambda _: str(tmp_path / "wheels"))
    monkeypatch.setattr(bootstrap.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(SystemExit, match="apt install python3-venv"):
        bootstrap.create(tmp_path / "venv")
    assert not (tmp_path / "venv").exists()


def test_pip_is_found_where_debian_keeps_its_wheels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = tmp_path / "pip-25.0-py3-none-any.whl"
    wheel.touch()
    monkeypatch.setattr(bootstrap.sysconfig, "get_config_var", lambda _: str(tmp_path))
    assert bootstrap.bundled_pip() == f"{wheel}/pip"


def test_an_environment_has_the_links_of_pythons_own_venv(original: Path) -> None:
    assert (original / ".venv" / "bin" / "python").is_symlink()


@pytest.mark.parametrize("how", [Path.rename, shutil.copytree])
def test_a_moved_or_copied_environment_is_made_again(folder: Path, how) -> None:
    elsewhere = folder.with_name("elsewhere")
    how(folder, elsewhere, **({"symlinks": True} if how is shutil.copytree else {}))
    planned = make(elsewhere, "-n", ".venv/.runtime").stdout
    assert "scripts/bootstrap.py .venv\n" in planned
    assert "--add requirements/bonkei.txt" in planned


def test_an_environment_without_its_python_is_made_again(folder: Path) -> None:
    python = folder / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to("/nowhere/python3")
    planned = make(folder, "-n", ".venv/.runtime").stdout
    assert "scripts/bootstrap.py .venv\n" in planned
    assert "--add requirements/bonkei.txt" in planned


def test_an_incomplete_environment_is_made_again(folder: Path) -> None:
    for half in (*STAMPS, ".venv/bin/activate"):
        (folder / half).unlink()
    assert "scripts/bootstrap.py .venv\n" in make(folder, "-n", ".venv/.runtime").stdout


def test_two_makes_at_once_make_one_environment(made: Made) -> None:
    assert ("Making the environment" in made.one) != ("Making the environment" in made.other)


def test_ctrl_c_while_packages_are_installed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(bootstrap, "run", interrupt)
    for stamp in STAMPS:
        (folder / stamp).unlink()
    lock = ROOT / "requirements" / "bonkei.txt"
    with pytest.raises(KeyboardInterrupt):
        bootstrap.install(folder / ".venv", lock, exactly=False)
    planned = make(folder, "-n", ".venv/.runtime").stdout
    assert "scripts/bootstrap.py .venv\n" in planned

    monkeypatch.setattr(bootstrap, "run", lambda *_: None)
    bootstrap.install(folder / ".venv", lock, exactly=False)
    assert not (folder / ".venv" / ".installing").exists()


NOWHERE = {
    "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
    "UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple",
    "UV_HTTP_RETRIES": "0",
}


@pytest.mark.parametrize("has_uv", [False, True], ids=["pip", "uv"])
def test_a_missing_network_is_reported_as_such(folder: Path, tmp_path: Path, has_uv: bool) -> None:
    """Real tools, and an index that does not exist."""
    if has_uv:
        (folder / ".venv" / "bin" / "uv").symlink_to(Path(sys.executable).parent / "uv")
    (folder / STAMPS[0]).unlink()
    environment = {**os.environ, **NOWHERE, "UV_CACHE_DIR": str(tmp_path / "cache")}
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "PIP_FIND_LINKS"):
        environment.pop(name, None)
    made = subprocess.run(
        ["make", f"PYTHON={sys.executable}", ".venv/.runtime"],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert made.returncode != 0
    assert "error: the package index cannot be reached" in made.stderr, made.stderr
    assert "HTTPS_PROXY" in made.stderr
    assert "No matching distribution" not in made.stderr
    assert len(made.stderr.splitlines()) < 12


@pytest.mark.parametrize(
    ("said", "meaning"),
    [
        ("ERROR: Could not install: [Errno 28] No space left on device", "the disk is full"),
        ("error: invalid peer certificate: UnknownIssuer", "signed by whom this machine"),
        ("  ╰─▶ dns error: failed to lookup address", "cannot be reached: dns error"),
        ("ERROR: No matching distribution found for uv==99", ""),
        ("error: Hash mismatch for uv", ""),
    ],
)
def test_known_errors_of_pip_and_uv_are_explained(said: str, meaning: str) -> None:
    assert meaning in bootstrap.explain(f"WARNING: x\n{said}\nmore\n")
    assert bool(bootstrap.explain(said)) is bool(meaning)


def test_installing_is_timed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bootstrap, "run", lambda *_: None)
    lock = ROOT / "requirements" / "bonkei.txt"
    bootstrap.install(folder / ".venv", lock, exactly=False)
    assert re.search(r"✓ installed in \d+\.\d s", capsys.readouterr().err)


def test_a_start_knows_the_time_of_its_command(folder: Path) -> None:
    """The last command of `make up`, replaced by an echo."""
    program = folder / ".venv" / "bin" / "bonkei"
    program.write_text('#!/bin/sh\necho "$1 $BONKEI_BEGUN"\n')
    program.chmod(0o755)
    before = time.time()
    made = make(folder, "up")
    assert made.returncode == 0, made.stderr
    # Inside `make test`, make prints at the end which folder it leaves.
    [begun] = [line[3:] for line in made.stdout.splitlines() if line.startswith("up ")]
    assert before <= float(begun) <= time.time()


@pytest.mark.parametrize("version", [(2, 7, 18), (3, 6, 15), (3, 10, 13)])
def test_an_old_python_is_reported_before_it_reads_newer_syntax(
    original: Path, tmp_path: Path, version: tuple[int, int, int]
) -> None:
    old = tmp_path / "old-python"
    pretend = f"import sys; sys.version_info = {version}; exec(sys.argv[2])"
    old.write_text(f"#!/bin/sh\nexec {sys.executable} -c '{pretend}' \"$@\"\n")
    old.chmod(0o755)
    shutil.copytree(original, tmp_path / "new", ignore=shutil.ignore_patterns(".venv"))
    made = make(tmp_path / "new", f"PYTHON={old}", "up")
    assert made.returncode == 2
    assert f"Python {version[0]}.{version[1]} is too old: 3.11 or newer is needed" in made.stderr
    assert "make up PYTHON=" in made.stderr
    assert not (tmp_path / "new" / ".venv").exists()


# The bootstrap, whose last step lasts until it is interrupted.
LASTING = """
import runpy, sys, time, venv
venv.EnvBuilder.setup_scripts = lambda *_: time.sleep(600)
del sys.argv[0]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def test_ctrl_c_while_the_environment_is_made(tmp_path: Path) -> None:
    python = tmp_path / "venv" / "bin" / "python"
    bootstrapping = (str(ROOT / "scripts" / "bootstrap.py"), str(tmp_path / "venv"))
    making = subprocess.Popen(
        [sys.executable, "-c", LASTING, *bootstrapping],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    eventually(python.exists, "the environment has begun")
    os.killpg(making.pid, signal.SIGINT)
    output, _ = making.communicate(timeout=WAIT)
    assert making.returncode == 130, output
    assert "Traceback" not in output
    assert "interrupted" in output
    assert not bootstrap.is_whole(tmp_path / "venv")
