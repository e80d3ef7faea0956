"""The values of secrets. As with Secrets Manager, they are not in Terraform's state.

Each secret is a file below `<home>/secrets`, readable by its owner only. Terraform's provider
writes values, including those of write-only arguments. The database writes the cluster's managed
password. The tasks read.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from bonkei.base import kept

WITHHELD = "withheld"
"""The folder beside that of the values, with the reasons by the secrets' file names."""
_UNSAFE = re.compile(r"[^A-Za-z0-9_.=+@-]")
_LONGEST, _CUT = 241, 160
"""Characters of a file's name. One that would be longer is cut, and a digest tells it apart."""


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
        value = _text(self.path(arn))
        return _text(self._earlier(arn)) if value is None else value

    def withheld(self, arn: str) -> str:
        return _text(self._directory.with_name(WITHHELD) / file_name(arn)) or ""

    def put(self, arn: str, value: str) -> None:
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._directory.chmod(0o700)
        kept.write(self.path(arn), value)

    def delete(self, arn: str) -> None:
        self.path(arn).unlink(missing_ok=True)
        self._earlier(arn).unlink(missing_ok=True)

    def adopt(self, arns: Iterable[str]) -> None:
        """Give each of these its own file for the value that an earlier version kept: names that
        shared a file get a copy each. What a full disk refuses stays where `get` finds it."""
        adopted = set[Path]()
        with suppress(OSError):
            for arn in arns:
                earlier, own = self._earlier(arn), self.path(arn)
                value = _text(earlier) if earlier != own else None
                if value is None:
                    continue
                if not own.exists():
                    self.put(arn, value)
                adopted.add(earlier)
            for earlier in adopted:
                earlier.unlink(missing_ok=True)

    def _earlier(self, arn: str) -> Path:
        """The file of an earlier version, which had `_` for each `/`. It is the same as now for a
        name of letters, digits and `.=+@-`. No other file of now has `_` in its name."""
        name = _UNSAFE.sub("_", _last_part(arn))[:255]
        name = f"_{name}" if name.startswith(".") else name
        return self._directory / (name if "_" in name else file_name(arn))


def file_name(arn: str) -> str:
    """The name of a secret's file: the last part of its ARN, quoted as in a URL. A leading dot
    would hide the file, and `_` stood for `/` in earlier versions."""
    name = quote(_last_part(arn), safe="=+@", errors="surrogatepass").replace("_", "%5F")
    name = f"%2E{name[1:]}" if name.startswith(".") else name
    if len(name) <= _LONGEST:
        return name
    return f"{name[:_CUT]}~{hashlib.sha256(name.encode()).hexdigest()}"


def _last_part(arn: str) -> str:
    return arn.rpartition(":secret:")[2] or arn


def _text(file: Path) -> str | None:
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
