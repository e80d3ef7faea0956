"""DOWNLOAD_SOURCE: fetches the inputs of a build into its folders, and its buildspec."""

from __future__ import annotations

import asyncio
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from bonkei.base.aws_service import AwsServiceError
from bonkei.blueprint.codebuild import BuildProject, BuildSource
from bonkei.services.codebuild.artifacts.archive import unpack
from bonkei.services.codebuild.errors import PhaseError
from bonkei.services.codebuild.surroundings import Surroundings
from bonkei.services.codebuild.values import BuildInput, BuildRequest

_DEFAULT = "buildspec.yml"
_NAME = re.compile(r"[A-Za-z0-9_-]{1,128}")


@dataclass(frozen=True, slots=True)
class Fetched:
    """`sources`: the folder of each secondary source, by its name. `version`: that of the primary
    source, as resolved by its repository."""

    source: Path
    sources: tuple[tuple[str, Path], ...] = ()
    version: str = ""


async def fetch(
    project: BuildProject, request: BuildRequest, folder: Path, given: Surroundings
) -> Fetched:
    """PhaseError with the code CLIENT_ERROR."""
    source = folder / "src" / "source"
    source.mkdir(parents=True)
    try:
        if request.inputs:
            first, *others = request.inputs
            await _input(project, first, source, folder, given)
            found = []
            for each in others:
                place = _secondary(folder, each.name)
                await _input(project, each, place, folder, given)
                found.append((each.name, place))
            return Fetched(source, tuple(found), request.resolved_source_version)
        return await _own(project, request, source, folder, given)
    except AwsServiceError as error:
        raise PhaseError("CLIENT_ERROR", f"{error.code}: {error.message}") from None
    except OSError as error:
        raise PhaseError("CLIENT_ERROR", f"{type(error).__name__}: {error}") from None


async def _own(
    project: BuildProject, request: BuildRequest, source: Path, folder: Path, given: Surroundings
) -> Fetched:
    version = await _project_source(
        project, project.source, request.source_version, source, folder, given
    )
    found = []
    for each in project.secondary_sources:
        place = _secondary(folder, each.identifier)
        await _project_source(project, each, "", place, folder, given)
        found.append((each.identifier, place))
    return Fetched(source, tuple(found), version)


def _secondary(folder: Path, name: str) -> Path:
    """Make the folder of a secondary source. Raises PhaseError for a name that neither a source of
    CodeBuild (ProjectSource) nor an artifact of CodePipeline (OutputArtifact) may have."""
    if not _NAME.fullmatch(name):
        raise PhaseError(
            "CLIENT_ERROR", f"{name!r} is not a source's name: letters, digits, _ and -"
        )
    place = folder / "secondary" / name
    place.mkdir(parents=True)
    return place


async def _project_source(
    project: BuildProject, source: BuildSource, version: str, into: Path, folder: Path,
    given: Surroundings,
) -> str:  # fmt: skip
    wanted = version or source.version
    match source.type:
        case "NO_SOURCE":
            return ""
        case "S3":
            bucket, _, key = source.location.partition("/")
            one = BuildInput(source.identifier, bucket, key, wanted)
            await _input(project, one, into, folder, given)
            return wanted
        case "CODECOMMIT":
            return await given.checkout(project.role_arn, source.location, wanted, into)
    raise PhaseError(
        "CLIENT_ERROR", f"a source of type {source.type} is outside the miniature: none is fetched"
    )


async def _input(
    project: BuildProject, one: BuildInput, into: Path, folder: Path, given: Surroundings
) -> None:
    if one.folder is not None:
        await asyncio.to_thread(
            shutil.copytree, one.folder, into, symlinks=True, dirs_exist_ok=True
        )
        return
    archive = folder / "download.zip"
    await given.objects.get(project.role_arn, one.bucket, one.key, one.version, archive)
    await asyncio.to_thread(unpack, archive, into)
    archive.unlink()


def buildspec_text(project: BuildProject, request: BuildRequest, source: Path) -> tuple[str, str]:
    """(its place, its text): inline YAML, or a file of the source. Raises PhaseError with
    CodeBuild's message."""
    wanted = request.buildspec or project.buildspec
    if "\n" in wanted or wanted.lstrip().startswith(("version:", "{")):
        return "inline", wanted
    if wanted.startswith("arn:"):
        raise PhaseError(
            "YAML_FILE_ERROR", f"{wanted}: a buildspec in a bucket is not simulated: give its path"
        )
    file = source / (wanted or _DEFAULT)
    try:
        if not file.resolve().is_relative_to(source.resolve()):
            raise PhaseError("YAML_FILE_ERROR", f"{wanted} leads out of the source")
        return str(file), file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise PhaseError("YAML_FILE_ERROR", f"stat {file}: no such file or directory") from None
    except (OSError, ValueError) as error:  # it is not text, or no file can have its name
        raise PhaseError("YAML_FILE_ERROR", f"{file}: {error}") from None
