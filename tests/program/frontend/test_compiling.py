"""Templates that are read again are compiled only where they have changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2
import pytest
from frontend.web.rendering import environment


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the templates that Jinja compiles."""
    names: list[str] = []
    original = jinja2.Environment.compile

    def compile_it(self: jinja2.Environment, source: str, name: str, *rest: Any) -> Any:
        names.append(name)
        return original(self, source, name, *rest)  # type: ignore[call-overload]

    monkeypatch.setattr(jinja2.Environment, "compile", compile_it)
    return names


def pages(folder: Path) -> list[str]:
    templates = environment(folder)
    return [templates.get_template(name).render() for name in ("a.html", "b.html")]


def test_only_the_changed_template_is_compiled(tmp_path: Path, compiled: list[str]) -> None:
    for name in ("a.html", "b.html"):
        (tmp_path / name).write_text(name)
    assert pages(tmp_path) == ["a.html", "b.html"]
    assert pages(tmp_path) == ["a.html", "b.html"]
    assert compiled == ["a.html", "b.html"]
    (tmp_path / "b.html").write_text("new")
    assert pages(tmp_path) == ["a.html", "new"]
    assert compiled == ["a.html", "b.html", "b.html"]


def test_a_text_of_before_is_compiled_as_it_is_now(tmp_path: Path) -> None:
    for text in ("one", "two", "one"):
        for name in ("a.html", "b.html"):
            (tmp_path / name).write_text(text)
        assert pages(tmp_path) == [text, text]
