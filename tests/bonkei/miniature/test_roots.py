"""A stack that is cut into several root modules."""

from __future__ import annotations

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
