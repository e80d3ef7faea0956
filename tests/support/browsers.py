"""A real browser for the tests: a Chromium on the PATH, or the one that Playwright installed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")
# Without these it calls its maker's hosts at every start. As root it needs the first one.
_ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


def _executable() -> str | None:
    for name in _NAMES:
        if found := shutil.which(name):
            return found
    with sync_playwright() as playwright:
        own = Path(playwright.chromium.executable_path)
    return str(own) if own.exists() else None


EXECUTABLE = _executable()
needs_browser = pytest.mark.skipif(
    EXECUTABLE is None,
    reason="no browser: put a Chromium on the PATH (Debian, Ubuntu: apt install chromium)",
)


@contextmanager
def launched() -> Iterator[Browser]:
    """A headless browser, closed afterwards."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=EXECUTABLE, args=_ARGUMENTS)
        yield browser
        browser.close()
