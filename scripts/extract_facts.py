"""Write the facts of the arguments from the AWS provider's own schemas, taken from its source.

    python -m scripts.extract_facts DIRECTORY VERSION
    python -m scripts.extract_facts --limits

DIRECTORY holds the provider's source (MPL-2.0) with a file for each declaration, as the repository
lonegunmanb/terraform-provider-aws-index has it below `index`; VERSION is the provider's that it is
of. Needs tree-sitter and tree-sitter-go. Enumerations are those of botocore, which the development
environment has; so are the lengths, ranges and patterns of the APIs (`scripts/schema/limits.py`),
which `--limits` alone puts anew into the file that there is.

The result, `bonkei/definitions/provider/data/aws-facts.json.gz`, holds for each type of
`aws-schema.json.gz` the paths of its arguments with what is known of each; enumerations are kept
once and referred to. What is not certain is left out: a validator of the provider's own, a value
computed by Go.
"""

from __future__ import annotations

import argparse
import gzip
import json
from pathlib import Path
from typing import Any

from bonkei.definitions.provider import schema
from bonkei.definitions.provider.schema import Block
from scripts.schema import apis
from scripts.schema.facts import Facts, Provider
from scripts.schema.golang.source import Source
from scripts.schema.limits import add_limits

Json = Any

OUTPUT = Path(__file__).parent.parent / "bonkei/definitions/provider/data/aws-facts.json.gz"


def main() -> None:
    """Read the source named on the command line, write the data file, say how much there is."""
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    arguments.add_argument("directory", type=Path, nargs="?")
    arguments.add_argument("version", nargs="?")
    arguments.add_argument("--limits", action="store_true")
    arguments.add_argument("--output", type=Path, default=OUTPUT)
    options = arguments.parse_args()
    if options.limits:
        document = json.loads(gzip.decompress(options.output.read_bytes()))
        add_limits(document["types"], _carried())
    elif options.directory and options.version:
        document = extract(Provider(Source(options.directory)), options.version)
    else:
        arguments.error("say DIRECTORY and VERSION, or --limits")
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    options.output.write_bytes(gzip.compress(text.encode(), mtime=0))
    print(  # the command's answer
        f"{options.output.name}: AWS provider {document['version']},"
        f" {len(document['types'])} types,"
        f" {sum(map(len, document['types'].values()))} arguments,"
        f" {len(document['enumerations'])} enumerations, {len(document['identities'])} identities,"
        f" {len(text) // 1000} kB ({options.output.stat().st_size // 1000} kB compressed);"
        f" not followed: {', '.join(document['not_followed'])}"
    )


def extract(provider: Provider, version: str) -> Json:
    """The data file's document."""
    carried = _carried()
    types: dict[str, Facts] = {}
    identities: Json = {}
    enumerations: Json = {}
    for name, registration, package in provider.resources():
        if name not in carried:
            continue
        facts = provider.facts(registration, package)
        if facts is not None:
            types[name] = _fitting(facts, carried[name], enumerations)
        identity = provider.identity(registration)
        if identity and all(_has(carried[name], one[-1]) for one in _own(identity)):
            identities[name] = identity
    for other in [name for name in carried if name.startswith("aws_alb")]:
        for table in (types, identities):
            if (twin := other.replace("aws_alb", "aws_lb")) in table:
                table.setdefault(other, table[twin])
    add_limits(types, carried)
    return {
        "version": version,
        "source": f"hashicorp/terraform-provider-aws {version} (MPL-2.0), botocore {apis.VERSION}",
        "enumerations": enumerations,
        "identities": identities,
        "types": types,
        "not_followed": sorted(set(carried) - set(types)),
    }


def _carried() -> dict[str, Block]:
    """The types that are simulated: of the others none is created, so nothing is checked."""
    found = schema.load("aws-schema.json.gz")
    return {name: found.resources[name] for name in found.resources.keys() - found.known_only}


def _own(identity: Json) -> list[list[Any]]:
    """The identity's members that are arguments, with the argument's name last."""
    members = [one if len(one) == 3 else [*one, one[0]] for one in identity]
    return [one for one in members if one[0] != "account_id"]


def _fitting(facts: Facts, block: Block, enumerations: Json) -> Facts:
    """Those of arguments that the schema has, with values of the arguments' types."""
    found: Facts = {}
    for path, known in facts.items():
        if not _has(block, path):
            continue
        kept = {key: value for key, value in known.items() if key not in ("enum", "each_enum")}
        for key in ("enum", "each_enum"):
            values = _enumeration(known.get(key), enumerations)
            if values is not None:
                kept[key] = values
        if "default" in kept:
            value = _default(kept.pop("default"), block, path)
            if value is not None:
                kept["default"] = value
        if "min" in kept and _is_block(block, path):
            kept["min_if_any"] = kept.pop("min")
        if kept.keys() - {"ignore_case"}:
            found[path] = kept
    return found


def _enumeration(known: Json, enumerations: dict[str, Json]) -> Json:
    """A name in the table of enumerations, or the values themselves."""
    if isinstance(known, str):
        values = apis.enumeration(known)
        if values is None:
            return None
        enumerations[known] = sorted(values)
        return known
    if isinstance(known, list):
        found = [apis.member(one["member"]) if isinstance(one, dict) else one for one in known]
        return found if None not in found else None
    return None


def _default(value: Json, block: Block, path: str) -> Json:
    """The value if the argument is optional and of its type."""
    if isinstance(value, dict):
        value = apis.member(value["member"])
    *outer, name = path.split(".")
    for step in outer:
        block = block.blocks[step].block
    attribute = block.attributes.get(name)
    if attribute is None or not attribute.optional:
        return None
    kinds = {"string": str, "bool": bool, "number": int | float}
    kind = kinds.get(attribute.type) if isinstance(attribute.type, str) else None
    fits = kind is not None and isinstance(value, kind)
    return value if fits and (attribute.type == "bool") == isinstance(value, bool) else None


def _has(block: Block, path: str) -> bool:
    first, _, rest = path.partition(".")
    if not rest:
        return first in block.attributes or first in block.blocks
    return first in block.blocks and _has(block.blocks[first].block, rest)


def _is_block(block: Block, path: str) -> bool:
    """To the provider a nested block that is not there is null, and no empty list.

    `NullifyCollectionBlocks` of terraform-plugin-framework, `ConfigValueFromHCL2Block` of
    terraform-plugin-sdk: a least number of blocks says nothing of their absence.
    """
    *outer, name = path.split(".")
    for step in outer:
        block = block.blocks[step].block
    return name in block.blocks


if __name__ == "__main__":
    main()
