"""Write the AWS provider's schema, as data, from its published bindings.

    pip download --no-deps cdktn-provider-aws==25.8.1
    python -m scripts.extract_schema cdktn_provider_aws-25.8.1-py3-none-any.whl

The result, `bonkei/definitions/provider/data/aws-schema.json.gz`, has the shape of `terraform
providers schema -json` but for blocks that occur often, which are kept once ("shared") and referred
to. It is the same, byte for byte, for the same wheel. What could not be taken over is listed in it
("left_out"). The types that the miniature only knows are in `aws-schema-others.json.gz`, and their
names ("in_others") in the first file.
"""

from __future__ import annotations

import argparse
import copy
import gzip
import json
from pathlib import Path
from typing import Any

from scripts.schema import bindings, corrections, selection, shared, typescript

Json = Any

KINDS = ("resources", "data_sources", "ephemeral_resources")
OTHERS = "aws-schema-others.json.gz"
OUTPUT = Path(__file__).parent.parent / "bonkei/definitions/provider/data/aws-schema.json.gz"


def main() -> None:
    """Read the wheel named on the command line, write the data files, say how much there is."""
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    arguments.add_argument("wheel", type=Path)
    arguments.add_argument("--output", type=Path, default=OUTPUT)
    options = arguments.parse_args()
    options.output.parent.mkdir(parents=True, exist_ok=True)
    others = options.output.with_name(OTHERS)
    for file, document in zip((options.output, others), extract(options.wheel), strict=True):
        text = json.dumps(document, sort_keys=True, separators=(",", ":"))
        file.write_bytes(gzip.compress(text.encode(), mtime=0))
        print(  # the command's answer
            f"{file.name}: AWS provider {document['version']},"
            f" {len(document['resources'])} resources,"
            f" {len(document['data_sources'])} data sources,"
            f" {len(text) // 1000} kB ({file.stat().st_size // 1000} kB compressed)"
        )


def extract(wheel: Path) -> tuple[Json, Json]:
    """The data files' documents."""
    types: Json = {"resource": {}, "data_source": {}, "ephemeral_resource": {}, "provider": {}}
    version = ""
    for _, source in bindings.modules(wheel):
        for found in typescript.read(source):
            types[found.kind][found.type_name] = found.block
            version = found.provider_version
    about = {
        "provider": "registry.terraform.io/hashicorp/aws",
        "version": version,
        "source": f"{bindings.describe(wheel)} (generated from the provider's schema, MPL-2.0)",
    }
    first = _document(types, selected=True)
    others = _document(types, selected=False)
    named = {kind: sorted(others[kind]) for kind in others if kind in KINDS}
    return {**about, **first, "others": OTHERS, "in_others": named}, {**about, **others}


def _document(types: Json, *, selected: bool) -> Json:
    """Of the types that are selected, or of all others."""
    chosen = {
        kind: {
            name: copy.deepcopy(block)
            for name, block in sorted(blocks.items())
            if selection.is_selected(name) is selected
        }
        for kind, blocks in types.items()
        if kind != "provider"
    }
    for kind, blocks in chosen.items():
        for name, block in blocks.items():
            corrections.correct_type(kind, name, block, types)
    chosen = json.loads(json.dumps(chosen))  # so that no block is the same object as another
    configuration = copy.deepcopy(types["provider"]["aws"])
    del configuration["attributes"]["alias"]  # Terraform's own, in every provider block
    everything = [configuration, *(block for kind in chosen.values() for block in kind.values())]
    left_out = [
        path
        for kind in chosen.values()
        for name, block in kind.items()
        for path in _remove_untyped(block, name)
    ]
    return {
        "left_out": left_out,
        "shared": shared.share(everything),
        "configuration": configuration,
        "resources": chosen["resource"],
        "data_sources": chosen["data_source"],
        "ephemeral_resources": chosen["ephemeral_resource"],
    }


def _remove_untyped(block: Json, path: str) -> list[str]:
    """Remove attributes whose type the bindings do not say; their paths."""
    untyped = [
        name
        for name, attribute in block["attributes"].items()
        if "dynamic" in json.dumps(attribute["type"])
    ]
    for name in untyped:
        del block["attributes"][name]
    inner = [
        found
        for name, nested in block["block_types"].items()
        for found in _remove_untyped(nested["block"], f"{path}.{name}")
    ]
    return [f"{path}.{name}" for name in untyped] + inner


if __name__ == "__main__":
    main()
