"""Actions other than builds and approvals: Lambda, ECS, S3."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aws import InMemoryAws
from pipeline_books import pipeline
from pipeline_rigs import World

from bonkei.base.aws_service import AwsServiceError, NothingIsAsked, Principal
from bonkei.blueprint.codepipeline import PipelineAction
from bonkei.services.codepipeline.actions.artifact import Store
from bonkei.services.codepipeline.actions.codebuild import CodeBuild
from bonkei.services.codepipeline.actions.deploy import EcsDeploy
from bonkei.services.codepipeline.actions.function import LambdaFunction
from bonkei.services.codepipeline.actions.source import CodeCommitSource, ConnectionSource
from bonkei.services.codepipeline.actions.upload import S3Deploy
from bonkei.services.codepipeline.core.values import ActionRun, Override, StoredArtifact
from bonkei.services.codepipeline.runners import ActionWork
from bonkei.services.ecs.api import service as ecs
from bonkei.services.ecs.api.values import EcsState
from bonkei.services.endpoint.asking import Asking
from bonkei.services.endpoint.aws_client import AwsClient
from bonkei.services.endpoint.calls.record import CallLog
from bonkei.services.endpoint.identity.credentials import Issuer
from bonkei.services.endpoint.permission.authorizer import Authorizer
from bonkei.services.endpoint.permission.ledger import Ledger
from tests.bonkei.services.endpoint.own.test_ecs import WEB, Double

REVISION = "arn:aws:ecs:ap-northeast-1:123456789012:task-definition/web"


class Bucket:
    """S3: its objects, and the puts."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as zipped:
            for name, content in files.items():
                zipped.writestr(name, content)
        self.artifact = packed.getvalue()
        self.put_there: dict[tuple[str, str], bytes] = {}

    async def put(
        self, role: str, session: str, place: tuple[str, str], file: Path, key_arn: str = ""
    ) -> str:
        self.put_there[place] = file.read_bytes()
        return "v1"

    async def get(
        self, role: str, session: str, place: tuple[str, str], to: Path, version: str = ""
    ) -> str:
        to.write_bytes(self.artifact)
        return "v1"


def work(provider: str, noted: list[str] | None = None, **settings: str) -> ActionWork:
    action = PipelineAction("a", "Deploy", provider, inputs=("Built",))
    run = ActionRun(
        "job-1", "a", "InProgress", 0, 0, 100,
        configuration=tuple(settings.items()),
        inputs=(StoredArtifact("Built", "artifacts", "demo/Built/x", "v1", "abc"),),
    )  # fmt: skip

    def note(external_id: str, url: str, summary: str) -> None:
        if noted is not None:
            noted.append(external_id)

    return ActionWork(pipeline(), action, run, "execution-1", "Deploy", None, note)


async def test_s3_puts_the_files_of_the_artifact(tmp_path: Path) -> None:
    bucket = Bucket({"index.html": b"hello", "a/b.txt": b"b"})
    deploy = S3Deploy(Store(bucket, tmp_path))
    await deploy.run(work("S3", BucketName="site", Extract="true", ObjectKey="v2"))
    assert bucket.put_there == {
        ("site", "v2/index.html"): b"hello", ("site", "v2/a/b.txt"): b"b"
    }  # fmt: skip
    await deploy.run(work("S3", BucketName="site", Extract="false", ObjectKey="all.zip"))
    assert bucket.put_there["site", "all.zip"] == bucket.artifact
    with pytest.raises(AwsServiceError, match="CannedACL of S3 is not simulated"):
        await deploy.run(work("S3", BucketName="site", Extract="true", CannedACL="private"))
    assert list(tmp_path.iterdir()) == [], "nothing is left"


@pytest.mark.parametrize(
    ("runner", "missing"),
    [
        (CodeCommitSource, "RepositoryName"), (ConnectionSource, "FullRepositoryId"),
        (EcsDeploy, "ClusterName"), (S3Deploy, "BucketName"),
    ],
)  # fmt: skip
async def test_a_setting_that_is_missing_is_named(
    tmp_path: Path, runner: Any, missing: str
) -> None:
    """The miniature called its own KeyError an InternalError."""
    world = World()
    store = Store(world, tmp_path)
    given = {CodeCommitSource: (world, store, world), EcsDeploy: (InMemoryAws(), store)}
    made = runner(*{**given, ConnectionSource: (world, store, world)}.get(runner, (store,)))
    with pytest.raises(AwsServiceError, match=f"'a' is missing required configuration '{missing}'"):
        await made.run(work("any"))


async def test_a_variable_of_an_unknown_type_fails_the_build_s_action() -> None:
    """It was a plain one: a program would have got the name of the secret as its value."""
    variable = json.dumps([{"name": "A", "value": "x", "type": "secrets_manager"}])
    given = work("CodeBuild", ProjectName="p", EnvironmentVariables=variable)
    with pytest.raises(AwsServiceError, match="A is of the type secrets_manager"):
        await CodeBuild(World(), NothingIsAsked()).run(given)


async def test_a_pushed_branch_is_the_one_of_the_variables(tmp_path: Path) -> None:
    world = World()
    given = work(
        "CodeStarSourceConnection", FullRepositoryId="o/app", BranchName="main",
        ConnectionArn="arn:aws:codestar-connections:ap-northeast-1:123456789012:connection/c",
    )  # fmt: skip
    given = replace(given, override=Override("a", "COMMIT_ID", "c" * 40, "feature/x"))
    world.branch = "feature/x"
    made = await ConnectionSource(world, Store(world, tmp_path), world).run(given)
    variables = dict(made.variables)
    assert (variables["BranchName"], variables["CommitId"]) == ("feature/x", "c" * 40)


async def test_s3_removes_what_a_killed_miniature_has_left(tmp_path: Path) -> None:
    killed = Store(Bucket({}), tmp_path).folder()
    left = killed.__enter__()
    (left / "source.zip").write_bytes(b"half")
    deploy = S3Deploy(Store(Bucket({"a": b"a"}), tmp_path))
    await deploy.run(work("S3", BucketName="site", Extract="true"))
    assert list(tmp_path.iterdir()) == []
    del killed


@pytest.mark.parametrize("files", [{"a": b"1", "a/b": b"2"}, {}], ids=["name twice", "wrong bytes"])
async def test_s3_refuses_what_it_cannot_unpack(tmp_path: Path, files: dict[str, bytes]) -> None:
    bucket = Bucket(files or {"a": bytes(range(256))})
    if not files:
        bucket.artifact = bucket.artifact[:8] + b"\x08" + bucket.artifact[9:]  # it is not packed
        place = bucket.artifact.index(b"PK\x01\x02") + 10
        bucket.artifact = bucket.artifact[:place] + b"\x08" + bucket.artifact[place + 1 :]
    with pytest.raises(AwsServiceError, match=r"the artifact (is not a zip|cannot be unpacked)"):
        await S3Deploy(Store(bucket, tmp_path)).run(work("S3", BucketName="b", Extract="true"))


async def test_s3_keeps_every_file_below_the_folder(tmp_path: Path) -> None:
    bucket = Bucket({"../outside.txt": b"x"})
    await S3Deploy(Store(bucket, tmp_path / "work")).run(
        work("S3", BucketName="site", Extract="true")
    )
    assert bucket.put_there == {("site", "outside.txt"): b"x"}
    assert not (tmp_path / "outside.txt").exists()


class Ecs:
    """A service whose deployment ends in this state."""

    def __init__(self, state: str) -> None:
        self.state = state
        self.calls: list[tuple[str, Mapping[str, Any]]] = []

    async def call(
        self, _principal: Principal, _service: str, operation: str, given: Mapping[str, Any],
        _region: str = "",
    ) -> Any:  # fmt: skip
        self.calls.append((operation, given))
        containers = [{"name": "web", "image": "web:1"}, {"name": "log", "image": "log:1"}]
        match operation:
            case "DescribeServices":
                deployed = {"taskDefinition": f"{REVISION}:2", "rolloutState": self.state,
                            "rolloutStateReason": "tasks failed"}  # fmt: skip
                return {
                    "services": [{"taskDefinition": f"{REVISION}:1", "deployments": [deployed]}]
                }
            case "DescribeTaskDefinition":
                known = {"family": "web", "containerDefinitions": containers, "revision": 1}
                return {"taskDefinition": known}
            case "RegisterTaskDefinition":
                return {"taskDefinition": {"taskDefinitionArn": f"{REVISION}:2"}}
        return {}


IMAGES = json.dumps([{"name": "web", "imageUri": "web:2"}]).encode()


async def test_ecs_deploys_a_revision_with_the_new_images(tmp_path: Path) -> None:
    ecs, noted = Ecs("COMPLETED"), list[str]()
    deploy = EcsDeploy(ecs, Store(Bucket({"imagedefinitions.json": IMAGES}), tmp_path))
    finished = await deploy.run(work("ECS", noted, ClusterName="c", ServiceName="web"))
    assert (finished.succeeded, noted) == (True, [f"{REVISION}:2"] * 2)
    registered = next(given for operation, given in ecs.calls if operation.startswith("Register"))
    images = [each["image"] for each in registered["containerDefinitions"]]
    assert (images, "revision" in registered) == (["web:2", "log:1"], False)
    updated = next(given for operation, given in ecs.calls if operation == "UpdateService")
    assert updated["taskDefinition"] == f"{REVISION}:2"


async def test_ecs_fails_when_the_deployment_fails(tmp_path: Path) -> None:
    store = Store(Bucket({"imagedefinitions.json": IMAGES}), tmp_path)
    with pytest.raises(AwsServiceError, match="tasks failed"):
        await EcsDeploy(Ecs("FAILED"), store).run(work("ECS", ClusterName="c", ServiceName="web"))


@pytest.mark.parametrize("noted", [1, 2])
async def test_ecs_goes_on_where_the_miniature_was_killed(tmp_path: Path, noted: int) -> None:
    """After its first note the service may be as it was, after the second one it is updated."""
    store = Store(Bucket({"imagedefinitions.json": IMAGES}), tmp_path)
    notes: list[tuple[str, str]] = []
    first = work("ECS", ClusterName="c", ServiceName="web")
    first = replace(first, note=lambda id_, _, summary: notes.append((id_, summary)))
    await EcsDeploy(Ecs("COMPLETED"), store).run(first)
    external_id, summary = notes[:noted][-1]
    run = replace(first.run, external_id=external_id, summary=summary)
    ecs = Ecs("COMPLETED")
    finished = await EcsDeploy(ecs, store).run(replace(first, run=run))
    assert finished.succeeded
    updates = [given for operation, given in ecs.calls if operation == "UpdateService"]
    again = {"cluster": "c", "service": "web", "taskDefinition": f"{REVISION}:2"}
    assert updates == ([again] if noted == 1 else [])
    assert [operation for operation, _ in ecs.calls if operation.startswith("Register")] == []


@pytest.mark.parametrize(
    "content",
    [
        b"{", b'[{"name": "web"}]', b'[{"name": "x", "imageUri": "y"}]', b"", b"1", b"null",
        b"[" * 50_000, b"[1]", b'["web"]', b'{"name": "web", "imageUri": "y"}', b" " * 100_001,
        b'[{"name": "../web", "imageUri": "y"}]', b'[{"name": {"name": "web"}, "imageUri": "y"}]',
        b'[{"name": "web\\u0000", "imageUri": "y"}]', b'[{"name": "<script>", "imageUri": "y"}]',
        bytes(200_000), b"\xff",
    ],
)  # fmt: skip
async def test_ecs_refuses_a_malformed_image_list(tmp_path: Path, content: bytes) -> None:
    ecs, store = Ecs("COMPLETED"), Store(Bucket({"imagedefinitions.json": content}), tmp_path)
    for name in ("imagedefinitions.json", "../imagedefinitions.json", "/etc/hostname", "", "\0"):
        given = work("ECS", ClusterName="c", ServiceName="web", FileName=name)
        with pytest.raises(AwsServiceError) as caught:
            await EcsDeploy(ecs, store).run(given)
        assert caught.value.code == "ConfigurationError"
    assert [name for name, _ in ecs.calls if name.startswith(("Register", "Update"))] == []


IMAGES_ELSEWHERE = [
    "169.254.169.254/latest/meta-data", "http://127.0.0.1/x", "../../x", "file:///etc/passwd",
    "<script>alert(1)</script>", "x\0", "\u202ex", "", "x" * 90_000,
]  # fmt: skip


@pytest.mark.parametrize("image", IMAGES_ELSEWHERE)
async def test_ecs_passes_an_image_s_address_on_as_a_text(tmp_path: Path, image: str) -> None:
    """ECS judges it, as for any caller, and calls no address (parts/test_ecr.py)."""
    listed = json.dumps([{"name": "web", "imageUri": image}]).encode()
    ecs, store = Ecs("COMPLETED"), Store(Bucket({"imagedefinitions.json": listed}), tmp_path)
    await EcsDeploy(ecs, store).run(work("ECS", ClusterName="../c", ServiceName="web"))
    (registered,) = [given for operation, given in ecs.calls if operation.startswith("Register")]
    assert [each["image"] for each in registered["containerDefinitions"]] == [image, "log:1"]
    assert {operation for operation, _ in ecs.calls} == {
        "DescribeServices", "DescribeTaskDefinition", "RegisterTaskDefinition", "UpdateService",
    }  # fmt: skip


async def test_a_function_gets_a_job_with_the_artifacts_and_credentials() -> None:
    """https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-Lambda.html"""
    aws = InMemoryAws()

    def credentials(role: str, session: str) -> Mapping[str, str]:
        return {"AWS_ACCESS_KEY_ID": "key", "AWS_SESSION_TOKEN": f"{role} {session}"}

    runner = LambdaFunction(aws, credentials)
    assert await runner.run(work("Lambda", FunctionName="check", UserParameters="p")) is None
    ((*_, given, region),) = aws.calls
    assert given["FunctionName"] == f"arn:aws:lambda:{region}:123456789012:function:check"
    job = json.loads(given["Payload"])["CodePipeline.job"]
    assert (job["id"], job["accountId"]) == ("job-1", "123456789012")
    settings = job["data"]["actionConfiguration"]["configuration"]
    assert settings == {"FunctionName": "check", "UserParameters": "p"}
    location = job["data"]["inputArtifacts"][0]["location"]["s3Location"]
    assert location == {"bucketName": "artifacts", "objectKey": "demo/Built/x"}
    assert job["data"]["artifactCredentials"]["accessKeyId"] == "key"


class RunsWhatItIsGiven(Double):
    """ECS itself, with a runner of tasks in memory that completes each deployment at once."""

    def describe(self) -> EcsState:
        found = super().describe()
        [service] = found.services
        given = [change.definition_arn for _, change in self.done]
        deployments = [replace(service.deployments[0], task_definition=one) for one in given]
        return replace(
            found, services=(replace(service, deployments=(*deployments, *service.deployments)),)
        )


async def test_ecs_itself_takes_the_revision(tmp_path: Path) -> None:
    """With the endpoint's own checks of parameters between them. An answer has members that are
    None or no parameter of the next call."""
    runner, issuer = RunsWhatItIsGiven(), Issuer(b"k" * 32, "123456789012")
    container = {"name": "web", "image": "web:1", "cpu": 0, "environment": [], "essential": True}
    runner.definitions[WEB[1]] |= {
        "containerDefinitions": [container], "cpu": "256", "memory": None, "revision": 10,
        "requiresCompatibilities": ["FARGATE"], "status": "ACTIVE", "volumes": [],
    }  # fmt: skip
    asks = Asking(Authorizer("off", Ledger(tmp_path)), issuer)

    async def no_store(*given: Any) -> Mapping[str, Any]:
        raise AssertionError(given)

    own = {"ecs": ecs.service(lambda: runner)}
    log = CallLog(tmp_path / "calls.jsonl")
    aws = AwsClient(own, asks, issuer, log, no_store, lambda: "eu-west-1")
    deploy = EcsDeploy(aws, Store(Bucket({"imagedefinitions.json": IMAGES}), tmp_path))
    finished = await deploy.run(work("ECS", ClusterName="shop", ServiceName="web"))
    assert finished.succeeded
    made = runner.definitions[finished.external_id]
    assert [one["image"] for one in made["containerDefinitions"]] == ["web:2"]
    assert ("memory" in made, made["cpu"]) == (False, "256")
    assert [one.operation for one in log.recent()] == [
        "DescribeServices", "DescribeTaskDefinition", "RegisterTaskDefinition", "UpdateService",
        "DescribeServices",
    ]  # fmt: skip
