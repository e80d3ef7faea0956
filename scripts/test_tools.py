"""Provides the tests' needs beyond Python packages: a browser. `make test` calls this first.

It uses a Chromium on the PATH, or else downloads Playwright's own once. Without either, the browser
tests are skipped, and the output says so.
"""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
import sys
from pathlib import Path

BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
_PATIENCE = 180  # seconds for the download


def main() -> None:
    """Find a browser, or try to get one."""
    if any(shutil.which(name) for name in BROWSERS):
        return
    playwright = Path(sys.executable).parent / "playwright"
    try:
        subprocess.run(
            [str(playwright), "install", "chromium"],
            env={**os.environ, **trust()},
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


def trust() -> dict[str, str]:
    """What makes Playwright's Node believe whom this machine believes: a company's proxy, too."""
    authorities = ssl.get_default_verify_paths().cafile
    return {"NODE_EXTRA_CA_CERTS": authorities} if authorities else {}


if __name__ == "__main__":
    main()
