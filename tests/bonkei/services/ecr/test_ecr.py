"""ECR's API through boto3, over the registry."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import pytest

from bonkei.base.aws_service import AwsCall, AwsServiceError
from bonkei.services.ecr.lifecycle import expired
from bonkei.services.ecr.manifest import OCI_MANIFEST, digest_of
from bonkei.services.ecr.values import Contents, Image
from tests.bonkei.services.ecr.conftest import BUILDER, World
from tests.bonkei.services.ecr.test_distribution import manifest_of


def ask(world: World, operation: str, **parameters: Any) -> dict[str, Any]:
    call = AwsCall("ecr", operation, parameters, BUILDER, "eu-west-1", world.now)
    return dict(asyncio.run(world.ecr.answer(call)))


@pytest.fixture
def pushed(tmp_path: Any) -> World:
    """`shop/web` with one image that has two tags, and one image without a tag."""
    world = World(tmp_path)
    for content, tags in ((b"a", ("1", "latest")), (b"b", ("",))):
        upload = world.registry.uploads.begin()
        world.registry.uploads.append(upload, content)
        world.registry.uploads.finish(upload, digest_of(content))
        for tag in tags:
            world.registry.push("shop/web", manifest_of(content), OCI_MANIFEST, tag)
    return world


WEB = {"repositoryName": "shop/web"}


def test_a_token_is_a_login(pushed: World) -> None:
    [data] = ask(pushed, "GetAuthorizationToken")["authorizationData"]
    user, _, password = base64.b64decode(data["authorizationToken"]).decode().partition(":")
    assert user == "AWS"
    pair = base64.b64encode(f"AWS:{password}".encode()).decode()
    assert pushed.registry.who(f"Basic {pair}") == BUILDER
    assert data["proxyEndpoint"] == "https://123456789012.dkr.ecr.eu-west-1.amazonaws.com"


@pytest.mark.parametrize("text", ["", "Basic", "Basic ///", "Basic QVdTOg==", "Bearer x", "é"])
def test_an_invalid_login(pushed: World, text: str) -> None:
    assert pushed.registry.tokens.read(text, 0.0) is None


def test_images_are_described_and_found(pushed: World) -> None:
    details = ask(pushed, "DescribeImages", **WEB)["imageDetails"]
    assert [one["imageTags"] for one in details] == [["1", "latest"], None]
    one = ask(pushed, "DescribeImages", **WEB, imageIds=[{"imageTag": "1"}])["imageDetails"][0]
    assert one["imageDigest"] == digest_of(manifest_of(b"a"))
    tagged = ask(pushed, "ListImages", **WEB, filter={"tagStatus": "TAGGED"})["imageIds"]
    assert [each["imageTag"] for each in tagged] == ["1", "latest"]
    answer = ask(pushed, "BatchGetImage", **WEB, imageIds=[{"imageTag": "1"}, {"imageTag": "2"}])
    assert answer["images"][0]["imageManifest"] == manifest_of(b"a").decode()
    assert answer["failures"][0]["failureCode"] == "ImageNotFound"
    page = ask(pushed, "ListImages", **WEB, maxResults=2)
    assert len(page["imageIds"]) == 2
    assert len(ask(pushed, "ListImages", **WEB, nextToken=page["nextToken"])["imageIds"]) == 1


def test_a_missing_image_has_ecrs_error(pushed: World) -> None:
    with pytest.raises(AwsServiceError, match="imageTag:'9'") as error:
        ask(pushed, "DescribeImages", **WEB, imageIds=[{"imageTag": "9"}])
    assert error.value.code == "ImageNotFoundException"
    with pytest.raises(AwsServiceError, match="'nobody' does not exist") as error:
        ask(pushed, "DescribeImages", repositoryName="nobody")
    assert error.value.code == "RepositoryNotFoundException"
    with pytest.raises(AwsServiceError) as error:
        ask(pushed, "DescribeImageScanFindings", **WEB, imageId={"imageTag": "1"})
    assert error.value.code == "ScanNotFoundException"
    with pytest.raises(AwsServiceError) as error:
        ask(pushed, "GetLifecyclePolicy", **WEB)
    assert error.value.code == "LifecyclePolicyNotFoundException"


def test_an_image_gets_another_tag_and_no_tag_is_overwritten(pushed: World) -> None:
    manifest = manifest_of(b"a").decode()
    made = ask(pushed, "PutImage", **WEB, imageManifest=manifest, imageTag="3")["image"]
    assert made["imageId"]["imageTag"] == "3"
    for text, tag, code in (
        (manifest, "1", "ImageAlreadyExistsException"),
        (manifest_of(b"b").decode(), "1", "ImageTagAlreadyExistsException"),
        (manifest_of(b"c").decode(), "4", "LayersNotFoundException"),
        ("{}", "4", "InvalidParameterException"),
    ):
        with pytest.raises(AwsServiceError) as error:
            ask(pushed, "PutImage", **WEB, imageManifest=text, imageTag=tag)
        assert error.value.code == code


def test_a_tag_is_deleted_before_its_image(pushed: World) -> None:
    for tag, left in (("1", 2), ("latest", 1)):
        ask(pushed, "BatchDeleteImage", **WEB, imageIds=[{"imageTag": tag}])
        assert len(pushed.registry.contents("shop/web").images) == left
    digest = digest_of(manifest_of(b"b"))
    ask(pushed, "BatchDeleteImage", **WEB, imageIds=[{"imageDigest": digest}])
    assert not pushed.registry.contents("shop/web").images


DAY = 86_400.0
RULES = """{"rules": [
 {"rulePriority": 2, "selection": {"tagStatus": "any", "countType": "imageCountMoreThan",
  "countNumber": 1}, "action": {"type": "expire"}},
 {"rulePriority": 1, "selection": {"tagStatus": %s, "countType": "sinceImagePushed",
  "countUnit": "days", "countNumber": 5}, "action": {"type": "expire"}}]}"""


@pytest.mark.parametrize(
    ("status", "gone"),
    [
        # Rule 2 counts the images that rule 1 has matched, and cannot expire them.
        ('"untagged"', {"old", "prod-1"}),
        ('"tagged", "tagPrefixList": ["prod"]', {"prod-1", "old"}),
        ('"tagged", "tagPatternList": ["*-2"]', {"old", "prod-1"}),
    ],
)
def test_a_lifecycle_policys_rules(status: str, gone: set[str]) -> None:
    pushed_at = {"old": 0.0, "prod-1": 1 * DAY, "prod-2": 8 * DAY}
    contents = Contents(
        {name: Image(name, "", "", 1, at) for name, at in pushed_at.items()},
        {"prod-1": "prod-1", "prod-2": "prod-2"},
    )
    assert set(expired(RULES % status, contents, 10 * DAY)) == gone


def test_a_repository_is_made_by_a_call_and_stays(pushed: World) -> None:
    made = ask(pushed, "CreateRepository", repositoryName="shop/tools")["repository"]
    assert made["repositoryUri"] == "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/tools"
    pushed.registry.push("shop/tools", manifest_of(b"a"), OCI_MANIFEST, "1")
    with pytest.raises(AwsServiceError, match="already exists"):
        ask(pushed, "CreateRepository", repositoryName="shop/tools")
    assert pushed.registry.find(f"{made['repositoryUri']}:1") is not None
    again = World(pushed.home)
    names = [each["repositoryName"] for each in ask(again, "DescribeRepositories")["repositories"]]
    assert {"shop/tools", "shop/web"} <= set(names)
    assert ask(again, "DescribeImages", repositoryName="shop/tools")["imageDetails"]
    with pytest.raises(AwsServiceError, match="still contains images"):
        ask(again, "DeleteRepository", repositoryName="shop/tools")
    ask(again, "DeleteRepository", repositoryName="shop/tools", force=True)
    with pytest.raises(AwsServiceError, match="does not exist"):
        ask(again, "DescribeImages", repositoryName="shop/tools")
