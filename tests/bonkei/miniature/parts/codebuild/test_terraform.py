"""`terraform` in a build: it loads, starts and shows what it needs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from bonkei.miniature.parts.codebuild import terraform
from bonkei.miniature.parts.codebuild.tools import PLACE

_NAME = "aws_iam_group"  # a plan asks AWS about a topic
_GROUP = f"""
resource "{_NAME}" "this" {{
  name = "shop"
}}
"""


class Build:
    """A folder with definitions, and the provider's share of a home."""

    def __init__(self, folder: Path) -> None:
        self.source, self.own = folder / "source", folder / "provider"
        self.source.mkdir()
        for part in ("secrets", "terraform"):
            (self.own / part).mkdir(parents=True)
        place = {"account_id": "123456789012", "existing": [], "known": {}}
        (self.own / PLACE).write_text(json.dumps(place))

    def terraform(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "bonkei.miniature.parts.codebuild.terraform", "", *arguments],
            cwd=self.source,
            env={**os.environ, "MINIATURE_PROVIDER": str(self.own), "AWS_REGION": "eu-west-1"},
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    def does(self, *arguments: str) -> str:
        outcome = self.terraform(*arguments)
        assert outcome.returncode == 0, outcome.stdout + outcome.stderr
        return outcome.stdout

    @property
    def shown(self) -> list[str]:
        """The types that the last run could meet."""
        words = json.loads((self.own / "types.json").read_text())["words"]
        return [word for word in words if word.startswith("aws_")]


@pytest.fixture
def build(tmp_path: Path) -> Build:
    build = Build(tmp_path)
    (build.source / "main.tf").write_text(_GROUP)
    build.does("init")
    return build


def test_an_init_starts_no_provider(build: Build) -> None:
    assert not (build.own / "provider.log").exists()
    build.does("validate")
    assert (build.own / "provider.log").exists()


def test_an_init_that_is_killed_leaves_no_sockets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Path] = []

    def run(_words: Sequence[str], environment: Mapping[str, str]) -> int:
        served = json.loads(environment["TF_REATTACH_PROVIDERS"]).values()
        seen.extend(Path(entry["Addr"]["String"]).parent for entry in served)
        assert not any(each.exists() for each in seen)
        return 0

    monkeypatch.setattr(terraform, "_run", run)
    monkeypatch.setenv("MINIATURE_PROVIDER", str(tmp_path))
    assert terraform.main("", ["init"]) == 0
    assert seen


def test_a_plan_says_of_which_changes_it_knows(build: Build) -> None:
    for options in ((), ("-detailed-exitcode",)):
        planned = build.terraform("plan", *options)
        assert planned.returncode == 2 * len(options)
        assert "All else is compared with the state" in planned.stderr
    refused = build.terraform("plan", "-no-such-option")
    assert refused.returncode == 1
    assert "All else is" not in refused.stderr


def test_a_plan_is_shown_and_applied_where_the_definitions_name_its_types_no_more(
    build: Build,
) -> None:
    build.does("plan", "-out=tfplan")
    assert build.shown == [_NAME]
    (build.source / "main.tf").write_text("")
    (change,) = json.loads(build.does("show", "-json", "tfplan"))["resource_changes"]
    assert change["type"] == _NAME
    assert "1 added" in build.does("apply", "tfplan")
    assert build.shown == [_NAME]
    assert "1 to destroy" in build.does("plan"), "the state names it"


def test_a_type_that_is_none_is_told_with_the_nearest(build: Build) -> None:
    (build.source / "main.tf").write_text(_GROUP.replace(_NAME, "aws_iam_groups"))
    outcome = build.terraform("validate", "-no-color")
    assert outcome.returncode == 1
    assert f'Did you mean "{_NAME}"?' in outcome.stderr


def test_with_another_state_every_type_is_shown(build: Build) -> None:
    build.does("plan", "-state=other.tfstate")
    assert not (build.own / "types.json").exists()
