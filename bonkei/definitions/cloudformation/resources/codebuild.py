"""AWS CodeBuild: projects."""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.definitions.cloudformation.resources.kind import (
    Kind,
    Made,
    Place,
    Request,
    Values,
    block,
    blocks,
    optional,
    plain,
    values,
)


def _project(request: Request) -> Made:
    given, place = request.properties, request.place
    name = request.name("Name", 255)
    arn = place.arn("codebuild", f"project/{name}")
    state = values(
        id=arn,
        arn=arn,
        name=name,
        service_role=_role(given["ServiceRole"], place),
        encryption_key=given.get("EncryptionKey", place.arn("kms", "alias/aws/s3")),
        **plain(
            given,
            "Description ConcurrentBuildLimit AutoRetryLimit SourceVersion",
            build_timeout="TimeoutInMinutes",
            queued_timeout="QueuedTimeoutInMinutes",
        ),
        artifacts=[_artifacts(given["Artifacts"])],
        secondary_artifacts=[_artifacts(each) for each in given.get("SecondaryArtifacts", ())],
        source=[_source(given["Source"])],
        secondary_sources=[
            {**_source(each), **plain(each, "SourceIdentifier")}
            for each in given.get("SecondarySources", ())
        ],
        secondary_source_version=blocks(
            given.get("SecondarySourceVersions", ()), "SourceIdentifier SourceVersion"
        ),
        environment=[_environment(given["Environment"])],
        cache=block(given.get("Cache"), "Type Location Modes"),
        logs_config=optional(given.get("LogsConfig"), _logs),
        vpc_config=block(given.get("VpcConfig"), "VpcId Subnets SecurityGroupIds"),
        tags=request.all_tags(),
    )
    return Made(name, {"Arn": arn, "Id": name}, (("aws_codebuild_project", state),))


def _role(given: str, place: Place) -> str:
    """CodeBuild also takes a role's name, which is its `Ref`."""
    named = given.startswith("arn:")
    return given if named else place.arn("iam", f"role/{given}", region=False)


def _artifacts(given: Values) -> Values:
    return plain(
        given,
        "Type ArtifactIdentifier EncryptionDisabled Location Name NamespaceType"
        " OverrideArtifactName Packaging Path",
    )


def _source(given: Values) -> Values:
    return values(
        **plain(
            given,
            "Type Location GitCloneDepth InsecureSsl ReportBuildStatus",
            buildspec="BuildSpec",
        ),
        auth=block(given.get("Auth"), "Type Resource"),
        git_submodules_config=block(given.get("GitSubmodulesConfig"), "FetchSubmodules"),
        build_status_config=block(given.get("BuildStatusConfig"), "Context TargetUrl"),
    )


def _environment(given: Values) -> Values:
    return values(
        **plain(
            given, "Type ComputeType Image ImagePullCredentialsType PrivilegedMode Certificate"
        ),
        registry_credential=block(given.get("RegistryCredential"), "Credential CredentialProvider"),
        environment_variable=blocks(given.get("EnvironmentVariables", ()), "Name Value Type"),
    )


def _logs(given: Values) -> Values:
    return values(
        cloudwatch_logs=block(given.get("CloudWatchLogs"), "Status GroupName StreamName"),
        s3_logs=block(given.get("S3Logs"), "Status Location EncryptionDisabled"),
    )


KINDS: Mapping[str, Kind] = {
    "AWS::CodeBuild::Project": Kind(
        _project,
        named_by="Name",
        unserved={
            "BadgeEnabled": "a build has no badge",
            "BuildBatchConfig": "batches are not simulated",
            "Cache.CacheNamespace": "a cache is the project's own",
            "Environment.DockerServer": "a build uses this machine's container engine",
            "Environment.Fleet": "builds run on this machine",
            "Environment.HostKernel": "builds run on this machine",
            "FileSystemLocations": "EFS is not in the miniature",
            "ResourceAccessRole": "builds are not public",
            "Source.SourceIdentifier": "only secondary sources have a name",
            "Triggers": "no webhook reaches the miniature",
            "Visibility": "builds are not public",
        },
    ),
}
