"""Scans of pushed images: the queue, with a double of the scanner."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from botocore.exceptions import WaiterError

from bonkei.base.aws_service import AwsServiceError
from bonkei.services.ecr.api import service
from bonkei.services.ecr.manifest import (
    OCI_INDEX,
    OCI_MANIFEST,
)
from bonkei.services.ecr.package import package
from bonkei.services.ecr.scans.report import read_report
from bonkei.services.ecr.scans.values import ScanError, scan_event
from tests.bonkei.services.ecr.conftest import World
from tests.bonkei.services.ecr.scanned import (
    DONE,
    NAME,
    ONE,
    WEB,
    Double,
    Scanned,
)
from tests.bonkei.services.endpoint.places import serving


@pytest.fixture
async def scanned(tmp_path: Path) -> AsyncIterator[Scanned]:
    scanned = Scanned(World(tmp_path / "registry"), Double())
    yield scanned
    await scanned.scans.stop()


async def test_a_pushed_image_is_scanned_in_the_background(scanned: Scanned) -> None:
    scanned.scanner.may_go.clear()
    image = scanned.push({"a": "1"})
    scanned.push({"a": "2"}, "2")
    await asyncio.sleep(0)
    assert await scanned.status() == ("IN_PROGRESS", "")
    scanned.scanner.may_go.set()
    scanned.world.now += 7
    assert (await scanned.done())[0] == "COMPLETE"
    assert scanned.scanner.most_at_once == 1
    assert scanned.scanner.seen == [["blobs", "index.json", "oci-layout"]] * 2
    answer = await scanned.ask("DescribeImageScanFindings", **ONE, maxResults=1)
    assert answer["imageId"] == {"imageTag": "1", "imageDigest": image.digest}
    found = answer["imageScanFindings"]
    assert found["findingSeverityCounts"] == {"HIGH": 1, "LOW": 1}
    assert (found["imageScanCompletedAt"], found["vulnerabilitySourceUpdatedAt"]) == (1007.0, 5.0)
    assert found["findings"] == [
        {"name": "CVE-2026-0001", "severity": "HIGH", "description": "It is bad",
         "uri": "https://a.example", "attributes": [{"key": "package_name", "value": "x"}]}
    ]  # fmt: skip
    rest = await scanned.ask("DescribeImageScanFindings", **ONE, nextToken=answer["nextToken"])
    assert [each["severity"] for each in rest["imageScanFindings"]["findings"]] == ["LOW"]
    event = scan_event(
        "arn:aws:ecr:r:1:repository/shop/web", image.digest, ("1",), scanned.ended[0]
    )
    assert event.detail["finding-severity-counts"] == {"HIGH": 1, "LOW": 1}
    assert event.detail["repository-name"] == NAME
    assert (event.detail["scan-status"], event.time) == ("COMPLETE", 1007.0)
    assert not list((scanned.world.home / "scanner" / "work").iterdir())


async def test_a_scan_that_fails_says_why_and_may_be_repeated(scanned: Scanned) -> None:
    scanned.scanner.answer = ScanError("there is no database")
    scanned.push({"a": "1"})
    assert await scanned.done() == ("FAILED", "there is no database")
    answer = await scanned.ask("DescribeImageScanFindings", **ONE)
    assert "imageScanFindings" not in answer
    scanned.scanner.answer = DONE
    started = await scanned.ask("StartImageScan", **ONE)
    assert started["imageScanStatus"]["status"] == "IN_PROGRESS"
    assert (await scanned.done())[0] == "COMPLETE"
    with pytest.raises(AwsServiceError, match="quota per image") as error:
        await scanned.ask("StartImageScan", **ONE)
    assert error.value.code == "LimitExceededException"
    scanned.world.now += 86_401
    await scanned.ask("StartImageScan", **ONE)


async def test_a_disk_that_takes_nothing_fails_a_scan_and_not_the_next(scanned: Scanned) -> None:
    work = scanned.world.home / "scanner" / "work"
    work.parent.mkdir(exist_ok=True)
    work.touch()
    scanned.push({"a": "1"})
    status, why = await scanned.done()
    assert (status, "this machine cannot scan" in why) == ("FAILED", True)
    work.unlink()
    await scanned.ask("StartImageScan", **ONE)
    assert (await scanned.done())[0] == "COMPLETE"


async def test_what_is_not_done_is_scanned_after_a_restart(scanned: Scanned) -> None:
    scanned.scanner.may_go.clear()
    scanned.push({"a": "1"})
    scanned.push({"a": "2"}, "2")
    await asyncio.sleep(0)
    await scanned.scans.stop()
    assert await scanned.status() == ("IN_PROGRESS", "")
    scanned.scanner.may_go.set()
    scanned.scans = scanned.open()
    assert (await scanned.done())[0] == "COMPLETE"
    assert len(scanned.ended) == 2


async def test_the_scan_of_an_image_that_is_deleted_is_forgotten(scanned: Scanned) -> None:
    scanned.scanner.may_go.clear()
    image = scanned.push({"a": "1"})
    await asyncio.sleep(0)
    await scanned.ask("BatchDeleteImage", **WEB, imageIds=[{"imageDigest": image.digest}])
    scanned.scanner.may_go.set()
    with pytest.raises(AwsServiceError) as error:
        await scanned.done()
    assert error.value.code == "ImageNotFoundException"
    assert scanned.ended == []
    scanned.scans.follow(frozenset({NAME}))
    assert scanned.scans.find(NAME, image.digest) is None


async def test_an_image_without_an_operating_system(scanned: Scanned, tmp_path: Path) -> None:
    index = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": []}).encode()
    scanned.world.registry.push(NAME, index, OCI_INDEX, "1")
    with pytest.raises(AwsServiceError) as error:
        await scanned.status()
    assert error.value.code == "ScanNotFoundException"
    with pytest.raises(AwsServiceError) as error:
        await scanned.ask("StartImageScan", **ONE)
    assert error.value.code == "UnsupportedImageTypeException"
    (tmp_path / "Dockerfile").write_text("FROM x\n")
    sources = package(tmp_path, tmp_path / "Dockerfile")
    for _, content in sources.blobs:
        scanned.put(content)
    scanned.world.registry.push(NAME, sources.manifest, OCI_MANIFEST, "2")
    while not scanned.ended:
        await asyncio.sleep(0.005)
    [scan] = scanned.ended
    assert (scan.status, "package of sources" in scan.description) == ("UNSUPPORTED_IMAGE", True)
    assert scanned.scanner.seen == []


async def test_too_many_that_wait_fail(scanned: Scanned, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bonkei.services.ecr.scans.scans.MOST_WAITING", 1)
    scanned.scanner.may_go.clear()
    scanned.push({"a": "2"}, "2")
    scanned.push({"a": "1"})
    assert await scanned.status() == ("FAILED", "1 images wait for their scans")


async def test_the_settings_of_scans_are_shown(scanned: Scanned) -> None:
    names = {"repositoryNames": [NAME, "nobody"]}
    answer = await scanned.ask("BatchGetRepositoryScanningConfiguration", **names)
    assert [each["scanFrequency"] for each in answer["scanningConfigurations"]] == ["MANUAL"]
    assert [each["repositoryName"] for each in answer["failures"]] == ["nobody"]
    answer = await scanned.ask("GetRegistryScanningConfiguration")
    assert answer["scanningConfiguration"] == {"scanType": "BASIC", "rules": []}


@pytest.mark.parametrize("text", [b"", b"[]", b'{"Results": [{}]}', b'{"Results": 5}'])
def test_a_report_that_cannot_be_read(text: bytes) -> None:
    with pytest.raises(ScanError, match="cannot be read"):
        read_report(text)


def test_the_waiter_of_awss_clients(tmp_path: Path) -> None:
    """That of `aws ecr wait image-scan-complete`, over HTTP: COMPLETE is success, FAILED is not."""
    scanned = Scanned(World(tmp_path / "registry"), Double())
    scanned.push({"a": "1"}, as_pushed=False)
    ecr = service(scanned.world.registry, scanned.scans)
    quick = {"Delay": 0.05, "MaxAttempts": 1_200}
    with serving({"ecr": ecr}, tmp_path) as place:
        client = place.client("ecr")
        waiter = client.get_waiter("image_scan_complete")
        scanned.scanner.answer = ScanError("there is no database")
        client.start_image_scan(**ONE)
        with pytest.raises(WaiterError, match="terminal failure"):
            waiter.wait(**ONE, WaiterConfig=quick)
        scanned.scanner.answer = DONE
        client.start_image_scan(**ONE)
        waiter.wait(**ONE, WaiterConfig=quick)
        pages = client.get_paginator("describe_image_scan_findings").paginate(
            **ONE, PaginationConfig={"PageSize": 1}
        )
        found = [each for one in pages for each in one["imageScanFindings"]["findings"]]
        assert [each["severity"] for each in found] == ["HIGH", "LOW"]
        answer = client.describe_image_scan_findings(**ONE)["imageScanFindings"]
        assert answer["imageScanCompletedAt"].timestamp() == scanned.world.now
        with pytest.raises(client.exceptions.LimitExceededException):
            client.start_image_scan(**ONE)
