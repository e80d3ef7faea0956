"""The lines of one request, from the ends of all files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bonkei.miniature.log_files import files
from bonkei.miniature.log_files.files import lines_with

ID = "1-5759e988-bd862e3fe1be46a994272793"


def write(file: Path, *lines: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(f"{line}\n" for line in lines))


def test_they_come_from_programs_and_the_database_in_order(tmp_path: Path) -> None:
    of_request = json.dumps({"message": "mine", "request_id": f"Root={ID}"})
    other = json.dumps({"message": "not mine", "request_id": "Root=1-2-3"})
    write(
        tmp_path / "logs" / "backend" / "backend.log",
        f"2026-01-02 03:04:05.100 task {other}", f"2026-01-02 03:04:05.300 task {of_request}",
    )  # fmt: skip
    write(
        tmp_path / "logs" / "postgresql.log",
        "2026-01-02 03:04:05.150 UTC:h:u@d:[1]:ERROR:  division by zero",
        f"2026-01-02 03:04:05.150 UTC:h:u@d:[1]:STATEMENT:  /*request_id='Root={ID}'*/ SELECT 1/0",
        "2026-01-02 03:04:05.400 UTC:h:u@d:[1]:ERROR:  of another",
    )
    write(tmp_path / "logs" / "edge" / "access.log", f"2026-01-01 00:00:00.000 task {of_request}")
    found = lines_with(tmp_path / "logs", [ID], "2026-01-02T00:00:00.000Z")
    said = [(record.label, record.message.rpartition(":  ")[2][:16]) for record in found]
    assert said == [
        ("postgresql", "division by zero"),
        ("postgresql", "/*request_id='Ro"),
        ("backend/backend", "mine"),
    ]
    assert lines_with(tmp_path / "logs", [], "") == []
    assert lines_with(tmp_path / "nowhere", [ID], "") == []


def test_only_the_ends_of_files_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "ENDING", 1000)
    line = json.dumps({"message": "mine", "request_id": ID})
    times = [f"2026-01-02 03:04:{second:02}.000 task {line}" for second in range(60)]
    write(tmp_path / "logs" / "backend" / "backend.log", *times)
    found = lines_with(tmp_path / "logs", [ID], "")
    assert 5 < len(found) < 20
    assert found[-1].time == "2026-01-02T03:04:59.000Z"
