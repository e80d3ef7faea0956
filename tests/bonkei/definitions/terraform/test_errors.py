"""Errors in the definitions are reported with file and line."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bonkei.config import load
from bonkei.definitions.provider import addresses, catalogue, schema
from bonkei.definitions.terraform.errors import Diagnostic, TerraformError
from bonkei.definitions.terraform.explanations import upgrades
from bonkei.definitions.terraform.state import lock as state_lock
from bonkei.miniature import applied
from tests.bonkei.definitions.terraform.project import Project

GOOD = """
resource "aws_vpc" "this" {
  cidr_block = "10.0.0.0/16"
}
"""


@pytest.fixture(scope="module")
def project(new_project: Callable[[], Project]) -> Project:
    made = new_project()
    made.write("infrastructure/module/main.tf", 'variable "name" { type = string }\n')
    return made


@pytest.fixture
def definitions(project: Project) -> Iterator[Callable[[str], Path]]:
    """Write a file into the project for one test."""
    written: list[Path] = []

    def write(text: str, name: str = "infrastructure/main.tf") -> Path:
        written.append(project.write(name, text))
        return written[-1]

    yield write
    for file in written:
        file.unlink()


def errors(operation: Callable[[], object]) -> list[Diagnostic]:
    with pytest.raises(TerraformError) as raised:
        operation()
    return [d for d in raised.value.diagnostics if d.severity == "error"]


BROKEN = """
resource "aws_vpc" "misspelt_argument" {
  cidr_blok = "10.0.0.0/16"
}
resource "aws_subnett" "misspelt_type" {}
resource "aws_vpc" "wrong_type" {
  enable_dns_support = "maybe"
}
resource "aws_subnet" "missing_argument" {
  cidr_block = "10.0.0.0/24"
}
resource "aws_subnet" "undeclared" {
  vpc_id = aws_vpc.absent.id
}
resource "aws_vpc" "bad_cidr" {
  cidr_block = "10.0.0.0/33"
}
resource "aws_lb_target_group" "bad_choice" {
  port     = 80
  protocol = "HTP"
  vpc_id   = "vpc-1"
}
resource "aws_ecs_task_definition" "bad_document" {
  family                = "x"
  container_definitions = "["
}
resource "aws_outposts_nonsense" "unknown" {}
output "undeclared_variable" {
  value = var.absent
}
"""


@pytest.fixture(scope="module")
def told(project: Project) -> dict[int, Diagnostic]:
    """For each line of BROKEN with an error: the error."""
    file = project.write("infrastructure/main.tf", BROKEN)
    found = errors(project.workspace().validate)
    file.unlink()
    assert {diagnostic.file for diagnostic in found} == {file}
    return {diagnostic.line or 0: diagnostic for diagnostic in found}


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("  cidr_blok =", "cidr_blok"),
        ('resource "aws_subnett"', 'Did you mean "aws_subnet"'),
        ("  enable_dns_support =", "bool"),
        ('resource "aws_subnet" "missing_argument"', "vpc_id"),
        ("  vpc_id = aws_vpc.absent", "absent"),
        ('  cidr_block = "10.0.0.0/33"', "10.0.0.0/33"),
        ('  protocol = "HTP"', "HTP"),
        ("  container_definitions", "container_definitions"),
        ('resource "aws_outposts_nonsense"', "does not support"),
        ("  value = var.absent", "absent"),
    ],
)
def test_validation_errors_have_a_place(
    told: dict[int, Diagnostic], source: str, words: str
) -> None:
    lines = BROKEN.splitlines()
    (line,) = (number for number, text in enumerate(lines, 1) if text.startswith(source))
    assert words in told[line].render()
    assert f"main.tf line {line}" in told[line].render()


def test_no_other_error_is_reported(told: dict[int, Diagnostic]) -> None:
    assert len(told) == 10


@pytest.mark.parametrize(
    "text",
    ['\nresource "aws_vpc" "x" {\n  tags =\n}', '\n\nmodule "m" {\n  source = "./module"\n}'],
)
def test_an_error_that_stops_the_parser_is_reported(
    project: Project, definitions: Callable[[str], Path], text: str
) -> None:
    file = definitions(text)
    for found in errors(project.workspace().validate):
        assert (found.file, found.line) == (file, 3)


def test_a_cycle_is_reported(project: Project, definitions: Callable[[str], Path]) -> None:
    definitions('locals {\n  a = local.b\n  b = local.a\n}\noutput "a" { value = local.a }')
    (found,) = errors(project.workspace().validate)
    assert found.summary.startswith("Cycle")


def test_an_error_that_only_a_plan_finds_is_reported_with_its_place(
    project: Project, definitions: Callable[[str], Path]
) -> None:
    file = definitions(
        'variable "cidr" { type = string }\nresource "aws_vpc" "x" {\n  cidr_block = var.cidr\n}\n'
    )
    variables = project.write("bad.tfvars", 'cidr = "10.0.0.0/99"\n')
    workspace = project.workspace(variables)
    assert workspace.validate() == []
    (found,) = errors(workspace.plan)
    assert (found.file, found.line) == (file, 3)


def test_a_misspelt_region_is_reported(project: Project, definitions: Callable[..., Path]) -> None:
    file = definitions(
        'provider "aws" {\n  alias  = "x"\n  region = "ap-northeast1"\n}\n'
        'data "aws_region" "x" {\n  provider = aws.x\n}\n'
    )
    (found,) = errors(project.workspace().validate)
    assert (found.file, found.line, found.summary) == (file, 3, "Invalid AWS Region")


def test_a_refused_variable_shows_its_value_and_the_rule(
    project: Project, definitions: Callable[[str], Path]
) -> None:
    definitions(
        """
        variable "size" {
          type = number
          validation {
            condition     = var.size > 3
            error_message = "Choose a size above 3."
          }
        }
        """
    )
    variables = project.write("small.tfvars", "size = 2\n")
    (found,) = errors(project.workspace(variables).plan)
    assert "Choose a size above 3." in found.detail
    assert "var.size is 2" in found.values


def test_a_module_is_reported_with_its_own_file(
    project: Project, definitions: Callable[..., Path]
) -> None:
    broken = definitions(
        'resource "aws_vpc" "x" {\n  nonsense = 1\n}', "infrastructure/module/x.tf"
    )
    definitions('module "m" {\n  source = "./module"\n  name = "n"\n}')
    (found,) = errors(project.workspace().validate)
    assert (found.file, found.line) == (broken, 2)


def test_an_error_in_a_module_is_reported_once_for_all_its_uses(
    project: Project, definitions: Callable[..., Path]
) -> None:
    definitions(
        'resource "aws_vpc" "x" {\n  cidr_block = "10.0.0.0/33"\n}', "infrastructure/module/x.tf"
    )
    definitions(
        'module "m" {\n  source = "./module"\n  name = "m"\n}\n'
        'module "n" {\n  source = "./module"\n  name = "n"\n}'
    )
    assert len(errors(project.workspace().validate)) == 1
    assert len(errors(project.workspace().plan)) == 1


def test_a_missing_module_is_reported_at_its_call(
    project: Project, definitions: Callable[[str], Path]
) -> None:
    file = definitions('\nmodule "m" {\n  source = "./modul"\n}')
    (found,) = errors(project.workspace().validate)
    assert (found.file, found.line) == (file, 2)
    assert 'module "m"' in found.detail
    assert '"source"' in found.detail


def test_a_missing_provider_configuration_is_reported_where_it_is_named(
    project: Project, definitions: Callable[[str], Path]
) -> None:
    file = definitions(
        '\nmodule "m" {\n  source = "./module"\n  name = "n"\n'
        "  providers = { aws = aws.nowhere }\n}"
    )
    (found,) = errors(project.workspace().validate)
    assert (found.file, found.line) == (file, 5)
    assert 'provider "aws" with alias = "nowhere"' in found.detail


def test_another_terraform_can_be_set(project: Project, definitions: Callable[[str], Path]) -> None:
    """A module outside the definitions still decides for itself."""
    text = 'terraform {\n  required_version = ">= 99"\n}\n'
    file = project.write("shared/newer/main.tf", text)
    definitions('module "newer" {\n  source = "../shared/newer"\n}')
    (found,) = errors(project.workspace().validate)
    assert (found.file, found.line) == (file, 2)
    assert "BONKEI_TERRAFORM" in found.detail


def test_a_variable_without_a_value_is_reported_with_the_place_to_set_it(
    project: Project, definitions: Callable[[str], Path]
) -> None:
    file = definitions('variable "size" {\n  type = number\n}')
    (found,) = errors(project.workspace().plan)
    assert (found.file, found.line) == (file, 1)
    assert "bonkei.toml" in found.detail
    assert "-var-file" not in found.detail


def test_unreadable_values_are_reported_without_their_consequences(
    project: Project, definitions: Callable[[str], Path]
) -> None:
    definitions('variable "size" {\n  type = number\n}\nvariable "other" {}')
    variables = project.write("broken.tfvars", "size : 3\nother = 1\n")
    (found,) = errors(project.workspace(variables).plan)
    assert (found.file, found.line) == (variables, 1)


def test_the_value_of_a_misspelt_variable_gives_a_warning(
    project: Project, definitions: Callable[[str], Path]
) -> None:
    definitions('variable "size" {\n  default = 3\n}\noutput "size" {\n  value = var.size\n}')
    workspace = project.workspace(project.write("misspelt.tfvars", "siz = 4\n"))
    (warning,) = workspace.plan().warnings
    assert '"siz"' in warning.detail
    told: list[str] = []
    workspace.apply(told.append)
    assert any('"siz"' in line for line in told)


def test_a_rule_of_aws_may_be_a_warning(
    project: Project, definitions: Callable[[str], Path]
) -> None:
    """The setting `aws_rules`. A new level is a new evaluation."""
    file = definitions('resource "aws_sns_topic" "this" {\n  name = "a b!"\n}')
    (found,) = errors(project.workspace().plan)
    assert (found.file, found.line) == (file, 2)
    config = load(project.write("bonkei.toml", 'aws_rules = "warning"\n'), {})
    workspace = applied.workspace(config, project.home)
    (warning,) = workspace.validate()
    assert (warning.severity, warning.file, warning.line) == ("warning", file, 2)
    assert workspace.apply().added == 1
    assert workspace.is_current()
    assert not project.workspace().is_current()


def test_definitions_for_another_version_of_a_provider_give_a_warning(
    project: Project, definitions: Callable[..., Path]
) -> None:
    file = definitions(
        'terraform {\n  required_providers {\n    aws = {\n      source = "hashicorp/aws"\n'
        '      version = "~> 5.0"\n    }\n  }\n}\nresource "aws_eip" "this" {}\n',
        "infrastructure/module/old.tf",
    )
    definitions('module "m" {\n  source = "./module"\n  name = "n"\n}')
    workspace = project.workspace()
    for warnings in (workspace.validate(), workspace.plan().warnings):
        (warning,) = warnings
        assert (warning.file, warning.line) == (file, 5)
        assert "hashicorp/aws ~> 5.0" in warning.detail


def test_a_place_in_a_text_is_in_the_original_file(
    project: Project, definitions: Callable[[str], Path]
) -> None:
    file = definitions('\nvariable "size" {\n  type = number\n}')
    variables = project.write("words.tfvars", 'size = "seven"\n')
    (found,) = errors(project.workspace(variables).plan)
    assert (found.file, found.line) == (variables, 1)
    assert f"{file.relative_to(project.root)} line 2" in found.detail


def test_an_unsupported_data_source_is_refused(
    project: Project, definitions: Callable[[str], Path]
) -> None:
    aws = catalogue.providers()[addresses.AWS]
    type_name = next(
        name
        for name, block in aws.schema.data_sources.items()
        if name not in aws.data_sources and not any(a.required for a in block.attributes.values())
    )
    file = definitions(f'data "{type_name}" "x" {{}}\n')
    (found,) = errors(project.workspace().plan)
    assert f"{type_name} is not simulated" in found.summary
    assert (found.file, found.line) == (file, 1)


def test_a_provider_that_is_not_served_is_refused_without_a_network(
    project: Project, definitions: Callable[..., Path]
) -> None:
    file = definitions('\ndata "cloudinit_config" "this" {\n  part {\n    content = "x"\n  }\n}')
    (found,) = errors(project.workspace().validate)
    assert found.summary == "A provider that is not served"
    assert (found.file, found.line) == (file, 2)
    assert "use the provider hashicorp/cloudinit" in found.detail
    assert "hashicorp/aws, hashicorp/external" in found.detail
    assert "join them with base64gzip()" in found.detail


TYPES = {
    'data "aws_subnet_ids" "a" { vpc_id = "vpc-1" }': 'write data "aws_subnets"',
    'resource "aws_opsworks_stack" "b" {}': "AWS has ended OpsWorks Stacks",
    'resource "aws_db_security_group" "c" {}': "only VPC security groups are left",
}
ARGUMENTS = {
    'resource "aws_ssm_association" "c" { instance_id = "i-1" }': "write targets { key = ",
    'resource "aws_flow_log" "d" { log_group_name = "x" }': "write log_destination",
    'resource "aws_instance" "e" { cpu_core_count = 2 }': "write cpu_options { core_count = … }",
    'resource "aws_api_gateway_deployment" "f" { stage_name = "x" }': "aws_api_gateway_stage",
    'resource "aws_secretsmanager_secret" "h" {\n  rotation_rules {}\n}': "secret_rotation",
}
ATTRIBUTES = {
    'output "a" { value = aws_api_gateway_deployment.this.invoke_url }': "gateway_stage has",
    'resource "aws_vpc" "this" {\n  cidr_block = "10.0.0.0/16"\n}\n'
    'resource "aws_api_gateway_deployment" "this" {\n  rest_api_id = "a"\n}\n'
    'resource "aws_eip" "c" {\n  domain = aws_api_gateway_deployment.this.execution_arn\n}': (
        "aws_api_gateway_stage has"
    ),
}


def test_an_argument_of_an_earlier_provider_that_changes_nothing_is_a_warning(
    project: Project, definitions: Callable[[str], Path]
) -> None:
    definitions(
        'provider "aws" {\n  alias = "a"\n  region = "eu-west-1"\n'
        '  shared_credentials_file = "a"\n}\n'
        'resource "aws_eip" "this" {\n  provider = aws.a\n  vpc = true\n}\n'
        'resource "aws_vpc" "a" {\n  cidr_block = "10.0.0.0/16"\n  enable_classiclink = false\n}\n'
    )
    found = project.workspace().validate()
    assert sorted((each.severity, each.line) for each in found) == [
        ("warning", line) for line in (4, 8, 12)
    ]
    assert "remove it" in found[0].detail


@pytest.mark.parametrize("removed", [TYPES, ARGUMENTS, ATTRIBUTES])
def test_an_argument_that_the_provider_has_removed_is_reported_with_its_successor(
    project: Project, definitions: Callable[[str], Path], removed: dict[str, str]
) -> None:
    file = definitions("\n".join(removed))
    said = "The AWS provider has removed this: "
    shown = [one for one in errors(project.workspace().validate) if said in one.detail]
    found = {one.line: one.detail.partition(said)[2] for one in shown}
    assert {one.file for one in shown} == {file}
    for (code, remedy), told in zip(removed.items(), sorted(found.items()), strict=True):
        assert remedy in told[1], code


def test_every_argument_reported_as_removed_is_removed() -> None:
    carried = schema.load(catalogue.SCHEMA)
    for type_name, removed in upgrades.ARGUMENTS.items():
        block = carried.resources[type_name]
        # These two are arguments of another kind now.
        for name in removed.keys() - {"cluster_mode", "redacted_fields"}:
            found = block.attributes.get(name)
            assert found is None or not (found.optional or found.required)
            assert name not in block.blocks
    known = carried.resources.keys() | carried.data_sources.keys()
    assert not upgrades.TYPES.keys() & known


def test_an_unknown_argument_is_reported_with_the_requested_version(
    project: Project, definitions: Callable[..., Path]
) -> None:
    definitions(
        'terraform {\n  required_providers {\n    aws = {\n      source = "hashicorp/aws"\n'
        '      version = "~> 3.0"\n    }\n  }\n}\n'
        'resource "aws_vpc" "v" {\n  cidr_block = "10.0.0.0/16"\n  classic_link = true\n}',
        "infrastructure/module/old.tf",
    )
    call = 'module "m" {\n  source = "./module"\n  name = "n"\n}'
    definitions(call)
    (found,) = errors(project.workspace().validate)
    assert "(old.tf line 5): The definitions require hashicorp/aws ~> 3.0" in found.detail
    project.write("infrastructure/main.tf", call.replace("name =", 'colour = "red"\n  name ='))
    (of_module,) = errors(project.workspace().validate)
    assert "Mind the version" not in of_module.detail  # the module has its own version


def test_the_workspace_recovers_from_errors(
    project: Project, definitions: Callable[[str], Path]
) -> None:
    definitions(GOOD)
    assert project.workspace().validate() == []


def test_missing_definitions_are_reported(project: Project, tmp_path: Path) -> None:
    elsewhere = Project(tmp_path)
    with pytest.raises(TerraformError, match="no Terraform definitions") as raised:
        elsewhere.workspace().validate()
    assert "bonkei.toml" in raised.value.remedy


def test_a_wrong_executable_is_reported(project: Project) -> None:
    with pytest.raises(TerraformError, match="BONKEI_TERRAFORM names '/no/such/terraform'"):
        project.workspace(terraform="/no/such/terraform").validate()


def test_two_runs_at_once_are_refused(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_lock, "PATIENCE", 0.01)
    lock = project.home / "terraform" / "lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a+") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        with pytest.raises(TerraformError, match="already working"):
            project.workspace().plan()
