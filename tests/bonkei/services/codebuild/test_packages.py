"""A build's Python has the packages of the one in CodeBuild's image."""

from __future__ import annotations

import os
import shutil
import sys
import venv
from pathlib import Path

import pytest
from builds import Rig, log, spec

SHOW = "python3 -c 'import sample; print(\"sample of\", sample.PLACE)'"


@pytest.fixture
def environment(rig: Rig) -> Path:
    """The image has one package: `sample`."""
    packages = rig.world.image / "lib" / "python3.99" / "site-packages"
    packages.mkdir(parents=True)
    (packages / "sample.py").write_text("PLACE = 'the image'\n")
    return rig.world.image


@pytest.mark.usefixtures("environment")
async def test_the_machines_python_has_them(rig: Rig) -> None:
    result = await rig.run(spec(SHOW))
    assert "\nsample of the image\n" in log(result)


@pytest.mark.usefixtures("environment")
async def test_what_a_build_installs_itself_comes_first(rig: Rig) -> None:
    install = (
        'folder="$(python3 -m site --user-site)"; mkdir -p "$folder"; '
        'echo "PLACE = \'the build\'" >"$folder/sample.py"'
    )
    result = await rig.run(spec(install, SHOW))
    assert "\nsample of the build\n" in log(result)


@pytest.mark.usefixtures("environment")
async def test_a_virtual_environment_is_named(
    rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    venv.create(tmp_path / "own", symlinks=True)
    monkeypatch.setenv("PATH", f"{tmp_path}/own/bin{os.pathsep}{os.environ['PATH']}")
    result = await rig.run(spec("true"))
    assert result.status == "SUCCEEDED"
    assert "python3 is one of a virtual environment, so it lacks boto3" in log(result)


async def test_a_machine_without_python_has_the_environments(
    rig: Rig, environment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (environment / "bin").mkdir()
    python = environment / "bin" / "python"
    python.write_text(f'#!/bin/sh\necho the environment; exec {sys.executable} "$@"\n')
    python.chmod(0o755)
    own = tmp_path / "own"
    own.mkdir()
    for name in ("bash", "sh", "cat", "env", "unshare"):
        (own / name).symlink_to(shutil.which(name) or name)
    monkeypatch.setenv("PATH", str(own))
    result = await rig.run(spec("python3 -c 'print(1)'"))
    assert "\nthe environment\n1\n" in log(result)


async def test_without_the_environment_a_build_has_its_own_packages_alone(rig: Rig) -> None:
    result = await rig.run(spec(f"{SHOW} || echo there is no sample"))
    assert "\nthere is no sample\n" in log(result)
