"""The source of an image, where a registry knows it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

Built = Callable[[str], Path | None]
"""The folder with an image's Dockerfile and sources, by the image's reference; None: the working
copy is used. TaskError when the image cannot be pulled."""


def nothing_is_built(_image: str) -> Path | None:
    """Every image is of the working copy: without a registry."""
    return None
