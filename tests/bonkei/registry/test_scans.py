"""Scans of pushed images: the queue with a double, and the real Trivy with a small database."""

from __future__ import annotations

import asyncio
import base64
import gzip
import io
import json
import shutil
import tarfile
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from botocore.exceptions import WaiterError
from botocore.session import get_session
from botocore.validate import ParamValidator
from trivy_database import write_database

from bonkei.aws_service import AwsCall, AwsServiceError
from bonkei.blueprint.release.image_repository import Repository
from bonkei.registry import http
from bonkei.registry.ecr import service
from bonkei.registry.manifest import (
    DOCKER_CONFIG,
    DOCKER_LAYER,
    DOCKER_MANIFEST,
    OCI_INDEX,
    OCI_MANIFEST,
    digest_of,
)
from bonkei.registry.package import package
from bonkei.registry.scans.event import scan_event
from bonkei.registry.scans.report import read_report
from bonkei.registry.scans.room import Scans
from bonkei.registry.scans.trivy import Trivy, TrivySettings
from bonkei.registry.scans.values import Finding, Scan, ScanError
from bonkei.registry.values import Image
from scripts import scanners
from tests.bonkei.cloud.places import serving
from tests.bonkei.registry.conftest import BUILDER, World

NAME = "shop/web"
WEB = {"repositoryName": NAME}
ONE = {**WEB, "imageId": {"imageTag": "1"}}
BAD = Finding("CVE-2026-0001", "HIGH", "It is bad", "https://a.example", (("package_name", "x"),))
DONE = Scan("COMPLETE", "done", source_updated_at=5.0, findings=(BAD, replace(BAD, severity="LOW")))
ALPINE = {
    "etc/os-release": "ID=alpine\nVERSION_ID=3.19.1\n",
    "etc/alpine-release": "3.19.1\n",
    "lib/apk/db/installed": "P:busybox\nV:1.36.1-r15\nA:x86_64\nL:GPL-2.0-only\no:busybox\n\n",
}
MODEL = get_session().get_service_model("ecr")
NEWER = ALPINE["lib/apk/db/installed"].replace("1.36.1-r15", "3.0-r0")


class Double:
    """A scanner that answers when it is let."""

    def __init__(self) -> None:
        self.answer: Scan | ScanError = DONE
        self.may_go = asyncio.Event()
        self.may_go.set()
        self.at_once = self.most_at_once = 0
        self.seen: list[list[str]] = []

    async def scan(self, layout: Path) -> Scan:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            self.seen.append(sorted(each.name for each in layout.iterdir()))
            await self.may_go.wait()
            if isinstance(self.answer, ScanError):
                raise self.answer
            return self.answer
        finally:
            self.at_once -= 1


def put(world: World, content: bytes) -> None:
    uploads = world.registry.uploads
    upload = uploads.begin()
    uploads.append(upload, content)
    uploads.finish(upload, digest_of(content))


class Scanned:
    """A registry whose pushed images are scanned."""

    def __init__(self, world: World, scanner: Any) -> None:
        self.world, self.scanner = world, scanner
        self.ended: list[Scan] = []
        self.scans = self.open()
        self.is_heard = True
        world.registry.hear(self._pushed)

    def _pushed(self, repository: Repository, image: Image) -> None:
        if self.is_heard:
            self.scans.pushed(repository.name, image)

    def open(self) -> Scans:
        def ended(_name: str, _digest: str, scan: Scan) -> None:
            self.ended.append(scan)

        store, home = self.world.registry.store, self.world.home / "scanner"
        scans = Scans(store, home, self.scanner, lambda: self.world.now, ended)
        scans.follow(frozenset({NAME, "few"}))
        return scans

    def push(
        self,
        files: Mapping[str, str],
        tag: str = "1",
        *,
        as_pushed: bool = True,
    ) -> Image:
        """`as_pushed`: and scan it."""
        self.is_heard = as_pushed
        packed = layer(files)
        config = json.dumps({"os": "linux", "architecture": "amd64", "rootfs": {"diff_ids": [
            digest_of(gzip.decompress(packed))], "type": "layers"}}).encode()  # fmt: skip
        for content in (packed, config):
            self.put(content)
        manifest = {
            "schemaVersion": 2, "mediaType": DOCKER_MANIFEST,
            "config": described(config, DOCKER_CONFIG), "layers": [described(packed, DOCKER_LAYER)],
        }  # fmt: skip
        return self.world.registry.push(NAME, json.dumps(manifest).encode(), DOCKER_MANIFEST, tag)

    def put(self, content: bytes) -> None:
        put(self.world, content)

    async def ask(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """The answer, which has to fit AWS's model."""
        now = self.world.now
        call = AwsCall("ecr", operation, parameters, BUILDER, "eu-west-1", now)
        answer = dict(await service(self.world.registry, self.scans, lambda: now).answer(call))
        model = MODEL.operation_model(operation).output_shape
        report = ParamValidator().validate(shown(answer), model)
        assert not report.has_errors(), report.generate_report()
        return answer

    async def status(self) -> tuple[str, str]:
        found = (await self.ask("DescribeImageScanFindings", **ONE))["imageScanStatus"]
        return found["status"], found["description"] or ""

    async def done(self) -> tuple[str, str]:
        """The status when nothing is waited for any more."""
        if self.scans._running is not None:
            await self.scans._running
        return await self.status()


def shown(value: Any) -> Any:
    """Without members that are None."""
    if isinstance(value, dict):
        return {name: shown(each) for name, each in value.items() if each is not None}
    return [shown(each) for each in value] if isinstance(value, list) else value


def layer(files: Mapping[str, str]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    return gzip.compress(packed.getvalue(), mtime=0)


def described(content: bytes, kind: str) -> dict[str, Any]:
    return {"mediaType": kind, "digest": digest_of(content), "size": len(content)}


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


async def test_what_is_no_image_of_an_operating_system(scanned: Scanned, tmp_path: Path) -> None:
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
    assert scanned.scans._running is not None
    await scanned.scans._running
    [scan] = scanned.ended
    assert (scan.status, "package of sources" in scan.description) == ("UNSUPPORTED_IMAGE", True)
    assert scanned.scanner.seen == []


async def test_too_many_that_wait_fail(scanned: Scanned, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bonkei.registry.scans.room._MOST", 1)
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


# The real Trivy.


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One made-up vulnerability of busybox."""
    folder = tmp_path_factory.mktemp("trivy") / "db"
    score = {"V3Vector": "CVSS:3.1/AV:N", "V3Score": 9.8}
    details = {"Title": "t", "Description": "made up", "CVSS": {"nvd": score},
               "Severity": "CRITICAL", "VendorSeverity": {"nvd": 4}}  # fmt: skip
    advisories = {"busybox": {"CVE-2026-0001": "2.0-r0", "CVE-2026-0002": "1.0-r0"}}
    write_database(folder, "alpine 3.19", advisories, details)
    return folder


@pytest.fixture
async def real(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scanned]:
    """It cannot download: its proxy is a port where nobody listens."""
    scanners.install()
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    world = World(tmp_path / "registry")

    async def command() -> list[str]:
        return [shutil.which("trivy", path=scanners.environment()["PATH"]) or "trivy"]

    home = world.home / "scanner"
    trivy = Trivy(TrivySettings(command, home, tmp_path / "processes"))
    scanned = Scanned(world, trivy)
    yield scanned
    await scanned.scans.stop()
    trivy.stop()


def use(real: Scanned, database: Path) -> None:
    real.scanner._settings = replace(real.scanner._settings, database=database)


async def test_the_real_trivy_finds_a_known_vulnerability(real: Scanned, database: Path) -> None:
    """Of two advisories, one is for an older version. Trivy may not write to the database."""
    before = {file.name: file.read_bytes() for file in database.iterdir()}
    use(real, database)
    real.push(ALPINE)
    assert await real.done() == ("COMPLETE", "The scan was completed successfully.")
    found = (await real.ask("DescribeImageScanFindings", **ONE))["imageScanFindings"]
    assert found["findingSeverityCounts"] == {"CRITICAL": 1}
    assert found["vulnerabilitySourceUpdatedAt"] == 1793491200.0
    [finding] = found["findings"]
    assert (finding["name"], finding["description"]) == ("CVE-2026-0001", "made up")
    attributes = {each["key"]: each["value"] for each in finding["attributes"]}
    assert attributes == {
        "package_name": "busybox", "package_version": "1.36.1-r15",
        "CVSS3_VECTOR": "CVSS:3.1/AV:N", "CVSS3_SCORE": "9.8",
    }  # fmt: skip
    assert {file.name: file.read_bytes() for file in database.iterdir()} == before
    real.push({"program": "1"}, "1b")
    real.push({**ALPINE, "lib/apk/db/installed": NEWER}, "1c")
    await real.done()
    assert [(scan.status, len(scan.findings)) for scan in real.ended[1:]] == [
        ("UNSUPPORTED_IMAGE", 0), ("COMPLETE", 0),
    ]  # fmt: skip


async def test_without_a_database_a_scan_fails_and_names_the_remedy(
    real: Scanned, tmp_path: Path
) -> None:
    real.push(ALPINE)
    status, why = await real.done()
    assert status == "FAILED"
    assert "database of vulnerabilities cannot be had" in why
    assert "127.0.0.1:9" in why
    assert "[registry] trivy_database" in why
    use(real, tmp_path)
    await real.ask("StartImageScan", **ONE)
    status, why = await real.done()
    assert status == "FAILED"
    assert why.startswith(f"[registry] trivy_database: {tmp_path} has no trivy.db. Name the folder")


async def test_a_damaged_database_fails(real: Scanned, database: Path, tmp_path: Path) -> None:
    shutil.copy(database / "metadata.json", tmp_path)
    (tmp_path / "trivy.db").write_text("no database")
    use(real, tmp_path)
    real.push(ALPINE)
    status, why = await real.done()
    assert (status, "cannot be had" in why) == ("FAILED", True), why


# Trivy's own download of its database.


class Shelf:
    """A registry on loopback with the database, as Trivy's makers publish it. `asked`: the paths.
    It lets everybody in, as theirs does: `registry` gets a password for each request."""

    def __init__(self, home: Path) -> None:
        self.world = World(home)
        self.asked: list[str] = []

    def publish(self, database: Path) -> None:
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            for file in sorted(database.iterdir()):
                archive.add(file, file.name)
        for content in (packed.getvalue(), b"{}"):
            put(self.world, content)
        content = described(packed.getvalue(), f"{_TRIVY}.db.layer.v1.tar+gzip")
        manifest = {
            "schemaVersion": 2, "mediaType": OCI_MANIFEST,
            "config": described(b"{}", f"{_TRIVY}.config.v1+json"),
            "layers": [{**content, "annotations": {"org.opencontainers.image.title": "db.tar.gz"}}],
        }  # fmt: skip
        self.world.registry.push(NAME, json.dumps(manifest).encode(), OCI_MANIFEST, "2")

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        self.asked.append(request.path)
        signed = base64.b64encode(f"AWS:{self.world.password()}".encode()).decode()
        headers = {**request.headers, "Authorization": f"Basic {signed}"}
        return await http.answer(self.world.registry, request.clone(headers=headers))

    def downloads(self) -> int:
        """How often the database itself was fetched."""
        return sum("/blobs/sha256:" in path for path in self.asked)


_TRIVY = "application/vnd.aquasec.trivy"


@pytest.fixture
async def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Shelf]:
    shelf = Shelf(tmp_path / "shelf")
    runner = web.ServerRunner(web.Server(shelf.answer))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    place = f"127.0.0.1:{runner.addresses[0][1]}/{NAME}"
    monkeypatch.setenv("TRIVY_DB_REPOSITORY", place)
    yield shelf
    await runner.cleanup()


async def test_a_push_is_scanned_with_a_database_that_trivy_downloads(
    real: Scanned, database: Path, shelf: Shelf
) -> None:
    """It is downloaded once, and serves the next scan, too."""
    shelf.publish(database)
    real.push(ALPINE)
    assert await real.done() == ("COMPLETE", "The scan was completed successfully.")
    found = (await real.ask("DescribeImageScanFindings", **ONE))["imageScanFindings"]
    assert [each["name"] for each in found["findings"]] == ["CVE-2026-0001"]
    assert found["vulnerabilitySourceUpdatedAt"] == 1793491200.0
    before = shelf.downloads()
    assert before >= 1
    real.push({**ALPINE, "lib/apk/db/installed": NEWER}, "1b")
    await real.done()
    assert [(scan.status, len(scan.findings)) for scan in real.ended] == [
        ("COMPLETE", 1), ("COMPLETE", 0),
    ]  # fmt: skip
    assert shelf.downloads() == before


async def test_a_download_that_fails_is_named_with_its_place_and_the_remedy(
    real: Scanned, database: Path, shelf: Shelf
) -> None:
    """First the registry has no such image. Then it has, and the scan is repeated."""
    real.push(ALPINE)
    status, why = await real.done()
    assert (status, f"/{NAME}" in why, "[registry] trivy_database" in why) == ("FAILED", True, True)
    shelf.publish(database)
    await real.ask("StartImageScan", **ONE)
    assert (await real.done())[0] == "COMPLETE"
