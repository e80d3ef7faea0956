"""The provider's process: only its owner can reach it, and it is never left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock

import psutil
import pytest
from warm_provider import WarmProvider, can_fork

from bonkei.base.sockets import make_socket_directory
from bonkei.definitions.provider.addresses import VERSIONS
from bonkei.definitions.provider.catalogue import providers
from bonkei.definitions.terraform.errors import TerraformError
from bonkei.definitions.terraform.runs import provider_process
from bonkei.definitions.terraform.runs.provider_process import ProviderProcess, ProviderSurroundings
from tests.bonkei.definitions.terraform.project import PROVIDERS, Project

ORPHAN = """
import os, sys
from pathlib import Path
from bonkei.definitions.terraform.runs.provider_process import ProviderProcess, ProviderSurroundings
home = Path(sys.argv[1])
print(ProviderProcess(ProviderSurroundings(home), home, home / "log").reattach, flush=True)
os._exit(1)
"""


def test_it_serves_three_providers_in_its_own_directory(tmp_path: Path) -> None:
    with ProviderProcess(ProviderSurroundings(tmp_path), tmp_path, tmp_path / "log") as provider:
        served = json.loads(provider.reattach)
        assert {address.rpartition("/")[2] for address in served} >= {
            "aws",
            "random",
            "archive",
            "null",
        }
        sockets = [Path(entry["Addr"]["String"]) for entry in served.values()]
        (directory,) = {socket.parent for socket in sockets}
        assert directory.stat().st_mode & 0o077 == 0
        assert all(socket.is_socket() for socket in sockets)
    assert not directory.exists()


def test_the_addresses_that_it_listens_for_are_those_that_it_serves() -> None:
    served = {address: provider.schema.version for address, provider in providers().items()}
    assert served == VERSIONS


def test_what_cannot_be_written_leaves_no_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "surroundings.json").mkdir()
    made: list[Path] = []

    def make() -> Path:
        made.append(make_socket_directory())
        return made[0]

    monkeypatch.setattr(provider_process, "make_socket_directory", make)
    with pytest.raises(IsADirectoryError):
        ProviderProcess(ProviderSurroundings(tmp_path), tmp_path, tmp_path / "log")
    assert [each.exists() for each in made] == [False]


@pytest.fixture
def provider(tmp_path: Path) -> ProviderProcess:
    return ProviderProcess(ProviderSurroundings(tmp_path), tmp_path, tmp_path / "log")


def refused(provider: ProviderProcess, *, dies: bool) -> None:
    """Terraform refuses while the provider runs, or because it has died."""
    with provider:
        (pid,) = {entry["Pid"] for entry in json.loads(provider.reattach).values()}
        if dies:
            os.kill(pid, signal.SIGKILL)
            while psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                time.sleep(0.01)
        raise TerraformError("Plugin did not respond")


def test_where_it_dies_its_own_words_are_the_error(provider: ProviderProcess) -> None:
    with pytest.raises(TerraformError, match=r"ended by itself \(code -9\)") as raised:
        refused(provider, dies=True)
    assert "did not respond" in str(raised.value.__cause__)


@pytest.mark.parametrize("operation", ["validate", "plan", "apply", "destroy"])
def test_where_it_cannot_start_every_operation_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    monkeypatch.setattr(ProviderProcess, "module", "bonkei.not_there")
    project = Project(tmp_path)
    project.write("bonkei.toml", "")
    project.write("infrastructure/main.tf", PROVIDERS)
    with pytest.raises(TerraformError, match=r"ended by itself \(code 1\):\n.*not_there"):
        getattr(project.workspace(), operation)()


def test_what_terraform_says_stays_where_it_lives(provider: ProviderProcess) -> None:
    with pytest.raises(TerraformError, match="did not respond"):
        refused(provider, dies=False)


@pytest.mark.skipif(not can_fork(), reason="nothing is forked here")
def test_a_forked_one_ends_like_a_started_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, warm_provider: WarmProvider
) -> None:
    """Most tests of this folder have such (`tests/support/warm_provider.py`)."""
    warm_provider.replace_starts(monkeypatch)
    for dies in (True, False):
        provider = ProviderProcess(ProviderSurroundings(tmp_path), tmp_path, tmp_path / "log")
        (pid,) = {entry["Pid"] for entry in json.loads(provider.reattach).values()}
        process = psutil.Process(pid)
        assert process.ppid() != os.getpid()
        if dies:
            process.kill()
            process.wait(timeout=60)
        expected = r"ended by itself \(code -9\)" if dies else "did not respond"
        with pytest.raises(TerraformError, match=expected):
            refused(provider, dies=False)
        assert not process.is_running()


def test_its_end_may_be_left_to_others(tmp_path: Path) -> None:
    ends: list[Callable[[], None]] = []
    surroundings = ProviderSurroundings(tmp_path)
    with ProviderProcess(surroundings, tmp_path, tmp_path / "log", ends.append) as provider:
        (pid,) = {entry["Pid"] for entry in json.loads(provider.reattach).values()}
    assert psutil.pid_exists(pid)
    (end,) = ends
    end()
    assert not psutil.pid_exists(pid)


def test_one_that_does_not_end_is_killed(
    provider: ProviderProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provider_process, "_PATIENCE", 0.1)
    (pid,) = {entry["Pid"] for entry in json.loads(provider.reattach).values()}
    os.kill(pid, signal.SIGSTOP)
    provider.stop()
    assert not psutil.pid_exists(pid)


def test_it_ends_when_its_parent_has_ended(tmp_path: Path) -> None:
    command = [sys.executable, "-c", ORPHAN, str(tmp_path)]
    ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    (pid,) = {entry["Pid"] for entry in json.loads(ended.stdout).values()}
    with suppress(psutil.NoSuchProcess):
        psutil.Process(pid).wait(timeout=60)
    assert not psutil.pid_exists(pid)


def test_the_next_one_removes_what_a_killed_one_has_left(
    provider: ProviderProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed together with its parent, so neither could remove it."""
    (entry, *_) = json.loads(provider.reattach).values()
    os.kill(entry["Pid"], signal.SIGKILL)
    with monkeypatch.context() as killed:
        killed.setattr(provider_process, "shutil", SimpleNamespace(rmtree=Mock()))
        provider.stop()
    left = Path(entry["Addr"]["String"]).parent
    assert left.is_dir()
    (tmp_path / "surroundings.json").unlink()
    (tmp_path / "surroundings.json").mkdir()  # so that none starts
    with pytest.raises(IsADirectoryError):
        ProviderProcess(ProviderSurroundings(tmp_path), tmp_path, tmp_path / "log")
    assert not left.exists()


def test_a_temporary_directory_with_a_long_path_is_not_an_obstacle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    far = tmp_path / ("long" * 30)
    far.mkdir()
    monkeypatch.setenv("TMPDIR", str(far))
    with ProviderProcess(ProviderSurroundings(tmp_path), tmp_path, tmp_path / "log") as provider:
        (entry, *_) = json.loads(provider.reattach).values()
        assert Path(entry["Addr"]["String"]).is_socket()
    assert list(far.iterdir()) == []
