"""Projects and builds in the form of CodeBuild's API: pure.

Source: https://docs.aws.amazon.com/codebuild/latest/APIReference/API_Build.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bonkei.base.arn import Arn
from bonkei.blueprint.codebuild import BuildArtifacts, BuildProject, BuildSource
from bonkei.services.codebuild.values import Build, BuildPhase

Shape = Mapping[str, Any]


def project_shape(project: BuildProject) -> Shape:
    """A `Project`."""
    return {
        "name": project.name,
        "arn": project.arn,
        "description": project.description,
        "source": _source(project.source, project.buildspec),
        "secondarySources": [_source(each, "") for each in project.secondary_sources],
        "sourceVersion": project.source.version or None,
        "artifacts": _artifacts(project.artifacts),
        "secondaryArtifacts": [_artifacts(each) for each in project.secondary_artifacts],
        "cache": {"type": project.cache},
        "environment": _environment(project),
        "serviceRole": project.role_arn,
        "timeoutInMinutes": project.timeout,
        "queuedTimeoutInMinutes": project.queued_timeout,
        "encryptionKey": project.encryption_key or None,
        "tags": [{"key": key, "value": value} for key, value in project.tags],
        "vpcConfig": _network(project),
        "logsConfig": _logs(project),
        "concurrentBuildLimit": project.concurrent_build_limit or None,
        "badge": {"badgeEnabled": False},
        "projectVisibility": "PRIVATE",
    }


def build_shape(build: Build, project: BuildProject | None, region: str) -> Shape:
    """A `Build`. If its project was deleted, it has only the build's own values."""
    request = build.request
    found: dict[str, Any] = {
        "id": build.id,
        "arn": build.arn,
        "buildNumber": build.number,
        "projectName": request.project,
        "startTime": build.start,
        "endTime": build.end or None,
        "currentPhase": build.phase,
        "buildStatus": build.status,
        "buildComplete": build.is_over,
        "sourceVersion": request.source_version or None,
        "resolvedSourceVersion": request.resolved_source_version or None,
        "initiator": request.initiator,
        "phases": [_phase(each) for each in build.phases],
        "logs": _build_logs(build, region),
        "exportedEnvironmentVariables": [
            {"name": name, "value": value} for name, value in build.exported.items()
        ],
    }
    if build.outputs:
        first, *others = [
            {"location": f"arn:aws:s3:::{each.bucket}/{each.key}"} for each in build.outputs
        ]
        found |= {"artifacts": first, "secondaryArtifacts": others}
    if project is not None:
        found |= {
            "source": _source(project.source, request.buildspec or project.buildspec),
            "secondarySources": [_source(each, "") for each in project.secondary_sources],
            "environment": _environment(project),
            "serviceRole": project.role_arn,
            "timeoutInMinutes": request.timeout or project.timeout,
            "queuedTimeoutInMinutes": project.queued_timeout,
            "encryptionKey": request.encryption_key or project.encryption_key or None,
            "cache": {"type": project.cache},
            "vpcConfig": _network(project),
        }
        found.setdefault("artifacts", {"location": ""})
    return found


def _phase(phase: BuildPhase) -> Shape:
    context = {"statusCode": phase.code, "message": phase.message}
    return {
        "phaseType": phase.name,
        "phaseStatus": phase.status or None,
        "startTime": phase.start,
        "endTime": phase.end or None,
        "durationInSeconds": int(phase.end - phase.start) if phase.end else None,
        "contexts": [context] if phase.status and phase.name not in _PLAIN else None,
    }


_PLAIN = ("SUBMITTED", "QUEUED", "COMPLETED")


def _build_logs(build: Build, region: str) -> Shape:
    account = Arn.of(build.arn).account
    group, stream = build.log_group, build.log_stream
    console = f"https://console.aws.amazon.com/cloudwatch/home?region={region}"
    return {
        "groupName": group,
        "streamName": stream,
        "deepLink": f"{console}#logsV2:log-groups/log-group/{group}/log-events/{stream}",
        "cloudWatchLogsArn": (
            f"arn:aws:logs:{region}:{account}:log-group:{group}:log-stream:{stream}"
        ),
        "cloudWatchLogs": {"status": "ENABLED", "groupName": group},
    }


def _source(source: BuildSource, buildspec: str) -> Shape:
    return {
        "type": source.type,
        "location": source.location or None,
        "buildspec": buildspec or None,
        "sourceIdentifier": source.identifier or None,
        "insecureSsl": False,
    }


def _artifacts(artifacts: BuildArtifacts) -> Shape:
    return {
        "type": artifacts.type,
        "location": artifacts.location or None,
        "name": artifacts.name or None,
        "path": artifacts.path or None,
        "namespaceType": artifacts.namespace,
        "packaging": artifacts.packaging,
        "artifactIdentifier": artifacts.identifier or None,
        "overrideArtifactName": artifacts.override_name,
        "encryptionDisabled": False,
    }


def _environment(project: BuildProject) -> Shape:
    return {
        "type": project.environment_type,
        "image": project.image,
        "computeType": project.compute_type,
        "privilegedMode": project.privileged,
        "environmentVariables": [
            {"name": name, "value": value, "type": kind}
            for name, value, kind in project.environment
        ],
    }


def _network(project: BuildProject) -> Shape | None:
    if not project.subnet_ids:
        return None
    return {
        "vpcId": project.vpc_id,
        "subnets": list(project.subnet_ids),
        "securityGroupIds": list(project.security_group_ids),
    }


def _logs(project: BuildProject) -> Shape:
    logs = project.logs
    return {
        "cloudWatchLogs": {
            "status": "ENABLED" if logs.enabled else "DISABLED",
            "groupName": logs.group or None,
            "streamName": logs.stream or None,
        },
        "s3Logs": {
            "status": "ENABLED" if logs.s3_location else "DISABLED",
            "location": logs.s3_location or None,
        },
    }
