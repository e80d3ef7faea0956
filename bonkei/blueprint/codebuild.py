"""CodeBuild projects, read from aws_codebuild_project."""

from __future__ import annotations

from dataclasses import dataclass

from bonkei.blueprint.state import Resource, State
from bonkei.blueprint.state.block import Block
from bonkei.blueprint.state.tags import read_tags


@dataclass(frozen=True, slots=True)
class BuildSource:
    """The origin of the input. `type` is CodeBuild's: CODEPIPELINE, CODECOMMIT, S3, NO_SOURCE, …
    `identifier` belongs to a secondary source. `version` is a commit, a branch or an object's
    version; empty for the newest."""

    type: str = "NO_SOURCE"
    location: str = ""
    identifier: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class BuildArtifacts:
    """The destination of the output. `type` is CODEPIPELINE, S3 or NO_ARTIFACTS; `identifier`
    belongs to a secondary artifact. The other members are those of `ProjectArtifacts` in
    CodeBuild's API."""

    type: str = "NO_ARTIFACTS"
    location: str = ""
    name: str = ""
    path: str = ""
    namespace: str = "NONE"  # NONE | BUILD_ID
    packaging: str = "NONE"  # NONE | ZIP
    identifier: str = ""
    override_name: bool = False


@dataclass(frozen=True, slots=True)
class BuildLogs:
    """The logs of the builds in CloudWatch Logs. Without a group, the group is
    `/aws/codebuild/PROJECT`; without a prefix, the stream is the build's id."""

    enabled: bool = True
    group: str = ""
    stream: str = ""
    s3_location: str = ""  # empty: no log in S3


@dataclass(frozen=True, slots=True)
class BuildProject:
    """A build project. `buildspec` is YAML text, or a path in the source, or empty for the default
    path. Time-outs are in minutes."""

    address: str
    arn: str
    name: str
    role_arn: str
    image: str
    buildspec: str = ""
    environment: tuple[tuple[str, str, str], ...] = ()  # (name, value, type)
    privileged: bool = False
    subnet_ids: tuple[str, ...] = ()
    security_group_ids: tuple[str, ...] = ()
    description: str = ""
    source: BuildSource = BuildSource()
    secondary_sources: tuple[BuildSource, ...] = ()
    artifacts: BuildArtifacts = BuildArtifacts()
    secondary_artifacts: tuple[BuildArtifacts, ...] = ()
    environment_type: str = "LINUX_CONTAINER"
    compute_type: str = "BUILD_GENERAL1_SMALL"
    timeout: int = 60
    queued_timeout: int = 480
    concurrent_build_limit: int = 0  # 0: the account's
    logs: BuildLogs = BuildLogs()
    cache: str = "NO_CACHE"  # NO_CACHE | S3 | LOCAL
    encryption_key: str = ""
    vpc_id: str = ""
    tags: tuple[tuple[str, str], ...] = ()


def read_build_projects(state: State) -> tuple[BuildProject, ...]:
    """Every build project."""
    return tuple(_project(block) for block in state.managed("aws_codebuild_project"))


def _project(block: Resource) -> BuildProject:
    environment = block.required_block("environment")
    network = block.part("vpc_config")
    source = block.required_block("source")
    versions = {
        each.text("source_identifier"): each.text("source_version")
        for each in block.blocks("secondary_source_version")
    }
    return block.read(
        BuildProject,
        role_arn=block.text("service_role"),
        image=environment.text("image"),
        buildspec=source.text("buildspec", ""),
        environment=tuple(
            (v.text("name"), v.text("value"), v.text("type", "PLAINTEXT"))
            for v in environment.blocks("environment_variable")
        ),
        privileged=environment.flag("privileged_mode"),
        subnet_ids=tuple(sorted(network.texts("subnets"))),
        security_group_ids=tuple(sorted(network.texts("security_group_ids"))),
        source=_source(source, block.text("source_version", "")),
        secondary_sources=tuple(
            _source(each, versions.get(each.text("source_identifier"), ""))
            for each in block.blocks("secondary_sources")
        ),
        artifacts=_artifacts(block.part("artifacts")),
        secondary_artifacts=tuple(map(_artifacts, block.blocks("secondary_artifacts"))),
        environment_type=environment.text("type", "LINUX_CONTAINER"),
        compute_type=environment.text("compute_type", "BUILD_GENERAL1_SMALL"),
        timeout=block.integer("build_timeout", 60),
        logs=_logs(block.part("logs_config")),
        cache=block.part("cache").text("type", "NO_CACHE"),
        vpc_id=network.text("vpc_id", ""),
        tags=tuple(sorted(read_tags(block).items())),
    )


def _source(block: Block, version: str) -> BuildSource:
    return BuildSource(
        block.text("type", "NO_SOURCE"),
        block.text("location", ""),
        block.text("source_identifier", ""),
        version,
    )


def _artifacts(block: Block) -> BuildArtifacts:
    return block.read(
        BuildArtifacts,
        namespace=block.text("namespace_type", "") or "NONE",
        packaging=block.text("packaging", "") or "NONE",
        identifier=block.text("artifact_identifier", ""),
        override_name=block.flag("override_artifact_name"),
    )


def _logs(block: Block) -> BuildLogs:
    group, bucket = block.part("cloudwatch_logs"), block.part("s3_logs")
    return BuildLogs(
        enabled=group.text("status", "ENABLED") != "DISABLED",
        group=group.text("group_name", ""),
        stream=group.text("stream_name", ""),
        s3_location=(
            bucket.text("location", "") if bucket.text("status", "DISABLED") == "ENABLED" else ""
        ),
    )
