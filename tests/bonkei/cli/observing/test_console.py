"""`bonkei console`: the address with its token, and a browser that is really started."""

from __future__ import annotations

import os
import shlex
import sys
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bonkei.base.errors import BonkeiError
from bonkei.cli.context import Context
from bonkei.cli.observing.console import console

URL = "http://127.0.0.1:8082/?token=0123456789abcdef"


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    def run(*words: str, found: dict[str, Any] | None) -> Result:
        def answer(_home: Any, call: str, *, arguments: Any, limit: float) -> dict[str, Any]:
            assert call == "status"
            return {"console": found}

        monkeypatch.setattr("bonkei.miniature.control.call", answer)
        monkeypatch.setattr(Context, "home", None)
        return CliRunner().invoke(console, words, obj=Context(lambda: None))  # type: ignore[arg-type,return-value]

    return run


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Makes a command the only browser: webbrowser looks for them once."""

    def set_browser(command: str) -> None:
        monkeypatch.setattr(webbrowser, "_tryorder", None)
        monkeypatch.setattr(webbrowser, "_browsers", {})
        monkeypatch.setenv("PATH", os.devnull)
        monkeypatch.setenv("BROWSER", command)

    return set_browser


def test_the_address_can_be_copied(typed: Callable[..., Result]) -> None:
    found = typed(found={"url": URL})
    assert (found.exit_code, found.output) == (0, f"{URL}\n")


def test_a_browser_opens_it(
    typed: Callable[..., Result], browser: Callable[[str], None], tmp_path: Path
) -> None:
    told = tmp_path / "told"
    program = f"import sys; open({str(told)!r}, 'w').write(sys.argv[1])"
    browser(f"{sys.executable} -c {shlex.quote(program)} %s")
    found = typed("--open", found={"url": URL})
    assert (found.exit_code, found.output) == (0, f"{URL}\n")
    assert told.read_text() == URL


@pytest.mark.parametrize(
    ("answer", "said"), [({"url": URL}, "no browser"), (None, "the console is off")]
)
def test_what_cannot_be_opened_is_said(
    typed: Callable[..., Result],
    browser: Callable[[str], None],
    answer: dict[str, Any] | None,
    said: str,
) -> None:
    browser(f"{os.devnull}/nothing")
    found = typed("--open", found=answer)
    assert found.exit_code == 1
    assert isinstance(found.exception, BonkeiError)
    assert said in found.exception.message
    assert found.exception.remedy
    assert found.output == (f"{answer['url']}\n" if answer else "")
