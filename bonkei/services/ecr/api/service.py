"""The operations of Amazon ECR's API: repositories, images, and logins."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Mapping
from typing import Any

from bonkei.base.arn import Arn
from bonkei.base.aws_service import AwsCall, AwsService, AwsServiceError, Operations
from bonkei.blueprint.ecr import Repository
from bonkei.services.ecr.api.lookup import Lookup, failure, find, names, page
from bonkei.services.ecr.api.scanning import Scanning
from bonkei.services.ecr.errors import RegistryError
from bonkei.services.ecr.registry import Registry
from bonkei.services.ecr.scans.scans import Scans
from bonkei.services.ecr.tokens import SECONDS, USER
from bonkei.services.ecr.values import Contents, Image


def service(registry: Registry, scans: Scans, clock: Callable[[], float] = time.time) -> AwsService:
    """The endpoint's service `ecr`."""
    return Operations.of(_Ecr(registry, clock), Scanning(registry, scans))


class _Ecr:
    def __init__(self, registry: Registry, clock: Callable[[], float]) -> None:
        self._registry = registry
        self._lookup = Lookup(registry)
        self._clock = clock

    async def get_authorization_token(self, call: AwsCall) -> Mapping[str, Any]:
        now = self._clock()
        password = self._registry.tokens.issue(call.caller, now)
        token = base64.b64encode(f"{USER}:{password}".encode()).decode()
        host = f"https://{call.caller.account}.dkr.ecr.{call.region}.amazonaws.com"
        entry = {"authorizationToken": token, "expiresAt": now + SECONDS, "proxyEndpoint": host}
        return {"authorizationData": [entry]}

    async def describe_repositories(self, call: AwsCall) -> Mapping[str, Any]:
        names = call.parameters.get("repositoryNames")
        found = [self._lookup.repository(call, name) for name in names] if names else None
        shown = self._registry.repositories if found is None else found
        return {"repositories": [_described(each) for each in shown]}

    async def create_repository(self, call: AwsCall) -> Mapping[str, Any]:
        asked, account = call.parameters, call.caller.account
        name = asked["repositoryName"]
        if any(each.name == name for each in self._registry.repositories):
            raise AwsServiceError(
                "RepositoryAlreadyExistsException",
                f"The repository with name '{name}' already exists in the registry with id "
                f"'{account}'",
            )
        made = Repository(
            address="",
            arn=f"arn:aws:ecr:{call.region}:{account}:repository/{name}",
            name=name,
            url=f"{account}.dkr.ecr.{call.region}.amazonaws.com/{name}",
            immutable=asked.get("imageTagMutability") == "IMMUTABLE",
            scan_on_push=asked.get("imageScanningConfiguration", {}).get("scanOnPush", False),
        )
        self._registry.make(made)
        return {"repository": _described(made)}

    async def delete_repository(self, call: AwsCall) -> Mapping[str, Any]:
        repository = self._lookup.of(call)
        if self._lookup.contents(call).images and not call.parameters.get("force"):
            raise AwsServiceError(
                "RepositoryNotEmptyException",
                f"The repository with name '{repository.name}' in registry with id "
                f"'{call.caller.account}' cannot be deleted because it still contains images",
            )
        self._registry.remove(repository.name)
        return {"repository": _described(repository)}

    async def get_lifecycle_policy(self, call: AwsCall) -> Mapping[str, Any]:
        repository = self._lookup.of(call)
        if not repository.lifecycle_policy:
            raise AwsServiceError(
                "LifecyclePolicyNotFoundException",
                f"Lifecycle policy does not exist for the repository with name '{repository.name}' "
                f"in the registry with id '{call.caller.account}'",
            )
        return {**names(repository), "lifecyclePolicyText": repository.lifecycle_policy}

    async def list_images(self, call: AwsCall) -> Mapping[str, Any]:
        contents = self._lookup.contents(call)
        status = call.parameters.get("filter", {}).get("tagStatus", "ANY")
        identifiers = [
            {"imageDigest": digest, "imageTag": tag}
            for digest in contents.images
            for tag in contents.tags_of(digest) or (None,)
            if status in ("ANY", "UNTAGGED" if tag is None else "TAGGED")
        ]
        return page(call, "imageIds", identifiers)

    async def describe_images(self, call: AwsCall) -> Mapping[str, Any]:
        repository, contents = self._lookup.of(call), self._lookup.contents(call)
        images = list(contents.images.values())
        if asked := call.parameters.get("imageIds"):
            images = [self._lookup.image(call, contents, one) for one in asked]
        status = call.parameters.get("filter", {}).get("tagStatus", "ANY")
        details = [
            _details(repository, contents, image)
            for image in images
            if status in ("ANY", "TAGGED" if contents.tags_of(image.digest) else "UNTAGGED")
        ]
        return page(call, "imageDetails", details)

    async def batch_get_image(self, call: AwsCall) -> Mapping[str, Any]:
        repository, contents = self._lookup.of(call), self._lookup.contents(call)
        images, failures = [], []
        for one in call.parameters["imageIds"]:
            image = find(contents, one)
            if image is None:
                failures.append(failure(one))
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
        repository, asked = self._lookup.of(call), call.parameters
        body, tag = asked["imageManifest"].encode(), asked.get("imageTag", "")
        media_type = asked.get("imageManifestMediaType", "")
        before = self._lookup.contents(call)
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
        contents = self._lookup.contents(call)
        return {"image": {
            "registryId": call.caller.account, "repositoryName": repository.name,
            "imageId": {"imageDigest": image.digest, "imageTag": tag or None},
            "imageManifest": asked["imageManifest"],
            "imageManifestMediaType": contents.images[image.digest].media_type,
        }}  # fmt: skip

    async def batch_delete_image(self, call: AwsCall) -> Mapping[str, Any]:
        """A tag alone is removed. A digest is removed with all its tags."""
        repository = self._lookup.of(call)
        gone, failures = [], []
        for one in call.parameters["imageIds"]:
            contents = self._lookup.contents(call)
            image = find(contents, one)
            if image is None:
                failures.append(failure(one))
            elif "imageDigest" in one:
                tags = contents.tags_of(image.digest) or (None,)
                gone += [{"imageDigest": image.digest, "imageTag": tag} for tag in tags]
                self._registry.store.delete(repository.name, [image.digest])
            else:
                gone.append({"imageDigest": image.digest, "imageTag": one["imageTag"]})
                self._registry.store.untag(repository.name, one["imageTag"])
        return {"imageIds": gone, "failures": failures}

    async def batch_check_layer_availability(self, call: AwsCall) -> Mapping[str, Any]:
        self._lookup.of(call)
        layers = []
        for digest in call.parameters["layerDigests"]:
            file = self._registry.store.blob(digest)
            size = file.stat().st_size if file else None
            state = "AVAILABLE" if file else "UNAVAILABLE"
            layers.append({"layerDigest": digest, "layerAvailability": state, "layerSize": size})
        return {"layers": layers, "failures": []}


def _described(repository: Repository) -> dict[str, Any]:
    return {
        **names(repository),
        "repositoryArn": repository.arn,
        "repositoryUri": repository.url,
        "imageTagMutability": "IMMUTABLE" if repository.immutable else "MUTABLE",
        "imageScanningConfiguration": {"scanOnPush": repository.scan_on_push},
    }


def _details(repository: Repository, contents: Contents, image: Image) -> dict[str, Any]:
    return {
        **names(repository),
        "imageDigest": image.digest,
        "imageTags": list(contents.tags_of(image.digest)) or None,
        "imageSizeInBytes": image.size,
        "imagePushedAt": image.pushed_at,
        "lastRecordedPullTime": image.pulled_at or None,
        "imageManifestMediaType": image.media_type,
        "artifactMediaType": image.artifact_type,
    }
