"""From the provider's Go to facts."""

from __future__ import annotations

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
DECLARATIONS = {
    "internal/types/func.SingleIdentity": """
func SingleIdentity(attribute IdentityAttribute, opts ...IdentityOptsFunc) Identity {
	identity := Identity{
		Attributes: []IdentityAttribute{StringIdentityAttribute("account_id", false), attribute},
	}
	for _, opt := range opts {
		opt(&identity)
	}
	return identity
}
""",
    "internal/types/func.StringIdentityAttribute": """
func StringIdentityAttribute(name string, required bool) IdentityAttribute {
	return IdentityAttribute{name: name, required: required}
}
""",
    "method.servicePackage.SDKResources": """
func (p *servicePackage) SDKResources(ctx context.Context) []*inttypes.ServicePackageSDKResource {
	return []*inttypes.ServicePackageSDKResource{
		{
			Factory:  resourceThing,
			TypeName: "aws_thing",
			Identity: inttypes.SingleIdentity(
				inttypes.StringIdentityAttribute(names.AttrName, true),
			),
		},
	}
}
""",
    "func.resourceThing": """
func resourceThing() *schema.Resource {
	return &schema.Resource{
		SchemaFunc: func() map[string]*schema.Schema {
			return map[string]*schema.Schema{
				names.AttrKMSKeyID: {Type: schema.TypeString, Optional: true, ForceNew: true},
				attrMode: {
					Type: schema.TypeString, Optional: true, Default: awstypes.LaunchTypeFargate,
					ValidateDiagFunc: enum.Validate[awstypes.LaunchType](),
					ConflictsWith: []string{"block.0.size"},
				},
				"block": blockSchema(3),
				"names": {
					Type: schema.TypeSet, Elem: &schema.Schema{
						Type: schema.TypeString,
						ValidateFunc: validation.StringInSlice([]string{"a", "b"}, true),
					},
				},
				"mine": {Type: schema.TypeString, ValidateFunc: validMine},
			}
		},
	}
}
""",
    "func.blockSchema": """
func blockSchema(most int) *schema.Schema {
	return &schema.Schema{
		Type: schema.TypeList, MaxItems: 1 * most, Elem: &schema.Resource{
			Schema: map[string]*schema.Schema{
				"size": {
					Type: schema.TypeInt, Sensitive: true, Deprecated: "use " + "length",
					ValidateFunc: validation.All(
						validation.IntBetween(1, 1<<4),
						validation.StringMatch(regexache.MustCompile(`^a+$`), "only a"),
					),
				},
			},
		},
	}
}
""",
    "func.validMine": "func validMine(v any, k string) (ws []string) {\n\treturn\n}\n",
    "var.attrMode": '\n\tattrMode = "mode"\n',
    "method.servicePackage.FrameworkResources": """
func (p *servicePackage) FrameworkResources(ctx context.Context) []*inttypes.ServicePackage {
	return []*inttypes.ServicePackage{{Factory: newOtherResource, TypeName: "aws_other"}}
}
""",
    "func.newOtherResource": """
func newOtherResource(_ context.Context) (resource.ResourceWithConfigure, error) {
	r := &otherResource{}
	return r, nil
}
""",
    "type.otherResource": "type otherResource struct {\n\tbaseResource\n}\n",
    "method.baseResource.Schema": """
func (r *baseResource) Schema(ctx context.Context, req R, response *resource.SchemaResponse) {
	s := schema.Schema{
		Attributes: map[string]schema.Attribute{
			names.AttrARN: framework.ARNAttributeComputedOnly(),
			"kind": schema.StringAttribute{
				CustomType: fwtypes.StringEnumType[awstypes.LaunchType](),
				PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()},
			},
			"on": schema.BoolAttribute{Optional: true, Default: booldefault.StaticBool(true)},
			"left": schema.StringAttribute{
				Validators: []validator.String{
					stringvalidator.LengthBetween(1, 9),
					stringvalidator.ConflictsWith(path.MatchRoot("kind")),
				},
			},
		},
	}
	s.Blocks = map[string]schema.Block{
		"rule": schema.ListNestedBlock{
			Validators: []validator.List{listvalidator.SizeAtMost(2)},
			NestedObject: schema.NestedBlockObject{
				Attributes: map[string]schema.Attribute{
					"port": schema.Int64Attribute{
						Validators: []validator.Int64{int64validator.Between(0, 9)},
					},
				},
			},
		},
	}
	response.Schema = s
}
""",
}


@pytest.fixture
def extracted(tmp_path: Path) -> dict[str, Any]:
    for name, text in DECLARATIONS.items():
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
