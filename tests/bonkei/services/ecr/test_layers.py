"""Layers are hostile: nothing of them reaches beyond their folder."""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from bonkei.services.ecr.errors import RegistryError
from bonkei.services.ecr.layers import Bounds, apply_layers
from bonkei.services.ecr.unpacking import extract

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

Member = tuple[str, dict[str, Any]]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    return folder


def layer(folder: Path, *members: Member, packed: bool = True) -> Path:
    """Members: their name, and `text`, or attributes of the archive's member."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, attributes in members:
            content = str(attributes.get("text", "")).encode()
            member = tarfile.TarInfo(name)
            member.size = len(content)
            member.mode = 0o644
            for key, value in attributes.items():
                if key != "text":
                    setattr(member, key, value)
            archive.addfile(member, io.BytesIO(content))
    file = folder / f"layer-{len(list(folder.glob('layer-*')))}"
    file.write_bytes(gzip.compress(buffer.getvalue()) if packed else buffer.getvalue())
    return file


def zstd_layer(folder: Path, *members: Member) -> Path:
    """As containerd and BuildKit write it, in two frames."""
    file = layer(folder, *members, packed=False)
    content = file.read_bytes()
    file.write_bytes(zstd.compress(content[:700]) + zstd.compress(content[700:]))
    return file


def link(target: str) -> dict[str, Any]:
    return {"type": tarfile.SYMTYPE, "linkname": target}


def hard(target: str) -> dict[str, Any]:
    return {"type": tarfile.LNKTYPE, "linkname": target}


def folder(mode: int = 0o755) -> dict[str, Any]:
    return {"type": tarfile.DIRTYPE, "mode": mode}


def names(root: Path) -> set[str]:
    return {str(each.relative_to(root)) for each in root.rglob("*")}


def test_layers_lie_on_each_other(root: Path, tmp_path: Path) -> None:
    first = layer(
        tmp_path,
        ("usr/lib/a", {"text": "one"}),
        ("usr/lib/b", {"text": "b"}),
        ("lib", link("usr/lib")),
        ("data/old", {"text": "x"}),
        ("gone", {"text": "x"}),
    )
    second = layer(
        tmp_path,
        ("./lib/a", {"text": "two"}),
        ("lib/c", hard("usr/lib/b")),
        (".wh.gone", {}),
        ("data/new", {"text": "y"}),
        ("data/.wh..wh..opq", {}),
        packed=False,
    )
    apply_layers([first, second], root)
    assert (root / "usr" / "lib" / "a").read_text() == "two"
    assert (root / "usr" / "lib" / "c").read_text() == "b"
    assert (root / "lib").is_symlink()
    assert names(root) == {
        "usr", "usr/lib", "usr/lib/a", "usr/lib/b", "usr/lib/c", "lib", "data", "data/new",
    }  # fmt: skip


@pytest.mark.parametrize(
    "members",
    [
        [("../escaped", {"text": "x"})],
        [("/a/../../escaped", {"text": "x"})],
        [("hard", hard("../secret"))],
        [("hard", hard("/nothing"))],
        [("out", link("..")), ("hard", hard("out/secret"))],
    ],
)
def test_a_way_out_is_refused(root: Path, tmp_path: Path, members: list[Member]) -> None:
    (tmp_path / "secret").write_text("secret")
    with pytest.raises(RegistryError):
        apply_layers([layer(tmp_path, *members)], root)
    assert (tmp_path / "secret").stat().st_nlink == 1
    assert not (tmp_path / "escaped").exists()


def test_links_of_the_image_stay_inside(root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("kept")
    apply_layers(
        [
            layer(
                tmp_path,
                ("out", link(str(outside))),
                ("up", link("../outside")),
                ("file", link(str(outside / "kept"))),
                ("out/a", {"text": "x"}),
                ("up/b", {"text": "x"}),
                ("file", {"text": "own"}),
                ("up/.wh.kept", {}),
                ("out/.wh..wh..opq", {}),
            ),
            layer(tmp_path, ("out", folder()), ("out/c", {"text": "x"}), ("up/.wh..wh..opq", {})),
        ],
        root,
    )
    assert [each.name for each in outside.iterdir()] == ["kept"]
    assert (outside / "kept").read_text() == "kept"
    assert (root / "file").read_text() == "own"
    assert not (root / "file").is_symlink()


def test_rights_of_others_and_devices_are_left_out(root: Path, tmp_path: Path) -> None:
    device = {"type": tarfile.CHRTYPE, "devmajor": 1, "devminor": 3}
    applied = apply_layers(
        [
            layer(
                tmp_path,
                ("su", {"text": "x", "mode": 0o6755, "uid": 0}),
                ("closed", folder(0o000)),
                ("closed/in", {"text": "x", "mode": 0o000}),
                ("null", device),
                ("pipe", {"type": tarfile.FIFOTYPE}),
            )
        ],
        root,
    )
    assert (root / "su").stat().st_mode & 0o7777 == 0o755
    assert (root / "su").stat().st_uid == os.getuid()
    assert (root / "closed" / "in").stat().st_mode & 0o777 == 0o400
    assert applied.left_out == {"devices": 1, "pipes and the like": 1}
    assert names(root) == {"su", "closed", "closed/in"}


@pytest.mark.parametrize("bounds", [Bounds(bytes=1_000), Bounds(files=2)])
def test_a_bomb_is_refused(root: Path, tmp_path: Path, bounds: Bounds) -> None:
    members = [(f"file-{number}", {"text": "0" * 500}) for number in range(3)]
    with pytest.raises(RegistryError, match="too many, or too large"):
        apply_layers([layer(tmp_path, *members)], root, bounds)


def test_headers_do_not_fill_the_memory(root: Path, tmp_path: Path) -> None:
    """A header of 2 MiB, and one that claims 8 GiB and ends before."""
    for kind in (tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME):
        large = layer(tmp_path, ("x", {"text": "x" * (2 << 20), "type": kind}))
        with pytest.raises(RegistryError, match="header is too large"):
            apply_layers([large], root)
    claimed = tarfile.TarInfo("x")
    claimed.type, claimed.size = tarfile.XHDTYPE, 8 << 30
    file = tmp_path / "claimed"
    file.write_bytes(gzip.compress(claimed.tobuf(tarfile.GNU_FORMAT)))
    with pytest.raises(RegistryError, match="header is too large"):
        apply_layers([file], root)


@pytest.mark.parametrize("content", [b"", b"\x1f\x8bx", b"x" * 2000, b"\x28\xb5\x2f\xfdx"])
def test_a_file_that_is_not_a_layer_is_refused(root: Path, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    with pytest.raises(RegistryError):
        apply_layers([file], root)


def test_layers_compressed_with_zstd(root: Path, tmp_path: Path) -> None:
    first = layer(tmp_path, ("a", {"text": "1"}), ("gone", {}))
    second = zstd_layer(tmp_path, ("b/c", {"text": "2" * 2_000}), (".wh.gone", {}))
    apply_layers([first, second], root)
    assert names(root) == {"a", "b", "b/c"}
    assert (root / "b" / "c").read_text() == "2" * 2_000


def test_zstd_is_as_hostile_as_gzip(root: Path, tmp_path: Path) -> None:
    """A bomb, a file that is cut off, damage, and a window that would take two gigabytes."""
    bomb = zstd_layer(tmp_path, ("zeros", {"text": "0" * 100_000}))
    assert bomb.stat().st_size < 3_000
    with pytest.raises(RegistryError, match="too large"):
        apply_layers([bomb], root, Bounds(bytes=99_999))
    whole = zstd_layer(tmp_path, ("a", {"text": "1" * 5_000})).read_bytes()
    wide = {zstd.CompressionParameter.window_log: 31, zstd.CompressionParameter.checksum_flag: 1}
    endless = zstd.ZstdCompressor(options=wide)
    window = endless.compress(b"x" * 70_000) + endless.flush()
    for content in (whole[: len(whole) // 2], whole[:9] + b"\xff" * 40, window):
        damaged = tmp_path / "damaged"
        damaged.write_bytes(content)
        with pytest.raises(RegistryError, match="its layer damaged"):
            apply_layers([damaged], root)


@pytest.mark.parametrize(
    "members",
    [
        [("a", {"type": tarfile.LNKTYPE, "linkname": "gone"})],
        [("a", link("a")), ("b", {"type": tarfile.LNKTYPE, "linkname": "a"})],
        [("b", link("a")), ("a", {"type": tarfile.LNKTYPE, "linkname": "b"}),
         ("b", {"type": tarfile.LNKTYPE, "linkname": "a"})],
    ],
)  # fmt: skip
def test_a_package_with_links_to_nowhere_is_refused(
    root: Path, tmp_path: Path, members: list[Member]
) -> None:
    with (
        layer(tmp_path, *members).open("rb") as content,
        contextlib.suppress(tarfile.TarError, OSError),
    ):
        extract(content, root)
    assert not any(each.is_file() for each in root.iterdir())
