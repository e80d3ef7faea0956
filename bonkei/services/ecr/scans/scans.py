"""Scans images in the background, one after the other. A requested scan survives a restart."""

from __future__ import annotations

import asyncio
import shutil
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from tempfile import mkdtemp

from bonkei.base import kept
from bonkei.base.errors import BonkeiError
from bonkei.base.folders import entries, matching
from bonkei.services.ecr.errors import RegistryError
from bonkei.services.ecr.layout import write_layout
from bonkei.services.ecr.manifest import DOCKER_CONFIG, OCI_CONFIG, read_manifest
from bonkei.services.ecr.package import PACKAGE
from bonkei.services.ecr.scans.report import UNSUPPORTED
from bonkei.services.ecr.scans.values import Scan, ScanError, Scanner
from bonkei.services.ecr.store import ImageStore
from bonkei.services.ecr.values import Image

MOST_WAITING = 200
"""Scans that wait; one more fails at once."""
_DAY = 86_400.0
_IMAGES = (DOCKER_CONFIG, OCI_CONFIG)
_PACKAGE = f"{UNSUPPORTED} It is a package of sources: no container engine has built it."

Ended = Callable[[str, str, Scan], None]
"""Called with the repository's name, the image's digest, and the scan that has ended."""


class Scans:
    """`home`: a folder for the scans. Use it in the event loop; `stop` at the end."""

    def __init__(
        self,
        images: ImageStore,
        home: Path,
        scanner: Scanner,
        clock: Callable[[], float],
        ended: Ended,
    ) -> None:
        self._images = images
        self._work = home / "work"
        self._store = ScanStore(home / "scans")
        self._scanner = scanner
        self._clock = clock
        self._ended = ended
        self._waiting: deque[tuple[str, str]] = deque()
        self._running: asyncio.Task[None] | None = None
        self._is_new = True

    def follow(self, repositories: frozenset[str]) -> None:
        """Forget the scans of images that are gone. At the start, repeat the scans that were not
        finished."""
        self._store.keep_only({name: self._images.contents(name).images for name in repositories})
        if self._is_new:
            self._is_new = False
            shutil.rmtree(self._work, ignore_errors=True)
            for name, digest in self._store.unfinished():
                self._queue(name, digest)

    def find(self, repository: str, digest: str) -> Scan | None:
        """The last scan of an image."""
        return self._store.find(repository, digest)

    def pushed(self, repository: str, image: Image) -> None:
        """Scan a new image of a repository that is scanned on push. An index has none: its images
        are pushed before it."""
        if image.artifact_type in (*_IMAGES, PACKAGE) and not self._is_recent(repository, image):
            self._begin(repository, image)

    def start(self, repository: str, image: Image) -> Scan:
        """Raises RegistryError under ECR's code. A scan that failed may be repeated at once."""
        if image.artifact_type not in (*_IMAGES, PACKAGE):
            raise RegistryError(
                "UnsupportedImageTypeException",
                f"The image is of a type that does not support scanning: {image.media_type}",
            )
        if self._is_recent(repository, image):
            raise RegistryError(
                "LimitExceededException",
                "The scan quota per image has been exceeded. Wait and try again.",
            )
        return self._begin(repository, image)

    async def stop(self) -> None:
        """Unfinished scans are repeated after the next start."""
        self._waiting.clear()
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait({self._running})

    def _is_recent(self, repository: str, image: Image) -> bool:
        found = self.find(repository, image.digest)
        if found is None:
            return False
        is_new = found.began_at > self._clock() - _DAY
        return found.status == "IN_PROGRESS" or (found.status == "COMPLETE" and is_new)

    def _begin(self, repository: str, image: Image) -> Scan:
        scan = Scan("IN_PROGRESS", began_at=self._clock())
        self._store.keep(repository, image.digest, scan)
        if len(self._waiting) >= MOST_WAITING:
            self._end(
                repository, image.digest, _failed(f"{MOST_WAITING} images wait for their scans")
            )
        else:
            self._queue(repository, image.digest)
        return scan

    def _queue(self, repository: str, digest: str) -> None:
        self._waiting.append((repository, digest))
        if self._running is None or self._running.done():
            self._running = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        while self._waiting:
            repository, digest = self._waiting.popleft()
            image = self._images.contents(repository).images.get(digest)
            if image is not None:
                scan = await self._scan(image)
                with suppress(OSError):  # a full disk: the next start scans it again
                    self._end(repository, digest, scan)

    async def _scan(self, image: Image) -> Scan:
        """Scan one image. The queue continues after any error."""
        if image.artifact_type == PACKAGE:
            return Scan("UNSUPPORTED_IMAGE", _PACKAGE)
        try:
            return await self._scan_files(image)
        except BonkeiError as error:
            return _failed(error.message)
        except OSError as error:
            return _failed(f"this machine cannot scan: {error.strerror or error}")

    async def _scan_files(self, image: Image) -> Scan:
        self._work.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder = Path(mkdtemp(prefix="scan-", dir=self._work))
        try:
            await asyncio.to_thread(self._lay_out, image, folder / "image")
            return await self._scanner.scan(folder / "image")
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    def _lay_out(self, image: Image, folder: Path) -> None:
        file = self._images.blob(image.digest)
        if file is None:
            raise ScanError("the image is gone")
        manifest = file.read_bytes()
        digests = [each.digest for each in read_manifest(manifest, image.media_type).blobs]
        files = {digest: self._images.blob(digest) for digest in digests}
        if missing := [digest for digest, found in files.items() if found is None]:
            raise ScanError(f"its layer {missing[0]} is gone")
        write_layout(manifest, {digest: found for digest, found in files.items() if found}, folder)

    def _end(self, repository: str, digest: str, scan: Scan) -> None:
        """An image that was deleted meanwhile has no scan."""
        before = self.find(repository, digest)
        if before is not None and digest in self._images.contents(repository).images:
            done = replace(scan, began_at=before.began_at, completed_at=self._clock())
            self._store.keep(repository, digest, done)
            self._ended(repository, digest, done)


def _failed(why: str) -> Scan:
    return Scan("FAILED", why)


class ScanStore:
    """The scans on disk, for use by one thread: ROOT/REPOSITORY/HEX.json (`/` in a repository's
    name is written `+`). A repository has its own scan of an image, as on ECR."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def find(self, repository: str, digest: str) -> Scan | None:
        file = self._file(repository, digest)
        return kept.read_json(file, partial(kept.load, Scan), "or remove it: the scan is forgotten")

    def keep(self, repository: str, digest: str, scan: Scan) -> None:
        file = self._file(repository, digest)
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        kept.write_json(file, asdict(scan))

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
