"""A registry whose pushed images are scanned, and a scanner that answers when it is let."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import tarfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from botocore.session import get_session
from botocore.validate import ParamValidator

from bonkei.base.aws_service import AwsCall
from bonkei.blueprint.ecr import Repository
from bonkei.services.ecr.api import service
from bonkei.services.ecr.manifest import (
    DOCKER_CONFIG,
    DOCKER_LAYER,
    DOCKER_MANIFEST,
    digest_of,
)
from bonkei.services.ecr.scans.scans import Scans
from bonkei.services.ecr.scans.values import Finding, Scan, ScanError
from bonkei.services.ecr.values import Image
from tests.bonkei.services.ecr.conftest import BUILDER, World

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
        """The status when no image is scanned any more."""
        while self._is_scanning():
            await asyncio.sleep(0.005)
        return await self.status()

    def _is_scanning(self) -> bool:
        images = self.world.registry.contents(NAME).images
        scans = (self.scans.find(NAME, digest) for digest in images)
        return any(scan is not None and scan.status == "IN_PROGRESS" for scan in scans)


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
