"""Images with one file, as a registry and as an archive have them."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path

from bonkei.services.ecr.image_config import own_architecture
from bonkei.services.ecr.manifest import (
    DOCKER_CONFIG,
    DOCKER_LAYER,
    DOCKER_MANIFEST,
    OCI_INDEX,
    digest_of,
)
from tests.bonkei.services.ecr.scanned import described, layer

CONFIG = json.dumps({"os": "linux", "config": {"Cmd": ["serve"]}}).encode()


def image(message: str) -> tuple[bytes, dict[str, bytes]]:
    """A manifest, and its blobs by digest."""
    files = layer({"srv/message": message})
    manifest = {
        "schemaVersion": 2,
        "mediaType": DOCKER_MANIFEST,
        "config": described(CONFIG, DOCKER_CONFIG),
        "layers": [described(files, DOCKER_LAYER)],
    }
    return json.dumps(manifest).encode(), {digest_of(each): each for each in (CONFIG, files)}


def index_of(**manifests: bytes) -> bytes:
    """An index with a manifest for each architecture."""
    entries = [
        {
            **described(body, DOCKER_MANIFEST),
            "platform": {"os": "linux", "architecture": architecture},
        }
        for architecture, body in manifests.items()
    ]
    return json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}).encode()


def archive(file: Path, entries: Mapping[str, bytes]) -> Path:
    with tarfile.open(file, "w") as made:
        for name, content in entries.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            made.addfile(member, io.BytesIO(content))
    return file


def layout(file: Path, message: str, *, nested: bool = False) -> Path:
    body, blobs = image(message)
    blobs = {**blobs, digest_of(body): body}
    top, kind = body, DOCKER_MANIFEST
    if nested:
        top, kind = index_of(**{own_architecture(): body}), OCI_INDEX
        blobs[digest_of(top)] = top
    index = {"schemaVersion": 2, "manifests": [described(top, kind)]}
    return archive(
        file,
        {"./index.json": json.dumps(index).encode(), "oci-layout": b"{}"}
        | {f"blobs/{digest.replace(':', '/')}": content for digest, content in blobs.items()},
    )


def saved(file: Path, message: str) -> Path:
    said = [{"Config": "c.json", "RepoTags": ["web:1"], "Layers": ["l.tar"]}]
    files = {"manifest.json": json.dumps(said).encode(), "c.json": CONFIG}
    return archive(file, {**files, "l.tar": layer({"srv/message": message})})
