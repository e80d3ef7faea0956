"""Amazon ECR's API over the registry.

Source: the Amazon ECR API Reference. The definitions create repositories. The API does not, and
there are no scans: these calls are refused by name.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Mapping
from typing import Any

from bonkei.arn import Arn
from bonkei.aws_service import AwsCall, AwsService, AwsServiceError, Operations
from bonkei.blueprint.release.image_repository import Repository
from bonkei.registry.errors import RegistryError
from bonkei.registry.room import Registry
from bonkei.registry.tokens import SECONDS, USER
from bonkei.registry.values import Contents, Image

_SHOWN = 100


def service(registry: Registry, clock: Callable[[], float] = time.time) -> AwsService:
    """`ecr` on the AWS endpoint."""
    ecr = _Ecr(registry, clock)
    return Operations(
        {
            "BatchCheckLayerAvailability": ecr.check_layers,
            "BatchDeleteImage": ecr.delete_images,
            "BatchGetImage": ecr.get_images,
            "DescribeImageScanFindings": ecr.scan_findings,
            "DescribeImages": ecr.describe_images,
            "DescribeRepositories": ecr.describe_repositories,
            "GetAuthorizationToken": ecr.authorization_token,
            "GetLifecyclePolicy": ecr.lifecycle_policy,
            "ListImages": ecr.list_images,
            "PutImage": ecr.put_image,
        }
    )


class _Ecr:
    def __init__(self, registry: Registry, clock: Callable[[], float]) -> None:
        self._registry = registry
        self._clock = clock

    async def authorization_token(self, call: AwsCall) -> Mapping[str, Any]:
        now = self._clock()
        password = self._registry.tokens.issue(call.caller, now)
        token = base64.b64encode(f"{USER}:{password}".encode()).decode()
        host = f"https://{call.caller.account}.dkr.ecr.{call.region}.amazonaws.com"
        entry = {"authorizationToken": token, "expiresAt": now + SECONDS, "proxyEndpoint": host}
        return {"authorizationData": [entry]}

    async def describe_repositories(self, call: AwsCall) -> Mapping[str, Any]:
        names = call.parameters.get("repositoryNames")
        found = [self._repository(call, name) for name in names] if names else None
        shown = self._registry.repositories if found is None else found
        return {"repositories": [_described(each) for each in shown]}

    async def lifecycle_policy(self, call: AwsCall) -> Mapping[str, Any]:
        repository = self._of(call)
        if not repository.lifecycle_policy:
            raise AwsServiceError(
                "LifecyclePolicyNotFoundException",
                f"Lifecycle policy does not exist for the repository with name '{repository.name}' "
                f"in the registry with id '{call.caller.account}'",
            )
        return {**_names(repository), "lifecyclePolicyText": repository.lifecycle_policy}

    async def list_images(self, call: AwsCall) -> Mapping[str, Any]:
        contents = self._contents(call)
        status = call.parameters.get("filter", {}).get("tagStatus", "ANY")
        identifiers = [
            {"imageDigest": digest, "imageTag": tag}
            for digest in contents.images
            for tag in contents.tags_of(digest) or (None,)
            if status in ("ANY", "UNTAGGED" if tag is None else "TAGGED")
        ]
        return _page(call, "imageIds", identifiers)

    async def describe_images(self, call: AwsCall) -> Mapping[str, Any]:
        repository, contents = self._of(call), self._contents(call)
        images = list(contents.images.values())
        if asked := call.parameters.get("imageIds"):
            images = [self._image(call, contents, one) for one in asked]
        status = call.parameters.get("filter", {}).get("tagStatus", "ANY")
        details = [
            _details(repository, contents, image)
            for image in images
            if status in ("ANY", "TAGGED" if contents.tags_of(image.digest) else "UNTAGGED")
        ]
        return _page(call, "imageDetails", details)

    async def get_images(self, call: AwsCall) -> Mapping[str, Any]:
        repository, contents = self._of(call), self._contents(call)
        images, failures = [], []
        for one in call.parameters["imageIds"]:
            image = _find(contents, one)
            if image is None:
                failures.append(_failure(one))
                continue
            file = self._registry.store.blob(image.digest)
            tag = one.get("imageTag")
            images.append(
                {
                    "registryId": Arn.of(repository.arn).account,
                    "repositoryName": repository.name,
                    "imageId": {"imageDigest": image.digest, "imageTag": tag},
                    "imageManifest": file.read_text(encoding="utf-8") if file else "",
                    "imageManifestMediaType": image.media_type,
                }
            )
        return {"images": images, "failures": failures}

    async def put_image(self, call: AwsCall) -> Mapping[str, Any]:
        repository, asked = self._of(call), call.parameters
        body, tag = asked["imageManifest"].encode(), asked.get("imageTag", "")
        media_type = asked.get("imageManifestMediaType", "")
        before = self._contents(call)
        try:
            image = self._registry.push(repository.name, body, media_type, tag)
        except RegistryError as error:
            codes = {
                "TAG_INVALID": "ImageTagAlreadyExistsException",
                "MANIFEST_BLOB_UNKNOWN": "LayersNotFoundException",
            }
            code = codes.get(error.code, "InvalidParameterException")
            raise AwsServiceError(code, error.message) from None
        if tag and before.tags.get(tag) == image.digest:
            raise AwsServiceError(
                "ImageAlreadyExistsException",
                f"Image with digest '{image.digest}' and tag '{tag}' already exists in the "
                f"repository with name '{repository.name}' in registry with id "
                f"'{call.caller.account}'",
            )
        contents = self._contents(call)
        return {"image": {
            "registryId": call.caller.account, "repositoryName": repository.name,
            "imageId": {"imageDigest": image.digest, "imageTag": tag or None},
            "imageManifest": asked["imageManifest"],
            "imageManifestMediaType": contents.images[image.digest].media_type,
        }}  # fmt: skip

    async def delete_images(self, call: AwsCall) -> Mapping[str, Any]:
        """A tag alone is removed. A digest is removed with all its tags."""
        repository = self._of(call)
        gone, failures = [], []
        for one in call.parameters["imageIds"]:
            contents = self._contents(call)
            image = _find(contents, one)
            if image is None:
                failures.append(_failure(one))
            elif "imageDigest" in one:
                tags = contents.tags_of(image.digest) or (None,)
                gone += [{"imageDigest": image.digest, "imageTag": tag} for tag in tags]
                self._registry.store.delete(repository.name, [image.digest])
            else:
                gone.append({"imageDigest": image.digest, "imageTag": one["imageTag"]})
                self._registry.store.untag(repository.name, one["imageTag"])
        return {"imageIds": gone, "failures": failures}

    async def check_layers(self, call: AwsCall) -> Mapping[str, Any]:
        self._of(call)
        layers = []
        for digest in call.parameters["layerDigests"]:
            file = self._registry.store.blob(digest)
            size = file.stat().st_size if file else None
            state = "AVAILABLE" if file else "UNAVAILABLE"
            layers.append({"layerDigest": digest, "layerAvailability": state, "layerSize": size})
        return {"layers": layers, "failures": []}

    async def scan_findings(self, call: AwsCall) -> Mapping[str, Any]:
        self._image(call, self._contents(call), call.parameters["imageId"])
        raise AwsServiceError(
            "ScanNotFoundException", "Image scan does not exist: the miniature makes none on push."
        )

    def _of(self, call: AwsCall) -> Repository:
        return self._repository(call, call.parameters["repositoryName"])

    def _repository(self, call: AwsCall, name: str) -> Repository:
        try:
            return self._registry.repository(name)
        except RegistryError as error:
            account = call.caller.account
            message = error.message.rpartition(" with id ")[0]
            raise AwsServiceError(
                "RepositoryNotFoundException", f"{message} with id '{account}'"
            ) from None

    def _contents(self, call: AwsCall) -> Contents:
        return self._registry.contents(self._of(call).name)

    def _image(self, call: AwsCall, contents: Contents, wanted: Mapping[str, str]) -> Image:
        if (image := _find(contents, wanted)) is not None:
            return image
        name = call.parameters["repositoryName"]
        digest, tag = wanted.get("imageDigest", "null"), wanted.get("imageTag", "null")
        raise AwsServiceError(
            "ImageNotFoundException",
            f"The image with imageId {{imageDigest:'{digest}', imageTag:'{tag}'}} does not exist "
            f"within the repository with name '{name}' in the registry with id "
            f"'{call.caller.account}'",
        )


def _find(contents: Contents, wanted: Mapping[str, str]) -> Image | None:
    """If both are given, the tag must point to the digest."""
    digest, tag = wanted.get("imageDigest"), wanted.get("imageTag")
    if digest and tag and contents.tags.get(tag) != digest:
        return None
    return contents.find(digest or tag or "")


def _failure(wanted: Mapping[str, str]) -> dict[str, Any]:
    reason = "Requested image not found"
    return {"imageId": dict(wanted), "failureCode": "ImageNotFound", "failureReason": reason}


def _names(repository: Repository) -> dict[str, str]:
    return {"registryId": Arn.of(repository.arn).account, "repositoryName": repository.name}


def _described(repository: Repository) -> dict[str, Any]:
    return {
        **_names(repository),
        "repositoryArn": repository.arn,
        "repositoryUri": repository.url,
        "imageTagMutability": "IMMUTABLE" if repository.immutable else "MUTABLE",
        "imageScanningConfiguration": {"scanOnPush": repository.scan_on_push},
    }


def _details(repository: Repository, contents: Contents, image: Image) -> dict[str, Any]:
    return {
        **_names(repository),
        "imageDigest": image.digest,
        "imageTags": list(contents.tags_of(image.digest)) or None,
        "imageSizeInBytes": image.size,
        "imagePushedAt": image.pushed_at,
        "lastRecordedPullTime": image.pulled_at or None,
        "imageManifestMediaType": image.media_type,
        "artifactMediaType": image.artifact_type,
    }


def _page(call: AwsCall, name: str, items: list[dict[str, Any]]) -> Mapping[str, Any]:
    """The token is the number of items before the page."""
    token = call.parameters.get("nextToken", "0")
    if not token.isdecimal():
        raise AwsServiceError("InvalidParameterException", "Invalid parameter: nextToken")
    begin, most = int(token), call.parameters.get("maxResults", _SHOWN)
    rest = begin + most < len(items)
    return {name: items[begin : begin + most], "nextToken": str(begin + most) if rest else None}
