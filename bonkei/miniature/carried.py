"""Files that resources name by a path: a function's package, an object's source.

AWS has its own copy as soon as the apply has run. A build's folder is removed with the build. So
the files are copied out of it, next to the state, with a name for each resource.
"""

from __future__ import annotations

import hashlib
import shutil
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from bonkei.base.folders import entries

_NAMED_BY = {
    "aws_lambda_function": "filename",
    "aws_lambda_layer_version": "filename",
    "aws_s3_object": "source",
}
_LARGEST = 256 * 1024 * 1024  # bytes of a file


def gather(state: Mapping[str, Any], directory: Path, into: Path) -> None:
    """In the build: copy the files that the state's resources name. `state` is in the form of
    `terraform show -json`. `directory`: where Terraform ran. Missing files and files that are too
    large are left out."""
    for address, attribute, values in _naming(state):
        with suppress(OSError):
            file = directory / values[attribute]
            if file.stat().st_size <= _LARGEST:
                into.mkdir(exist_ok=True, mode=0o700)
                shutil.copyfile(file, into / _name(address))


def keep(state: Mapping[str, Any], gathered: Path, folder: Path) -> None:
    """In the miniature: move the copies to `folder`, and let the state's resources name them.

    A file that was not gathered this time stays unchanged. The state must not name other files of
    this machine. Otherwise the writer of a state could read any file through it.
    """
    names = set()
    for address, attribute, values in _naming(state):
        name = _name(address)
        names.add(name)
        values[attribute] = str(folder / name)
        with suppress(OSError):
            about = (gathered / name).lstat()
            if not stat.S_ISREG(about.st_mode) or about.st_size > _LARGEST:
                continue
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            draft = folder / f".{name}"
            shutil.copyfile(gathered / name, draft, follow_symlinks=False)
            draft.replace(folder / name)
    for old in entries(folder):
        if old.name not in names:
            old.unlink(missing_ok=True)


def _naming(state: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Address, attribute and values of each resource that names a file."""
    for each in _managed(state):
        attribute = _NAMED_BY.get(each.get("type", ""), "")
        values = each.get("values") or {}
        if values.get(attribute):
            yield str(each["address"]), attribute, values


def resources(state: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Type and values of each managed resource."""
    for each in _managed(state):
        yield str(each.get("type", "")), each.get("values") or {}


def _managed(state: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    modules = [(state.get("values") or {}).get("root_module") or {}]
    while modules:
        module = modules.pop()
        modules += module.get("child_modules") or ()
        yield from (r for r in module.get("resources") or () if r.get("mode") == "managed")


def _name(address: str) -> str:
    return hashlib.sha256(address.encode()).hexdigest()[:32]
