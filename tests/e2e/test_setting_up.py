"""`make` sets up what it needs; Ctrl-C meanwhile is no accident."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from miniatures import ROOT, eventually


def test_ctrl_c_while_the_environment_is_made(tmp_path: Path) -> None:
    python = tmp_path / "venv" / "bin" / "python"
    making = subprocess.Popen(
        [sys.executable, str(ROOT / "scripts" / "bootstrap.py"), str(tmp_path / "venv")],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    eventually(python.exists, "the environment has begun")
    os.killpg(making.pid, signal.SIGINT)
    output, _ = making.communicate(timeout=60)
    assert making.returncode == 130, output
    assert "Traceback" not in output
    assert "interrupted" in output
    # make would take an environment with a Python in it for a whole one.
    assert not python.exists()
