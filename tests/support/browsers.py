"""A real browser for the tests: a Chromium on the PATH, or the one that Playwright installed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

_PATIENCE = 60_000  # milliseconds, for a busy machine
expect.set_options(timeout=_PATIENCE)
_VIOLATIONS: dict[str, Any] = {"resultTypes": ["violations"]}
_COLOURS = _VIOLATIONS | {"runOnly": ["color-contrast", "link-in-text-block"]}
# axe's half megabyte is there from the start of each page, and runs where it is wanted: to send it
# again for each look takes a tenth of a second.
_AXE = f"window.startAxe = () => {{ {Axe().axe_script} }};"
# A modal dialog lies over everything. axe takes it for clipped by what it is in, such as a drawer,
# and passes over its texts, so nothing clips meanwhile.
_FIND = """(options) => {
  if (!window.axe) window.startAxe();
  const said = (one) => one.nodes.map((node) => `${one.id}: ${node.html} ${node.failureSummary}`);
  const around = [];
  let one = document.querySelector("dialog:modal");
  while ((one = one?.parentElement))
    if (getComputedStyle(one).overflow.includes("hidden")) around.push([one, one.style.overflow]);
  for (const [one] of around) one.style.overflow = "visible";
  return axe.run(options).then((found) => found.violations.flatMap(said)).finally(() => {
    for (const [one, before] of around) one.style.overflow = before;
  });
}"""
_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
# The first four draw a list below the address, in a process of its own for each window: more work
# than the page. RenderDocument makes a new view for each page of a tab, with all that draws it: a
# third of a load. The whole replaces Playwright's list, so the others are what that has.
_WITHOUT = (
    "WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup,PreloadTopChromeWebUI,"
    "RenderDocument,"
    "AimEnabled,AvoidCorsURLLoaderRestartOnRedirect,AvoidUnnecessaryBeforeUnloadCheckSync,"
    "DestroyProfileOnBrowserClose,HttpsFirstBalancedModeAutoEnable,HttpsUpgrades,LensOverlay,"
    "MediaRouter,NetworkTimeServiceQuerying,OptimizationHints,PaintHolding,PreconnectToSearch,"
    "ThirdPartyStoragePartitioning"
)
# Without these it calls its maker's hosts at every start. As root it needs the first one.
_ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    f"--disable-features={_WITHOUT}",
)  # fmt: skip
# For pages that are looked at with axe once each: to optimise their code takes an eighth of such a
# test, and saves less.
UNOPTIMISED = "--js-flags=--no-opt --no-maglev"


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
def launched(*more: str) -> Iterator[Browser]:
    """A headless browser, closed afterwards. `more`: arguments of its command line."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=EXECUTABLE, args=[*_ARGUMENTS, *more], timeout=_PATIENCE
        )
        yield browser
        browser.close()


def new_context(browser: Browser, **settings: Any) -> BrowserContext:
    """With patience, and with axe for `violations`."""
    context = browser.new_context(**settings)
    context.set_default_timeout(_PATIENCE)
    context.add_init_script(_AXE)
    return context


def violations(page: Page) -> list[str]:
    """What axe finds on the whole page of a `new_context`, in the light."""
    page.wait_for_load_state()  # after a click, a part of it may be there
    found: list[str] = page.evaluate(_FIND, _VIOLATIONS)
    return found


def violations_in_both(page: Page) -> list[str]:
    """What axe finds in the light, and what its rules about colours find in the dark. The others
    find the same in both: tests of the style sheets say that the dark changes colours alone.
    Nothing moves from then on, for a colour on its way to another belongs to neither.
    """
    found = violations(page)
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    found += [f"in the dark, {one}" for one in page.evaluate(_FIND, _COLOURS)]
    page.emulate_media(color_scheme="light")
    return found


class Shared:
    """One browser for all tests of a folder: to start it costs more than most of them.

    Its event loop is in the way of tests that have one of their own, so it is closed before a test
    of another folder begins. The folder's conftest calls `leave` after each test, and `close` at
    the end.
    """

    def __init__(self, folder: Path, *arguments: str) -> None:
        self._folder = folder
        self._arguments = arguments
        self._open = ExitStack()
        self._browser: Browser | None = None
        self._free: dict[str, list[Page]] = {}

    def get(self) -> Browser:
        """The browser, started for the first test that asks."""
        if self._browser is None:
            self._browser = self._open.enter_context(launched(*self._arguments))
        return self._browser

    @contextmanager
    def tab(self, width: int, height: int, **settings: str) -> Iterator[Page]:
        """A tab that one test after the other has, in the light: a new one costs a process.
        `settings`: of its context.

        Who has it leaves nothing behind in it that the next test could notice.
        """
        free = self._free.setdefault(repr(sorted(settings.items())), [])
        page = free.pop() if free else new_context(self.get(), **settings).new_page()
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme="light", reduced_motion="no-preference")
        yield page
        page.mouse.move(0, 0)
        free.append(page)

    def leave(self, following: pytest.Item | None) -> None:
        """Close it unless the following test is of this folder, too."""
        if following is None or not following.path.is_relative_to(self._folder):
            self.close()

    def close(self) -> None:
        self._browser = None
        self._free.clear()
        self._open.close()
