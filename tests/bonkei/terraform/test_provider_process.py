"""The provider's process: reachable for its owner only, and never left behind."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from bonkei.terraform.runs.provider_process import ProviderProcess, ProviderSurroundings

ORPHAN = """
import os, sys
from pathlib import Path
from bonkei.terraform.runs.provider_process import ProviderProcess, ProviderSurroundings
home = Path(sys.argv[1])
print(ProviderProcess(ProviderSurroundings(home), home, home / "log").reattach(), flush=True)
os._exit(1)
"""


def test_it_serves_three_providers_in_a_directory_of_its_own(tmp_path: Path) -> None:
    with ProviderProcess(ProviderSurroundings(tmp_path), tmp_path, tmp_path / "log") as provider:
        served = json.loads(provider.reattach())
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


def test_it_ends_when_whoever_started_it_is_gone(tmp_path: Path) -> None:
    command = [sys.executable, "-c", ORPHAN, str(tmp_path)]
    ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    (pid,) = {entry["Pid"] for entry in json.loads(ended.stdout).values()}
    if psutil.pid_exists(pid):
        psutil.Process(pid).wait(timeout=30)
    assert not psutil.pid_exists(pid)


def test_a_temporary_directory_with_a_long_path_is_no_obstacle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    far = tmp_path / ("long" * 30)
    far.mkdir()
    monkeypatch.setenv("TMPDIR", str(far))
    with ProviderProcess(ProviderSurroundings(tmp_path), tmp_path, tmp_path / "log") as provider:
        (entry, *_) = json.loads(provider.reattach()).values()
        assert Path(entry["Addr"]["String"]).is_socket()
    assert list(far.iterdir()) == []
