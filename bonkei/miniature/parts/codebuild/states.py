"""The state of a build's Terraform, in its backend.

A state in a bucket is read here, with the build's role. Terraform would load all definitions for
its `state pull`: a third of a second for twenty modules.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bonkei.base.aws_service import AwsServiceError

_PLAIN = {"bucket", "key", "region", "encrypt", "kms_key_id", "use_lockfile", "dynamodb_table"}
"""Settings with which the object is the state, and the build's role reads it."""
_NEEDED = {"AWS_ENDPOINT_URL", "AWS_CONTAINER_CREDENTIALS_FULL_URI"}
_OTHERWISE = {"AWS_ACCESS_KEY_ID", "AWS_PROFILE", "TF_WORKSPACE"}
"""Variables with which Terraform calls as another principal, or reads another object."""
_FORMAT = b'"version": 4'


def data_folder(directory: Path, environment: Mapping[str, str]) -> Path:
    """Terraform's folder for its own data."""
    return directory / (environment.get("TF_DATA_DIR") or ".terraform")


def bucket_settings(data: Path) -> Mapping[str, Any] | None:
    """What is set of the backend that an init has chosen; None if that is not in a bucket."""
    try:
        backend = json.loads((data / "terraform.tfstate").read_text())["backend"]
        found = {name: value for name, value in backend["config"].items() if value}
        return found if backend["type"] == "s3" and found.keys() >= {"bucket", "key"} else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def pull(program: Sequence[str], directory: Path, environment: Mapping[str, str]) -> bytes:
    """The state as it is now; nothing where there is none, or where Terraform cannot read it."""
    settings = _plain(data_folder(directory, environment), environment)
    if settings is not None:
        from bonkei.miniature.parts.codebuild.asking import stored  # noqa: PLC0415 - for few operations

        with contextlib.suppress(AwsServiceError):  # Terraform says why
            found = stored(environment, settings["region"], settings["bucket"], settings["key"])
            if not found or _FORMAT in found[:100]:
                return found
    pulled = subprocess.run(
        [*program, f"-chdir={directory}", "state", "pull"],
        env=dict(environment),
        capture_output=True,
        check=False,
    )
    return pulled.stdout if pulled.returncode == 0 else b""


def _plain(data: Path, environment: Mapping[str, str]) -> Mapping[str, Any] | None:
    """The settings, with a region, where they name the object themselves."""
    settings = bucket_settings(data)
    if settings is None or not settings.keys() <= _PLAIN or (data / "environment").exists():
        return None
    if not environment.keys() >= _NEEDED or environment.keys() & _OTHERWISE:
        return None
    found = {"region": environment.get("AWS_REGION"), **settings}
    return found if found["region"] else None
