"""A person who follows the guide in a shell. A miniature takes the place of AWS."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from guide_replaced import TYPED, replaced
from guides import Command
from miniatures import Project

from bonkei.miniature import applied_elsewhere
from bonkei.miniature.home import Home
from bonkei.miniature.parts.codebuild.tools import APPLIED, CARRIED
from bonkei.miniature.parts.endpoint.command import install
from bonkei.services.codebuild.tools.archives import archive_digests

REGION = "ap-northeast-1"
PATIENCE = 600.0  # seconds for a run of a pipeline, which takes a minute on a quiet machine
_EDITOR = """
import os, pathlib, sys
from tests.support.variables import with_block, without
file = pathlib.Path(sys.argv[1])
text = with_block(file.read_text(), os.environ["THE_BLOCK"])
for name in os.environ["WITHOUT"].split():
    text = without(text, name)
file.write_text(text)
"""


class Reader:
    """`cwd` carries over from command to command, as in a shell; `took`: seconds of each."""

    def __init__(self, project: Project, folder: Path) -> None:
        self.project, self.folder = project, folder
        self.cwd = project.folder
        self.took: list[tuple[str, float]] = []
        self.digests = dict(archive_digests())
        self._endpoint = ""
        self._bin = folder / "bin"
        self._bin.mkdir(parents=True)
        self._launcher("bonkei", f'exec "{sys.executable}" -m bonkei "$@"')
        plugin = f'-m bonkei.cli.aws.session_plugin "{project.home}" "$@"'
        self._launcher("session-manager-plugin", f'exec "{sys.executable}" {plugin}')
        self._launcher("editor", f'exec "{sys.executable}" "{folder / "editor.py"}" "$@"')
        (folder / "editor.py").write_text(_EDITOR)

    def begin(self) -> None:
        """The command lines that the guide takes for granted, and the account's first keys."""
        aws = install(Home(self.project.home), print)
        found = self.project.account()
        self._launcher("aws", f'exec "{aws}" --endpoint-url {found["AWS_ENDPOINT_URL"]} "$@"')
        provider = self.folder / "provider"
        (provider / "secrets").mkdir(parents=True)
        (provider / "terraform").mkdir()
        place = {"account_id": "123456789012", "existing": [], "known": {}}
        (provider / "place.json").write_text(json.dumps(place))
        run = f'"{sys.executable}" -m bonkei.miniature.parts.codebuild.terraform ""'
        # set_up.py locks the providers: a download, and the miniature serves them itself.
        lock = """case "$*" in *" providers lock "*)
  echo '# The miniature serves the providers.' >"${1#-chdir=}/.terraform.lock.hcl"; exit ;;
esac"""
        self._launcher("terraform", f'{lock}\nMINIATURE_PROVIDER="{provider}" exec {run} "$@"')
        keys = (found["AWS_ACCESS_KEY_ID"], found["AWS_SECRET_ACCESS_KEY"])
        self.configure(
            "[default]\naws_access_key_id = {}\naws_secret_access_key = {}\n".format(*keys)
        )
        self._endpoint = found["AWS_ENDPOINT_URL"]

    def _launcher(self, name: str, script: str) -> None:
        (self._bin / name).write_text(f"#!/bin/sh\n{script}\n")
        (self._bin / name).chmod(0o755)

    def configure(self, text: str) -> None:
        file = self.folder / ".aws" / "config"
        file.parent.mkdir(exist_ok=True)
        with file.open("a") as written:
            written.write(f"{text}\n")

    def perform(self, command: Command, typed: str = "", **variables: str) -> str:
        """What it prints. Fails with the page and the line when it fails."""
        place = {"endpoint": self._endpoint, "site": self.project.site, **self.digests}
        text = replaced(command.text, place)
        text = re.sub(r"\bNAME\b", TYPED["NAME"], text)
        if "--profile" in text or variables.get("AWS_PROFILE", "").startswith("tf-"):
            typed = f"{TYPED['a code of the second factor']}\n{typed}"
        whereabouts = self.folder / "cwd"
        script = f'{text}\ncode=$?\npwd >"{whereabouts}"\nexit $code'
        began = time.monotonic()
        outcome = subprocess.run(
            ["bash", "-c", script], cwd=self.cwd, env={**self._environment(), **variables},
            input=typed, capture_output=True, text=True, timeout=PATIENCE, check=False,
            start_new_session=True,  # without a terminal, codes are read from the input
        )  # fmt: skip
        self.took.append((command.text, time.monotonic() - began))
        if outcome.returncode:
            said = (outcome.stdout + outcome.stderr)[-3000:]
            pytest.fail(f"{command.where}\nhas ended with {outcome.returncode}:\n{said}")
        self.cwd = Path(whereabouts.read_text().strip())
        return outcome.stdout

    def _environment(self) -> dict[str, str]:
        who = {f"GIT_{one}_{what}": "me" for one in ("AUTHOR", "COMMITTER") for what in _WHO}
        kept = {k: v for k, v in self.project.environment.items() if not k.startswith("AWS_")}
        return {
            **kept, **who,
            "HOME": str(self.folder),
            "PATH": f"{self._bin}:{os.environ['PATH']}",
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "AWS_CONFIG_FILE": str(self.folder / ".aws" / "config"),
            "AWS_ENDPOINT_URL": self._endpoint,
            "AWS_PAGER": "",
            "EDITOR": "editor", "THE_BLOCK": "", "WITHOUT": "",
            "GIT_CONFIG_GLOBAL": os.devnull, "GIT_TERMINAL_PROMPT": "0",
        }  # fmt: skip

    def tell_of_terraform(self) -> None:
        """The miniature follows what builds apply. It hears here of what a person has applied."""
        own = self.folder / "provider"
        home, content = self.project.home, (own / APPLIED).read_bytes()
        applied_elsewhere.keep(home, content, own / CARRIED)
        said = self.project.bonkei("apply")
        assert said.returncode == 0, said.stdout + said.stderr

    def empty(self, bucket: str) -> None:
        """As S3's console does (Empty): with old versions."""
        s3 = self.client("s3")
        found = s3.list_object_versions(Bucket=bucket)
        for one in (*found.get("Versions", ()), *found.get("DeleteMarkers", ())):
            s3.delete_object(Bucket=bucket, Key=one["Key"], VersionId=one["VersionId"])

    def client(self, service: str) -> Any:
        """As the account's administrator."""
        return self.project.client(service)


_WHO = ("NAME", "EMAIL")
