"""SIGHUP: edited templates, messages and static files are served without a restart."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import over_http
import pytest

from tests.program.frontend.process import PROGRAM, address_of, environment, records

OLD = '<p class="notice column" role="status">'


class Site:
    """A frontend with its own folder, whose files a test can edit."""

    def __init__(self, folder: Path, process: subprocess.Popen[str], logs: Path) -> None:
        self.files = folder / "frontend"
        self.process = process
        self.address = address_of(logs, process)
        self._logs = logs

    def edit(self, name: str, change: Callable[[str], str]) -> None:
        path = self.files / name
        path.write_text(change(path.read_text()))

    def reread(self) -> str:
        """The program's output."""
        before = len(self._answers())
        self.process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + 60
        while len(answers := self._answers()) == before:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        return answers[-1]

    def page(self, path: str = "/") -> str:
        """With what the backend says now: a page says so when it was too slow."""
        deadline = time.monotonic() + 60
        while OLD in (text := over_http.get(self.address + path, timeout=60).text):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        return text

    def _answers(self) -> list[str]:
        said = [record["message"] for record in records(self._logs)]
        return [message for message in said if message.startswith("SIGHUP")]


@pytest.fixture
def site(backend_url: str, tmp_path: Path) -> Iterator[Site]:
    folder, logs = tmp_path / "program", tmp_path / "logs"
    logs.mkdir()
    shutil.copytree(PROGRAM, folder, ignore=shutil.ignore_patterns("__pycache__"))
    with (logs / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "frontend", "serve"],
            cwd=folder,
            env=environment(PORT="0", BACKEND_URL=backend_url),
            stdout=log,
            stderr=log,
            text=True,
        )
        try:
            yield Site(folder, process, logs)
        finally:
            process.kill()
            process.wait()


def test_an_edit_is_served_without_a_restart(site: Site) -> None:
    """One sequence: valid edits, errors that keep the old files, and the corrected files."""
    before = site.page()
    site.edit("templates/base.html", lambda text: text.replace("</title>", " edited</title>", 1))
    site.edit("messages/en.toml", lambda text: text.replace("Skip to the content", "Past it"))
    site.edit("static/style.css", lambda text: text + "\n/* edited */\n")
    assert site.page() == before
    assert site.reread().startswith("SIGHUP: read again")
    after, japanese = site.page(), site.page("/ja/")
    assert " edited</title>" in after
    assert "Past it" in after
    style = after.split("/static/style.", 1)[1].split('"', 1)[0]
    assert style not in before
    assert site.page(f"/static/style.{style}").endswith("/* edited */\n")

    site.edit("templates/status.html", lambda text: text + "\n{% if %}\n")
    assert "templates/status.html:" in site.reread()
    assert site.page() == after
    site.edit("templates/status.html", lambda text: text.replace("\n{% if %}\n", ""))
    site.edit("messages/ja.toml", lambda text: text + "\n= broken")
    assert "messages/ja.toml: " in site.reread()
    assert site.page("/ja/") == japanese
    site.edit("messages/ja.toml", lambda text: text.replace("\n= broken", ""))
    assert site.reread().startswith("SIGHUP: read again")
    assert site.page() == after
