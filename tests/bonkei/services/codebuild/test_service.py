"""CodeBuild's API: https://docs.aws.amazon.com/codebuild/latest/APIReference/Welcome.html

The answers are checked by botocore's own model of them.
"""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator
from builds import REGION, Rig, log, probed, spec

from bonkei.base.aws_service import AwsCall, AwsServiceError, Caller
from bonkei.blueprint.codebuild import BuildArtifacts, BuildLogs, BuildSource
from bonkei.services.codebuild.api.api import service
from bonkei.services.codebuild.running.confinement import Confinement

MODEL = ServiceModel(Loader().load_service_model("codebuild", "service-2"), "codebuild")
ME = Caller("arn:aws:sts::123456789012:assumed-role/operator/me", "AROA:me", "123456789012")


class Api:
    def __init__(self, rig: Rig) -> None:
        self._service = service(lambda: rig.builds)

    async def __call__(self, operation: str, **parameters: Any) -> dict[str, Any]:
        answer = await self._service.answer(
            AwsCall("codebuild", operation, parameters, ME, REGION, 0.0)
        )
        found = _without_none(answer)
        shape = MODEL.operation_model(operation).output_shape
        # The service sends an empty list, although the model requires one entry.
        report = ParamValidator().validate({k: v for k, v in found.items() if v != []}, shape)
        assert not report.has_errors(), report.generate_report()
        return found


def _without_none(value: Any) -> Any:
    """The answer as the endpoint writes it."""
    if isinstance(value, dict):
        return {key: _without_none(each) for key, each in value.items() if each is not None}
    return [_without_none(each) for each in value] if isinstance(value, list | tuple) else value


async def test_a_repeated_token_starts_one_build(rig: Rig) -> None:
    """ "[...] to ensure the idempotency of the StartBuild request" (API_StartBuild)."""
    api, given = Api(rig), {"projectName": "app", "idempotencyToken": "t"}
    rig.project(spec("true"), source=BuildSource("NO_SOURCE"))
    ids = [(await api("StartBuild", **given))["build"]["id"] for _ in range(2)]
    other = (await api("StartBuild", **given | {"idempotencyToken": "u"}))["build"]["id"]
    assert ids[0] == ids[1] != other
    with pytest.raises(AwsServiceError, match="other parameters") as refused:
        await api("StartBuild", **given, sourceVersion="v2")
    assert refused.value.code == "InvalidInputException"


async def over(rig: Rig, identifier: str) -> None:
    await rig.builds.wait(identifier)


async def test_a_build_of_a_project_outside_a_pipeline(rig: Rig) -> None:
    api = Api(rig)
    rig.project(
        spec("echo $X", "export X=9", more="").replace(
            "  shell: bash\n", "  shell: bash\n  exported-variables: [X]\n"
        ),
        environment=(("X", "1", "PLAINTEXT"),),
        logs=BuildLogs(group="/g"),
        vpc_id="vpc-1",
        subnet_ids=("subnet-1",),
        security_group_ids=("sg-1",),
    )
    override = [{"name": "X", "value": "2", "type": "PLAINTEXT"}]
    started = (await api("StartBuild", projectName="app", environmentVariablesOverride=override))[
        "build"
    ]
    assert (started["buildStatus"], started["buildComplete"]) == ("IN_PROGRESS", False)
    assert started["initiator"] == "operator/me"
    assert started["buildNumber"] == 1
    await over(rig, started["id"])
    (build,) = (await api("BatchGetBuilds", ids=[started["id"], "p:gone"]))["builds"]
    assert (build["buildStatus"], build["currentPhase"]) == ("SUCCEEDED", "COMPLETED")
    assert build["exportedEnvironmentVariables"] == [{"name": "X", "value": "9"}]
    assert build["phases"][6]["phaseType"] == "BUILD"
    assert build["phases"][6]["contexts"] == [{"statusCode": "", "message": ""}]
    assert build["logs"]["streamName"] == started["id"].partition(":")[2]
    assert (await api("BatchGetBuilds", ids=["p:gone"]))["buildsNotFound"] == ["p:gone"]
    assert (await api("ListBuildsForProject", projectName="app"))["ids"] == [started["id"]]
    assert (await api("ListBuilds"))["ids"] == [started["id"]]
    again = (await api("RetryBuild", id=started["id"]))["build"]
    assert again["buildNumber"] == 2
    await over(rig, again["id"])
    assert (await api("ListBuilds", sortOrder="ASCENDING"))["ids"] == [started["id"], again["id"]]


async def test_projects_are_described_as_declared(rig: Rig) -> None:
    api = Api(rig)
    rig.project(
        "buildspec.yaml",
        source=BuildSource("S3", "b/k", "", "v1"),
        secondary_sources=(BuildSource("S3", "b/k2", "two"),),
        artifacts=BuildArtifacts("S3", "out", "n", "p", "BUILD_ID", "ZIP"),
        concurrent_build_limit=1,
        tags=(("Team", "web"),),
    )
    rig.project("", name="other")
    (found,) = (await api("BatchGetProjects", names=["app", "gone"]))["projects"]
    assert found["source"] == {
        "type": "S3", "location": "b/k", "buildspec": "buildspec.yaml", "insecureSsl": False,
    }  # fmt: skip
    assert (found["timeoutInMinutes"], found["concurrentBuildLimit"]) == (60, 1)
    assert found["tags"] == [{"key": "Team", "value": "web"}]
    assert (await api("BatchGetProjects", names=["gone"]))["projectsNotFound"] == ["gone"]
    assert (await api("ListProjects"))["projects"] == ["app", "other"]
    assert (await api("ListProjects", sortOrder="DESCENDING"))["projects"] == ["other", "app"]


async def test_stop_build(rig: Rig) -> None:
    api = Api(rig)
    rig.project(spec("sleep 100"))
    started = (await api("StartBuild", projectName="app"))["build"]
    stopped = (await api("StopBuild", id=started["id"]))["build"]
    assert (stopped["buildStatus"], stopped["buildComplete"]) == ("STOPPED", True)


@pytest.mark.parametrize(
    ("operation", "parameters", "code", "said"),
    [
        ("StartBuild", {"projectName": "gone"}, "ResourceNotFoundException", "Project cannot be"),
        ("ListBuildsForProject", {"projectName": "gone"}, "ResourceNotFoundException", "Project"),
        ("StopBuild", {"id": "p:gone"}, "ResourceNotFoundException", "no build p:gone"),
        ("RetryBuild", {"id": "p:gone"}, "ResourceNotFoundException", "no build p:gone"),
        ("StartBuild", {"projectName": "pipe"}, "InvalidInputException", "by CodePipeline"),
        (
            "StartBuild",
            {"projectName": "app", "serviceRoleOverride": "r"},
            "InvalidInputException",
            "serviceRoleOverride is not simulated",
        ),
        ("ListBuilds", {"nextToken": "x"}, "InvalidInputException", "token"),
    ],
)
async def test_refusals(rig: Rig, operation: str, parameters: Any, code: str, said: str) -> None:
    rig.project(spec("true"))
    rig.project("b.yaml", name="pipe", source=BuildSource("CODEPIPELINE"))
    with pytest.raises(AwsServiceError, match=said) as refused:
        await Api(rig)(operation, **parameters)
    assert refused.value.code == code


async def test_a_projects_limit_makes_builds_wait(rig: Rig) -> None:
    """ "Concurrent build limit", and the queue."""
    api = Api(rig)
    rig.project(spec("sleep 2"), concurrent_build_limit=1)
    ids = [(await api("StartBuild", projectName="app"))["build"]["id"] for _ in range(3)]
    while rig.builds.get(ids[0]).phase in ("SUBMITTED", "QUEUED"):
        await asyncio.sleep(0.02)
    builds = (await api("BatchGetBuilds", ids=ids))["builds"]
    assert [build["currentPhase"] == "QUEUED" for build in builds] == [False, True, True]
    await rig.builds.stop_build(ids[1])
    for each in ids:
        await over(rig, each)
    done = (await api("BatchGetBuilds", ids=ids))["builds"]
    assert [build["buildStatus"] for build in done] == ["SUCCEEDED", "STOPPED", "SUCCEEDED"]
    (first, last) = (done[0], done[2])
    assert last["phases"][2]["startTime"] >= first["endTime"]


async def test_a_build_that_waits_too_long_times_out(tmp_path) -> None:
    rig = Rig(tmp_path, minute=0.05)
    rig.builds.start()
    api = Api(rig)
    settings: dict[str, Any] = {"concurrent_build_limit": 1, "timeout": 100_000}
    rig.project(spec("sleep 1000"), **settings, queued_timeout=100_000)
    first = (await api("StartBuild", projectName="app"))["build"]["id"]
    async with asyncio.timeout(60):
        while rig.builds.get(first).phase in ("SUBMITTED", "QUEUED"):
            await asyncio.sleep(0.02)
    rig.project(spec("true"), **settings, queued_timeout=5)
    second = (await api("StartBuild", projectName="app"))["build"]["id"]
    await over(rig, second)
    (build,) = (await api("BatchGetBuilds", ids=[second]))["builds"]
    assert build["buildStatus"] == "TIMED_OUT"
    assert build["phases"][1]["phaseStatus"] == "TIMED_OUT"
    await rig.builds.stop()


async def test_a_first_build_that_is_stopped_leaves_its_authority_to_the_next(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both would write it into the same file, and the next build would trust the other one's."""
    begun, may_end, made = threading.Event(), threading.Event(), list[bool]()

    def confinement() -> Confinement:
        made.append(True)
        begun.set()
        may_end.wait(60)
        return probed()

    monkeypatch.setattr(rig.builds, "confinement", confinement)
    rig.project(spec("true"))
    api = Api(rig)
    first = (await api("StartBuild", projectName="app"))["build"]["id"]
    await asyncio.to_thread(begun.wait, 60)
    stopped = (await api("StopBuild", id=first))["build"]
    assert stopped["buildStatus"] == "STOPPED"
    running = asyncio.create_task(rig.run())
    await asyncio.sleep(0.1)
    may_end.set()
    result = await running
    assert result.status == "SUCCEEDED", log(result)
    assert made == [True]
