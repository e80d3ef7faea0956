"""`bonkei up --detach` that is ended while the miniature starts."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
from ports import free_port

from bonkei.config import Config
from bonkei.miniature import background
from bonkei.miniature.foreground import taken_ports
from bonkei.miniature.home import Home
from bonkei.miniature.lock import holder

_MINUTE = 60.0


@pytest.fixture(autouse=True)
def hang_ups_end() -> Iterator[None]:
    """Whoever runs the tests may ignore them, as `nohup` does, and children inherit that."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


def test_all_ports_that_others_have_are_named(tmp_path: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as one,
        socket.create_server(("127.0.0.1", 0)) as two,
    ):
        ports = [each.getsockname()[1] for each in (one, two)]
        home = tmp_path / ".bonkei"
        ours = {"edge_port": ports[0], "alb_port": free_port(), "cloud_port": ports[1]}
        config = Config(tmp_path / "bonkei.toml", tmp_path, tmp_path, home, **ours)
        said = list(taken_ports(config))
    assert said == [
        f"port {ports[0]}, for CloudFront (BONKEI_EDGE_PORT): Address already in use",
        f"port {ports[1]}, for the AWS endpoint (BONKEI_CLOUD_PORT): Address already in use",
    ]


@contextmanager
def starting(root: Path, *before: str) -> Iterator[tuple[subprocess.Popen[str], psutil.Process]]:
    """The command, and the miniature that it has just started."""
    (root / "infrastructure").mkdir()
    (root / "infrastructure" / "main.tf").write_text('output "x" { value = 1 }\n')
    (root / "bonkei.toml").write_text("", encoding="utf-8")
    command = subprocess.Popen(
        [*before, sys.executable, "-m", "bonkei", "--config", f"{root}/bonkei.toml", "up", "-d"],
        env={**os.environ, "BONKEI_HOME": str(root / "home")},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    end = time.monotonic() + _MINUTE
    while not (children := psutil.Process(command.pid).children()):
        assert time.monotonic() < end
        time.sleep(0.005)
    try:
        yield command, children[0]
    finally:
        for each in (children[0], command):
            with suppress(psutil.NoSuchProcess):
                each.kill()
        command.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_its_end_ends_the_start(tmp_path: Path, number: signal.Signals) -> None:
    """No one would see the miniature, and before it has the home's lock, `bonkei down` would not
    find it."""
    with starting(tmp_path) as (command, miniature):
        command.send_signal(number)
        command.communicate(timeout=_MINUTE)
        assert command.returncode == 128 + number
        assert not miniature.is_running()


def test_a_hang_up_that_is_ignored_ends_nothing(tmp_path: Path) -> None:
    with starting(tmp_path, "nohup") as (command, miniature):
        command.send_signal(signal.SIGHUP)
        command.send_signal(signal.SIGTERM)
        command.communicate(timeout=_MINUTE)
        assert command.returncode == 128 + signal.SIGTERM
        assert not miniature.is_running()


def test_a_miniature_that_is_killed_is_reported(tmp_path: Path) -> None:
    with starting(tmp_path) as (command, miniature):
        miniature.kill()
        output, _ = command.communicate(timeout=_MINUTE)
    assert command.returncode == 1
    assert "ended by SIGKILL while it started" in output


def test_no_module_of_the_project_takes_the_place_of_one_of_pythons(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The miniature starts in the project's folder."""
    (tmp_path / "queue.py").write_text("raise SystemExit('of the project')")
    (tmp_path / "click.py").write_text("raise SystemExit('of the project')")
    begin = subprocess.Popen

    def only_imports(words: list[str], **options: Any) -> subprocess.Popen[str]:
        return begin([*words[: words.index("--config")], "--version"], **options)

    monkeypatch.setattr(subprocess, "Popen", only_imports)
    config = SimpleNamespace(file=tmp_path / "bonkei.toml", root=tmp_path)
    said: list[str] = []
    assert background.start(config, Home(tmp_path / "home"), said.append) == 0  # type: ignore[arg-type]
    assert "terraform" in "".join(said)


def test_a_command_that_is_killed_leaves_a_start_that_others_see(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing can be said to the start then. It goes on in the background, as it was asked to."""
    for part in ("EDGE", "ALB", "CLOUD", "CONSOLE"):
        monkeypatch.setenv(f"BONKEI_{part}_PORT", str(free_port()))
    home = Home(tmp_path / "home")
    with starting(tmp_path) as (command, miniature):
        command.kill()
        end = time.monotonic() + _MINUTE
        while holder(home) != miniature.pid or not home.control.exists():
            assert time.monotonic() < end
            time.sleep(0.005)
        refused = ask(tmp_path, "up")
        assert f"already runs from {home.path} (process {miniature.pid})" in refused.stderr
        shown = ask(tmp_path, "status", "--json")
        assert json.loads(shown.stdout)["running"], shown.stderr
        assert ask(tmp_path, "down").returncode == 0
        assert holder(home) is None
        assert psutil.wait_procs([miniature], _MINUTE)[1] == []


def ask(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bonkei", "--config", f"{root}/bonkei.toml", *arguments],
        env={**os.environ, "BONKEI_HOME": str(root / "home")},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
