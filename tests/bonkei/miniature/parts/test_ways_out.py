"""Pipelines and builds whose definitions, sources and artifacts want to leave the miniature.

Everything is real but the endpoint and S3. A listener and a program wait where each attack leads.
"""

from __future__ import annotations

import asyncio
import io
import json
import stat
import zipfile
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
from pipeline_books import ROLE, pipeline

from bonkei.base.aws_service import AwsServiceError
from bonkei.base.events import Bus
from bonkei.blueprint import Blueprint
from bonkei.blueprint.codebuild import BuildLogs, BuildProject, BuildSource
from bonkei.blueprint.codepipeline import PipelineAction, Stage
from bonkei.config import Config
from bonkei.miniature.home import Home
from bonkei.miniature.parts.codebuild.builds import BuildPart
from bonkei.miniature.parts.codepipeline.pipelines import PipelinePart
from bonkei.services.codebuild.values import Build, BuildRequest
from bonkei.services.codecommit.git import clone, git
from bonkei.services.codepipeline.core import commands
from bonkei.services.codepipeline.core.values import Execution

METADATA = "http://169.254.169.254/latest/meta-data"


@dataclass
class Outside:
    """What the attacks want to reach. `port`: where a listener counts its visitors. `mark`: a file
    that a program would make."""

    port: int
    mark: Path
    secret: Path
    visits: list[str] = field(default_factory=list)

    def fill(self, text: str) -> str:
        """An attack's text with these places in it."""
        return (
            text.replace("PORT", str(self.port))
            .replace("MARK", str(self.mark))
            .replace("SECRET", str(self.secret))
        )

    def require_untouched(self) -> None:
        assert self.visits == []
        assert not self.mark.exists()
        assert self.secret.read_text() == "hunter22"


@pytest.fixture
async def outside(tmp_path: Path) -> AsyncIterator[Outside]:
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "secret").write_text("hunter22")
    visits: list[str] = []

    async def visited(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visits.append((await reader.read(1000)).decode("latin-1"))
        writer.close()

    server = await asyncio.start_server(visited, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    yield Outside(port, folder / "mark", folder / "secret", visits)
    server.close()


@pytest.fixture
def programs(tmp_path: Path, outside: Outside, monkeypatch: pytest.MonkeyPatch) -> None:
    """The programs that git might start, first in PATH: each leaves a mark."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name in ("gpg", "gpgsm", "ssh", "ssh-keygen", "git-lfs", "git-remote-ext", "askpass"):
        (folder / name).write_text(f"#!/bin/sh\necho {name} >> {outside.mark}\n")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/local/bin:/usr/bin:/bin")
    monkeypatch.setenv("GIT_ASKPASS", str(folder / "askpass"))
    monkeypatch.setenv("GIT_SSH", str(folder / "ssh"))


class Endpoint:
    """IAM allows everything, S3 keeps everything, and calls are remembered."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, Mapping[str, Any], str]] = []
        self.stored: dict[tuple[str, str], bytes] = {}
        self.cloud = self.objects = self.callers = self

    def role(self, *_: object, **__: object) -> str:
        return ""

    def function(self, *_: object) -> Mapping[str, str]:
        return {}

    region, build = "ap-northeast-1", function

    async def call(
        self, _who: object, service: str, operation: str, given: Mapping[str, Any], region: str = ""
    ) -> Mapping[str, Any]:
        self.calls.append((service, operation, given, region))
        return {}

    async def put(
        self, _role: str, _session: str, place: tuple[str, str], file: Path, _key: str = ""
    ) -> str:
        self.stored[place] = file.read_bytes()
        return "v1"

    async def get(
        self, _role: str, _session: str, place: tuple[str, str], to: Path, _version: str = ""
    ) -> str:
        if place not in self.stored:
            raise AwsServiceError("NoSuchKey", "The specified key does not exist.", 404)
        to.write_bytes(self.stored[place])
        return "v1"


@dataclass
class Rig:
    part: PipelinePart
    endpoint: Endpoint
    said: list[str]

    async def begin(self, action: PipelineAction) -> str:
        """Start an execution with this action alone."""
        self.part.pipelines.follow((), are_new=False)  # an earlier one ends
        declared = pipeline(Stage("Only", (action,)))
        self.part.pipelines.follow((declared,), are_new=False)
        return self.part.pipelines.do(declared.name, commands.start("StartPipelineExecution"))

    async def run(self, action: PipelineAction) -> Execution:
        """An execution with this action alone, after its end."""
        id_ = await self.begin(action)
        (name,) = (each.name for each in self.part.pipelines.all)
        find = lambda: self.part.pipelines.book(name).find(id_)  # noqa: E731
        await self.until(lambda: (found := find()) is not None and not found.is_running)
        ended = find()
        assert ended is not None
        return ended

    async def until(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(60):
            while not is_so():
                await asyncio.sleep(0.005)


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    endpoint, said = Endpoint(), list[str]()
    other = cast("Any", None)  # nothing is asked of the others
    home, given = Home(tmp_path / "home"), cast("Any", endpoint)
    part = PipelinePart(home, Bus(), said.append, given, other, other, other, 60.0)
    part.repositories.open()
    await part.repositories.create("app", "arn:aws:codecommit:eu-west-1:123456789012:app")
    await commit(part.repositories.find("app").directory, {"file": "content"})
    yield Rig(part, endpoint, said)
    await part.stop()


async def commit(
    repository: Path, files: Mapping[str, str], *, modes: Mapping[str, str] = {}, signed: str = ""
) -> str:
    """A commit on main, as a push of a stranger brings it."""
    blobs = {}
    for name, text in files.items():
        found = await git(repository, "hash-object", "-w", "--stdin", given=text.encode())
        blobs[name] = found.decode().strip()
    listed = "".join(
        f"{modes.get(name, '100644')} blob {blob}\t{name}\n" for name, blob in blobs.items()
    )
    tree = (await git(repository, "mktree", given=listed.encode())).decode().strip()
    who = "me <me@x> 0 +0000"
    signature = (
        f"gpgsig -----BEGIN {signed}-----\n \n x\n -----END {signed}-----\n" if signed else ""
    )
    text = f"tree {tree}\nauthor {who}\ncommitter {who}\n{signature}\nmessage\n"
    made = await git(
        repository, "hash-object", "-t", "commit", "-w", "--stdin", given=text.encode()
    )
    await git(repository, "update-ref", "refs/heads/main", made.decode().strip())
    return made.decode().strip()


def error_of(execution: Execution) -> str:
    (action,) = execution.stages[0].actions
    return f"{action.error_code}: {action.error_message}"


REPOSITORIES = [
    "..", ".", "", "../app", "../../outside/secret", "/", "app/", "app.git", "app/../app",
    "-x", "--upload-pack=touch MARK", "--output=MARK", "ext::sh -c touch% MARK",
    "http://127.0.0.1:PORT/app", "https://127.0.0.1:PORT/app", "git://127.0.0.1:PORT/app",
    "ssh://127.0.0.1:PORT/app", "x@127.0.0.1:app", f"{METADATA}/app", "file://SECRET", "SECRET",
    "app\0", "app\n", "$(touch MARK)", "app;touch MARK", "app ", "APP", "\u202eapp", "a" * 5000,
]  # fmt: skip
BRANCHES = [
    "-x", "--output=MARK", "--upload-pack=touch MARK", "--exec=touch MARK", "..", "main..main",
    "main^{/x}", "@{-1}", "HEAD", "refs/heads/main", ":/message", "main:file", "", "main\0",
    "main\n", "$(touch MARK)", "../../../outside/secret", "http://127.0.0.1:PORT", "*",
    "\u202emain",
]  # fmt: skip
CONNECTION = "arn:aws:codestar-connections:ap-northeast-1:123456789012:connection/c"
CONNECTIONS = [
    "", "x", "arn", f"{METADATA}", "http://127.0.0.1:PORT/", "arn:aws:x:y:z:SECRET", ":::::",
]  # fmt: skip


def source(provider: str, **settings: str) -> PipelineAction:
    return PipelineAction(
        "Source", "Source", provider, outputs=("Source",), configuration=tuple(settings.items())
    )


@pytest.mark.usefixtures("programs")
@pytest.mark.parametrize("provider", ["CodeCommit", "CodeStarSourceConnection"])
async def test_a_source_is_a_repository_of_the_miniature_or_nothing(
    rig: Rig, outside: Outside, provider: str
) -> None:
    by_name = "RepositoryName" if provider == "CodeCommit" else "FullRepositoryId"
    whole = {by_name: "app", "BranchName": "main", "ConnectionArn": CONNECTION}
    assert (await rig.run(source(provider, **whole))).status == "Succeeded"
    stored = dict(rig.endpoint.stored)
    attacks = [{by_name: outside.fill(each)} for each in REPOSITORIES]
    attacks += [{"BranchName": outside.fill(each)} for each in BRANCHES]
    if provider != "CodeCommit":
        attacks += [{by_name: outside.fill(each), "ConnectionArn": each} for each in CONNECTIONS]
    for attack in attacks:
        ended = await rig.run(source(provider, **{**whole, **attack}))
        assert ended.status == "Failed", attack
        assert "DoesNotExist" in error_of(ended) or "onfiguration" in error_of(ended), attack
    assert rig.said == []
    assert rig.endpoint.stored == stored
    outside.require_untouched()


@pytest.mark.parametrize(
    "provider", ["S3", "ECR", "GitHub", "Bitbucket", "CodeStarSourceConnection2"]
)
async def test_a_source_of_another_kind_is_not_called(
    rig: Rig, outside: Outside, provider: str
) -> None:
    settings = {
        "S3Bucket": f"127.0.0.1:{outside.port}", "S3ObjectKey": "../../x", "Owner": "../x",
        "RepositoryName": f"127.0.0.1:{outside.port}/x", "Repo": f"http://127.0.0.1:{outside.port}",
        "ImageTag": "latest", "Branch": "main", "OAuthToken": "hunter22",
    }  # fmt: skip
    ended = await rig.run(source(provider, **settings))
    assert error_of(ended).startswith("NotSimulated: ")
    assert "hunter22" not in error_of(ended)
    outside.require_untouched()


HOSTILE = {
    "file": "$Format:%G? %GG %GS$",
    ".gitattributes": "* filter=out diff=out merge=out export-subst\n*.x filter=lfs diff=lfs\n",
    "a.x": "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
    ".gitmodules": (
        '[submodule "a"]\n\tpath = a\n\turl = ext::sh -c "touch% MARK"\n'
        '[submodule "b"]\n\tpath = b\n\turl = file://SECRET\n\tupdate = !touch MARK\n'
        '[submodule "c"]\n\tpath = c\n\turl = http://127.0.0.1:PORT/c\n'
    ),
    ".lfsconfig": "[lfs]\n\turl = http://127.0.0.1:PORT/lfs\n",
    ".gitconfig": '[core]\n\tfsmonitor = touch MARK\n[filter "out"]\n\tsmudge = touch MARK\n',
    "link": "SECRET",
}
"""What a stranger commits. git runs none of it without a configuration of the repository's own."""


@pytest.mark.usefixtures("programs")
@pytest.mark.parametrize("signed", ["", "PGP SIGNATURE", "SIGNED MESSAGE", "SSH SIGNATURE"])
async def test_what_a_stranger_has_committed_runs_no_program(
    rig: Rig, outside: Outside, tmp_path: Path, signed: str
) -> None:
    repository = rig.part.repositories.find("app").directory
    files = {name: outside.fill(text) for name, text in HOSTILE.items()}
    made = await commit(repository, files, modes={"link": "120000"}, signed=signed)
    ended = await rig.run(source("CodeCommit", RepositoryName="app", BranchName="main"))
    assert ended.status == "Succeeded", error_of(ended)
    (archive,) = rig.endpoint.stored.values()
    with zipfile.ZipFile(io.BytesIO(archive)) as packed:
        assert stat.S_ISLNK(packed.getinfo("link").external_attr >> 16)
        assert "hunter22" not in "".join(packed.read(name).decode() for name in packed.namelist())
    assert await clone(repository, "main", tmp_path / "into") == made
    assert (tmp_path / "into" / "link").is_symlink()
    outside.require_untouched()


LOCATIONS = [
    *REPOSITORIES, "https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/..",
    "https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/app/../../../outside/secret",
    "codecommit::eu-west-1://--upload-pack=touch MARK",
]  # fmt: skip


@pytest.mark.usefixtures("programs")
async def test_a_project_s_source_is_a_repository_of_the_miniature_or_nothing(
    rig: Rig, outside: Outside, tmp_path: Path
) -> None:
    part = builds_part(rig, tmp_path)

    async def refused(kind: str, location: str) -> None:
        ended = await built(part, BuildSource(kind, location=location))
        assert ended.error.startswith("DOWNLOAD_SOURCE: CLIENT_ERROR: "), (kind, location)

    await part.start()
    try:
        for location in LOCATIONS:
            if location.rstrip("/").endswith("/app") or location.startswith("app/"):
                continue  # the end of a URL is the name
            await refused("CODECOMMIT", outside.fill(location))
        for kind in ("S3", "GITHUB", "GITHUB_ENTERPRISE", "BITBUCKET"):
            for location in ("http://127.0.0.1:PORT/x", f"{METADATA}/x", "SECRET", "../../x"):
                await refused(kind, outside.fill(location))
        for location in ("https://169.254.169.254/app", f"http://127.0.0.1:{outside.port}/app"):
            ended = await built(part, BuildSource("CODECOMMIT", location=location, version="none"))
            assert "none is not a version of the repository" in ended.error
    finally:
        await part.stop()
    outside.require_untouched()


def builds_part(rig: Rig, tmp_path: Path) -> BuildPart:
    config = Config(tmp_path / "bonkei.toml", tmp_path, tmp_path, tmp_path / "home")
    given, other = cast("Any", rig.endpoint), cast("Any", None)
    return BuildPart(config, Home(tmp_path / "home"), Bus(), given, other, other, {}, str)


async def built(part: BuildPart, source_: BuildSource) -> Build:
    project = BuildProject(
        "aws_codebuild_project.app", "arn:aws:codebuild:r:1:project/app", "app", ROLE, "image",
        buildspec="version: 0.2\nphases:\n  build:\n    commands: [true]\n", source=source_,
        logs=BuildLogs(enabled=False),
    )  # fmt: skip
    part.follow(Blueprint(build_projects=(project,)))
    return await part.builds.wait(part.builds.submit(BuildRequest("app")).id)


FUNCTIONS = [
    "arn:aws:lambda:us-east-1:999999999999:function:other", "http://127.0.0.1:PORT/x", "../x",
    "x:$LATEST", METADATA, "x\0", "<script>alert(1)</script>", "a" * 5000,
]  # fmt: skip


@pytest.mark.parametrize("function", FUNCTIONS)
async def test_an_action_invokes_a_function_of_its_own_account(
    rig: Rig, outside: Outside, function: str
) -> None:
    """What the parameters hold is text in a document."""
    hostile = f'"}}, "x": {{"<script>": "{METADATA}"}}\0\n\u202e'
    action = PipelineAction(
        "Invoke", "Invoke", "Lambda",
        configuration=(("FunctionName", outside.fill(function)), ("UserParameters", hostile)),
    )  # fmt: skip
    id_ = await rig.begin(action)
    await rig.until(lambda: bool(rig.endpoint.calls))
    ((service, operation, given, region),) = rig.endpoint.calls
    assert (service, operation, region) == ("lambda", "Invoke", "ap-northeast-1")
    of_here = "arn:aws:lambda:ap-northeast-1:123456789012:function:"
    assert given["FunctionName"] == of_here + outside.fill(function)
    job = json.loads(given["Payload"])["CodePipeline.job"]
    assert job["data"]["actionConfiguration"]["configuration"]["UserParameters"] == hostile
    assert job["accountId"] == "123456789012"
    assert id_
    outside.require_untouched()


TOPICS = [
    "arn:aws:sns:us-east-1:999999999999:other", "http://127.0.0.1:PORT/", METADATA, "x", "\0",
]  # fmt: skip


@pytest.mark.parametrize("topic", TOPICS)
async def test_an_approval_only_publishes(rig: Rig, outside: Outside, topic: str) -> None:
    """Its link is never opened here."""
    link = outside.fill("http://127.0.0.1:PORT/x")
    for entity in (link, "javascript:alert(1)", METADATA, "\0\u202e<script>"):
        rig.endpoint.calls.clear()
        configuration = (
            ("NotificationArn", outside.fill(topic)), ("ExternalEntityLink", entity),
            ("CustomData", f'"}}<img src="{link}">\0'),
        )  # fmt: skip
        await rig.begin(PipelineAction("Ask", "Approval", "Manual", configuration=configuration))
        await rig.until(lambda: bool(rig.endpoint.calls))
        ((service, operation, given, region),) = rig.endpoint.calls
        assert (service, operation, region) == ("sns", "Publish", "ap-northeast-1")
        assert given["TopicArn"] == outside.fill(topic)
        assert json.loads(given["Message"])["approval"]["externalEntityLink"] == entity
    outside.require_untouched()
