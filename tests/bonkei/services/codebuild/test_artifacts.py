"""The phase UPLOAD_ARTIFACTS, and which entries a zip may have."""

from __future__ import annotations

import errno
import os
import stat
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from builds import Rig, log, spec, statuses

from bonkei.blueprint.codebuild import BuildArtifacts
from bonkei.services.codebuild.artifacts.archive import pack, unpack, walk
from bonkei.services.codebuild.artifacts.patterns import select
from bonkei.services.codebuild.buildspec.model import ArtifactSpec
from bonkei.services.codebuild.errors import PhaseError
from bonkei.services.codebuild.store import Store
from bonkei.services.codebuild.values import Build, BuildInput, BuildOutput, BuildRequest

# The folders of "Buildspec syntax", under artifacts/base-directory.
TREE = [
    "my-build-1/my-file-1.txt",
    "my-build-2/my-file-2.txt",
    "my-build-2/my-subdirectory/my-file-3.txt",
    "top.txt",
]


@pytest.mark.parametrize(
    ("artifact", "expected"),
    [
        # The page's own two examples.
        (
            ArtifactSpec(("*/my-file-3.txt",), "my-build-2"),
            ["my-subdirectory/my-file-3.txt"],
        ),
        (
            ArtifactSpec(("**/*",), "my-build*", discard_paths=True),
            ["my-file-1.txt", "my-file-2.txt", "my-file-3.txt"],
        ),
        (ArtifactSpec(("**/*",)), TREE),
        (ArtifactSpec(("my-build-2/*",)), ["my-build-2/my-file-2.txt"]),
        (ArtifactSpec(("my-build-2/**/*",)), TREE[1:3]),
        (ArtifactSpec(("./top.txt",)), ["top.txt"]),
        (ArtifactSpec(("**/*",), exclude_paths=("my-build-2/**/*",)), [TREE[0], TREE[3]]),
        (ArtifactSpec(("**/*",), exclude_paths=("my-build-2",)), [TREE[0], TREE[3]]),
        (ArtifactSpec(("**/*",), "my-build-2", exclude_paths=("*.txt",)), [TREE[2][11:]]),
        (ArtifactSpec(("nothing",)), []),
        (ArtifactSpec(("my-build-2",)), []),  # the name of a folder does not match a file
    ],
)
def test_patterns_select_the_files_that_the_page_says(
    artifact: ArtifactSpec, expected: list[str]
) -> None:
    assert [name for _, name in select(artifact, TREE)] == expected


def names(file: Path) -> list[str]:
    return sorted(zipfile.ZipFile(file).namelist())


async def test_the_outputs_of_a_pipeline_go_to_their_places(rig: Rig) -> None:
    more = (
        "artifacts:\n  base-directory: out\n  files: [a]\n"
        "  secondary-artifacts:\n    Second:\n      files: ['out/**/*']\n"
    )
    text = spec("mkdir -p out/deep", "echo 1 >out/a", "echo 2 >out/deep/b", more=more)
    result = await rig.run(
        text, outputs=(BuildOutput("Plan", "art", "p/Plan/x"),), encryption_key="arn:key"
    )
    assert result.status == "SUCCEEDED", log(result)
    assert rig.world.bucket.keys == [("art", "p/Plan/x", "arn:key")]
    assert names(rig.world.bucket.file("art", "p/Plan/x")) == ["a"]
    result = await rig.run(
        text, outputs=(BuildOutput("Second", "art", "2"), BuildOutput("Third", "art", "3"))
    )
    assert "no definition for the artifact Third found" in result.error
    result = await rig.run(text, outputs=(BuildOutput("Second", "art", "2"),))
    assert names(rig.world.bucket.file("art", "2")) == ["out/a", "out/deep/b"]


async def test_no_match_fails_the_upload(rig: Rig) -> None:
    more = "artifacts:\n  files: [nothing]\n"
    result = await rig.run(spec("true", more=more), outputs=(BuildOutput("O", "b", "k"),))
    assert result.status == "FAILED"
    assert statuses(result)["UPLOAD_ARTIFACTS"] == "FAILED"
    assert "CLIENT_ERROR: no matching artifact paths found" in result.error


async def test_a_disk_that_is_full_fails_the_upload(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_full(*_: object, **__: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("bonkei.services.codebuild.outputs.pack", is_full)
    spec_ = spec("touch a", more="artifacts:\n  files: ['**/*']\n")
    result = await rig.run(spec_, outputs=(BuildOutput("Built", "art", "o"),))
    assert result.status == "FAILED"
    assert result.error == (
        "UPLOAD_ARTIFACTS: CLIENT_ERROR: the artifact cannot be packed: "
        "[Errno 28] No space left on device"
    )


async def test_a_project_s_own_artifacts_and_their_names(rig: Rig) -> None:
    more = "artifacts:\n  files: [a]\n  name: app-$(printf 1)-$CODEBUILD_BUILD_NUMBER.zip\n"
    text = spec("echo 1 >a", more=more)
    place = BuildArtifacts("S3", "out", "given", "/some/path/", "BUILD_ID", "ZIP")
    rig.project(text, artifacts=place)
    result = await rig.run()
    unique = result.id.partition(":")[2]
    assert rig.world.bucket.keys[-1][:2] == ("out", f"some/path/{unique}/given")
    rig.project(text, artifacts=BuildArtifacts("S3", "out", "given", override_name=True))
    result = await rig.run()
    assert rig.world.bucket.keys[-1][:2] == ("out", "app-1-2.zip"), log(result)


async def test_the_source_of_a_pipeline_is_a_zip_that_the_role_reads(rig: Rig) -> None:
    archive = rig.world.bucket.file("art", "s")
    archive.parent.mkdir(parents=True)
    (rig.source / "run.sh").write_text("#!/bin/sh\necho from the zip\n", encoding="utf-8")
    (rig.source / "run.sh").chmod(0o755)
    pack(rig.source, [("run.sh", "run.sh")], archive)
    rig.project(spec("./run.sh"))
    result = await rig.run(inputs=(BuildInput("Source", "art", "s"),))
    assert "\nfrom the zip\n" in log(result)
    result = await rig.run(inputs=(BuildInput("Source", "art", "gone"),))
    assert result.error.startswith("DOWNLOAD_SOURCE: CLIENT_ERROR: NoSuchKey")


def test_the_same_files_make_the_same_zip(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x", encoding="utf-8")
    pack(tmp_path, [("a", "a")], tmp_path / "1.zip")
    (tmp_path / "a").touch()
    pack(tmp_path, [("a", "a")], tmp_path / "2.zip")
    assert (tmp_path / "1.zip").read_bytes() == (tmp_path / "2.zip").read_bytes()


def test_a_link_out_of_the_source_is_not_packed(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "out").symlink_to("/etc/passwd")
    (source / "in").symlink_to("real")
    (source / "real").write_text("x", encoding="utf-8")
    files = [(name, name) for name in ("in", "out", "real")]
    assert pack(source, files, tmp_path / "followed.zip") == 2
    assert names(tmp_path / "followed.zip") == ["in", "real"]
    pack(source, files, tmp_path / "kept.zip", keep_links=True)
    entry = zipfile.ZipFile(tmp_path / "kept.zip").getinfo("in")
    assert stat.S_ISLNK(entry.external_attr >> 16)


@pytest.mark.parametrize("name", ["../out", "/out", "a/../../out", "link/out"])
def test_an_entry_that_leads_out_of_the_folder_is_refused(name: str, tmp_path: Path) -> None:
    archive, into = tmp_path / "x.zip", tmp_path / "into"
    into.mkdir()
    with zipfile.ZipFile(archive, "w") as made:
        link = zipfile.ZipInfo("link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        made.writestr(link, str(tmp_path))
        made.writestr(name, "bad")
    with pytest.raises(PhaseError, match="leads out of it"):
        unpack(archive, into)
    assert not (tmp_path / "out").exists()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_folder_that_becomes_a_link_out_of_the_source_is_refused(tmp_path: Path) -> None:
    archive, into = tmp_path / "x.zip", tmp_path / "into"
    (into / "inside").mkdir(parents=True)
    with zipfile.ZipFile(archive, "w") as made:
        for to, name in ((into / "inside", "link/one"), (tmp_path, "link/out")):
            link = zipfile.ZipInfo("link")
            link.external_attr = (stat.S_IFLNK | 0o777) << 16
            made.writestr(link, str(to))
            made.writestr(name, "text")
    with pytest.raises(PhaseError, match="folder leads out of it"):
        unpack(archive, into)
    assert (into / "inside" / "one").read_text(encoding="utf-8") == "text"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("names", [("a", "a/b"), ("a/b", "a"), ("a", "a/")])
def test_a_file_that_is_a_folder_too_is_refused(names: tuple[str, ...], tmp_path: Path) -> None:
    archive, into = tmp_path / "x.zip", tmp_path / "into"
    into.mkdir()
    with zipfile.ZipFile(archive, "w") as made:
        for name in names:
            made.writestr(name, "")
    with pytest.raises(PhaseError, match="cannot be unpacked"):
        unpack(archive, into)


@pytest.mark.skipif(sys.platform == "darwin", reason="its file system has only UTF-8 names")
def test_names_that_are_not_text_keep_their_bytes(tmp_path: Path) -> None:
    """As git's zips and those of Go's archive/zip do."""
    given = {b"caf\xe9": b"1", "café".encode(): b"2", b"a\nb": b"3"}
    source, into = tmp_path / "source", tmp_path / "into"
    source.mkdir()
    into.mkdir()
    for name, content in given.items():
        (source / os.fsdecode(name)).write_bytes(content)
    chosen = select(ArtifactSpec(files=("**/*",)), walk(source))
    assert pack(source, chosen, tmp_path / "x.zip") == 3
    unpack(tmp_path / "x.zip", into)
    assert {os.fsencode(each.name): each.read_bytes() for each in into.iterdir()} == given


def test_links_of_every_kind(tmp_path: Path) -> None:
    """ "all internal symbolic links in the source will be preserved" (enable-symlinks)."""
    source = tmp_path / "source"
    (source / "folder").mkdir(parents=True)
    (source / "folder" / "file").write_text("x", encoding="utf-8")
    for name, to in (("endless", "endless"), ("nowhere", "gone"), ("into", "folder")):
        (source / name).symlink_to(to)
    chosen = [(name, name) for name in walk(source)]
    assert pack(source, chosen, tmp_path / "followed.zip") == 1
    assert pack(source, chosen, tmp_path / "kept.zip", keep_links=True) == 2
    with zipfile.ZipFile(tmp_path / "kept.zip") as kept:
        assert sorted(kept.namelist()) == ["folder/file", "into"]
        assert kept.read("into") == b"folder"


def test_a_file_beyond_the_old_form_of_a_zip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 1_000)  # 2 GiB take half a minute
    (tmp_path / "a").write_bytes(b"x" * 2_000)
    pack(tmp_path, [("a", "a")], tmp_path / "x.zip")
    with zipfile.ZipFile(tmp_path / "x.zip") as packed:
        assert packed.read("a") == b"x" * 2_000


def test_a_zip_with_wrong_bytes_inside_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bytes(range(256)) * 10)
    pack(tmp_path, [("a", "a")], tmp_path / "x.zip")
    content = bytearray((tmp_path / "x.zip").read_bytes())
    content[31:91] = b"\xff" * 60
    (tmp_path / "x.zip").write_bytes(content)
    with pytest.raises(PhaseError, match="is not a zip"):
        unpack(tmp_path / "x.zip", tmp_path)


def test_a_file_that_is_not_a_zip_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"PK no")
    with pytest.raises(PhaseError, match="is not a zip"):
        unpack(tmp_path / "x.zip", tmp_path)


async def test_files_of_reports_are_kept_and_deleted_with_their_build(rig: Rig) -> None:
    more = "reports:\n  unit:\n    files: ['**/*.xml']\n    base-directory: out\n"
    result = await rig.run(spec("mkdir -p out/a", "echo x >out/a/r.xml; echo y >out/n", more=more))
    kept = rig.world.directory / "builds" / "reports" / f"{result.id.partition(':')[2]}.zip"
    assert result.status == "SUCCEEDED", log(result)
    assert names(kept) == ["unit/a/r.xml"]
    assert "there are no report groups" in log(result)


async def test_the_oldest_builds_are_deleted(rig: Rig, monkeypatch) -> None:
    monkeypatch.setattr("bonkei.services.codebuild.store._MOST", 2)
    more = "reports:\n  unit:\n    files: ['r']\n"
    ids = [(await rig.run(spec("touch r", more=more))).id for _ in range(3)]
    assert [build.id for build in rig.builds.builds] == [ids[2], ids[1]]
    for folder in ("records", "logs", "reports"):
        found = sorted((rig.world.directory / "builds" / folder).iterdir())
        assert [file.stem for file in found] == sorted(one.partition(":")[2] for one in ids[1:])


def test_a_build_that_runs_is_not_forgotten(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("bonkei.services.codebuild.store._MOST", 2)
    store = Store(tmp_path)
    request = BuildRequest("builder")
    long = Build("builder:0", "arn", 0, request)
    ended = [replace(long, id=f"builder:{n}", status="SUCCEEDED") for n in (1, 2, 3)]
    for each in (long, *ended):
        store.write(each)
        store.log(each.id).touch()
    kept = store.forget([long, *ended])
    assert [each.id for each in kept] == ["builder:0", "builder:2", "builder:3"]
    assert store.log(long.id).exists()
    assert not store.log(ended[0].id).exists()
