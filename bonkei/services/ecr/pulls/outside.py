"""The images of containers whose sources are not here, brought once and kept by digest."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

from bonkei.base.folders import stat_of
from bonkei.services.ecr.errors import RegistryError
from bonkei.services.ecr.image_config import own_architecture
from bonkei.services.ecr.names import read_reference
from bonkei.services.ecr.store import ImageStore
from bonkei.services.ecr.unpacking import Unpacked, unpack
from bonkei.services.ecr.values import Image

Source: TypeAlias = str | Path
"""A reference to an image of a registry, or an archive."""
_PASSWORDS = Path("~/.docker/config.json").expanduser()


class OutsideImages:
    """`home`: a folder of its own."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._store = ImageStore(home)
        self._failed: dict[str, str] = {}

    async def bring(
        self, wanted: Mapping[Source, Collection[str]], report: Callable[[str], None]
    ) -> None:
        """Fetch what containers need, by their names. A tag is asked for each time; without an
        answer, the image that is there stays."""
        if wanted:
            self._store.open()
        for source, containers in wanted.items():
            try:
                await self._bring(source)
            except RegistryError as error:
                names = ", ".join(sorted(containers))
                is_kept = self._kept(source) is not None
                self._failed[str(source)] = error.message
                then = "the image of before is run" if is_kept else "it is not run"
                report(f"{names}: {source} cannot be fetched ({error.message}); {then}")

    def files(self, source: Source, architecture: str) -> Unpacked:
        """The files of an image. Raises RegistryError, in ECS's words."""
        found = self._kept(source)
        if found is None:
            why = self._failed.get(str(source), "it has not been fetched yet")
            raise RegistryError("MANIFEST_UNKNOWN", f"CannotPullContainerError: {source}: {why}")
        return unpack(self._store, found, self._home / "unpacked", architecture)

    def manifest(self, digest: str) -> Path | None:
        """The file of a manifest that is kept here."""
        return self._store.blob(digest)

    def _kept(self, source: Source) -> Image | None:
        with suppress(RegistryError):  # it is not a reference
            name, wanted = _place(source)
            return self._store.contents(name).find(wanted)
        return None

    async def _bring(self, source: Source) -> None:
        name, wanted = _place(source)
        if isinstance(source, Path):
            if self._kept(source) is None:
                from bonkei.services.ecr.pulls.archive import keep_archive  # noqa: PLC0415 - seldom

                await asyncio.to_thread(keep_archive, source, self._store, name, wanted)
            return
        reference = read_reference(source)
        if reference.digest and self._kept(source) is not None:
            return
        from bonkei.services.ecr.pulls.remote import Remote  # noqa: PLC0415 - likewise

        async with Remote(reference.host, self._store, _PASSWORDS) as remote:
            await remote.pull(reference, name, own_architecture())


def _place(source: Source) -> tuple[str, str]:
    """The name and the tag or digest in the store. A changed archive is another tag."""
    if isinstance(source, Path):
        found = stat_of(source)
        name = hashlib.sha256(str(source).encode()).hexdigest()
        return f"archive/{name}", f"{found.st_size}-{found.st_mtime_ns}" if found else "gone"
    reference = read_reference(source)
    return f"{reference.host}/{reference.name}", reference.wanted
