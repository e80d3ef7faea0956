"""AWS CodeBuild: projects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bonkei.definitions.cloudformation.resources.kind import (
    Kind,
    Made,
    Place,
    Request,
    Values,
    blocks,
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
        description=given.get("Description", ""),
        service_role=_role(given["ServiceRole"], place),
        encryption_key=given.get("EncryptionKey", place.arn("kms", "alias/aws/s3")),
        build_timeout=given.get("TimeoutInMinutes", 60),
        queued_timeout=given.get("QueuedTimeoutInMinutes", 480),
        concurrent_build_limit=given.get("ConcurrentBuildLimit"),
        auto_retry_limit=given.get("AutoRetryLimit", 0),
        source_version=given.get("SourceVersion"),
        artifacts=blocks(_artifacts(given["Artifacts"])),
        secondary_artifacts=[_artifacts(each) for each in given.get("SecondaryArtifacts", ())],
        source=blocks(_source(given["Source"])),
        secondary_sources=[
            {"source_identifier": each.get("SourceIdentifier"), **_source(each)}
            for each in given.get("SecondarySources", ())
        ],
        secondary_source_version=[
            {
                "source_identifier": each["SourceIdentifier"],
                "source_version": each.get("SourceVersion"),
            }
            for each in given.get("SecondarySourceVersions", ())
        ],
        environment=blocks(_environment(given["Environment"])),
        cache=_optional(given.get("Cache"), _cache),
        logs_config=_optional(given.get("LogsConfig"), _logs),
        vpc_config=_optional(given.get("VpcConfig"), _network),
        tags=request.all_tags(),
    )
    return Made(name, {"Arn": arn, "Id": name}, (("aws_codebuild_project", state),))


def _role(given: str, place: Place) -> str:
    """CodeBuild also takes a role's name, which is its `Ref`."""
    named = given.startswith("arn:")
    return given if named else place.arn("iam", f"role/{given}", region=False)


def _optional(given: Any, translate: Any) -> list[Values] | None:
    return None if given is None else blocks(translate(given))


def _artifacts(given: Values) -> Values:
    return values(
        type=given["Type"],
        artifact_identifier=given.get("ArtifactIdentifier"),
        encryption_disabled=given.get("EncryptionDisabled", False),
        location=given.get("Location"),
        name=given.get("Name"),
        namespace_type=given.get("NamespaceType"),
        override_artifact_name=given.get("OverrideArtifactName", False),
        packaging=given.get("Packaging"),
        path=given.get("Path"),
    )


def _source(given: Values) -> Values:
    return values(
        type=given["Type"],
        buildspec=given.get("BuildSpec", ""),
        location=given.get("Location"),
        git_clone_depth=given.get("GitCloneDepth", 0),
        insecure_ssl=given.get("InsecureSsl", False),
        report_build_status=given.get("ReportBuildStatus", False),
        auth=_optional(given.get("Auth"), _auth),
        git_submodules_config=_optional(given.get("GitSubmodulesConfig"), _submodules),
        build_status_config=_optional(given.get("BuildStatusConfig"), _build_status),
    )


def _auth(given: Values) -> Values:
    return values(type=given["Type"], resource=given.get("Resource"))


def _submodules(given: Values) -> Values:
    return {"fetch_submodules": given["FetchSubmodules"]}


def _build_status(given: Values) -> Values:
    return values(context=given.get("Context"), target_url=given.get("TargetUrl"))


def _environment(given: Values) -> Values:
    return values(
        type=given["Type"],
        compute_type=given["ComputeType"],
        image=given["Image"],
        image_pull_credentials_type=given.get("ImagePullCredentialsType", "CODEBUILD"),
        privileged_mode=given.get("PrivilegedMode", False),
        certificate=given.get("Certificate"),
        registry_credential=_optional(given.get("RegistryCredential"), _credential),
        environment_variable=[
            {
                "name": each["Name"],
                "value": each["Value"],
                "type": each.get("Type", "PLAINTEXT"),
            }
            for each in given.get("EnvironmentVariables", ())
        ],
    )


def _credential(given: Values) -> Values:
    return {
        "credential": given["Credential"],
        "credential_provider": given["CredentialProvider"],
    }


def _cache(given: Values) -> Values:
    return values(type=given["Type"], location=given.get("Location"), modes=given.get("Modes", []))


def _logs(given: Values) -> Values:
    groups, bucket = given.get("CloudWatchLogs"), given.get("S3Logs")
    return values(
        cloudwatch_logs=groups
        and blocks(
            values(
                status=groups["Status"],
                group_name=groups.get("GroupName"),
                stream_name=groups.get("StreamName"),
            )
        ),
        s3_logs=bucket
        and blocks(
            values(
                status=bucket["Status"],
                location=bucket.get("Location"),
                encryption_disabled=bucket.get("EncryptionDisabled", False),
            )
        ),
    )


def _network(given: Values) -> Values:
    return values(
        vpc_id=given.get("VpcId"),
        subnets=given.get("Subnets", []),
        security_group_ids=given.get("SecurityGroupIds", []),
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
