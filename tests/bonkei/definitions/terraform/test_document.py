"""The document of a state file is the one that Terraform shows."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bonkei.base import kept
from bonkei.definitions.terraform.errors import TerraformError
from bonkei.definitions.terraform.session import read_json
from bonkei.definitions.terraform.state.document import document, read_state_file
from tests.bonkei.definitions.terraform.project import Project

MAIN = r"""
resource "random_pet" "many" {
  count = 12
}

resource "random_pet" "each" {
  for_each = toset(["a", "x.module.y", "q\"]", "$${x}", "%%{y}", "back\\slash", "日本"])
}

resource "random_password" "secret" {
  length = 9
}

data "aws_region" "here" {}

resource "random_pet" "later" {
  keepers    = { first = random_pet.many[0].id, second = module.outer["x.module.y"].id }
  depends_on = [random_pet.each]
}

module "outer" {
  source   = "./outer"
  for_each = toset(["x.module.y", "q\"].module.z"])
}

output "secret" {
  value     = random_password.secret.result
  sensitive = true
}

output "shape" {
  value = { numbers = [1, 2.5], nothing = null, text = data.aws_region.here.region }
}
"""
OUTER = """
output "id" {
  value = module.inner[1].id
}

module "inner" {
  source = "./inner"
  count  = 11
}
"""
INNER = """
output "id" {
  value = aws_vpc.this.id
}

resource "random_integer" "number" {
  min = 1
  max = 9
}

resource "aws_vpc" "this" {
  cidr_block = "10.0.0.0/16"
}
"""


def reduced(shown: dict[str, Any]) -> dict[str, Any]:
    """Without what nothing here reads."""
    shown.pop("checks", None)
    modules = [shown["values"]["root_module"]] if "values" in shown else []
    while modules:
        module = modules.pop()
        modules += module.get("child_modules", ())
        for resource in module.get("resources", ()):
            resource.pop("sensitive_values", None)
    return shown


def shown(project: Project) -> dict[str, Any]:
    """What Terraform itself says of the state."""
    with project.workspace()._place.session(project.home) as session:
        return reduced(read_json(session.run("show", "-json")))


@pytest.fixture(scope="module")
def project(new_project: Callable[[], Project]) -> Project:
    made = new_project()
    made.write("infrastructure/main.tf", MAIN)
    made.write("infrastructure/outer/main.tf", OUTER)
    made.write("infrastructure/outer/inner/main.tf", INNER)
    made.workspace().apply()
    return made


def test_modules_and_keys_that_look_like_addresses(project: Project) -> None:
    state = project.workspace().state()
    assert state == shown(project)
    addresses = json.dumps(state)
    assert r"[\"$${x}\"]" in addresses
    assert len(state["values"]["root_module"]["child_modules"]) == 2


def test_what_is_tainted_or_deposed(project: Project, tmp_path: Path) -> None:
    """As an apply leaves it that was interrupted between the new object and the old one."""
    file = project.home / "terraform" / "terraform.tfstate"
    before = file.read_bytes()
    state = kept.parsed(before)
    (pets,) = (each for each in state["resources"] if each["name"] == "many")
    pets["instances"][3]["status"] = "tainted"
    pets["instances"].append({**pets["instances"][4], "deposed": "0a1b2c3d"})
    kept.write_json(file, state)
    try:
        assert project.workspace().state() == shown(project)
    finally:
        file.write_bytes(before)


def test_nothing_is_applied(new_project: Callable[[], Project]) -> None:
    project = new_project()
    assert project.workspace().state() == shown(project)
    project.write("infrastructure/main.tf", 'resource "random_pet" "x" {}')
    project.workspace().apply()
    project.workspace().destroy()
    assert project.workspace().state() == shown(project)


@pytest.mark.parametrize(
    "content", ["", "\0\0", "null", "[", "[]", "{}", '{"version": 3}', '{"version": 4}', "1"]
)
def test_what_is_not_a_state_is_named(tmp_path: Path, content: str) -> None:
    file = tmp_path / "terraform.tfstate"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(TerraformError, match=r"terraform\.tfstate is damaged") as raised:
        read_state_file(file)
    assert raised.value.remedy


def test_an_encrypted_one_is_left_to_terraform(tmp_path: Path) -> None:
    file = tmp_path / "terraform.tfstate"
    file.write_text('{"encrypted_data": "…", "encryption_version": "v0"}', encoding="utf-8")
    assert read_state_file(file) is None


def test_modules_may_be_as_deep_as_they_like() -> None:
    deep = ".".join(["module.m"] * 300)
    resource = {
        "module": deep,
        "mode": "managed",
        "type": "random_pet",
        "name": "x",
        "provider": 'provider["registry.terraform.io/hashicorp/random"]',
        "instances": [{"schema_version": 0, "attributes": {"id": "a"}}],
    }
    state = {"version": 4, "terraform_version": "1.15.5", "outputs": {}, "resources": [resource]}
    module = document(state)["values"]["root_module"]
    for _ in range(300):
        (module,) = module["child_modules"]
    assert module["resources"][0]["address"] == f"{deep}.random_pet.x"
