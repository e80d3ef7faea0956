"""From the TypeScript of the bindings to schema data."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from scripts.schema import selection, shared, typescript, web_acl

MODULE = """
export interface ThingConfig extends cdktn.TerraformMetaArguments {
  readonly name: string;
  /**
  * rule block
  */
  readonly rule?: ThingRule[] | cdktn.IResolvable;
}
export interface ThingRule {
  readonly port?: number;
}
export function thingRuleToHclTerraform(struct?: ThingRule): any {
  const attrs = {
    port: {
      value: cdktn.numberToHclTerraform(struct!.port),
      isBlock: false,
      type: "simple",
      storageClassType: "number",
    },
  };
}
export class ThingRuleOutputReference extends cdktn.ComplexObject {
  // port - computed: false, optional: true, required: false
  private _port?: number;
  public get port() {
    return this.getNumberAttribute('port');
  }
}
export class ThingRuleList extends cdktn.ComplexList {
}
export class ThingPartOutputReference extends cdktn.ComplexObject {
  // key - computed: true, optional: false, required: false
  public get key() {
    return this.getStringAttribute('key');
  }
}
export class ThingPartList extends cdktn.ComplexList {
}
export class Thing extends cdktn.TerraformResource {
  public static readonly tfResourceType = "aws_thing";
      providerVersion: '6.1.2',
  // name - computed: false, optional: false, required: true
  private _name?: string;
  public get name() {
    return this.getStringAttribute('name');
  }
  // parts - computed: true, optional: false, required: false
  private _parts = new ThingPartList(this, "parts", false);
  // zones - computed: true, optional: false, required: false
  public get zones() {
    return cdktn.Fn.tolist(this.getListAttribute('zones'));
  }
  // secret_wo - computed: false, optional: true, required: false
  private _secretWo?: string;
  /**
  * @deprecated Write-only: the provider never returns this value.
  */
  public get secretWo() {
    return this.getStringAttribute('secret_wo');
  }
  // rule - computed: false, optional: true, required: false
  private _rule = new ThingRuleList(this, "rule", true);
  protected synthesizeHclAttributes(): { [name: string]: any } {
    const attrs = {
      rule: {
        value: cdktn.listMapperHcl(thingRuleToHclTerraform, true)(this._rule.internalValue),
        isBlock: true,
        type: "set",
        storageClassType: "ThingRuleList",
      },
    };
  }
}
"""


def test_reading_a_module() -> None:
    (found,) = typescript.read(MODULE)
    assert (found.kind, found.type_name, found.provider_version) == (
        "resource",
        "aws_thing",
        "6.1.2",
    )
    assert found.block == {
        "attributes": {
            "name": {"type": "string", "required": True},
            "parts": {"type": ["list", ["object", {"key": "string"}]], "computed": True},
            "zones": {"type": ["set", "string"], "computed": True},
            "secret_wo": {"type": "string", "optional": True, "write_only": True},
        },
        "block_types": {
            "rule": {
                "nesting_mode": "set",
                "block": {
                    "attributes": {"port": {"type": "number", "optional": True}},
                    "block_types": {},
                },
            }
        },
    }


def block(**blocks: Any) -> dict[str, Any]:
    nested = {name: {"nesting_mode": "list", "block": inner} for name, inner in blocks.items()}
    return {"attributes": {}, "block_types": nested}


def test_large_blocks_are_stored_once() -> None:
    large = block(
        **{f"inner{n}": block() for n in range(12)},
        deep=block(**{f"x{n}": block() for n in range(12)}),
    )
    types = [block(a=copy.deepcopy(large)), block(b=copy.deepcopy(large), c=block())]
    before = copy.deepcopy(types)
    kept = shared.share(types)

    def expand(content: Any) -> Any:
        content = kept[content["ref"]] if "ref" in content else content
        nested = {
            name: {**inner, "block": expand(inner["block"])}
            for name, inner in content["block_types"].items()
        }
        return {**content, "block_types": nested}

    assert types[0]["block_types"]["a"]["block"] == types[1]["block_types"]["b"]["block"]
    assert "ref" in types[0]["block_types"]["a"]["block"]
    assert [expand(content) for content in types] == before
    assert len(json.dumps([types, kept])) < len(json.dumps(before))


def test_a_web_acls_statement_is_expanded() -> None:
    leaf = block(text_transformation=block())
    leaf["attributes"]["name"] = {"type": "string", "optional": True, "computed": True}
    framework = block(
        byte_match_statement=leaf,
        not_statement=block(),
        rate_based_statement=block(scope_down_statement=block(), custom_keys=block()),
    )
    root = web_acl.statement(framework)["block"]["block_types"]
    assert set(root) >= {"and_statement", "not_statement", "or_statement", "rate_based_statement"}
    match = root["byte_match_statement"]
    assert match["max_items"] == 1
    assert match["block"]["attributes"]["name"] == {"type": "string", "optional": True}
    assert match["block"]["block_types"]["text_transformation"]["nesting_mode"] == "set"
    inner = root["not_statement"]["block"]["block_types"]["statement"]
    assert (inner["min_items"], "rate_based_statement" in inner["block"]["block_types"]) == (
        1,
        False,
    )
    rate = root["rate_based_statement"]["block"]["block_types"]
    assert "custom_key" in rate
    assert "byte_match_statement" in rate["scope_down_statement"]["block"]["block_types"]


@pytest.mark.parametrize(
    ("name", "ships"),
    [
        ("aws_ecs_service", True),
        ("aws_lb", True),
        ("aws_subnets", True),
        ("aws_redshift_cluster", False),
    ],
)
def test_types_that_are_shipped(name: str, ships: bool) -> None:
    assert selection.is_selected(name) is ships
