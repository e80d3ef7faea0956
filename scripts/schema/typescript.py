"""From a module of the bindings to a schema of the shape of `terraform providers schema -json`.

The generated code describes an attribute like this:

    // vpc_id - computed: true, optional: true, required: false     its flags
    private _vpcId?: string;                                        its type, or the class
    private _egress = new SecurityGroupEgressList(this, "egress", true);    of what it holds
    vpc_id: { isBlock: false, type: "simple", storageClassType: "string" } in …ToHclTerraform

An attribute is a nested block if its interface's documentation says "<name> block". Objects that
are not blocks have type list(object) or set(object): the AWS provider speaks protocol 5, which
knows no nested attributes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

Json = Any

RECURSION = 3
"""How deep a block that contains itself is spelled out, as deep as the AWS provider does."""

_CLASS = re.compile(r"^export class (\w+) extends (?:cdktn|cdktf)\.(\w+) \{", re.MULTILINE)
_INTERFACE = re.compile(r"^export interface (\w+)[^{]*\{(.*?)^\}", re.DOTALL | re.MULTILINE)
_BLOCK_DOC = re.compile(r"/\*\*\n\s+\* ([a-z0-9_]+) block\n")
_FLAGS = re.compile(
    r"^  // (\w+) - computed: (\w+), optional: (\w+), required: (\w+)\n", re.MULTILINE
)
_MEMBER = re.compile(r'private _\w+ = new (\w+)\(this, "[^"]+"(?:, (true|false))?\)')
_DECLARED = re.compile(r"private _\w+\??: ([^;=]+)")
_HCL_FUNCTION = re.compile(
    r"^export function (\w+)ToHclTerraform\(.*?^\}", re.DOTALL | re.MULTILINE
)
_HCL = re.compile(
    r'^ +(\w+): \{\n\s+value: .*\n\s+isBlock: \w+,\n\s+type: "(\w+)",\n'
    r'\s+storageClassType: "(\w+)",',
    re.MULTILINE,
)
_GETTER = re.compile(r"this\.get(String|Number|Boolean|List|NumberList|\w+Map)Attribute\(")
_COLLECTION = re.compile(r"new cdktn\.(String|Number|Boolean|Any)(Map|List)(List)?\(")
_STORAGE = re.compile(r"(string|number|boolean|any)(List|Map|Set)(List|Map|Set)?")
_RESOURCE_TYPE = re.compile(r'tfResourceType = "(\w+)"')
_VERSION = re.compile(r"providerVersion: '([0-9.]+)'")

_KINDS = {
    "TerraformResource": "resource",
    "TerraformDataSource": "data_source",
    "TerraformProvider": "provider",
    "TerraformEphemeralResource": "ephemeral_resource",
}
_PRIMITIVES = {"string": "string", "number": "number", "boolean": "bool", "any": "dynamic"}


@dataclass(frozen=True, slots=True)
class Found:
    """A resource or data source type, its schema block and the provider's version."""

    kind: str  # resource | data_source | provider | ephemeral_resource
    type_name: str
    block: Json
    provider_version: str


def read(source: str) -> list[Found]:
    """Everything that one module declares."""
    module = _Module(source)
    version = _VERSION.search(source)
    return [
        Found(_KINDS[base], match[1], module.block(name), version[1] if version else "")
        for name, (base, body) in module.classes.items()
        if base in _KINDS and (match := _RESOURCE_TYPE.search(body))
    ]


class _Module:
    """The classes of a module; `block` follows them from a resource's down."""

    def __init__(self, source: str) -> None:
        self._open: list[str] = []  # the classes that `block` is inside of
        starts = [*_CLASS.finditer(source)]
        ends = [*(start.start() for start in starts), len(source)][1:]
        self.classes = {
            start[1]: (start[2], source[start.start() : end])
            for start, end in zip(starts, ends, strict=True)
        }
        self._block_names = {
            interface[1]: set(_BLOCK_DOC.findall(interface[2]))
            for interface in _INTERFACE.finditer(source)
        }
        self._hcl = {
            function[1].lower(): {hcl[1]: (hcl[2], hcl[3]) for hcl in _HCL.finditer(function[0])}
            for function in _HCL_FUNCTION.finditer(source)
        }

    def block(self, class_name: str, interface: str = "") -> Json:
        """The attributes and nested blocks of a class, a resource's or a nested object's."""
        _, body = self.classes[class_name]
        hcl = self._hcl.get(interface.lower()) if interface else None
        if hcl is None:
            hcl = {found[1]: (found[2], found[3]) for found in _HCL.finditer(body)}
        block_names = self._block_names.get(interface or f"{class_name}Config", set())
        result: Json = {"attributes": {}, "block_types": {}}
        marks = [*_FLAGS.finditer(body)]
        self._open.append(class_name)
        for index, mark in enumerate(marks):
            end = marks[index + 1].start() if index + 1 < len(marks) else len(body)
            self._member(result, mark, body[mark.end() : end], hcl, block_names)
        self._open.pop()
        return result

    def _member(
        self,
        result: Json,
        mark: re.Match[str],
        code: str,
        hcl: dict[str, tuple[str, str]],
        block_names: set[str],
    ) -> None:
        name = mark[1]
        flags = {
            flag: True
            for flag, value in zip(
                ("computed", "optional", "required"), mark.groups()[1:], strict=True
            )
            if value == "true"
        }
        shape, storage = hcl.get(name, ("", ""))
        if "@deprecated Write-only" in code:
            flags["write_only"] = True
        member = _MEMBER.search(code[:400])
        if member is None and (arguments := self._hcl.get(storage.removesuffix("List").lower())):
            result["block_types"][name] = _arguments_only(shape, arguments)
            return
        if member is None or member[1] not in self.classes:
            result["attributes"][name] = {"type": _plain_type(shape, storage, code), **flags}
            return
        if self._open.count(_element(member[1])) == RECURSION:
            return
        nesting, single, block = self._nested(member, shape)
        if name in block_names:
            result["block_types"][name] = {
                "nesting_mode": nesting,
                "block": block,
                **({"max_items": 1} if single and nesting != "single" else {}),
                **({"min_items": 1} if "required" in flags and nesting != "single" else {}),
            }
        else:
            collection = "list" if nesting == "single" else nesting
            result["attributes"][name] = {"type": [collection, _object_type(block)], **flags}

    def _nested(self, member: re.Match[str], shape: str) -> tuple[str, bool, Json]:
        base = self.classes[member[1]][0]
        element = _element(member[1])
        block = self.block(element, element.removesuffix("OutputReference"))
        if base == "ComplexMap":
            return "map", False, block
        if base == "ComplexList":
            is_set = shape == "set" or (shape == "" and member[2] == "true")
            return "set" if is_set else "list", False, block
        return {"list": "list", "set": "set"}.get(shape, "single"), True, block


def _element(class_name: str) -> str:
    """The class of one element, given that of a list or map, or already that of an element."""
    return (
        class_name
        if class_name.endswith("OutputReference")
        else f"{re.sub('(List|Map)$', '', class_name)}OutputReference"
    )


def _arguments_only(shape: str, arguments: dict[str, tuple[str, str]]) -> Json:
    """A block of the provider's own configuration: it has no class, just its arguments."""
    attributes = {
        name: {"type": _plain_type(kind, storage, ""), "optional": True}
        for name, (kind, storage) in arguments.items()
    }
    return {"nesting_mode": shape, "block": {"attributes": attributes, "block_types": {}}}


def _plain_type(shape: str, storage: str, code: str) -> Json:
    if storage in _PRIMITIVES:
        return _PRIMITIVES[storage]
    if match := _STORAGE.fullmatch(storage):
        outer = shape if shape in ("list", "set", "map") else match[2].lower()
        element: Json = _PRIMITIVES[match[1]]
        return [outer, [match[2].lower(), element] if match[3] else element]
    return _type_of_getter(code)


def _type_of_getter(code: str) -> Json:
    if match := _GETTER.search(code):
        what = match[1]
        wrapper = "set" if f"Fn.tolist(this.get{what}Attribute(" in code else "list"
        if what in ("List", "NumberList"):
            return [wrapper, "number" if what == "NumberList" else "string"]
        if what.endswith("Map"):
            return ["map", _PRIMITIVES[what.removesuffix("Map").lower()]]
        return _PRIMITIVES[what.lower()]
    if match := _COLLECTION.search(code):
        inner = [match[2].lower(), _PRIMITIVES[match[1].lower()]]
        return ["list", inner] if match[3] else inner
    declared = _DECLARED.search(code)
    plain = declared[1].split("|")[0].strip() if declared else ""
    return {
        **_PRIMITIVES,
        "string[]": ["list", "string"],
        "number[]": ["list", "number"],
        "{ [key: string]: string }": ["map", "string"],
    }.get(plain, "dynamic")


def _object_type(block: Json) -> Json:
    """A block as cty's object type: the form of a value that is computed as a whole."""
    members = {name: attribute["type"] for name, attribute in block["attributes"].items()}
    for name, nested in block["block_types"].items():
        inner = _object_type(nested["block"])
        nesting = nested["nesting_mode"]
        members[name] = inner if nesting == "single" else [nesting, inner]
    return ["object", members]
