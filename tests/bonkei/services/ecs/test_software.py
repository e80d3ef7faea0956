"""Virtual environments for containers: created once, shared, never incomplete."""

from __future__ import annotations

import asyncio
import base64
import fcntl
import hashlib
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from bonkei.blueprint.ecs import Container
from bonkei.services.ecs import TaskError
from bonkei.services.ecs.execution.software import ensure_environment, environment_name, is_locked

from .conftest import definition


def wheel(directory: Path, name: str = "greeting", version: str = "1.0") -> Path:
    """A package with one module, built here without an index."""
    path = directory / f"{name}-{version}-py3-none-any.whl"
    information = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": "WORD = 'hello'\n",
        f"{information}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{information}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{file},{digest(text)},{len(text)}\n" for file, text in files.items())
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in {**files, f"{information}/RECORD": record}.items():
            archive.writestr(file, text)
    return path


def digest(text: str) -> str:
    """The digest in the form of a wheel's RECORD."""
    value = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest())
    return f"sha256={value.rstrip(b'=').decode()}"


def lock(directory: Path, package: Path, expected: str = "") -> Path:
    expected = expected or hashlib.sha256(package.read_bytes()).hexdigest()
    file = directory / "requirements.txt"
    file.write_text(f"greeting @ {package.as_uri()} \\\n    --hash=sha256:{expected}\n")
    return file


async def test_an_environment_is_created_once_and_shared(tmp_path):
    requirements = lock(tmp_path, wheel(tmp_path))
    said: list[str] = []

    made = await asyncio.gather(
        *(ensure_environment([requirements], tmp_path / "envs", said.append) for _ in range(3))
    )

    assert len(set(made)) == 1
    assert len(said) == 1
    result = await asyncio.to_thread(
        subprocess.run,
        [made[0] / "bin" / "python", "-c", "import greeting; print(greeting.WORD)"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert result.stdout == "hello\n"


async def test_homes_whose_folders_are_links_to_one_share_an_environment(tmp_path):
    """An environment holds its own path: the link's would be another for each home."""
    requirements = lock(tmp_path, wheel(tmp_path))
    (tmp_path / "shared").mkdir()
    said: list[str] = []
    for home in ("one", "two"):
        (tmp_path / home).symlink_to(tmp_path / "shared")
        made = await ensure_environment([requirements], tmp_path / home, said.append)
        assert made.parent == tmp_path / "shared"
    assert len(said) == 1


async def test_an_incomplete_environment_is_created_again(tmp_path):
    requirements = lock(tmp_path, wheel(tmp_path))
    target = await ensure_environment([requirements], tmp_path / "envs", lambda _: None)
    (target / ".complete").unlink()
    (target / "bin" / "python").unlink()
    assert await ensure_environment([requirements], tmp_path / "envs", lambda _: None) == target
    assert (target / "bin" / "python").exists()


async def test_an_environment_that_moved_with_its_home_is_created_again(tmp_path):
    requirements = lock(tmp_path, wheel(tmp_path))
    await ensure_environment([requirements], tmp_path / "envs", lambda _: None)
    (tmp_path / "envs").rename(tmp_path / "moved")
    said: list[str] = []
    target = await ensure_environment([requirements], tmp_path / "moved", said.append)
    assert len(said) == 1
    assert str(target) in (target / "bin" / "activate").read_text()


async def test_packages_by_name_are_installed_beside_those_of_files(tmp_path):
    requirements = lock(tmp_path, made := wheel(tmp_path))
    find = tmp_path / "find.txt"
    find.write_text(f"--no-index\n--find-links {made.parent}\n{requirements.read_text()}")
    said: list[str] = []
    name = made.name.partition("-")[0]
    for _ in range(2):
        target = await ensure_environment([find, name], tmp_path / "envs", said.append)
    assert list(target.glob(f"lib/*/site-packages/{name}*"))
    assert len([each for each in said if each.startswith("installing")]) == 1


async def test_a_package_with_another_hash_is_refused(tmp_path):
    requirements = lock(tmp_path, wheel(tmp_path), expected="0" * 64)
    with pytest.raises(TaskError, match="CannotPullContainerError") as caught:
        await ensure_environment([requirements], tmp_path / "envs", lambda _: None)
    assert caught.value.remedy


async def test_a_cancelled_installation_ends_the_installer_and_releases_the_lock(tmp_path):
    requirements = lock(tmp_path, wheel(tmp_path))
    making = asyncio.create_task(
        ensure_environment([requirements], tmp_path / "envs", lambda _: None)
    )
    await asyncio.sleep(0.02)
    making.cancel()
    with pytest.raises(asyncio.CancelledError):
        await making
    await asyncio.wait_for(
        ensure_environment([requirements], tmp_path / "envs", lambda _: None), 60
    )


_IN_ANOTHER_PROCESS = """
import asyncio, sys
from pathlib import Path
from bonkei.services.ecs.execution import software
software.find_uv_bin = lambda: sys.argv[1]
asyncio.run(software.ensure_environment([Path(sys.argv[2])], Path(sys.argv[3]), print))
"""


async def test_an_installer_that_outlives_its_killed_caller_has_the_folder_alone(tmp_path):
    requirements = lock(tmp_path, wheel(tmp_path))
    target = tmp_path / "envs" / environment_name([requirements])
    slow, begun, may_end = tmp_path / "uv", tmp_path / "begun", tmp_path / "may-end"
    slow.write_text(f"#!/bin/sh\n>{begun}\nwhile [ ! -e {may_end} ]; do sleep 0.02; done\n")
    slow.chmod(0o700)
    caller = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _IN_ANOTHER_PROCESS, slow, requirements, target.parent
    )
    try:
        async with asyncio.timeout(60):
            while not begun.exists():
                await asyncio.sleep(0.01)
        caller.kill()
        await caller.wait()
        with target.with_name(f"{target.name}.lock").open() as file, pytest.raises(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        may_end.touch()
    made = ensure_environment([requirements], target.parent, lambda _: None)
    assert await asyncio.wait_for(made, 60) == target


@pytest.mark.parametrize(
    ("text", "locked"),
    [
        ("a==1 --hash=sha256:x\n", True),
        ("# remark\n--index-url https://x\n\na==1 \\\n    --hash=sha256:x\n", True),
        ("a==1\n", False),
        ("a==1 --hash=sha256:x\nb\n", False),
        ("-e .\n", False),
        ("", True),
    ],
)
def test_requirements_are_locked_when_each_has_a_hash(text, locked):
    assert is_locked(text) is locked


async def test_requirements_without_hashes_are_locked_once_with_a_message(tmp_path, index):
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("-r more.txt\n")
    (tmp_path / "more.txt").write_text("greeting\n")
    said: list[str] = []
    envs = tmp_path / "envs"
    target = await ensure_environment([requirements], envs, said.append)
    lock = target.with_name(f"{target.name}.txt")
    assert said[0] == f"locking {requirements}, which has no hashes: once, in {lock}"
    assert "greeting==1.0" in lock.read_text()
    assert "://" not in lock.read_text()
    assert index["greeting-1.0-py3-none-any.whl"] in lock.read_text()

    # A later start without the environment, when a newer version exists: the same packages.
    shutil.rmtree(target)
    wheel(tmp_path / "index", version="2.0")
    said.clear()
    assert await ensure_environment([requirements], envs, said.append) == target
    assert said == [f"installing the packages of {lock}"]
    assert "greeting-1.0.dist-info" in {p.name for p in target.glob("lib/*/site-packages/*")}
    (tmp_path / "more.txt").write_text("greeting>1\n")
    assert environment_name([requirements]) != target.name


async def test_an_index_in_the_requirements_is_used_for_all_of_them(tmp_path, index, monkeypatch):
    monkeypatch.delenv("UV_FIND_LINKS")
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(f"--find-links {tmp_path / 'index'}\ngreeting\n")
    target = await ensure_environment([requirements], tmp_path / "envs", lambda _: None)
    assert list(target.glob("lib/*/site-packages/greeting.py"))
    assert is_locked(target.with_name(f"{target.name}.txt").read_text())


async def test_a_package_in_a_folder_is_installed_without_a_hash(tmp_path, index):
    package = tmp_path / "app" / "libs" / "own"
    package.mkdir(parents=True)
    built = wheel(tmp_path, "own")
    (package / "backend.py").write_text(
        "import shutil\ndef build_wheel(directory, *_):\n"
        f"    shutil.copy({str(built)!r}, directory)\n    return {built.name!r}\n"
    )
    (package / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "own"\nversion = "1.0"\n'
    )
    requirements = tmp_path / "app" / "requirements.txt"
    requirements.write_text("./libs/own\ngreeting\n")
    target = await ensure_environment([requirements], tmp_path / "envs", lambda _: None)
    found = {path.name for path in target.glob("lib/*/site-packages/*.dist-info")}
    assert {"own-1.0.dist-info", "greeting-1.0.dist-info"} <= found


@pytest.fixture
def index(tmp_path, monkeypatch) -> dict[str, str]:
    """A folder with packages that serves as the index. Returns the digests of its files."""
    folder = tmp_path / "index"
    folder.mkdir()
    wheel(folder)
    monkeypatch.setenv("UV_FIND_LINKS", str(folder))
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.iterdir()}


async def test_a_container_runs_with_its_own_packages(tasks, program):
    directory = (
        program("job").write("import greeting, sys; print(greeting.WORD, sys.prefix)").directory
    )
    lock(directory, wheel(directory))
    (directory / "Dockerfile").write_text(
        'FROM python\nENV VIRTUAL_ENV=/opt/venv\nCMD ["python", "main.py"]\n'
    )
    outcome = await tasks.run_task(definition(Container("job", "job:1")), "job")
    [line] = outcome.output
    assert line.startswith("hello ")
    assert str(directory.parent / "home" / "environments") in line
    assert sys.prefix not in line
