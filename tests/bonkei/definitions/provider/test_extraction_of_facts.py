"""From the Go source of the provider to facts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from scripts.schema import apis
from scripts.schema.facts import Provider
from scripts.schema.golang.names import attribute_name
from scripts.schema.golang.source import Source

HEAD = """package thing
import (
	"github.com/hashicorp/terraform-provider-aws/names"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	inttypes "github.com/hashicorp/terraform-provider-aws/internal/types"
	awstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
)
"""
DECLARATIONS = re.findall(
    r"^// (\S+)\n(.*?)(?=\n// |\Z)",
    Path(__file__).with_name("declarations.go").read_text("utf-8"),
    re.MULTILINE | re.DOTALL,
)


@pytest.fixture
def extracted(tmp_path: Path) -> dict[str, Any]:
    for name, text in DECLARATIONS:
        file = tmp_path / (name if "/" in name else f"internal/service/thing/{name}")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.with_name(f"{file.name}.goindex").write_text(f"{HEAD}{text}", encoding="utf-8")
    provider = Provider(Source(tmp_path))
    return {
        name: (provider.facts(one, package), provider.identity(one))
        for name, one, package in provider.resources()
    }


def test_a_resource_of_the_old_sdk(extracted: dict[str, Any]) -> None:
    known, identity = extracted["aws_thing"]
    assert known == {
        "kms_key_id": {"new": True},
        "mode": {
            "default": {"member": "ecs.LaunchTypeFargate"},
            "enum": "ecs.LaunchType",
            "conflicts": ["block.size"],
        },
        "block": {"max": 3},
        "block.size": {
            "sensitive": True,
            "deprecated": "use length",
            "range": [1, 16],
            "patterns": [["^a+$", "only a"]],
        },
        "names": {"each_enum": ["a", "b"], "each_ignore_case": True},
    }
    assert identity == [["account_id", False], ["name", True]]


def test_a_resource_of_the_framework(extracted: dict[str, Any]) -> None:
    known, identity = extracted["aws_other"]
    assert known == {
        "kind": {"enum": "ecs.LaunchType", "new": True},
        "on": {"default": True},
        "left": {"length": [1, 9], "conflicts": ["kind"]},
        "rule": {"max": 2},
        "rule.port": {"range": [0, 9]},
    }
    assert identity is None


def test_members_and_enumerations_are_those_of_the_apis() -> None:
    assert apis.member("ecs.LaunchTypeFargate") == "FARGATE"
    assert "FARGATE" in (apis.enumeration("ecs.LaunchType") or ())
    assert apis.enumeration("elasticloadbalancingv2.ProtocolEnum") is not None
    assert apis.enumeration("ecs.NoSuchThing") is None
    assert apis.member("ecs.LaunchTypeNone") is None


@pytest.mark.parametrize(
    ("constant", "name"),
    [
        ("ARN", "arn"),
        ("KMSKeyID", "kms_key_id"),
        ("SubnetIDs", "subnet_ids"),
        ("IAMRoleARN", "iam_role_arn"),
        ("PreferredMaintenanceWindow", "preferred_maintenance_window"),
        ("Identifier", "identifier"),
        ("IPAddressType", "ip_address_type"),
        ("AWSAccountID", "aws_account_id"),
    ],
)
def test_the_names_of_constants(constant: str, name: str) -> None:
    assert attribute_name(constant) == name
