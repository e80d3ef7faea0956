"""What a call names: a repository, an image; ECR's errors where there is none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bonkei.base.arn import Arn
from bonkei.base.aws_service import AwsCall, AwsServiceError
from bonkei.base.paging import page_of
from bonkei.blueprint.ecr import Repository
from bonkei.services.ecr.errors import RegistryError
from bonkei.services.ecr.registry import Registry
from bonkei.services.ecr.values import Contents, Image

_SHOWN = 100


class Lookup:
    """The image that a call's `repositoryName` and `imageId` name. Raises AwsServiceError."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def of(self, call: AwsCall) -> Repository:
        return self.repository(call, call.parameters["repositoryName"])

    def repository(self, call: AwsCall, name: str) -> Repository:
        try:
            return self._registry.repository(name)
        except RegistryError as error:
            account = call.caller.account
            message = error.message.rpartition(" with id ")[0]
            raise AwsServiceError(
                "RepositoryNotFoundException", f"{message} with id '{account}'"
            ) from None

    def contents(self, call: AwsCall) -> Contents:
        return self._registry.contents(self.of(call).name)

    def image(self, call: AwsCall, contents: Contents, wanted: Mapping[str, str]) -> Image:
        if (image := find(contents, wanted)) is not None:
            return image
        name = call.parameters["repositoryName"]
        digest, tag = wanted.get("imageDigest", "null"), wanted.get("imageTag", "null")
        raise AwsServiceError(
            "ImageNotFoundException",
            f"The image with imageId {{imageDigest:'{digest}', imageTag:'{tag}'}} does not exist "
            f"within the repository with name '{name}' in the registry with id "
            f"'{call.caller.account}'",
        )


def find(contents: Contents, wanted: Mapping[str, str]) -> Image | None:
    """If both are given, the tag must point to the digest."""
    digest, tag = wanted.get("imageDigest"), wanted.get("imageTag")
    if digest and tag and contents.tags.get(tag) != digest:
        return None
    return contents.find(digest or tag or "")


def failure(wanted: Mapping[str, str]) -> dict[str, Any]:
    reason = "Requested image not found"
    return {"imageId": dict(wanted), "failureCode": "ImageNotFound", "failureReason": reason}


def names(repository: Repository) -> dict[str, str]:
    return {"registryId": Arn.of(repository.arn).account, "repositoryName": repository.name}


def page(call: AwsCall, name: str, items: list[dict[str, Any]]) -> Mapping[str, Any]:
    return page_of(call, name, items, _SHOWN, "InvalidParameterException")
