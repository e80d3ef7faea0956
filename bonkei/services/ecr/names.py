"""Names of repositories, tags and digests, and references to images.

Sources: "Pulling manifests" in the distribution specification; CreateRepository in the Amazon ECR
API Reference.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bonkei.blueprint.ecs import repository_of
from bonkei.services.ecr.errors import RegistryError

_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
NAME = rf"{_PART}(?:/{_PART})*"
TAG = r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}"
DIGEST = r"sha256:[0-9a-f]{64}"
_DIGEST = re.compile(DIGEST)
_REFERENCE = re.compile(
    rf"(?:(?P<host>[^/]*[.:][^/]*)/)?(?P<name>{NAME})(?::(?P<tag>{TAG}))?(?:@(?P<digest>{DIGEST}))?"
)
_HOST = re.compile(
    r"(?P<account>\d{12})\.dkr[.-]ecr(?:-fips)?\.(?P<region>[a-z0-9-]+)\.(?:amazonaws\.com(?:\.cn)?|on\.aws)"
)


@dataclass(frozen=True, slots=True)
class Reference:
    """`HOST/NAME:TAG@DIGEST`. Without tag and digest, `tag` is `latest`."""

    host: str
    name: str
    tag: str
    digest: str

    @property
    def wanted(self) -> str:
        """The digest, or else the tag."""
        return self.digest or self.tag

    @property
    def is_ecr(self) -> bool:
        return _HOST.fullmatch(self.host) is not None


def is_digest(text: str) -> bool:
    """Whether it names content. Anything else could name another file, as a part of a path."""
    return _DIGEST.fullmatch(text) is not None


def with_tag_of(text: str, image: str) -> str:
    """A reference without tag and digest, with those of an image; any other is as it was."""
    if re.search(r"[:@]", text.rpartition("/")[2]):
        return text
    return text + image.removeprefix(repository_of(image))


def read_reference(text: str) -> Reference:
    """The parts of a reference. Raises RegistryError if the text is not one."""
    found = _REFERENCE.fullmatch(text)
    if found is None:
        raise RegistryError("NAME_INVALID", f"invalid reference format: {text[:200]}")
    tag, digest = found["tag"] or "", found["digest"] or ""
    return Reference(
        found["host"] or "", found["name"], tag or ("" if digest else "latest"), digest
    )
