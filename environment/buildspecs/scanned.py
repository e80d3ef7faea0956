"""Whether a scan has looked at anything: `scanned.py REPORT.json [FOLDER …]`.

REPORT.json is Trivy's report in its format json. Trivy succeeds where it finds nothing to check,
too: a folder that it skips, checks that it could not load, an image whose operating system it does
not know, or one that gets no security fixes any more. FOLDERs are those of definitions that it must
have checked, with the folders in `alone`.

ScanError ends it with its message and exit code 1.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

Json = Mapping[str, Any]


class ScanError(Exception):
    """Something has not been scanned; the message says what."""


def unchecked(report: Json, definitions: Iterable[str]) -> list[str]:
    """Those of the definitions for which no check has run."""
    checked = {
        result["Target"]
        for result in report.get("Results", ())
        if sum((result.get("MisconfSummary") or {}).values())
    }
    return sorted(set(definitions) - checked)


def targets(root: Path) -> Iterator[str]:
    """The folders with Terraform's files and the other templates, as Trivy names them."""
    for folder in (root, *root.glob("alone/*")):
        if any(folder.glob("*.tf")):
            yield os.path.relpath(folder, root)
        yield from (os.path.relpath(file, root) for file in folder.glob("*.yaml"))


def blind(report: Json) -> str:
    """Why Trivy could see no weakness of an image's operating system; empty when it could.

    The miniature's own packages are not images: Trivy reads them as files.
    """
    if report.get("ArtifactType") == "filesystem":
        return ""
    system = (report.get("Metadata") or {}).get("OS") or {}
    packages = [
        package
        for result in report.get("Results", ())
        if result.get("Class") == "os-pkgs"
        for package in result.get("Packages", ())
    ]
    name = f"{system.get('Family', '')} {system.get('Name', '')}".strip()
    if not name or not packages:
        return f"Trivy knows no packages of its operating system ({name or 'unknown'})"
    return f"{name} gets no security fixes any more" if system.get("EOSL") else ""


def main() -> None:
    """Check the report that the command line names."""
    file, *roots = sys.argv[1:]
    report = json.loads(Path(file).read_text(encoding="utf-8"))
    for root in roots:
        wanted = list(targets(Path(root)))
        if not wanted:
            raise ScanError(f"{root} has no definitions: nothing was scanned")
        if missing := unchecked(report, wanted):
            raise ScanError(f"not scanned, although no finding was reported: {', '.join(missing)}")
    if not roots and (why := blind(report)):
        raise ScanError(f"the image cannot be judged: {why}. Take a newer base image")


if __name__ == "__main__":
    try:
        main()
    except ScanError as error:
        sys.exit(f"error: {error}")
