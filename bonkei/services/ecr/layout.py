"""An image as files: an OCI image layout, which Trivy reads without a container engine.

Source: "OCI Image Layout Specification".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from bonkei.services.ecr.manifest import OCI_INDEX, digest_of, read_manifest


def write_layout(manifest: bytes, blobs: Mapping[str, Path], folder: Path) -> None:
    """Fill `folder`, which lies on the file system of `blobs` (files by digest)."""
    place = folder / "blobs" / "sha256"
    place.mkdir(parents=True)
    for digest, file in blobs.items():
        (place / digest.removeprefix("sha256:")).hardlink_to(file)  # it follows no other link
    digest = digest_of(manifest)
    (place / digest.removeprefix("sha256:")).write_bytes(manifest)
    media_type = read_manifest(manifest, "").media_type
    entry = {"mediaType": media_type, "digest": digest, "size": len(manifest)}
    index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry]}
    (folder / "index.json").write_text(json.dumps(index), encoding="utf-8")
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}', encoding="utf-8")
