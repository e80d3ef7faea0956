"""An image as the registry knows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Image:
    """A manifest of a repository. `size`: that of its configuration and layers, in bytes. Times are
    in Unix seconds. `pulled_at` is 0 before the first pull."""

    digest: str
    media_type: str
    artifact_type: str
    size: int
    pushed_at: float
    pulled_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Contents:
    """The contents of a repository: images by digest in the order of their push, and digests by
    tag."""

    images: Mapping[str, Image] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)

    def find(self, wanted: str) -> Image | None:
        """The image with this digest or tag."""
        return self.images.get(self.tags.get(wanted, wanted))

    def tags_of(self, digest: str) -> tuple[str, ...]:
        return tuple(sorted(tag for tag, each in self.tags.items() if each == digest))
