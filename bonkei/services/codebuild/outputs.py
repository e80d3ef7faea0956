"""UPLOAD_ARTIFACTS: uploads the files that the buildspec names as zips."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from bonkei.base.aws_service import AwsServiceError
from bonkei.blueprint.codebuild import BuildArtifacts, BuildProject
from bonkei.services.codebuild.artifacts.archive import pack, walk
from bonkei.services.codebuild.artifacts.patterns import select
from bonkei.services.codebuild.buildspec.model import ArtifactSpec, Buildspec
from bonkei.services.codebuild.errors import PhaseError
from bonkei.services.codebuild.surroundings import Surroundings
from bonkei.services.codebuild.values import Build, BuildOutput

Say = Callable[[str], None]
Expand = Callable[[str], Awaitable[str | None]]
Wanted = tuple[BuildOutput, ArtifactSpec]


class Upload:
    """The upload of one build."""

    def __init__(
        self, project: BuildProject, build: Build, folder: Path, source: Path, given: Surroundings
    ) -> None:
        self._project = project
        self._build = build
        self._folder = folder
        self._source = source
        self._given = given

    async def plan(self, spec: Buildspec, expand: Expand) -> Sequence[Wanted]:
        """The plan of the upload, made while the build's shell can still expand names. Raises
        PhaseError."""
        return [
            (await self._named(output, artifact, expand), artifact)
            for output, artifact in self._wanted(spec)
        ]

    async def execute(self, wanted: Sequence[Wanted], say: Say) -> tuple[BuildOutput, ...]:
        """Upload the artifacts. Returns each with its place. Raises PhaseError with the code
        CLIENT_ERROR."""
        made = []
        for index, (output, artifact) in enumerate(wanted):
            archive = self._folder / f"artifact-{index}.zip"
            archive.unlink(missing_ok=True)
            say(f"Expanding base directory path: {artifact.base_directory}")
            say("Assembling file list")
            files = list(select(artifact, await self._paths()))
            try:
                count = await asyncio.to_thread(
                    pack, self._source, files, archive, keep_links=artifact.enable_symlinks
                )
            except OSError as error:
                said = f"the artifact cannot be packed: {error}"
                raise PhaseError("CLIENT_ERROR", said) from None
            if not count:
                raise PhaseError("CLIENT_ERROR", "no matching artifact paths found")
            say(f"Found {count} file(s) for {output.name or 'the artifact'}")
            await self._put(output, archive)
            made.append(output)
        return tuple(made)

    async def _paths(self) -> list[str]:
        """The paths of all files in the source. The source must still be in its place."""
        if self._source.resolve() != self._source:
            raise PhaseError("CLIENT_ERROR", "the source's folder has become a link")
        return await asyncio.to_thread(walk, self._source)

    async def keep_reports(self, spec: Buildspec, into: Path) -> int:
        """Put the files of all report groups into one archive. Returns their number."""
        paths = await self._paths()
        files = [
            (path, f"{group.rpartition('/')[2]}/{name}")
            for group, report in spec.reports
            for path, name in select(report, paths)
        ]
        if files:
            into.parent.mkdir(exist_ok=True, mode=0o700)
            await asyncio.to_thread(pack, self._source, files, into)
        return len(files)

    def _wanted(self, spec: Buildspec) -> list[tuple[BuildOutput, ArtifactSpec]]:
        """Each output with its artifact in the buildspec. An output without one is an error, as in
        CodeBuild."""
        secondary = dict(spec.secondary_artifacts)
        if self._build.request.outputs:
            return [
                (output, self._of_pipeline(output, secondary, spec))
                for output in self._build.request.outputs
            ]
        found = []
        primary = self._project.artifacts
        if primary.type == "S3" and spec.artifacts is not None and spec.artifacts.files:
            found.append((self._output(primary, spec.artifacts), spec.artifacts))
        for each in self._project.secondary_artifacts:
            artifact = secondary.get(each.identifier)
            if artifact is None:
                said = f"secondary-artifacts has no {each.identifier}"
                raise PhaseError("CLIENT_ERROR", said)
            found.append((self._output(each, artifact), artifact))
        return found

    def _of_pipeline(
        self, output: BuildOutput, secondary: dict[str, ArtifactSpec], spec: Buildspec
    ) -> ArtifactSpec:
        """A pipeline's only output takes `artifacts`. If there are several, each takes its own."""
        if output.name in secondary:
            return secondary[output.name]
        if spec.artifacts is not None and len(self._build.request.outputs) == 1:
            return spec.artifacts
        raise PhaseError("CLIENT_ERROR", f"no definition for the artifact {output.name} found")

    def _output(self, place: BuildArtifacts, artifact: ArtifactSpec) -> BuildOutput:
        """`path/build-id/name`, as the project says it."""
        name = artifact.name if place.override_name and artifact.name else place.name
        unique = self._build.id.partition(":")[2] if place.namespace == "BUILD_ID" else ""
        parts = [place.path.strip("/"), unique, (name or self._project.name).strip("/")]
        key = "/".join(part for part in parts if part)
        return BuildOutput(place.identifier, place.location, key)

    async def _named(
        self, output: BuildOutput, artifact: ArtifactSpec, expand: Expand
    ) -> BuildOutput:
        """The key. A name such as `app-$(date +%Y)` is expanded by the shell."""
        overridden = not self._build.request.outputs and artifact.name
        if not overridden or "$" not in output.key:
            return output
        key = await expand(output.key)
        if not key:
            said = f"the artifact's name {artifact.name} is not a shell word"
            raise PhaseError("CLIENT_ERROR", said)
        return BuildOutput(output.name, output.bucket, key)

    async def _put(self, output: BuildOutput, archive: Path) -> None:
        key = self._build.request.encryption_key or self._project.encryption_key
        try:
            await self._given.objects.put(
                self._project.role_arn, output.bucket, output.key, archive, key
            )
        except AwsServiceError as error:
            said = f"s3://{output.bucket}/{output.key}: {error.code}: {error.message}"
            raise PhaseError("CLIENT_ERROR", said) from None
