"""A function's package: what cannot be unpacked is the package's fault, and ends nothing else."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from bonkei.services.lambda_.errors import FunctionError
from bonkei.services.lambda_.package import unpack


def _wrong_bytes(content: bytearray) -> None:
    content[31:91] = b"\xff" * 60


def _encrypted(content: bytearray) -> None:
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1


def _unknown_method(content: bytearray) -> None:
    content[8] = 9
    content[content.index(b"PK\x01\x02") + 10] = 9


@pytest.mark.parametrize("spoil", [_wrong_bytes, _encrypted, _unknown_method])
def test_a_package_that_cannot_be_unpacked_is_named(
    spoil: Callable[[bytearray], None], tmp_path: Path
) -> None:
    archive = tmp_path / "f.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("m.py", bytes(range(256)) * 10)
    content = bytearray(archive.read_bytes())
    spoil(content)
    archive.write_bytes(content)
    with pytest.raises(FunctionError, match=r"f\.zip cannot be unpacked"):
        unpack(archive, tmp_path / "packages")
    assert list((tmp_path / "packages").iterdir()) == []
