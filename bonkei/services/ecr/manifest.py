"""The references of a manifest.

Sources: "OCI Image Manifest Specification", "OCI Image Index Specification", and Docker's "Image
Manifest V 2, Schema 2".
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bonkei.services.ecr.errors import RegistryError
from bonkei.services.ecr.names import is_digest

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
_DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
INDEXES = (OCI_INDEX, _DOCKER_LIST)
MEDIA_TYPES = (OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, _DOCKER_LIST)
BYTES = 4 * 1024 * 1024
"""The largest manifest that a registry must accept."""


@dataclass(frozen=True, slots=True)
class Descriptor:
    """`platform`: `linux/arm64`, of a manifest in an index; empty where it names none."""

    digest: str
    size: int
    media_type: str = ""
    platform: str = ""


@dataclass(frozen=True, slots=True)
class Manifest:
    """`config`: None for an index. `blobs`: configuration and layers. `manifests`: of an index."""

    media_type: str
    config: Descriptor | None = None
    layers: tuple[Descriptor, ...] = ()
    manifests: tuple[Descriptor, ...] = ()
    artifact_type: str = ""

    @property
    def blobs(self) -> tuple[Descriptor, ...]:
        return ((self.config,) if self.config else ()) + self.layers

    @property
    def size(self) -> int:
        return sum(each.size for each in self.blobs)

    def on(self, architecture: str) -> Descriptor | None:
        """An index's manifest for Linux on this architecture, such as `arm64`."""
        wanted = f"linux/{architecture}"
        return next((each for each in self.manifests if each.platform == wanted), None)


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def read_manifest(body: bytes, media_type: str) -> Manifest:
    """Raises RegistryError (MANIFEST_INVALID) for a manifest that cannot be read."""
    try:
        return _manifest(json.loads(body), media_type)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise RegistryError("MANIFEST_INVALID", f"manifest invalid: {error}") from None


def _manifest(document: Mapping[str, Any], media_type: str) -> Manifest:
    if document.get("schemaVersion") != 2:
        raise ValueError("schemaVersion is not 2")
    kind = str(document.get("mediaType") or media_type.partition(";")[0])
    if kind not in MEDIA_TYPES:
        raise ValueError(f"the media type {kind[:100]!r} is not supported")
    if kind in INDEXES:
        return Manifest(kind, manifests=tuple(map(_descriptor, document["manifests"])))
    config = _descriptor(document["config"])
    return Manifest(
        kind,
        config,
        tuple(map(_descriptor, document["layers"])),
        artifact_type=str(document.get("artifactType") or config.media_type),
    )


def _descriptor(value: Mapping[str, Any]) -> Descriptor:
    size = value["size"]
    if not isinstance(size, int) or size < 0:
        raise ValueError("a descriptor's size is not a number")
    digest = str(value["digest"])
    if not is_digest(digest):
        raise ValueError(f"{digest[:100]!r} is not a SHA-256 digest")
    found = value.get("platform") or {}
    platform = f"{found.get('os', '')}/{found.get('architecture', '')}" if found else ""
    return Descriptor(digest, size, str(value.get("mediaType", "")), platform)
