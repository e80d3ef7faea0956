"""ECS, as a rolling deployment: it registers a revision of the task definition with the images of
`imagedefinitions.json`, updates the service, and waits for its end.

https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-ECS.html
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bonkei.base import zips
from bonkei.base.aws_service import Aws, AwsServiceError
from bonkei.base.zips import ZipError
from bonkei.services.codepipeline.actions.artifact import Store, call
from bonkei.services.codepipeline.core.values import Finished
from bonkei.services.codepipeline.runners import ActionWork, AfterRestart

_LARGEST = 100_000
"""Bytes of the file of images."""
_POLL = 1.0
_KEPT = (
    "family", "taskRoleArn", "executionRoleArn", "networkMode", "containerDefinitions", "volumes",
    "placementConstraints", "requiresCompatibilities", "cpu", "memory", "pidMode", "ipcMode",
    "proxyConfiguration", "ephemeralStorage", "runtimePlatform",
)  # fmt: skip
"""The parts of a described task definition that RegisterTaskDefinition accepts."""


class EcsDeploy:
    """Provider ECS."""

    after_restart: AfterRestart = "follow"

    def __init__(self, aws: Aws, store: Store) -> None:
        self._aws = aws
        self._store = store

    async def run(self, work: ActionWork) -> Finished:
        settings = work.settings
        cluster, name = work.setting("ClusterName"), work.setting("ServiceName")
        named = {"cluster": cluster, "services": [name]}
        registered = work.run.external_id
        if not registered:
            images = await self._images(work, settings.get("FileName", "imagedefinitions.json"))
            service = await self._service(work, named)
            registered = await self._register(work, str(service["taskDefinition"]), images)
            work.note(registered, "", "")
        if not work.run.summary:  # the miniature may have ended before the service was updated
            change = {"cluster": cluster, "service": name, "taskDefinition": registered}
            await call(self._aws, work, "ecs", "UpdateService", change)
            work.note(registered, "", "Deployment in progress")
        return await self._wait(work, named, registered)

    async def _wait(self, work: ActionWork, named: Mapping[str, Any], arn: str) -> Finished:
        while True:
            service = await self._service(work, named)
            found = [d for d in service.get("deployments", ()) if d.get("taskDefinition") == arn]
            state = found[0].get("rolloutState") if found else "FAILED"
            if state == "COMPLETED":
                return Finished(succeeded=True, external_id=arn, summary="Deployment succeeded")
            if state == "FAILED":
                why = found[0].get("rolloutStateReason") if found else "another one took its place"
                raise AwsServiceError("JobFailed", f"The deployment of {arn} failed: {why}")
            await asyncio.sleep(_POLL)

    async def _service(self, work: ActionWork, named: Mapping[str, Any]) -> Mapping[str, Any]:
        found = (await call(self._aws, work, "ecs", "DescribeServices", named)).get("services", ())
        if not found:
            raise AwsServiceError("ConfigurationError", f"There is no service {named['services']}")
        service: Mapping[str, Any] = found[0]
        return service

    async def _register(self, work: ActionWork, current: str, images: Mapping[str, str]) -> str:
        answer = await call(
            self._aws, work, "ecs", "DescribeTaskDefinition", {"taskDefinition": current}
        )
        definition = answer["taskDefinition"]
        names = {container["name"] for container in definition["containerDefinitions"]}
        if unknown := sorted(images.keys() - names):
            raise AwsServiceError(
                "ConfigurationError", f"{current} has no container {', '.join(unknown)}"
            )
        containers = [
            {**container, "image": images.get(container["name"], container["image"])}
            for container in definition["containerDefinitions"]
        ]
        given = {name: definition[name] for name in _KEPT if definition.get(name) is not None}
        given["containerDefinitions"] = containers
        made = await call(self._aws, work, "ecs", "RegisterTaskDefinition", given)
        return str(made["taskDefinition"]["taskDefinitionArn"])

    async def _images(self, work: ActionWork, name: str) -> Mapping[str, str]:
        with self._store.folder() as folder:
            file = folder / "artifact.zip"
            await self._store.get(work, work.action.inputs[0], file)
            return await asyncio.to_thread(_read_images, file, name)


def _read_images(file: Path, name: str) -> dict[str, str]:
    """Container -> image."""
    try:
        with zips.opened(file) as zipped:
            listed = json.loads(zips.small(zipped, zipped.getinfo(name), _LARGEST))
        return {str(each["name"]): str(each["imageUri"]) for each in listed}
    except (KeyError, ValueError, TypeError, RecursionError, ZipError) as error:
        raise AwsServiceError(
            "ConfigurationError",
            f"The artifact has no {name} with the name and imageUri of containers: {error}",
        ) from None
