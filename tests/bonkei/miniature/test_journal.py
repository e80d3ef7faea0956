"""The supervisor's messages are logged, with or without a terminal."""

from __future__ import annotations

import re
from pathlib import Path

from bonkei.miniature.journal import Journal
from bonkei.services.console import Console, ConsoleSettings


def test_a_message_is_printed_and_stored_with_its_time(tmp_path: Path) -> None:
    heard: list[str] = []
    journal = Journal(tmp_path / "logs" / "bonkei.log", heard.append)
    journal("Ready")
    journal("")
    journal.keep("error: two\nlines")
    journal.be_quiet()
    journal("Stopping")
    journal.close()
    assert heard == ["Ready", ""]
    lines = (tmp_path / "logs" / "bonkei.log").read_text().splitlines()
    assert [line.partition("Z ")[2] for line in lines] == [
        "Ready",
        "error: two",
        "lines",
        "Stopping",
    ]
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z ", lines[0])


async def test_the_terminal_gets_the_consoles_token_and_the_log_does_not(tmp_path: Path) -> None:
    console = Console(ConsoleSettings(0, tmp_path / "console"))
    await console.start()
    shown = console.snapshot()
    await console.stop()
    assert shown is not None
    heard: list[str] = []
    journal = Journal(tmp_path / "logs" / "bonkei.log", heard.append)
    journal(f"Console: {shown.url}")
    journal(f"  The console  {shown.url}\n  The site  http://127.0.0.1:8080/")
    journal.close()
    token = (tmp_path / "console" / "token").read_text().strip()
    assert token in heard[0]
    logged = (tmp_path / "logs" / "bonkei.log").read_text()
    assert token not in logged
    assert logged.count(f"{shown.url.partition('=')[0]}=••••\n") == 2
    assert "http://127.0.0.1:8080/\n" in logged


def test_the_next_start_sets_a_large_file_aside(tmp_path: Path) -> None:
    file = tmp_path / "bonkei.log"
    file.write_text("x" * (1024 * 1024 + 1))
    journal = Journal(file, lambda _: None)
    journal("Ready")
    journal.close()
    assert len(file.read_text().splitlines()) == 1
    assert (tmp_path / "bonkei.log.1").exists()


def test_a_closed_terminal_does_not_prevent_the_stop(tmp_path: Path) -> None:
    calls: list[str] = []

    def closed(text: str) -> None:
        calls.append(text)
        raise BrokenPipeError

    journal = Journal(tmp_path / "bonkei.log", closed)
    journal("Stopping")
    journal("Stopped")
    journal.close()
    assert calls == ["Stopping"]
    assert len((tmp_path / "bonkei.log").read_text().splitlines()) == 2
