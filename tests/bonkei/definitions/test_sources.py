from __future__ import annotations

from pathlib import Path

import pytest

from bonkei.definitions.sources import Sources

MAIN = """\
locals {
  a = 1
}

# The network.
# bonkei:allow app-has-no-way-out: builds run here too
module "network" {
  source   = "./modules/network"
  for_each = toset(["a.b", "c]d"])
}

module "elsewhere" {
  source  = "terraform-aws-modules/vpc/aws"
  version = "6.0.0"
}

resource "aws_sns_topic" "this" {
  name = "alarms"
}
"""

NETWORK = """\
variable "name" { type = string }

resource "aws_route" "out" {
  // bonkei:allow other-rule: a reason of its own
  route_table_id         = aws_route_table.this.id
  destination_cidr_block = "0.0.0.0/0"
}

data "aws_region" "current" {}

resource "aws_security_group" "this" {
  dynamic "ingress" {
    for_each = []
    content {
      from_port = 1
    }
  }
}

module "key" { source = "../key" }
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in {
        "main.tf": MAIN,
        "modules/network/main.tf": NETWORK,
        "modules/key/versions.tf": "terraform {\n}\n",
        "modules/key/main.tf": '\nresource "aws_kms_key" "this" {}\n',
    }.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("address", "attribute", "file", "line"),
    [
        ("aws_sns_topic.this", "", "main.tf", 17),
        ("aws_sns_topic.this", "name", "main.tf", 18),
        ("aws_sns_topic.this", "not_written", "main.tf", 17),
        ('module.network["a.b"].aws_route.out[0]', "", "modules/network/main.tf", 3),
        (
            'module.network["c]d"].aws_route.out',
            "destination_cidr_block",
            "modules/network/main.tf",
            6,
        ),
        ("module.network.aws_security_group.this", "ingress", "modules/network/main.tf", 12),
        ("module.network.data.aws_region.current", "", "modules/network/main.tf", 9),
        ("module.network.module.key.aws_kms_key.this", "", "modules/key/main.tf", 2),
        ("module.elsewhere.aws_vpc.this[0]", "", "main.tf", 12),
    ],
)
def test_a_resource_is_found_where_it_is_written(root, address, attribute, file, line) -> None:
    place = Sources(root).place(address, attribute)
    assert place is not None
    assert (place.file, place.line) == (root / file, line)


@pytest.mark.parametrize("address", ["aws_sns_topic.other", "module.gone.aws_vpc.this"])
def test_a_resource_without_source_has_no_place(root, address) -> None:
    assert Sources(root).place(address) is None


def test_a_reason_in_the_block_or_above_the_modules_call_allows(root) -> None:
    place = Sources(root).place('module.network["a.b"].aws_route.out')
    assert place is not None
    assert place.reason("other-rule") == "a reason of its own"
    assert place.reason("app-has-no-way-out") == "builds run here too"
    assert place.reason("another") == ""


def test_a_reason_above_one_block_does_not_count_for_another(root) -> None:
    place = Sources(root).place("aws_sns_topic.this")
    assert place is not None
    assert place.allowed == ()


def test_an_allowance_without_a_reason_allows_nothing(tmp_path) -> None:
    text = '# bonkei:allow some-rule:\nresource "a" "b" {\n}\n'
    (tmp_path / "main.tf").write_text(text, encoding="utf-8")
    place = Sources(tmp_path).place("a.b")
    assert place is not None
    assert place.reason("some-rule") == ""


@pytest.mark.parametrize(
    ("written", "ignored"),
    [
        ("ignore_changes = [task_definition, desired_count]", {"task_definition", "desired_count"}),
        (
            "ignore_changes = [\n    desired_count, # auto scaling's, not task_definition\n  ]",
            {"desired_count"},
        ),
        ("# ignore_changes = [desired_count]", set()),
        ("ignore_changes = all", {"all"}),
        ("prevent_destroy = true", set()),
    ],
)
def test_what_ignore_changes_names(tmp_path: Path, written: str, ignored: set[str]) -> None:
    block = f'resource "aws_ecs_service" "web" {{\n  lifecycle {{\n  {written}\n  }}\n}}\n'
    (tmp_path / "main.tf").write_text(block, encoding="utf-8")
    assert Sources(tmp_path).ignored("aws_ecs_service.web[0]") == ignored


def test_a_resource_in_a_module_from_elsewhere_ignores_nothing(root: Path) -> None:
    assert Sources(root).ignored("module.elsewhere.aws_vpc.this") == frozenset()
