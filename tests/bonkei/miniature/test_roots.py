"""A stack that is cut into several root modules."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from bonkei import blueprint, config
from bonkei.definitions.sources import Sources
from bonkei.definitions.terraform.errors import TerraformError
from bonkei.definitions.terraform.inputs.earlier import Earlier, remote_states
from bonkei.definitions.terraform.inputs.selection import Selection
from bonkei.definitions.terraform.roots import Roots
from bonkei.miniature.applied import workspace

NETWORK = """
provider "aws" { region = "us-east-1" }
terraform {
  backend "s3" {
    bucket = "states"
    key    = "network.tfstate"
  }
}
variable "cidr" {}
resource "aws_vpc" "this" {
  cidr_block = var.cidr
  tags       = { Name = "main" }
}
output "vpc_id" { value = aws_vpc.this.id }
"""
APP = """
provider "aws" { region = "us-east-1" }
terraform {
  backend "s3" {
    bucket = "states"
    key    = "app.tfstate"
  }
}
data "terraform_remote_state" "below" {
  backend = "s3"
  config  = { bucket = "states", key = "network.tfstate", region = "us-east-1" }
}
data "aws_vpc" "named" {
  tags = { Name = "main" }
}
resource "aws_security_group" "this" {
  name   = "app"
  vpc_id = data.terraform_remote_state.below.outputs.vpc_id
}
resource "aws_s3_object" "page" {
  bucket = "pages"
  key    = "index.html"
  source = "${path.module}/index.html"
}
output "vpcs" { value = [data.aws_vpc.named.id, aws_security_group.this.vpc_id] }
"""


def written(root: Path) -> Roots:
    for name, text in {
        "bonkei.toml": 'definitions = ["network", "services/app"]\nvariables = ["all.tfvars"]\n',
        "all.tfvars": 'cidr = "10.0.0.0/16"\n',
        "network/main.tf": NETWORK,
        "services/app/main.tf": APP,
        "services/app/index.html": "hello",
    }.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    made = workspace(config.load(root / "bonkei.toml", {}), root / ".bonkei")
    assert isinstance(made, Roots)
    return made


@pytest.mark.usefixtures("forked_providers")
def test_root_modules_are_applied_in_their_order(tmp_path: Path) -> None:
    """Each reads the outputs and finds the resources of an earlier one, also in the first plan."""
    stack = written(tmp_path)
    planned = [change.address for change in stack.plan().changes]
    assert planned == [
        "network/aws_vpc.this",
        "services/app/aws_s3_object.page",
        "services/app/aws_security_group.this",
    ]
    assert not stack.state().get("values")  # a plan changes nothing
    told: list[str] = []
    assert stack.apply(told.append).added == 3
    assert [line for line in told if line.endswith(":")] == ["network:", "services/app:"]
    outputs = {name: one["value"] for name, one in stack.outputs().items()}
    vpc = outputs["network/vpc_id"]
    assert outputs == {"network/vpc_id": vpc, "services/app/vpcs": [vpc, vpc]}
    assert stack.is_current()
    assert stack.plan().is_empty

    read = blueprint.read(stack.state())
    [group] = read.security_groups
    assert group.address == "services/app/aws_security_group.this"
    place = Sources(stack.directory).place(group.address)
    assert place is not None
    assert place.file == tmp_path / "services/app/main.tf"
    [page] = stack.state()["values"]["root_module"]["child_modules"][1]["resources"][2:3]
    assert Path(page["values"]["source"]).read_text() == "hello"

    (tmp_path / "network/main.tf").write_text(NETWORK.replace("main", "other"))
    with pytest.raises(TerraformError, match=r"^services/app: "):
        stack.plan()
    target = Selection(targets=("network/aws_vpc.this",), variables=("cidr=10.1.0.0/16",))
    assert [one.address for one in stack.plan(target).changes] == ["network/aws_vpc.this"]
    with pytest.raises(TerraformError, match=r"names none of the root modules"):
        stack.plan(Selection(targets=("aws_vpc.this",)))


STACKS = Path(__file__).parents[2] / "stacks"


@pytest.fixture
def units(tmp_path: Path) -> Path:
    return Path(shutil.copytree(STACKS / "terragrunt", tmp_path / "stack"))


@pytest.mark.usefixtures("forked_providers")
def test_units_of_terragrunt_are_root_modules(units: Path) -> None:
    """With their inputs, those of the file that they include, and outputs of the units that they
    depend on. A module's change is seen, and a unit that is removed is gone."""
    file = units / "live/network/terragrunt.hcl"

    def made() -> Roots:
        found = workspace(config.load(units / "bonkei.toml", {}), units / ".bonkei")
        assert isinstance(found, Roots)
        return found

    stack = made()
    assert len(stack.plan().changes) == 2
    stack.apply()
    modules = stack.state()["values"]["root_module"]["child_modules"]
    [vpc], [group] = (each["child_modules"][0]["resources"] for each in modules)
    assert vpc["address"] == "network/module.unit.aws_vpc.this"
    assert vpc["values"]["cidr_block"] == "10.1.0.0/16"
    assert vpc["values"]["tags"] == {"Name": "shop-network"}
    assert group["values"]["vpc_id"] == vpc["values"]["id"]
    assert (group["values"]["name"], group["values"]["tags"]) == ("shop-app", {"Team": "shop"})
    assert group["values"]["description"] == "In eu-west-1"
    assert made().is_current()
    module = units / "modules/app/main.tf"
    module.write_text(module.read_text().replace("In $", "Of $"))
    [change] = made().plan().changes
    assert change.address == "app/module.unit.aws_security_group.this"
    file.write_text(file.read_text().replace("  cidr_block = ", "  # "))
    assert len(made().plan().changes) == 2  # the variable's default


@pytest.mark.usefixtures("forked_providers")
def test_a_unit_may_name_a_module_of_a_git_repository(
    units: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the named commit, with its neighbours, fetched once. Git's own error is told, and no hook
    of the user's runs."""
    team, file = tmp_path / "team.git", units / "live/app/terragrunt.hcl"
    shutil.move(units / "modules", team / "modules")
    (team / "modules/common").mkdir()
    (team / "modules/common/main.tf").write_text('output "team" {\n  value = "theirs"\n}\n')
    main = team / "modules/app/main.tf"
    text = main.read_text().replace("= var.tags", "= { Team = module.common.team }")
    main.write_text(f'{text}\nmodule "common" {{\n  source = "../common"\n}}\n')
    git(team, "init", "--quiet")
    git(team, "add", ".")
    git(team, "commit", "--quiet", "--message", "first")
    git(team, "tag", "v1")
    main.write_text("broken")
    git(team, "commit", "--quiet", "--all", "--message", "second")
    for each in ("app", "network"):
        unit = units / f"live/{each}/terragrunt.hcl"
        source = f'"git::{team.as_uri()}//modules/{each}?ref=${{local.v}}"'
        text = re.sub("source = .*", f"source = {source}", unit.read_text())
        unit.write_text(f'{text}\nlocals {{\n  v = "v1"\n}}\n')

    def made() -> Roots:
        found = workspace(config.load(units / "bonkei.toml", {}), units / ".bonkei")
        assert isinstance(found, Roots)
        return found

    hooks = tmp_path / "hooks"
    hooks.mkdir()
    (hooks / "post-checkout").write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    (hooks / "post-checkout").chmod(0o755)
    (tmp_path / "gitconfig").write_text(f"[core]\n  hooksPath = {hooks}\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    stack = made()
    assert not (tmp_path / "ran").exists()
    stack.apply()
    _, app = stack.state()["values"]["root_module"]["child_modules"]
    [group] = app["child_modules"][0]["resources"]
    assert group["values"]["tags"] == {"Team": "theirs"}
    shutil.move(team, tmp_path / "gone")
    assert made().is_current()
    fetched = units / ".bonkei/terragrunt/.modules"
    for module in fetched.glob("*/.terraform/modules/unit"):
        shutil.rmtree(module)
    with pytest.raises(TerraformError, match=r"(?s)hcl:\d+: the source git::.*fatal: ") as caught:
        made()
    assert "git ls-remote" in caught.value.remedy
    shutil.move(tmp_path / "gone", team)
    assert made().is_current()
    file.write_text(file.read_text().replace('"v1"', '"v2"'))
    with pytest.raises(TerraformError, match="v2"):
        made()


def git(folder: Path, *words: str) -> None:
    names = ("-c", "user.name=A", "-c", "user.email=a@example.com")
    subprocess.run(["git", *names, *words], cwd=folder, check=True)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"unused     = true": "unused = run_cmd(1)"}, r"hcl:9: run_cmd\(\) of Terragrunt"),
        ({"true": 'get_env("NOT_SET")'}, "hcl:9: get_env of NOT_SET, which is not set"),
        ({"true": "dependency.other.outputs.id"}, "hcl:9: dependency.other.outputs"),
        ({"true": "include.root.locals.region", '"root"': '"r"'}, "no such include"),
        ({"inputs = {": "feature {"}, "hcl:9: `feature` of Terragrunt"),
        ({"root.hcl": "none.hcl"}, "hcl:1: none.hcl, which no folder above"),
        ({"  source =": '  extra_arguments "a" {}\n  source ='}, "`extra_arguments` in"),
        ({"${get_terragrunt_dir()}/../../modules//network": "git::x"}, "hcl:6: the source git::x"),
        (
            {"${get_terragrunt_dir()}/../../modules//network": "../none"},
            "none, which is not a fold",
        ),
        ({"inputs = {": 'dependency "app" { config_path = "../app" }\ninputs = {'}, "each other"),
        ({"  path = find": "  expose = find"}, "hcl:1: `include` without `path`"),
        ({"inputs = {": "skip = get_env() == 1\ninputs = {"}, "hcl:9: skip = .* neither true nor"),
    ],
)
def test_what_is_not_understood_of_terragrunt_is_refused_with_its_place(
    units: Path, changed: dict[str, str], told: str
) -> None:
    file = units / "live/network/terragrunt.hcl"
    for old, new in changed.items():
        assert old in file.read_text()
        file.write_text(file.read_text().replace(old, new))
    with pytest.raises(TerraformError, match=told):
        workspace(config.load(units / "bonkei.toml", {}), units / ".bonkei")


@pytest.mark.parametrize(
    ("said", "is_run"),
    [
        ("skip = true", False),
        ("skip = local.off\nlocals {\n  off = true\n}", False),
        ('exclude {\n  if      = true\n  actions = ["all"]\n}', False),
        ('exclude {\n  if      = true\n  actions = ["destroy"]\n}', True),
        ("skip = false", True),
    ],
)
def test_a_unit_that_is_skipped_is_not_run(units: Path, said: str, is_run: bool) -> None:
    """What depends on it gets its mocked outputs."""
    file = units / "live/network/terragrunt.hcl"
    file.write_text(f"{file.read_text()}\n{said}\n")
    root = units / "live/root.hcl"
    root.write_text(f"{root.read_text()}\nskip = true\n")  # it counts for that file alone
    found = workspace(config.load(units / "bonkei.toml", {}), units / ".bonkei")
    assert isinstance(found, Roots)
    changes = {change.address.partition("/")[0] for change in found.plan().changes}
    assert changes == ({"app", "network"} if is_run else {"app"})


@pytest.mark.parametrize(
    ("backend", "block"),
    [
        ('backend "s3" { key = "a/1" }', 'config = { key = "a/1" }'),
        ('backend "s3" { key = "prod/1" }', 'config = { key = "${var.stage}/1" }'),
        ('backend "local" { path = "/states/1" }', 'config = { path = "/states/1" }'),
        ("", 'config = { path = "${path.module}/../one/terraform.tfstate" }'),
        ('cloud { workspaces { name = "w" } }', 'config = { workspaces = { name = "w" } }'),
        ("", 'config = { key = "stage/one/terraform.tfstate" }'),
        ("", "config = var.elsewhere"),  # only this one has the output
    ],
)
def test_a_remote_state_is_found_by_what_both_name(
    tmp_path: Path, backend: str, block: str
) -> None:
    earlier = []
    for name in ("zero", "one"):
        (tmp_path / name).mkdir()
        inside = backend if name == "one" else ""
        text = f'terraform {{\n{inside}\n}}\noutput "{name}" {{ value = 1 }}\n'
        (tmp_path / name / "main.tf").write_text(text)
        earlier.append(Earlier(name, tmp_path / name, tmp_path / "state"))
    (tmp_path / "app").mkdir()
    (tmp_path / "app/main.tf").write_text(
        f'data "terraform_remote_state" "x" {{\n  {block}\n}}\n'
        "locals {\n  a = data.terraform_remote_state.x.outputs.one\n}\n"
    )
    [found] = remote_states(tmp_path / "app").values()
    assert found["x"].among(earlier, tmp_path / "app") == earlier[1]
    other = remote_states(tmp_path / "app")[tmp_path / "app"]["x"]
    assert other.among(earlier[:1], tmp_path / "app") is None


@pytest.mark.parametrize(
    ("key", "expression"),
    [("a/1", "local.key"), ("a/1/2", '"${local.key}/2"'), ("x/a/1", "local.whole")],
)
def test_a_remote_states_key_may_be_made_of_local_values(
    tmp_path: Path, key: str, expression: str
) -> None:
    """Nothing else tells both roots apart."""
    earlier = []
    for name, own in (("zero", "z"), ("one", key)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "main.tf").write_text(
            f'terraform {{\n  backend "s3" {{ key = "{own}" }}\n}}'
        )
        earlier.append(Earlier(name, tmp_path / name, tmp_path / "state"))
    (tmp_path / "main.tf").write_text(
        f'data "terraform_remote_state" "x" {{\n  config = {{ key = {expression} }}\n}}\n'
        'locals {\n  key   = "a/1"\n  whole = "x/${local.key}"\n  self = "${local.self}/"\n}\n'
        'terraform {\n  backend "s3" {\n    key = "app"\n  }\n}\n'
    )
    found = remote_states(tmp_path)[tmp_path]["x"]
    assert found.among(earlier, tmp_path) == earlier[1]
