"""A miniature for the suites: almost nothing is declared, so that the tests make what they need."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from suites.checkouts import SuiteError

_BONKEI = Path(sys.executable).with_name("bonkei")
_DEFINITIONS = """\
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.0"
    }
  }
}

provider "aws" {
  region = "us-east-1"
}

resource "aws_sqs_queue" "this" {
  name = "suites"
}
"""
_ALONE = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_MAX_ATTEMPTS": "1",
}
_PORTS = ("BONKEI_EDGE_PORT", "BONKEI_ALB_PORT", "BONKEI_CLOUD_PORT", "BONKEI_CONSOLE_PORT")


@contextlib.contextmanager
def running(account: str = "123456789012") -> Iterator[Mapping[str, str]]:
    """Yields the environment of a client of its AWS endpoint: nothing of this user's own AWS."""
    with tempfile.TemporaryDirectory(prefix="bonkei-suites-") as folder:
        home = Path(folder)
        (home / "definitions").mkdir()
        (home / "definitions" / "main.tf").write_text(_DEFINITIONS)
        (home / "bonkei.toml").write_text(
            f'definitions = "definitions"\naccount_id = "{account}"\n'
        )
        ports = dict(zip(_PORTS, map(str, free_ports(len(_PORTS))), strict=True))
        environment = _clean() | ports | {"BONKEI_HOME": str(home / "home"), "NO_COLOR": "1"}
        try:
            # Its exit code is 1, because there is no service to be healthy.
            up = _bonkei(home, environment, "up", "--detach")
            shown = _bonkei(home, environment, "aws", "--json", "env")
            if shown.returncode:
                raise SuiteError(f"its miniature did not start:\n{up.stdout}{up.stderr}")
            yield environment | json.loads(shown.stdout) | _ALONE
        finally:
            _bonkei(home, environment, "down")


def _clean() -> dict[str, str]:
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "BONKEI_", "PYTHON"))
    }


def free_ports(count: int) -> list[int]:
    """As many that no program of this machine has now."""
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


def _bonkei(
    home: Path, environment: Mapping[str, str], *words: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [_BONKEI, *words], cwd=home, env=environment, capture_output=True, text=True, check=False
    )
