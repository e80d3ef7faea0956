"""The set-up guide, executed: seconds of each step, and of each stage of the first releases.

A home with nothing in it, and docs/operations/set-up.md and updating.md as tests/e2e/test_guide.py
executes them. So this also measures releases of the infrastructure with several changes, and
releases of the programs: one with a new line, one of an earlier commit. Between the two pages
`bench.setup_rows` releases the infrastructure twice more: as it is, and with one change.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_PAGES = "test_the_guide_is_executed and (set-up or updating)"


def main() -> None:
    """Print a table of steps and one of releases for each page."""
    with tempfile.TemporaryDirectory() as scratch:
        words = ("-q", "-s", "-k", _PAGES, "-p", "no:cacheprovider", "-p", "bench.setup_rows")
        with subprocess.Popen(
            [sys.executable, "-m", "pytest", "tests/e2e/test_guide.py", *words,
             f"--basetemp={scratch}/t"],
            cwd=_ROOT, env={**os.environ, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE, text=True,
        ) as guide:  # fmt: skip
            assert guide.stdout is not None
            said = []
            for line in guide.stdout:
                said.append(line)
                if line.startswith(("|", "An empty")) or not line.strip():
                    print(line, end="", flush=True)
        if guide.returncode:
            sys.exit(f"error: the guide has failed:\n{''.join(said[-60:])}")


if __name__ == "__main__":
    main()
