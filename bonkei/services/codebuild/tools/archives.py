"""The archives that the miniature serves in place of vendors' archives: pure.

A vendor's archive has a program for the build image's processor. It may have hundreds of megabytes,
and may be out of reach. The archive here has a script with the same name, which runs the
miniature's own program. Its bytes are the same on every machine and for every version, so its
digest is a constant. With this constant as TerraformSha256, the buildspec's own check of digests
passes.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

_SCRIPT = """\
#!/bin/sh
# {name}, as a build of Bonkei's miniature gets it. This is not the vendor's program: it runs the
# one that the miniature has, for this machine's processor. MINIATURE_TOOLS is set in every build.
exec "${{MINIATURE_TOOLS:?this archive is for builds of the miniature}}/{name}" "$@"
"""
_EPOCH = (1980, 1, 1, 0, 0, 0)
_UNIX = b"\3"  # RFC 1952, section 2.3.1, OS


@dataclass(frozen=True, slots=True)
class Release:
    """A vendor's place for its archives: host, path and content."""

    name: str
    host: str
    path: re.Pattern[str]
    pack: Callable[[str], bytes]


def _zipped(name: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archive:
        entry = zipfile.ZipInfo(name, _EPOCH)
        entry.create_system = 3
        entry.external_attr = 0o100755 << 16
        archive.writestr(entry, _SCRIPT.format(name=name))
    return made.getvalue()


def _tarred(name: str) -> bytes:
    text = _SCRIPT.format(name=name).encode()
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = len(text), 0o755
        archive.addfile(entry, io.BytesIO(text))
    # Stored, not compressed, because another zlib would write other bytes. The tenth byte names the
    # system, for which Python 3.13 writes that it is unknown.
    packed = gzip.compress(made.getvalue(), 0, mtime=0)
    return packed[:9] + _UNIX + packed[10:]


_VERSION = r"\d+\.\d+\.\d+"
RELEASES = (
    Release(
        "terraform",
        "releases.hashicorp.com",
        re.compile(rf"/terraform/({_VERSION})/terraform_\1_[a-z]+_[a-z0-9]+\.zip"),
        _zipped,
    ),
    Release(
        "trivy",
        "github.com",
        re.compile(
            rf"/aquasecurity/trivy/releases/download/v({_VERSION})/trivy_\1_[A-Za-z]+-[A-Za-z0-9]+"
            r"\.tar\.gz"
        ),
        _tarred,
    ),
)
HOSTS = frozenset(release.host for release in RELEASES)


@dataclass(frozen=True, slots=True)
class Served:
    """The answer for a path: the tool, the requested version, and the archive."""

    name: str
    version: str
    content: bytes


def find(host: str, path: str) -> Served | None:
    """The archive in place of the requested one; None if the miniature has none."""
    for release in RELEASES:
        match = release.path.fullmatch(path) if release.host == host else None
        if match is not None:
            return Served(release.name, match[1], _content(release.name))
    return None


@cache
def _content(name: str) -> bytes:
    release = next(each for each in RELEASES if each.name == name)
    return release.pack(name)


def archive_digests() -> Mapping[str, str]:
    """SHA-256 of each tool's archive, for TerraformSha256, TrivySha256 and `trivy.sha256`."""
    return {
        release.name: hashlib.sha256(_content(release.name)).hexdigest() for release in RELEASES
    }
