"""The state of a build's Terraform is read in its bucket; otherwise Terraform reads it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from bonkei.miniature.parts.codebuild import states
from tests.bonkei.miniature.parts.codebuild.account import STATE

BUCKET = {"bucket": "states", "key": "shop/terraform.tfstate", "region": "eu-west-1"}
UNSET = {"profile": None, "assume_role": None, "endpoints": []}
TERRAFORM = (sys.executable, "-c", "import sys; print('pulled with', *sys.argv[2:])")
PULLED = b"pulled with state pull\n"


def write(directory: Path, config: dict[str, Any], kind: str = "s3") -> None:
    (directory / ".terraform").mkdir(exist_ok=True)
    chosen = {"backend": {"type": kind, "config": config}}
    (directory / ".terraform" / "terraform.tfstate").write_text(json.dumps(chosen))


def test_a_state_in_a_bucket_is_read_there(tmp_path: Path, environment: dict[str, str]) -> None:
    locked = {"use_lockfile": True, "dynamodb_table": "locks"}
    write(tmp_path, {**BUCKET, "encrypt": True, **locked, **UNSET})
    assert states.pull(TERRAFORM, tmp_path, environment) == STATE
    write(tmp_path, {**BUCKET, "key": "none"})
    assert states.pull(TERRAFORM, tmp_path, environment) == b""
    write(tmp_path, {"bucket": "states", "key": "shop/terraform.tfstate"})
    assert states.pull(TERRAFORM, tmp_path, environment) == STATE


@pytest.mark.parametrize(
    "config",
    [
        {"assume_role": {"role_arn": "arn:aws:iam::123456789012:role/state"}},
        {"profile": "other"},
        {"sse_customer_key": "secret"},
        {"key": "encrypted"},
        {"key": "refused"},
        {"key": ""},
    ],
)
def test_otherwise_terraform_reads_it(
    tmp_path: Path, environment: dict[str, str], config: dict[str, Any]
) -> None:
    write(tmp_path, {**BUCKET, **config})
    assert states.pull(TERRAFORM, tmp_path, environment) == PULLED


@pytest.mark.parametrize("name", ["AWS_ACCESS_KEY_ID", "AWS_PROFILE", "TF_WORKSPACE"])
def test_somebody_elses_state_is_terraforms(
    tmp_path: Path, environment: dict[str, str], name: str
) -> None:
    write(tmp_path, BUCKET)
    assert states.pull(TERRAFORM, tmp_path, {**environment, name: "other"}) == PULLED


def test_a_chosen_workspace_is_terraforms(tmp_path: Path, environment: dict[str, str]) -> None:
    write(tmp_path, BUCKET)
    (tmp_path / ".terraform" / "environment").write_text("staging")
    assert states.pull(TERRAFORM, tmp_path, environment) == PULLED


def test_other_backends_are_terraforms(tmp_path: Path, environment: dict[str, str]) -> None:
    write(tmp_path, {"path": "state.json"}, "local")
    assert states.pull(TERRAFORM, tmp_path, environment) == PULLED
    refusing = (sys.executable, "-c", "import sys; print('no state'); sys.exit(1)")
    assert states.pull(refusing, tmp_path, environment) == b""


def test_without_the_builds_role_terraform_reads_it(tmp_path: Path) -> None:
    write(tmp_path, BUCKET)
    assert states.pull(TERRAFORM, tmp_path, {}) == PULLED
