"""Every linter, type checker and scanner, in one go: `make check`. Fails when one of them does."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from scripts import apart, scanners

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
PROGRAMS = "program/backend:program/frontend"


@dataclass(frozen=True, slots=True)
class Check:
    """A name and a command; the command's own output is the finding."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] | None = None  # nothing: ours


def checks() -> list[Check]:
    """The checks, quickest first."""
    dockerfiles = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("program/*/Dockerfile"))
    templates = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("environment/*.yaml"))
    found = [
        Check("ruff format", ("ruff", "format", "--check", "-q", ".")),
        Check("ruff", ("ruff", "check", "-q", ".")),
        Check("import-linter", ("lint-imports", "--no-cache")),
        Check("hadolint", ("hadolint", *dockerfiles)),
        Check("terraform fmt", ("bonkei", "fmt", "--check")),
        Check("terraform validate", ("bonkei", "validate")),
        Check("module READMEs", ("python", "-m", "scripts.readmes", "--check")),
        Check("site", ("python", "-m", "scripts.pages")),
        Check("mypy", ("mypy",)),
        # They are typed loosely, so only their import finds a name that is gone.
        Check("tests import", ("pytest", "--collect-only", "-qqq")),
    ]
    router = "--program=log_router=program/fluentbit"
    for variables in sorted(ROOT.glob("infrastructure/environments/*.tfvars")):
        place = str(variables.relative_to(ROOT))
        found.append(
            Check(f"bonkei {variables.stem}", ("bonkei", "check", "--var-file", place, router))
        )
    if templates:
        found.append(Check("cfn-lint", ("cfn-lint", "--non-zero-exit-code", "warning", *templates)))
    return found


def scans() -> list[Check]:
    """The scans. The scanners are installed if necessary."""
    scanners.install()
    scanners.lay_out()
    return [Check(scan.name, scan.command, scanners.environment()) for scan in scanners.scans()]


def run(check: Check) -> bool:
    """Run one check from the root; print its name, its time, and its output if it fails."""
    begun = time.monotonic()
    outcome = subprocess.run(
        check.command,
        cwd=ROOT,
        env=check.environment
        or {**os.environ, "PYTHONPATH": PROGRAMS, "PATH": f"{BIN}:{os.environ['PATH']}"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    passed = outcome.returncode == 0
    line = f"  {'✓' if passed else '✗'} {check.name:<28} {time.monotonic() - begun:5.1f} s"
    # One call of print: two checks run at a time.
    print(line if passed else f"{line}\n{outcome.stdout.rstrip()}", flush=True)
    return passed


def run_all(listed: Callable[[], list[Check]]) -> list[str]:
    """Run one after the other, also after a failure; give the names of those that failed."""
    try:
        return [check.name for check in listed() if not run(check)]
    except apart.InstallError as error:
        print(f"  ✗ scanners\n{error}", flush=True)
        return ["scanners"]


def main() -> None:
    """Linters and scanners side by side: each of the two keeps about one core busy."""
    with ThreadPoolExecutor() as both:
        failed = [name for names in both.map(run_all, [checks, scans]) for name in names]
    if failed:
        sys.exit(f"error: {', '.join(failed)}")


if __name__ == "__main__":
    main()
