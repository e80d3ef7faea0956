"""The values of secrets. As with Secrets Manager, they are not in Terraform's state.

Each secret is a file below `<home>/secrets`, readable by its owner only. Terraform's provider
writes values, including those of write-only arguments. The database writes the cluster's managed
password. The tasks read.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Protocol

from bonkei.base import kept

WITHHELD = "withheld"
"""The folder beside that of the values, with the reasons by the secrets' file names."""
_UNSAFE = re.compile(r"[^A-Za-z0-9_.=+@-]")


class Vault(Protocol):
    """Values by the secret's ARN. `withheld`: why a build's copy has no value where the home has
    one; empty otherwise."""

    def get(self, arn: str) -> str | None: ...
    def withheld(self, arn: str) -> str: ...
    def put(self, arn: str, value: str) -> None: ...
    def delete(self, arn: str) -> None: ...


class MemoryVault:
    """A vault for tests."""

    def __init__(self, values: dict[str, str] | None = None) -> None:
        self._values = dict(values or {})

    def get(self, arn: str) -> str | None:
        return self._values.get(arn)

    def withheld(self, arn: str) -> str:  # noqa: ARG002 - as in `Vault`
        return ""

    def put(self, arn: str, value: str) -> None:
        self._values[arn] = value

    def delete(self, arn: str) -> None:
        self._values.pop(arn, None)


class FileVault:
    """One file for each secret, mode 0600, in a directory of mode 0700. Writes are atomic."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def path(self, arn: str) -> Path:
        """The file of one secret."""
        return self._directory / file_name(arn)

    def get(self, arn: str) -> str | None:
        return _text(self.path(arn))

    def withheld(self, arn: str) -> str:
        return _text(self._directory.with_name(WITHHELD) / file_name(arn)) or ""

    def put(self, arn: str, value: str) -> None:
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._directory.chmod(0o700)
        kept.write(self.path(arn), value)

    def delete(self, arn: str) -> None:
        self.path(arn).unlink(missing_ok=True)


def file_name(arn: str) -> str:
    """The name of a secret's file: the last part of its ARN."""
    name = _UNSAFE.sub("_", arn.rpartition(":secret:")[2] or arn)
    # A leading dot would hide the file, and `..` is a folder.
    return f"_{name}" if name.startswith(".") else name


def _text(file: Path) -> str | None:
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
