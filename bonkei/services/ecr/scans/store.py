"""The scans, on disk: ROOT/REPOSITORY/HEX.json (`/` in a repository's name is written `+`).

A repository has its own scan of an image, as on ECR.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path

from bonkei.base import kept
from bonkei.base.folders import entries, matching
from bonkei.services.ecr.scans.values import Scan


class ScanStore:
    """The scans on disk, for use by one thread."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def find(self, repository: str, digest: str) -> Scan | None:
        file = self._file(repository, digest)
        return kept.read_json(file, partial(kept.load, Scan), "or remove it: the scan is forgotten")

    def keep(self, repository: str, digest: str, scan: Scan) -> None:
        file = self._file(repository, digest)
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        kept.write(file, json.dumps(asdict(scan)))

    def unfinished(self) -> Iterator[tuple[str, str]]:
        """Repositories and digests whose scans a stopped miniature has left."""
        for file in matching(self._root, "*/*.json"):
            name, digest = file.parent.name.replace("+", "/"), f"sha256:{file.stem}"
            scan = self.find(name, digest)
            if scan is not None and scan.status == "IN_PROGRESS":
                yield name, digest

    def keep_only(self, images: Mapping[str, Collection[str]]) -> None:
        """Remove the scans of images that are gone. `images`: digests by repository."""
        for folder in entries(self._root):
            digests = images.get(folder.name.replace("+", "/"))
            if digests is None:
                shutil.rmtree(folder, ignore_errors=True)
                continue
            for file in matching(folder, "*.json"):
                if f"sha256:{file.stem}" not in digests:
                    file.unlink(missing_ok=True)

    def _file(self, repository: str, digest: str) -> Path:
        return self._root / repository.replace("/", "+") / f"{digest.removeprefix('sha256:')}.json"
