"""Virtual environments for containers: made once, shared, never half."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from bonkei.blueprint.service import Container
from bonkei.tasks import TaskError
from bonkei.tasks.software import ensure_environment, find_requirements

from .conftest import definition


def wheel(directory: Path, name: str = "greeting") -> Path:
    """A package of one module, made here: no index is needed."""
    path = directory / f"{name}-1.0-py3-none-any.whl"
    information = f"{name}-1.0.dist-info"
    files = {
        f"{name}.py": "WORD = 'hello'\n",
        f"{information}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{information}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{file},{digest(text)},{len(text)}\n" for file, text in files.items())
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in {**files, f"{information}/RECORD": record}.items():
            archive.writestr(file, text)
    return path


def digest(text: str) -> str:
    """As a wheel's RECORD writes it."""
    value = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest())
    return f"sha256={value.rstrip(b'=').decode()}"


def lock(directory: Path, package: Path, expected: str = "") -> Path:
    expected = expected or hashlib.sha256(package.read_bytes()).hexdigest()
    file = directory / "requirements.txt"
    file.write_text(f"greeting @ {package.as_uri()} \\\n    --hash=sha256:{expected}\n")
    return file


async def test_an_environment_is_made_once_and_shared(tmp_path):
    requirements = lock(tmp_path, wheel(tmp_path))
    said: list[str] = []

    made = await asyncio.gather(
        *(ensure_environment(requirements, tmp_path / "envs", said.append) for _ in range(3))
    )

    assert len(set(made)) == 1
    assert len(said) == 1
    result = await asyncio.to_thread(
        subprocess.run,
        [made[0] / "bin" / "python", "-c", "import greeting; print(greeting.WORD)"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert result.stdout == "hello\n"


async def test_what_was_made_half_is_made_again(tmp_path):
    requirements = lock(tmp_path, wheel(tmp_path))
    target = await ensure_environment(requirements, tmp_path / "envs", lambda _: None)
    (target / ".complete").unlink()
    (target / "bin" / "python").unlink()
    assert await ensure_environment(requirements, tmp_path / "envs", lambda _: None) == target
    assert (target / "bin" / "python").exists()


async def test_one_that_was_moved_with_its_home_is_made_again(tmp_path):
    requirements = lock(tmp_path, wheel(tmp_path))
    await ensure_environment(requirements, tmp_path / "envs", lambda _: None)
    (tmp_path / "envs").rename(tmp_path / "moved")
    said: list[str] = []
    target = await ensure_environment(requirements, tmp_path / "moved", said.append)
    assert len(said) == 1
    assert str(target) in (target / "bin" / "activate").read_text()


async def test_a_package_with_another_hash_is_refused(tmp_path):
    requirements = lock(tmp_path, wheel(tmp_path), expected="0" * 64)
    with pytest.raises(TaskError, match="CannotPullContainerError") as caught:
        await ensure_environment(requirements, tmp_path / "envs", lambda _: None)
    assert caught.value.remedy


async def test_giving_up_ends_the_installer_and_frees_the_lock(tmp_path):
    requirements = lock(tmp_path, wheel(tmp_path))
    making = asyncio.create_task(
        ensure_environment(requirements, tmp_path / "envs", lambda _: None)
    )
    await asyncio.sleep(0.02)
    making.cancel()
    with pytest.raises(asyncio.CancelledError):
        await making
    await asyncio.wait_for(ensure_environment(requirements, tmp_path / "envs", lambda _: None), 30)


def test_only_requirements_with_hashes_count(tmp_path):
    assert find_requirements(tmp_path) is None
    (tmp_path / "requirements.txt").write_text("greeting==1.0\n")
    assert find_requirements(tmp_path) is None
    lock(tmp_path, wheel(tmp_path))
    assert find_requirements(tmp_path) == tmp_path / "requirements.txt"


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
