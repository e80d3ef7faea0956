"""The sources of an image, if a registry has it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

Built = Callable[[str], Path | None]
"""The folder with an image's Dockerfile and sources, by the image's reference. None: the working
copy is used. Raises TaskError if the image cannot be pulled."""


def nothing_is_built(_image: str) -> Path | None:
    """Without a registry, every image comes from the working copy."""
    return None
