"""Scans of pushed images by the real Trivy, with a small database."""

from __future__ import annotations

import base64
import io
import json
import shutil
import tarfile
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web
from trivy_database import write_database

from bonkei.services.ecr import http
from bonkei.services.ecr.manifest import (
    OCI_MANIFEST,
)
from bonkei.services.ecr.scans.trivy import Trivy, TrivySettings
from scripts import scanners
from tests.bonkei.services.ecr.conftest import World
from tests.bonkei.services.ecr.scanned import (
    ALPINE,
    NAME,
    ONE,
    Scanned,
    described,
    put,
)

NEWER = ALPINE["lib/apk/db/installed"].replace("1.36.1-r15", "3.0-r0")


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
    """It cannot download: nothing listens on the port of its proxy."""
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
