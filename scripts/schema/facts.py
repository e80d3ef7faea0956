"""The AWS provider's own schemas, beyond names and types: changes that replace a resource,
defaults, arguments that exclude each other, conditions on values.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from scripts.schema.checks import Json, are_numbers, check, checks_of_sdk, constant
from scripts.schema.golang.evaluation import Evaluation
from scripts.schema.golang.source import Source
from scripts.schema.golang.values import Call, Function, Struct, Value

Facts = dict[str, dict[str, Json]]
"""Dotted path of an argument or block -> its facts."""

_RELATIONS = {
    "ConflictsWith": "conflicts",
    "ExactlyOneOf": "exactly_one",
    "AtLeastOneOf": "at_least_one",
    "RequiredWith": "needs",
}
_RELATIONS_OF_FRAMEWORK = {
    "ConflictsWith": "conflicts",
    "ExactlyOneOf": "exactly_one",
    "AtLeastOneOf": "at_least_one",
    "AlsoRequires": "needs",
}


class Provider:
    """The provider's resources, each with what makes its schema."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def resources(self) -> Iterator[tuple[str, Struct, Path]]:
        """Each resource's type, its registration and its package."""
        for package in sorted(self._source.package("internal/service").iterdir()):
            for kind in ("SDKResources", "FrameworkResources"):
                method = self._source.function(package, f"servicePackage.{kind}")
                listed = self._evaluation(package).call(method) if method else []
                for one in listed if isinstance(listed, list) else ():
                    yield str(one.fields["TypeName"]), one, package

    def facts(self, registration: Struct, package: Path) -> Facts | None:
        """The facts of a resource's schema; None if it could not be followed."""
        factory = registration.fields["Factory"]
        if not isinstance(factory, Function):
            return None
        resource = self._evaluation(package).call(factory)
        if isinstance(resource, Struct) and resource.type.endswith("schema.Resource"):
            return self._of_sdk(resource, package)
        if isinstance(resource, Struct | Call):
            return self._of_framework(resource, package)
        return None

    def _of_sdk(self, resource: Struct, package: Path) -> Facts | None:
        schema = resource.fields.get("Schema", resource.fields.get("SchemaFunc"))
        if isinstance(schema, Function):
            schema = self._evaluation(package).call(schema)
        if not isinstance(schema, dict):
            return None
        found: Facts = {}
        _sdk_block(schema, "", found)
        return found

    def _of_framework(self, resource: Struct | Call, package: Path) -> Facts | None:
        name = resource.type if isinstance(resource, Struct) else ""
        owners = [name, *self._source.embedded(package, name)]
        methods = (self._source.function(package, f"{owner}.Schema") for owner in owners)
        method = next((one for one in methods if one), None)
        schema = self._evaluation(package).call(method) if method else None
        if not isinstance(schema, Struct):
            return None
        found: Facts = {}
        _framework_block(schema, "", found)
        return found

    @staticmethod
    def identity(registration: Struct) -> Json:
        """The identity of the resource in an `import` block: [name, required] of each member,
        without the account and the region. A third element names the resource's argument if it
        differs.
        """
        identity = registration.fields.get("Identity")
        if not isinstance(identity, Struct):
            return None
        found = []
        for one in identity.fields.get("Attributes", ()):
            if not isinstance(one, Struct):
                return None
            name, required = one.fields["name"], one.fields["required"]
            mapped = one.fields.get("resourceAttributeName")
            found.append([name, required, mapped] if mapped else [name, required])
        return found

    def _evaluation(self, package: Path) -> Evaluation:
        return Evaluation(self._source, package, {})


def _sdk_block(schema: dict[str, Value], prefix: str, found: Facts) -> None:
    for name, argument in schema.items():
        if not isinstance(argument, Struct):
            if isinstance(argument, Call):
                _well_known(argument, f"{prefix}{name}", found)
            continue
        path = f"{prefix}{name}"
        _put(found, path, _sdk_facts(argument.fields))
        inner = argument.fields.get("Elem")
        if isinstance(inner, Struct) and isinstance(inner.fields.get("Schema"), dict):
            _sdk_block(inner.fields["Schema"], f"{path}.", found)
        elif isinstance(inner, Struct):
            checks = checks_of_sdk(inner.fields)
            _put(found, path, {f"each_{key}": value for key, value in checks.items()})


def _well_known(call: Call, path: str, found: Facts) -> None:
    """Schemas from functions of the provider whose source is not read."""
    if call.name.endswith("ForceNew"):
        _put(found, path, {"new": True})


def _put(found: Facts, path: str, facts: dict[str, Json]) -> None:
    if facts:
        found.setdefault(path, {}).update(facts)


def _sdk_facts(fields: dict[str, Value]) -> dict[str, Json]:
    facts: dict[str, Json] = {}
    if fields.get("ForceNew") is True:
        facts["new"] = True
    if fields.get("Sensitive") is True:
        facts["sensitive"] = True
    default = constant(fields.get("Default"))
    if default is not None:
        facts["default"] = default
    for go, ours in _RELATIONS.items():
        names = fields.get(go)
        if isinstance(names, list) and all(isinstance(name, str) for name in names):
            facts[ours] = [_without_indexes(name) for name in names]
    for go, ours in (("MaxItems", "max"), ("MinItems", "min")):
        if isinstance(fields.get(go), int):
            facts[ours] = fields[go]
    if isinstance(fields.get("Deprecated"), str):
        facts["deprecated"] = fields["Deprecated"]
    facts.update(checks_of_sdk(fields))
    return facts


def _without_indexes(name: str) -> str:
    return re.sub(r"\.\d+(?=\.|$)", "", name)


def _framework_block(schema: Struct, prefix: str, found: Facts) -> None:
    for kind in ("Attributes", "Blocks"):
        members = schema.fields.get(kind)
        for name, member in members.items() if isinstance(members, dict) else ():
            if not isinstance(member, Struct):
                _well_known_of_framework(member, f"{prefix}{name}", found)
                continue
            path = f"{prefix}{name}"
            _put(found, path, _framework_facts(member.fields))
            nested = member.fields.get("NestedObject", member)
            if isinstance(nested, Struct):
                _framework_block(nested, f"{path}.", found)


def _well_known_of_framework(member: Value, path: str, found: Facts) -> None:
    if isinstance(member, Call) and "ForceNew" in member.name:
        _put(found, path, {"new": True})


def _framework_facts(fields: dict[str, Value]) -> dict[str, Json]:
    facts: dict[str, Json] = {}
    if fields.get("Sensitive") is True:
        facts["sensitive"] = True
    for modifier in _calls(fields.get("PlanModifiers")):
        name = modifier.name.rpartition(".")[2]
        if name == "RequiresReplace":
            facts["new"] = True
        elif name.startswith("RequiresReplaceIf"):
            facts["new_if"] = name
    default = fields.get("Default")
    if isinstance(default, Call) and default.name.rpartition(".")[2].startswith("Static"):
        value = constant(default.arguments[0]) if default.arguments else None
        if value is not None:
            facts["default"] = value
    custom = fields.get("CustomType")
    if isinstance(custom, Call) and custom.name.endswith("StringEnumType") and custom.types:
        facts["enum"] = custom.types[0]
    if isinstance(fields.get("DeprecationMessage"), str):
        facts["deprecated"] = fields["DeprecationMessage"]
    for validator in _calls(fields.get("Validators")):
        facts.update(_framework_validator(validator))
    return facts


def _framework_validator(validator: Call) -> dict[str, Json]:
    kind, _, name = validator.name.rpartition(".")
    if name in _RELATIONS_OF_FRAMEWORK:
        roots = [_root(one) for one in validator.arguments]
        if roots and all(roots):
            return {_RELATIONS_OF_FRAMEWORK[name]: roots}
        return {}
    collection = kind in ("listvalidator", "setvalidator", "mapvalidator")
    if collection and name == "SizeAtMost" and are_numbers(validator.arguments, 1):
        return {"max": validator.arguments[0]}
    if collection and name == "SizeAtLeast" and are_numbers(validator.arguments, 1):
        return {"min": validator.arguments[0]}
    if collection and name == "SizeBetween" and are_numbers(validator.arguments, 2):
        return {"min": validator.arguments[0], "max": validator.arguments[1]}
    if collection and name == "IsRequired":
        return {"required": True}
    return {} if collection else check(validator)


def _root(argument: Value) -> str:
    """The name in `path.MatchRoot("name")` or `path.MatchRelative().AtParent().AtName("name")`."""
    if isinstance(argument, Call) and argument.arguments:
        last = argument.arguments[-1]
        if argument.name.endswith(("MatchRoot", "Root")) and isinstance(last, str):
            return last
        if argument.name.endswith(".AtParent().AtName") and isinstance(last, str):
            return f"./{last}"
    return ""


def _calls(values: Value) -> list[Call]:
    return [one for one in values if isinstance(one, Call)] if isinstance(values, list) else []
