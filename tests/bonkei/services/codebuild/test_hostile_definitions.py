"""Projects, build requests and sources whose names, values and files want to leave the build."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from builds import Rig, log, probed, spec

from bonkei.blueprint.codebuild import BuildSource
from bonkei.services.codebuild.values import BuildInput, BuildOutput

NAMES = [
    "../../../evil", "../source", "..", ".", "", "a/b", "EVIL", "a\0b", "a\n", "x" * 300,
    "http://169.254.169.254/x", "$(touch x)", "\u202ea",
]  # fmt: skip


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "secret").write_text("hunter22")
    return folder


async def test_a_source_s_name_leads_nowhere(rig: Rig, outside: Path) -> None:
    """The folder of a secondary source has its name: of the project, or of a pipeline's artifact.
    It was made wherever the name led."""
    directory = rig.world.directory
    (rig.source / "file").write_text("of a stranger")
    seen = {*directory.rglob("*")}
    for text in NAMES:
        name = text.replace("EVIL", str(outside / "evil"))
        inputs = (BuildInput("Source", folder=rig.source), BuildInput(name, folder=rig.source))
        of_a_pipeline = await rig.run(spec("true"), inputs=inputs)
        secondary = (BuildSource("CODECOMMIT", location="app", identifier=name),)
        rig.project(spec("true"), source=BuildSource("NO_SOURCE"), secondary_sources=secondary)
        of_the_project = await rig.run(inputs=())
        for result in (of_a_pipeline, of_the_project):
            assert f"CLIENT_ERROR: {name!r} is not a source's name" in result.error
    made = {str(each.relative_to(directory)) for each in {*directory.rglob("*")} - seen}
    assert [each for each in made if not each.startswith("builds")] == []
    assert [each for each in made if "evil" in each or each.endswith("file")] == []


async def test_a_secondary_source_may_be_named_like_the_primary_one_s_folder(rig: Rig) -> None:
    given = (BuildInput("Source", folder=rig.source), BuildInput("source", folder=rig.source))
    result = await rig.run(spec("ls $CODEBUILD_SRC_DIR_source"), inputs=given)
    assert result.status == "SUCCEEDED", result.error


async def test_a_variable_that_no_process_can_have_is_named(rig: Rig) -> None:
    for name in ("A=B", "", "A\0B", "\ud800"):
        result = await rig.run(spec("true"), variables=((name, "x", "PLAINTEXT"),))
        assert f"no variable can have the name {name!r}" in result.error
    for value in ("\0", "a\0b", "\ud800"):
        result = await rig.run(spec("true"), variables=(("A", value, "PLAINTEXT"),))
        assert "A: no variable can have this value" in result.error


VARIABLES = [
    "LD_PRELOAD", "LD_LIBRARY_PATH", "LD_AUDIT", "PATH", "BASH_ENV", "ENV", "PYTHONPATH",
    "PYTHONHOME", "PYTHONSTARTUP", "GIT_DIR", "GIT_SSH_COMMAND", "GIT_CONFIG_GLOBAL",
    "GIT_EXTERNAL_DIFF", "HOME", "TMPDIR", "BONKEI_HOME", "MINIATURE_TOOLS", "CODEBUILD_SRC_DIR",
    "SSL_CERT_FILE", "A\nB", "-x", "A B", "$(touch x)", "BASH_FUNC_cat%%",
]  # fmt: skip


async def test_a_variable_does_not_lead_out_of_a_build(rig: Rig, outside: Path) -> None:
    """Each names a folder with programs and settings of the attacker's; none is loaded by what runs
    outside of the confinement, and what runs inside does not see it."""
    if not probed().is_possible:
        pytest.skip(probed().why_not)
    script = f"#!/bin/sh\ncat {outside}/secret\ntouch {outside}/mark\n"
    for name in ("git", "cat", "python3", "sitecustomize.py", "usercustomize.py"):
        (outside / name).write_text(script)
        (outside / name).chmod(0o755)
    command = f"/bin/cat {outside}/secret; echo x > {outside}/mark; true"
    for first in range(0, len(VARIABLES), 8):
        given = tuple((each, str(outside), "PLAINTEXT") for each in VARIABLES[first : first + 8])
        result = await rig.run(spec(command), variables=given)
        assert result.status == "SUCCEEDED", log(result)
        assert "hunter22" not in log(result)
    assert {each.name for each in outside.iterdir()} == {
        "secret", "git", "cat", "python3", "sitecustomize.py", "usercustomize.py",
    }  # fmt: skip


PLACES = [
    "../../outside/secret", "OUTSIDE/secret", "link", "folder/secret", "../source/../x",
    "a/../../../outside/secret", "arn:aws:s3:::bucket/key", "http://169.254.169.254/latest",
    "file://OUTSIDE/secret", "-", "--help", "\0"
]  # fmt: skip


async def test_a_buildspec_is_a_file_of_the_source(rig: Rig, outside: Path) -> None:
    (rig.source / "link").symlink_to(outside / "secret")
    (rig.source / "folder").symlink_to(outside)
    for place in PLACES:
        rig.project(place.replace("OUTSIDE", str(outside)))
        result = await rig.run()
        assert result.error.startswith("DOWNLOAD_SOURCE: YAML_FILE_ERROR: "), place
        assert "hunter22" not in log(result) + result.error


ARTIFACTS = [
    "files: ['../../../outside/*', 'OUTSIDE/secret', 'link', 'folder/secret', 'folder/**/*']",
    "base-directory: ../../../outside\n  files: ['**/*']",
    "base-directory: OUTSIDE\n  files: ['**/*']",
    "base-directory: folder\n  files: ['**/*']",
    "enable-symlinks: yes\n  files: ['**/*']",
    "discard-paths: yes\n  files: ['**/*']",
]  # fmt: skip


@pytest.mark.parametrize("text", ARTIFACTS)
async def test_an_artifact_has_files_of_the_source_alone(
    rig: Rig, outside: Path, text: str
) -> None:
    """The files are linked, and are not in the build's root at all."""
    (rig.source / "link").symlink_to(outside / "secret")
    more = f"artifacts:\n  {text.replace('OUTSIDE', str(outside))}\n"
    links = f"ln -s {outside} folder; ln -s / root; ln -s ../../.. up; mkfifo pipe; echo a > a"
    result = await rig.run(spec(links, more=more), outputs=(BuildOutput("Built", "b", "out"),))
    packed = rig.world.bucket.file("b", "out")
    if result.status != "SUCCEEDED":
        assert "no matching artifact paths" in result.error
        return
    with zipfile.ZipFile(packed) as archive:
        assert not [name for name in archive.namelist() if b"hunter22" in archive.read(name)]
        assert {name.partition("/")[0] for name in archive.namelist()} <= {"a", "link", "folder"}
