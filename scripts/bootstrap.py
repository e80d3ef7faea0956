"""Makes the project's environment with nothing but Python: `bootstrap.py VENV [--add|--sync LOCK]`.

Alone it creates the environment; with --add it installs what the lock names, with --sync exactly
that: what else is there goes.
uv does the installing (seconds instead of a minute), and uv itself is installed from the lock,
by hash, so that nothing unlocked ever runs.
"""

from __future__ import annotations

import argparse
import os
import ssl
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RUNTIME_LOCK = ROOT / "requirements" / "bonkei.txt"


def pinned(lock: str, package: str) -> str:
    """The requirement of one package in a lock, with its hashes."""
    lines: list[str] = []
    for line in lock.splitlines():
        if line.startswith(f"{package}=="):
            lines = [line]
        elif lines and line.startswith(" "):
            lines.append(line)
        elif lines:
            break
    if not lines:
        raise SystemExit(
            f"error: {RUNTIME_LOCK.relative_to(ROOT)} pins no {package}: run `make lock`"
        )
    return "\n".join(lines) + "\n"


def create(directory: Path) -> None:
    """An empty environment with pip in it."""
    found = ".".join(map(str, sys.version_info[:3]))
    print(f"Making the environment {directory.name} with Python {found}", file=sys.stderr)
    try:
        # Links, as `python -m venv` makes them: a copy does not find a libpython beside it.
        venv.create(directory, with_pip=True, clear=True, symlinks=True)
    except BaseException as error:
        # make takes an environment that has a Python for a whole one.
        (directory / "bin" / "python").unlink(missing_ok=True)
        if not isinstance(error, subprocess.CalledProcessError):
            raise
        raise SystemExit(
            "error: this Python cannot make a virtual environment (its ensurepip is missing).\n"
            "  On Debian and Ubuntu: apt install python3-venv"
        ) from None


def install_uv(python: Path) -> None:
    """uv into the environment, by hash; nothing to do when it is there."""
    if (python.parent / "uv").exists():
        return
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as requirement:
        requirement.write(pinned(RUNTIME_LOCK.read_text(), "uv"))
        requirement.flush()
        run(
            python,
            "-m",
            "pip",
            "install",
            "-q",
            "--disable-pip-version-check",
            "--require-hashes",
            "--no-deps",
            "-r",
            requirement.name,
        )


def install(directory: Path, lock: Path, *, exactly: bool) -> None:
    """The lock's packages, and the project itself as an editable package."""
    python = directory / "bin" / "python"
    print(f"Installing what {lock.relative_to(ROOT)} names", file=sys.stderr, flush=True)
    install_uv(python)
    uv = python.parent / "uv"
    if ssl.get_default_verify_paths().cafile:  # as pip does: a company's proxy signs by its own
        os.environ.setdefault("UV_SYSTEM_CERTS", "1")
    how = ["sync"] if exactly else ["install", "-r"]
    run(uv, "pip", how[0], "-q", "--require-hashes", "-p", python, *how[1:], lock)
    run(uv, "pip", "install", "-q", "-p", python, "--no-deps", "--no-build-isolation", "-e", ROOT)


def run(*command: str | Path) -> None:
    """One step; its own words are enough when it fails."""
    try:
        subprocess.run([str(part) for part in command], check=True)
    except subprocess.CalledProcessError as failure:
        raise SystemExit(
            f"error: setting up stopped ({Path(str(command[0])).name} exited with "
            f"{failure.returncode}); nothing is lost: mend it and run make again"
        ) from None


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("venv", type=Path)
    lock = parser.add_mutually_exclusive_group()
    lock.add_argument("--add", type=Path, metavar="LOCK")
    lock.add_argument("--sync", type=Path, metavar="LOCK")
    arguments = parser.parse_args()
    directory = arguments.venv.resolve()
    if arguments.add or arguments.sync:
        wanted = arguments.sync or arguments.add
        install(directory, wanted.absolute(), exactly=bool(arguments.sync))
    else:
        create(directory)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print("\nSetting up was interrupted: make goes on from here.", file=sys.stderr)
        sys.exit(130)
