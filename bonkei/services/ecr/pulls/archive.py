"""An image in a file: what `docker save` writes, or an OCI layout as a tar archive.

Source: "Image Layout Specification", the OCI image specification.
"""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bonkei.services.ecr.engines.archive import read_archive
from bonkei.services.ecr.errors import RegistryError
from bonkei.services.ecr.image_config import own_architecture
from bonkei.services.ecr.manifest import BYTES, INDEXES, Descriptor, read_manifest
from bonkei.services.ecr.store import ImageStore
from bonkei.services.ecr.uploads import Uploads

_CHUNK = 1024 * 1024


def keep_archive(file: Path, store: ImageStore, name: str, tag: str) -> None:
    """Keep the image of the file under this name and tag. Raises RegistryError."""
    try:
        with tarfile.open(file, "r:*") as archive:
            names = {member.name.removeprefix("./"): member for member in archive}
            if "manifest.json" not in names:
                _keep_layout(archive, names, store, name, tag)
                return
    except (tarfile.TarError, OSError, ValueError, KeyError, TypeError, EOFError) as error:
        raise RegistryError("MANIFEST_INVALID", f"{file.name}: {error}") from None
    with TemporaryDirectory(dir=store.uploads) as folder:
        saved = read_archive(file, Path(folder))
        for digest, blob in saved.blobs:
            store.keep_blob(blob, digest)
        store.put_manifest(name, saved.manifest, "", tag)


def _keep_layout(
    archive: tarfile.TarFile,
    names: dict[str, tarfile.TarInfo],
    store: ImageStore,
    name: str,
    tag: str,
) -> None:
    def small(path: str) -> bytes:
        content = archive.extractfile(names[path])
        read = content.read(BYTES + 1) if content else b""
        if not read or len(read) > BYTES:
            raise ValueError(f"{path} is missing or too large")
        return read

    def blob(digest: str) -> str:
        return f"blobs/{digest.replace(':', '/', 1)}"

    listed: Any = json.loads(small("index.json"))["manifests"]
    found = read_manifest(small("index.json"), INDEXES[0]).manifests
    media_type, body = str(listed[0].get("mediaType", "")), small(blob(found[0].digest))
    if media_type in INDEXES:
        own = own_architecture()
        inner = read_manifest(body, media_type).on(own)
        if inner is None:
            raise ValueError(f"it has no image for linux/{own}")
        media_type, body = inner.media_type, small(blob(inner.digest))
    for each in {*read_manifest(body, media_type).blobs}:
        _keep(archive, names[blob(each.digest)], store, each)
    store.put_manifest(name, body, media_type, tag)


def _keep(
    archive: tarfile.TarFile, member: tarfile.TarInfo, store: ImageStore, blob: Descriptor
) -> None:
    uploads = Uploads(store)
    upload = uploads.begin()
    content = archive.extractfile(member)
    while content and (chunk := content.read(_CHUNK)):
        uploads.append(upload, chunk)
    uploads.finish(upload, blob.digest)
