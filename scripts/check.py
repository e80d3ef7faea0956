"""Every linter and type checker, in one go: `make check`. Fails when one of them does."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
PROGRAMS = "program/backend:program/frontend"


@dataclass(frozen=True, slots=True)
class Check:
    """A name and a command; the command's own output is the finding."""

    name: str
    command: tuple[str, ...]


def checks() -> list[Check]:
    """What is checked, quickest first."""
    dockerfiles = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("program/*/Dockerfile"))
    templates = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("environment/*.yaml"))
    found = [
        Check("ruff format", ("ruff", "format", "--check", "-q", ".")),
        Check("ruff", ("ruff", "check", "-q", ".")),
        Check("import-linter", ("lint-imports", "--no-cache")),
        Check("hadolint", ("hadolint", *dockerfiles)),
        Check("terraform fmt", ("bonkei", "fmt", "--check")),
        Check("terraform validate", ("bonkei", "validate")),
        Check("mypy", ("mypy",)),
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


def run(check: Check) -> bool:
    """Run one check from the root; say its name, its time, and its words when it fails."""
    begun = time.monotonic()
    outcome = subprocess.run(
        [str(BIN / check.command[0]), *check.command[1:]],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": PROGRAMS, "PATH": f"{BIN}:{os.environ['PATH']}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    passed = outcome.returncode == 0
    print(
        f"  {'✓' if passed else '✗'} {check.name:<20} {time.monotonic() - begun:5.1f} s", flush=True
    )
    if not passed:
        print(outcome.stdout.rstrip(), flush=True)
    return passed


def main() -> None:
    """All of them, also after a failure."""
    failed = [check.name for check in checks() if not run(check)]
    if failed:
        sys.exit(f"error: {', '.join(failed)}")


if __name__ == "__main__":
    main()
