"""Moved, replaced or missing definitions are followed, and no file is lost."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ports import free_port

from bonkei.definitions.terraform.errors import TerraformError
from bonkei.definitions.terraform.inputs.mirror import Mirror

FILES = (
    "bonkei.toml",
    "README.md",
    "infra/main.tf",
    "infra/modules/a/main.tf",
    "stacks/README.md",
    "stacks/app/main.tf",
    "stacks/app/modules/b/main.tf",
    "stacks/shared/names.txt",
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in FILES:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("" if name == "bonkei.toml" else f"# {name}\n")
    (tmp_path / "stacks" / "link").symlink_to("README.md")
    return tmp_path


def refresh(root: Path, definitions: str) -> Mirror:
    home = root / ".bonkei"
    mirror = Mirror(root / definitions, home / "terraform" / "mirror", home=home)
    mirror.make()
    mirror.refresh({"http": {}})
    return mirror


def sources(root: Path) -> dict[str, str]:
    """Every file that the user wrote, and whether it is still a regular file."""
    return {
        str(path.relative_to(root)): f"{path.is_symlink()} {path.read_text()}"
        for path in root.rglob("*")
        if path.is_file() and ".bonkei" not in path.parts
    }


@pytest.mark.parametrize("between", [False, True], ids=["at once", "there and back"])
@pytest.mark.parametrize("place", ["stacks/app", "elsewhere", "infra/modules/a", "."])
def test_moved_definitions_are_followed(root: Path, place: str, between: bool) -> None:
    refresh(root, "infra")
    if place == "elsewhere":
        (root / "infra").rename(root / place)
    if place == ".":
        shutil.copy(root / "infra" / "main.tf", root)
    before = sources(root)
    mirror = refresh(root, place)
    if between and place != "elsewhere":
        refresh(root, "infra")
        mirror = refresh(root, place)
    assert (mirror.path / "main.tf").read_text() == (root / place / "main.tf").read_text()
    assert sources(root) == before


def test_a_folder_that_became_a_file_or_a_link_is_followed(root: Path) -> None:
    mirror = refresh(root, "infra")
    (mirror.path / "modules" / "a" / "function.zip").write_text("made by a data source")
    shutil.rmtree(root / "infra" / "modules")
    (root / "infra" / "modules").symlink_to(root / "stacks" / "app" / "modules")
    assert (refresh(root, "infra").path / "modules" / "b" / "main.tf").exists()
    (root / "infra" / "modules").unlink()
    (root / "infra" / "modules").write_text("a file")
    assert (refresh(root, "infra").path / "modules").read_text() == "a file"


def test_a_generated_file_makes_way_for_a_new_folder(root: Path) -> None:
    mirror = refresh(root, "infra")
    (mirror.path / "build").write_text("made by a data source")
    (root / "infra" / "build").mkdir()
    (root / "infra" / "build" / "x.json").touch()
    assert (refresh(root, "infra").path / "build" / "x.json").exists()


def test_a_folder_without_definitions_does_not_mean_an_empty_stack(root: Path) -> None:
    refresh(root, "infra")
    (root / "infra" / "main.tf").unlink()
    with pytest.raises(TerraformError, match=r"no Terraform definitions \(\.tf\)") as caught:
        refresh(root, "infra")
    assert str(root / "infra") in caught.value.message
    assert "stacks/app" in caught.value.remedy
    assert ".bonkei" not in caught.value.remedy


@pytest.mark.parametrize("name", ["main.tf.json", "main.tofu"])
def test_other_suffixes_are_definitions_too(root: Path, name: str) -> None:
    (root / "infra" / "main.tf").rename(root / "infra" / name)
    assert (refresh(root, "infra").path / name).exists()


@pytest.mark.parametrize(
    "command", ["validate", "plan", "apply", "fmt", "check", "up", "up --detach"]
)
def test_each_command_refuses_a_folder_without_definitions(root: Path, command: str) -> None:
    (root / "bonkei.toml").write_text('definitions = "stacks"\n')
    outcome = subprocess.run(
        [sys.executable, "-m", "bonkei", *command.split()],
        cwd=root,
        env={**os.environ, "BONKEI_HOME": ".bonkei", "BONKEI_CLOUD_PORT": str(free_port())},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    said = outcome.stdout + outcome.stderr
    assert outcome.returncode == 1, said
    assert "There are no Terraform definitions (.tf)" in said
    assert "stacks/app" in said
