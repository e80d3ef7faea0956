"""Measurements that call the parts themselves run with the parts as they are now."""

from __future__ import annotations

import pytest

from bench import logs, requests


def test_the_store_and_access_logs_are_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, number in (("RECORDS", 1000), ("LINES", 3), ("REQUESTS", 10)):
        monkeypatch.setattr(logs, name, number)
    logs.main()
    shown = capsys.readouterr().out
    assert "| read all of them |" in shown
    assert "10 found" in shown  # one record of a hundred is an ERROR
    for paths in ("same path", "other paths"):
        assert f"| {paths}, later: compressed |" in shown


def test_the_page_of_requests_is_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(requests, "_SECONDS", 1)
    monkeypatch.setattr(requests, "_RATES", (40,))
    assert requests.main() == 0
    assert "| 40 |" in capsys.readouterr().out
