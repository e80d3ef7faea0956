"""What the tests need beyond Python packages: a browser. `make test` calls this first.

A Chromium on the PATH is taken; else Playwright's own is downloaded once. Where neither can be
had, the browser tests are skipped, and say so.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_PATIENCE = 180  # seconds for the download


def main() -> None:
    """Find a browser, or try to get one."""
    if any(shutil.which(name) for name in BROWSERS):
        return
    playwright = Path(sys.executable).parent / "playwright"
    try:
        subprocess.run(
            [str(playwright), "install", "chromium"],
            check=True,
            timeout=_PATIENCE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    except (subprocess.SubprocessError, OSError):
        print(
            "note: no browser was found, and none could be downloaded: its tests are skipped.\n"
            "  On Debian and Ubuntu: apt install chromium; elsewhere put a Chromium on the PATH.",
            file=sys.stderr,
        )


if __name__ == "__main__":
    main()
