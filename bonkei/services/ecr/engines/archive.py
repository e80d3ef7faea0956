"""What an engine saves (`docker save`), as a manifest and its blobs.

Every version of every engine writes this format: `manifest.json` names a configuration and the
layers. The layers are compressed here, always to the same bytes.

Source: "Docker Image Specification v1.2", Combined Image JSON + Filesystem Changeset Format.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
import tarfile
from pathlib import Path
from typing import Any

from bonkei.services.ecr.engines.values import Saved
from bonkei.services.ecr.errors import RegistryError
from bonkei.services.ecr.manifest import DOCKER_CONFIG, DOCKER_LAYER, DOCKER_MANIFEST

_CHUNK = 1024 * 1024
_LEVEL = 3
"""Most of an image is already compressed, and the space costs nothing here."""
_JSON = 4 * 1024 * 1024


def read_archive(file: Path, folder: Path) -> Saved:
    """The blobs are written to `folder`. Raises RegistryError for an archive that no engine
    writes."""
    try:
        with tarfile.open(file, "r:") as archive:
            [described] = json.loads(_small(archive, "manifest.json"))
            config = _small(archive, described["Config"])
            layers = [_compress(archive, name, folder) for name in described["Layers"]]
    except (tarfile.TarError, OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise RegistryError("MANIFEST_INVALID", f"the engine's archive: {error}") from None
    digest = hashlib.sha256(config).hexdigest()
    (folder / digest).write_bytes(config)
    manifest = {
        "schemaVersion": 2,
        "mediaType": DOCKER_MANIFEST,
        "config": _descriptor(DOCKER_CONFIG, digest, len(config)),
        "layers": [
            _descriptor(DOCKER_LAYER, name, (folder / name).stat().st_size) for name in layers
        ],
    }
    names = dict.fromkeys((digest, *layers))
    text = json.dumps(manifest, indent=3).encode()
    return Saved(text, tuple((f"sha256:{name}", folder / name) for name in names))


def _small(archive: tarfile.TarFile, name: str) -> bytes:
    member = archive.extractfile(name)
    content = member.read(_JSON + 1) if member else b""
    if not content or len(content) > _JSON:
        raise ValueError(f"{name} is missing or too large")
    return content


def _compress(archive: tarfile.TarFile, name: str, folder: Path) -> str:
    """The SHA-256 of the compressed layer, which is its file's name."""
    source = archive.extractfile(name)
    if source is None:
        raise ValueError(f"{name} is not a file")
    draft = folder / "draft"
    with source, draft.open("wb") as raw:
        begin = source.read(2)
        source.seek(0)
        if begin == b"\x1f\x8b":
            shutil.copyfileobj(source, raw, _CHUNK)
        else:
            with gzip.GzipFile("", "wb", _LEVEL, raw, mtime=0) as packed:
                shutil.copyfileobj(source, packed, _CHUNK)
    with draft.open("rb") as written:
        digest = hashlib.file_digest(written, "sha256").hexdigest()
    draft.replace(folder / digest)
    return digest


def _descriptor(media_type: str, digest: str, size: int) -> dict[str, Any]:
    return {"mediaType": media_type, "size": size, "digest": f"sha256:{digest}"}
