"""The pages of docs/operations that `tests/e2e/test_guide.py` does not follow.

AWS's own command line parses their commands and checks the values against AWS's models. No one
listens at the endpoint, so a command that is complete and right ends there. What Terraform is told
exists.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from itertools import zip_longest
from pathlib import Path

import pytest
from evaluations import INFRASTRUCTURE
from guide_pages import OPERATIONS, PAGES, commands
from guides import Command
from miniatures import ENVIRONMENTS

from bonkei.services.ecs.execution.software import ensure_environment

OTHERS = ("alarms", "github", "restoring", "taking-down", "without-the-pipeline")
AWS = [each for page in OTHERS for each in commands(f"{page}.md") if each.text.startswith("aws ")]
WRONG = {
    Command("x.md", 1, f"aws {text}"): says
    for text, says in {
        "rds modify-db-cluster --db-cluster-identifier x --renamed y": "Unknown options",
        "rds delete-db-instance --skip-final-snapshot": "--db-instance-identifier",
        "rds modify-db-cluster --db-cluster-identifier x --port many": "'many'",
        "ec2 describe-security-groups --filters Nam=group-name": '"Nam"',
        "rds wait db-cluster-there --db-cluster-identifier x": "usage",
    }.items()
}
"""And a part of what is said to each."""
TERRAFORM = commands("without-the-pipeline.md")
AWSCLI = INFRASTRUCTURE.parent / "bonkei" / "services" / "endpoint" / "data" / "awscli.txt"
_OPTIONS = ["--endpoint-url", "http://127.0.0.1:9"]
# In one process, because each start of the command line takes most of a second.
_PARSER = """
import io, json, shlex, sys
from contextlib import redirect_stderr, redirect_stdout
from awscli.clidriver import create_clidriver

driver, refused = create_clidriver(), []
for words in json.load(sys.stdin):
    said = io.StringIO()
    with redirect_stdout(io.StringIO()), redirect_stderr(said):
        try:
            driver.main(words)
        except SystemExit:
            pass
    refused.append(said.getvalue())
print(json.dumps(refused))
"""


def test_each_page_is_followed_by_the_guide_or_checked_here() -> None:
    pages = {file.name.partition(".")[0] for file in OPERATIONS.glob("*.md")}
    assert pages == {*PAGES, *OTHERS}


@pytest.mark.parametrize("page", OTHERS)
def test_both_languages_have_the_same_commands(page: str) -> None:
    english, japanese = commands(f"{page}.md"), commands(f"{page}.ja.md")
    for one, other in zip_longest(english, japanese):
        assert one.text == other.text, f"they differ:\n{one.where}\n{other.where}"


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> Mapping[Command, str]:
    """Each command, right or wrong, and why it is refused; empty if it would have been sent."""
    folder = tmp_path_factory.mktemp("pages")
    (folder / "terraform.tfstate").write_text("{}")
    shutil.copytree(INFRASTRUCTURE.parent / "environment", folder / "environment")
    given = [*AWS, *WRONG]
    texts = _said([[*shlex.split(each.text)[1:], *_OPTIONS] for each in given], folder)
    return {
        each: "" if "Could not connect to the endpoint" in text else text or "nothing is said"
        for each, text in zip(given, texts, strict=True)
    }


def test_awss_command_line_takes_each_command(said: Mapping[Command, str]) -> None:
    assert [(each.where, said[each]) for each in AWS if said[each]] == []
    assert len(AWS) > 20


@pytest.mark.parametrize("command", WRONG, ids=lambda command: command.text)
def test_a_wrong_command_is_refused(command: Command, said: Mapping[Command, str]) -> None:
    assert WRONG[command] in said[command]


def test_terraform_is_told_what_there_is() -> None:
    """Folders, variables, and the output that holds the command of `terraform init`."""
    place = INFRASTRUCTURE.parent
    for each in TERRAFORM:
        words = shlex.split(each.text.removeprefix("$(").removesuffix(")"))
        if words[0] == "cd":
            place = place / words[1]  # as a shell does, so a page goes on where it is
        chosen = [word.partition("=")[2] for word in words if word.startswith("-chdir=")]
        folder = place / chosen[0] if chosen else place
        assert (folder / "main.tf").is_file(), each.where
        given = re.findall(r"-var (\w+)=", each.text)
        asked = re.findall(r"output -raw (\w+)", each.text)
        assert set(given) <= declared(folder, "variable"), each.where
        assert set(asked) <= declared(folder, "output"), each.where


def declared(folder: Path, kind: str) -> set[str]:
    texts = (file.read_text(encoding="utf-8") for file in folder.glob("*.tf"))
    return {name for text in texts for name in re.findall(rf'(?m)^{kind} "(\w+)"', text)}


def _said(words: list[list[str]], folder: Path) -> list[str]:
    """By the command line that `bonkei aws` installs."""
    environment = asyncio.run(ensure_environment((AWSCLI,), ENVIRONMENTS, lambda _: None))
    parsed = subprocess.run(
        [environment / "bin" / "python", "-c", _PARSER],
        cwd=folder, input=json.dumps(words), capture_output=True, text=True, check=True,
        timeout=300, env={
            "PATH": os.environ["PATH"], "HOME": str(folder), "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_MAX_ATTEMPTS": "1",
        },
    )  # fmt: skip
    return list(json.loads(parsed.stdout))
