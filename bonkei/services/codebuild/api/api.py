"""CodeBuild's operations. The endpoint refuses all others by name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from bonkei.base.aws_service import AwsCall, AwsServiceError, Operations
from bonkei.base.paging import page_of
from bonkei.blueprint.codebuild import BuildProject
from bonkei.services.codebuild.api.shapes import Shape, build_shape, project_shape
from bonkei.services.codebuild.builds import Builds
from bonkei.services.codebuild.errors import BuildsError
from bonkei.services.codebuild.values import Build, BuildRequest

_PAGE = 100
_REFUSED = "InvalidInputException"
_TOKEN_SECONDS = 300.0

# Settings that StartBuild may override on AWS, but not here.
_NOT_TAKEN = (
    *("secondarySourcesOverride", "secondarySourcesVersionOverride", "sourceTypeOverride"),
    *("sourceLocationOverride", "artifactsOverride", "secondaryArtifactsOverride"),
    *("serviceRoleOverride", "logsConfigOverride", "fleetOverride", "certificateOverride"),
)


def service(builds: Callable[[], Builds]) -> Operations:
    """`builds`: the service, once it is there."""
    return Operations.of(_Api(builds))


class _Api:
    def __init__(self, builds: Callable[[], Builds]) -> None:
        self._get = builds
        self._started: dict[str, tuple[float, BuildRequest, str]] = {}

    async def batch_get_projects(self, call: AwsCall) -> Shape:
        wanted = call.parameters["names"]
        found, missing = [], []
        for name in wanted:
            project = self._project(name)
            if project is None:
                missing.append(name)
            else:
                found.append(project_shape(project))
        return {"projects": found, "projectsNotFound": missing}

    async def list_projects(self, call: AwsCall) -> Shape:
        names = sorted(project.name for project in self._get().projects)
        if call.parameters.get("sortOrder") == "DESCENDING":
            names.reverse()
        return page_of(call, "projects", names, _PAGE, _REFUSED)

    async def batch_get_builds(self, call: AwsCall) -> Shape:
        found, missing = [], []
        for identifier in call.parameters["ids"]:
            try:
                found.append(self._shape(self._get().get(identifier), call.region))
            except BuildsError:
                missing.append(identifier)
        return {"builds": found, "buildsNotFound": missing}

    async def list_builds(self, call: AwsCall) -> Shape:
        return page_of(call, "ids", _ids(self._get().builds, call), _PAGE, _REFUSED)

    async def list_builds_for_project(self, call: AwsCall) -> Shape:
        name = call.parameters["projectName"]
        project = self._project(name)
        if project is None:
            raise _no_project(name)
        own = [each for each in self._get().builds if each.request.project == project.name]
        return page_of(call, "ids", _ids(own, call), _PAGE, _REFUSED)

    async def start_build(self, call: AwsCall) -> Shape:
        given = call.parameters
        project = self._project(given["projectName"])
        if project is None:
            raise _no_project(given["projectName"])
        if refused := [name for name in _NOT_TAKEN if name in given]:
            raise AwsServiceError(_REFUSED, f"{refused[0]} is not simulated by the miniature")
        if project.source.type == "CODEPIPELINE":
            raise AwsServiceError(
                _REFUSED,
                "Build must be started by CodePipeline: the project's source is CODEPIPELINE",
            )
        request = BuildRequest(
            project.name,
            variables=tuple(
                (each["name"], each["value"], each.get("type", "PLAINTEXT"))
                for each in given.get("environmentVariablesOverride", ())
            ),
            initiator=_name_of(call),
            source_version=given.get("sourceVersion", ""),
            encryption_key=given.get("encryptionKeyOverride", ""),
            buildspec=given.get("buildspecOverride", ""),
            timeout=given.get("timeoutInMinutesOverride", 0),
        )
        return {"build": self._shape(self._start_once(request, call), call.region)}

    def _start_once(self, request: BuildRequest, call: AwsCall) -> Build:
        """ "If you repeat the StartBuild request with the same token, but change a parameter,
        CodeBuild returns a parameter mismatch error." A token is valid for five minutes."""
        token = str(call.parameters.get("idempotencyToken", ""))
        fresh = {k: v for k, v in self._started.items() if call.time - v[0] < _TOKEN_SECONDS}
        if token in fresh:
            _, earlier, identifier = fresh[token]
            if earlier != request:
                raise AwsServiceError(_REFUSED, "The idempotency token has other parameters")
            return self._get().get(identifier)
        build = self._get().submit(request)
        self._started = {**fresh, token: (call.time, request, build.id)} if token else fresh
        return build

    async def stop_build(self, call: AwsCall) -> Shape:
        build = await self._known(call.parameters["id"], self._get().stop_build)
        return {"build": self._shape(build, call.region)}

    async def retry_build(self, call: AwsCall) -> Shape:
        """The same request again, with the project's present settings. A pipeline retries its own
        builds."""
        identifier = call.parameters.get("id", "")
        try:
            earlier = self._get().get(identifier)
            if not earlier.is_over:
                raise AwsServiceError(_REFUSED, "The build is still in progress")
            if earlier.request.initiator.startswith("codepipeline/"):
                raise AwsServiceError(
                    _REFUSED, "Builds initiated by CodePipeline cannot be retried"
                )
            request = replace(earlier.request, initiator=_name_of(call))
            return {"build": self._shape(self._get().submit(request), call.region)}
        except BuildsError as error:
            raise AwsServiceError("ResourceNotFoundException", error.message) from None

    def _project(self, name: str) -> BuildProject | None:
        try:
            return self._get().find(name)
        except BuildsError:
            return None

    async def _known(self, identifier: str, action: Callable[[str], Awaitable[Build]]) -> Build:
        try:
            return await action(identifier)
        except BuildsError as error:
            raise AwsServiceError("ResourceNotFoundException", error.message) from None

    def _shape(self, build: Build, region: str) -> Shape:
        return build_shape(build, self._project(build.request.project), region)


def _name_of(call: AwsCall) -> str:
    """CODEBUILD_INITIATOR: a user's name, or `role/session`."""
    return call.caller.arn.rpartition(":")[2].removeprefix("user/").removeprefix("assumed-role/")


def _ids(builds: Sequence[Build], call: AwsCall) -> list[str]:
    """The newest first, unless the call asks for another order."""
    found = [build.id for build in builds]
    return found[::-1] if call.parameters.get("sortOrder") == "ASCENDING" else found


def _no_project(name: str) -> AwsServiceError:
    return AwsServiceError("ResourceNotFoundException", f"Project cannot be found: {name}")
