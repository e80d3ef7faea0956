"""A small database for the real Trivy, with advisories of our own.

Trivy's database is one file of bbolt, an embedded store of keys and values. Written here is as much
of its format as one transaction needs: two pages of meta data, an empty list of free pages, and one
page (with its overflow) for each bucket.

Sources: "Database structure" in bbolt's page.go and bucket.go; the schema of aquasecurity/trivy-db,
version 2.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

UPDATED = "2026-11-01T00:00:00Z"
_PAGE = 4096
_LEAF, _META, _FREE = 2, 4, 16
_BUCKET = 1

Tree = Mapping[str, "bytes | Tree"]


def write_database(
    folder: Path, release: str, advisories: Mapping[str, Mapping[str, str]], details: Any
) -> None:
    """`release`: of an operating system ("alpine 3.19"). `advisories`: by package, the version
    that mends each vulnerability. `details`: of every vulnerability."""
    folder.mkdir(parents=True)
    names = {name for found in advisories.values() for name in found}
    source = {"ID": "alpine", "Name": "Alpine Secdb", "URL": "https://secdb.example/"}
    tree = {
        release: {
            package: {name: _json({"FixedVersion": fixed}) for name, fixed in found.items()}
            for package, found in advisories.items()
        },
        "data-source": {release: _json(source)},
        "vulnerability": {name: _json(details) for name in names},
    }
    (folder / "trivy.db").write_bytes(_Pages().file(tree))
    times = {"UpdatedAt": UPDATED, "NextUpdate": UPDATED, "DownloadedAt": UPDATED}
    (folder / "metadata.json").write_bytes(_json({"Version": 2, **times}))


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


class _Pages:
    def __init__(self) -> None:
        self._pages: dict[int, bytes] = {}
        self._next = 3

    def file(self, tree: Tree) -> bytes:
        root = self._bucket(tree)
        metas = [self._meta(number, root) for number in (0, 1)]
        content = b"".join(self._pages[number] for number in sorted(self._pages))
        return b"".join(metas) + _page(2, _FREE, 0, b"") + content

    def _bucket(self, tree: Tree) -> int:
        """The number of its page."""
        head, body = b"", b""
        for index, (name, value) in enumerate(sorted(tree.items())):
            is_bucket = isinstance(value, Mapping)
            content = struct.pack("<QQ", self._bucket(value), 0) if is_bucket else bytes(value)  # type: ignore[arg-type]
            at = 16 * (len(tree) - index) + len(body)  # from its own entry on
            key = name.encode()
            head += struct.pack("<IIII", _BUCKET * is_bucket, at, len(key), len(content))
            body += key + content
        number = self._next
        self._pages[number] = _page(number, _LEAF, len(tree), head + body)
        self._next += len(self._pages[number]) // _PAGE
        return number

    def _meta(self, number: int, root: int) -> bytes:
        magic, version = 0xED0CDAED, 2
        fields = (magic, version, _PAGE, 0, root, 0, 2, self._next, number)
        content = struct.pack("<IIIIQQQQQ", *fields)
        return _page(number, _META, 0, content + struct.pack("<Q", _checksum(content)))


def _page(number: int, kind: int, count: int, content: bytes) -> bytes:
    pages = -(-(16 + len(content)) // _PAGE)
    head = struct.pack("<QHHI", number, kind, count, pages - 1)
    return (head + content).ljust(pages * _PAGE, b"\0")


def _checksum(content: bytes) -> int:
    """FNV-1a, of 64 bits."""
    found = 0xCBF29CE484222325
    for byte in content:
        found = (found ^ byte) * 0x100000001B3 % 2**64
    return found
