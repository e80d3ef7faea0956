"""The parts of the home that a build's Terraform gets, and the parts that are copied back."""

from __future__ import annotations

import json
import stat
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from bonkei.base import kept
from bonkei.base.errors import BonkeiError
from bonkei.base.vault import FileVault, file_name
from bonkei.miniature.parts.codebuild.tools import PLACE, Commands, Provider

ROLE = "arn:aws:iam::123456789012:role/apply"
OTHER = "arn:aws:iam::123456789012:role/plan"
SECRETS = "arn:aws:secretsmanager:us-east-1:123456789012:secret"


def may(role: str, action: str, path: str) -> str:
    """One role may write the application's secrets, the other none."""
    allowed = role == ROLE and path.startswith(("secret:app/", "parameter/app/"))
    return "" if allowed else f"no {action} on {path}"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    (home / "secrets").mkdir(parents=True)
    (home / "terraform").mkdir()
    (home / "secrets" / "app%2Fold-AbCdEf").write_text("old", "utf-8")
    (home / "terraform" / "counters.json").write_text('{"a": 3, "b": 1}', "utf-8")
    return home


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "build").mkdir()
    return tmp_path / "build"


def provider(home: Path) -> Provider:
    return Provider(home, "123456789012", ({"type": "aws_vpc"},), may, tuple)


def test_a_build_without_terraform_gets_no_secret(home: Path, folder: Path) -> None:
    assert provider(home).prepare(folder, "commands: [make]", ROLE) == {}
    assert list(folder.iterdir()) == []
    assert provider(home).collect(folder, ROLE) == ()


def test_a_build_judges_by_the_same_rules(home: Path, folder: Path) -> None:
    provider = Provider(home, "123456789012", (), may, tuple, "warning")
    given = provider.prepare(folder, "commands: [terraform plan]", ROLE)
    place = json.loads(Path(given["MINIATURE_PROVIDER"], PLACE).read_text("utf-8"))
    assert place["aws_rules"] == "warning"


def test_changes_are_copied_back_as_far_as_the_role_may(home: Path, folder: Path) -> None:
    given = provider(home).prepare(folder, "commands: [terraform apply]", ROLE)
    own = Path(given["MINIATURE_PROVIDER"])
    assert own.parent == folder
    assert (own / "secrets" / "app%2Fold-AbCdEf").read_text("utf-8") == "old"
    (own / "secrets" / "app%2Fold-AbCdEf").write_text("new", "utf-8")
    (own / "secrets" / "app%2Fmade-GhIjKl").write_text("made", "utf-8")
    (own / "secrets" / "other%2Fmade-GhIjKl").write_text("made", "utf-8")
    parameter = file_name("arn:aws:ssm:ap-northeast-1:123456789012:parameter/app/tag")
    (own / "secrets" / parameter).write_text("v1", "utf-8")
    (own / "secrets" / ".draft").write_text("x", "utf-8")
    (own / "secrets" / "app_link").symlink_to("/etc/passwd")
    kept.write_json(own / "terraform" / "counters.json", {"a": 4, "c": 1})
    # Another process has written in the meantime.
    kept.write_json(home / "terraform" / "counters.json", {"a": 3, "b": 9})
    refused = provider(home).collect(folder, ROLE)
    assert [line.partition(" ")[0] for line in refused] == ["other%2Fmade-GhIjKl"]
    found = {file.name: file.read_text("utf-8") for file in (home / "secrets").iterdir()}
    assert found == {"app%2Fold-AbCdEf": "new", "app%2Fmade-GhIjKl": "made", parameter: "v1"}
    assert stat.S_IMODE((home / "secrets" / "app%2Fmade-GhIjKl").stat().st_mode) == 0o600
    counters = kept.read_json(home / "terraform" / "counters.json", dict)
    assert counters == {"a": 4, "b": 9, "c": 1}


def test_a_role_without_permission_changes_no_secret(home: Path, folder: Path) -> None:
    given = provider(home).prepare(folder, "terraform", ROLE)
    own = Path(given["MINIATURE_PROVIDER"])
    assert provider(home).collect(folder, OTHER) == []  # nothing has changed, so nothing is asked
    (own / "secrets" / "app%2Fold-AbCdEf").write_text("stolen", "utf-8")
    assert len(provider(home).collect(folder, OTHER)) == 1
    assert (home / "secrets" / "app%2Fold-AbCdEf").read_text("utf-8") == "old"


def test_a_build_gets_the_values_that_its_role_may_read(home: Path, folder: Path) -> None:
    (home / "secrets" / "app%5Fmy%2Fkey-GhIjKl").write_text("made", "utf-8")
    arns = (f"{SECRETS}:app/old-AbCdEf", f"{SECRETS}:app_my/key-GhIjKl")
    asked: list[tuple[str, str]] = []

    def may(_role: str, action: str, path: str) -> str:
        asked.append((action, path))
        return "" if path == "secret:app_my/key-GhIjKl" else f"no {action}"

    provider = Provider(home, "123456789012", (), may, lambda: arns)
    own = Path(provider.prepare(folder, "terraform", OTHER)["MINIATURE_PROVIDER"])
    assert set(asked) == {
        ("secretsmanager:GetSecretValue", "secret:app/old-AbCdEf"),
        ("secretsmanager:GetSecretValue", "secret:app_my/key-GhIjKl"),
    }
    vault = FileVault(own / "secrets")
    assert (vault.get(arns[0]), vault.get(arns[1])) == (None, "made")
    assert vault.withheld(arns[0]) == "no secretsmanager:GetSecretValue"
    assert vault.withheld(arns[1]) == ""
    everything = [file.read_bytes() for file in own.rglob("*") if file.is_file()]
    assert not any(b"old" in content for content in everything)


def test_a_value_that_a_build_makes_equal_is_not_reported(home: Path, folder: Path) -> None:
    """As by a described secret, whose value the settings hold."""
    own = Path(provider(home).prepare(folder, "terraform", OTHER)["MINIATURE_PROVIDER"])
    (own / "secrets" / "app%2Fold-AbCdEf").write_text("old", "utf-8")
    assert provider(home).collect(folder, OTHER) == []


@pytest.mark.parametrize("name", ["provider", "provider/secrets", "provider/terraform"])
def test_a_folder_replaced_by_a_link_is_not_read(
    home: Path, folder: Path, tmp_path: Path, name: str
) -> None:
    provider(home).prepare(folder, "terraform", ROLE)
    elsewhere = tmp_path / "elsewhere"
    (folder / name).rename(elsewhere)
    (folder / name).symlink_to(elsewhere)
    for place in (elsewhere, elsewhere / "secrets"):
        if place.is_dir():
            (place / "app%2Fkey-AbCdEf").write_text("a person's", "utf-8")
    assert "has become a link" in provider(home).collect(folder, ROLE)[0]
    assert [file.name for file in (home / "secrets").iterdir()] == ["app%2Fold-AbCdEf"]


async def test_the_aws_of_a_build_is_the_installed_command_itself(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "aws").touch()

    async def installed(_: Sequence[Path]) -> Path:
        return tmp_path

    commands = await Commands(installed, None).all(pytest.fail)
    assert commands["aws"] == (str(tmp_path / "bin" / "aws"),)


async def test_an_unavailable_tool_fails_and_says_that_nothing_was_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import subprocess

    monkeypatch.setenv("PATH", str(tmp_path))

    async def nothing(locks: Sequence[Path]) -> Path:
        if "trivy" in locks[0].name:
            return tmp_path  # the package has no version for this machine
        raise BonkeiError("the network is away")

    said: list[str] = []
    commands = await Commands(nothing, None).all(said.append)
    assert said == ["aws is not there: the network is away"]
    for name, why in (("trivy", "has none for this machine"), ("aws", "the network is away")):
        words = [word for word in commands[name] if word]
        begin = words.index(sys.executable, 1) if words.count(sys.executable) > 1 else 0
        outcome = subprocess.run(words[begin:], capture_output=True, text=True, check=False)
        assert outcome.returncode == 1
        assert why in outcome.stderr
        assert "NOTHING was done" in outcome.stderr
