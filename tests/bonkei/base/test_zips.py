"""Zips of strangers: what is wrong in them is named, and none takes the machine's memory."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from bonkei.base.zips import ZipError, opened, small
from bonkei.services.codebuild.artifacts.archive import unpack
from bonkei.services.codebuild.errors import PhaseError

METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
Damage = Callable[[bytearray], None]


def zipped(method: int, content: bytes) -> bytearray:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        archive.writestr("file", content)
    return bytearray(made.getvalue())


def put(content: bytearray, offset: int, value: bytes) -> None:
    """Another value in the entry of the directory."""
    place = content.index(b"PK\1\2") + offset
    content[place : place + len(value)] = value


def encrypt(content: bytearray) -> None:
    put(content, 8, b"\1")
    content[6] = 1


def rename(content: bytearray) -> None:
    put(content, 9, b"\x08")  # UTF-8
    put(content, 46, b"\xff\xfe")


def spoil(content: bytearray) -> None:
    content[34:44] = b"\xff" * 10


DAMAGES: dict[str, Damage] = {
    "encrypted": encrypt,
    "of an unknown method": lambda content: put(content, 10, b"\x63\0"),
    "of a later version": lambda content: put(content, 6, b"\xff\0"),
    "elsewhere": lambda content: put(content, 42, struct.pack("<I", 2**24)),
    "a name that is not text": rename,
    "wrong bytes": spoil,
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_zip_is_refused(tmp_path: Path, damage: str, method: int) -> None:
    content = zipped(method, b"0123456789" * 20)
    DAMAGES[damage](content)
    file = tmp_path / "a.zip"
    file.write_bytes(content)
    with pytest.raises(ZipError), opened(file, 10**6) as archive:
        archive.extractall(tmp_path / "here")
    with pytest.raises(PhaseError):
        unpack(file, tmp_path / "there")


@pytest.mark.parametrize("method", METHODS)
def test_a_zip_that_is_cut_is_refused(tmp_path: Path, method: int) -> None:
    content, file = zipped(method, b"0123456789" * 20), tmp_path / "a.zip"
    for end in range(0, len(content), 5):
        file.write_bytes(content[:end])
        with pytest.raises(ZipError), opened(file) as archive:
            archive.extractall(tmp_path / "here")


@pytest.mark.parametrize("method", METHODS[1:])
def test_a_zip_that_lies_about_its_size_takes_no_memory(tmp_path: Path, method: int) -> None:
    """A hundred megabytes say that they are ten bytes, as a file and as the target of a link."""
    content = zipped(method, bytes(100_000_000))
    put(content, 24, struct.pack("<I", 10))
    file = tmp_path / "a.zip"
    tracemalloc.start()
    try:
        for mode in (0o100644, 0o120777):
            put(content, 38, struct.pack("<I", mode << 16))
            file.write_bytes(content)
            with pytest.raises(PhaseError):
                unpack(file, tmp_path / "there")
            with pytest.raises(ZipError), opened(file) as archive:
                small(archive, archive.infolist()[0], 5)
            with pytest.raises(ZipError), opened(file) as archive:
                archive.extractall(tmp_path / "here")
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()
