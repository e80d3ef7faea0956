"""Evaluates the part of Go in which the AWS provider's schemas are written.

A file of the source is one declaration. Functions are followed to what they return; what cannot be
known without running Go is an `Unknown`, which says what it was.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import tree_sitter_go
from tree_sitter import Language, Node, Parser

Value: TypeAlias = Any

_DEPTH = 14
"""How many functions deep a value may come from: schemas of rules contain themselves."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that is not known, and its source text."""

    text: str


@dataclass(frozen=True, slots=True)
class Call:
    """A call of what is not followed: `enum.Validate[awstypes.LaunchType]()`."""

    name: str
    arguments: tuple[Value, ...] = ()
    types: tuple[str, ...] = ()
    """Of a generic function; one of AWS's SDK as "ecs.LaunchType"."""


@dataclass(slots=True)
class Struct:
    """A composite literal of a named type."""

    type: str
    fields: dict[str, Value]


@dataclass(frozen=True, slots=True)
class Function:
    """A function's declaration or literal, with the package it is in."""

    package: Path
    node: Node
    imports: Mapping[str, str]
    scope: Mapping[str, Value] = field(default_factory=dict, hash=False, compare=False)


@cache
def _parser() -> Parser:
    return Parser(Language(tree_sitter_go.language()))


def _text(node: Node | None) -> str:
    return str(node.text.decode()) if node is not None and node.text is not None else ""


class Source:
    """The provider's source, a file for each declaration: `<package>/func.NAME.goindex`."""

    def __init__(self, root: Path) -> None:
        """`root` holds the provider's packages from `internal` on."""
        self._root = root
        self._values: dict[tuple[Path, str], Value] = {}

    def package(self, name: str) -> Path:
        """The directory of a package, such as "internal/service/ecs"."""
        return self._root / name

    def function(self, package: Path, name: str) -> Function | None:
        """A function, or a method as "receiver.Name"."""
        kind = "method" if "." in name else "func"
        tree, imports = self._file(package / f"{kind}.{name}.goindex")
        if tree is None:
            return None
        for node in tree.children:
            if node.type in ("function_declaration", "method_declaration"):
                return Function(package, node, imports)
        return None

    def embedded(self, package: Path, name: str) -> list[str]:
        """The types that a struct type embeds, whose methods are its own."""
        tree, _ = self._file(package / f"type.{name}.goindex")
        fields = [] if tree is None else _descendants(tree, "field_declaration")
        return [
            _text(kind)
            for field_ in fields
            if not field_.children_by_field_name("name")
            and (kind := field_.child_by_field_name("type")) is not None
            and kind.type == "type_identifier"
        ]

    def variable(self, package: Path, name: str) -> Value:
        """A package's variable or constant; Unknown if there is none."""
        key = (package, name)
        if key not in self._values:
            self._values[key] = Unknown(name)  # while it is looked at
            tree, imports = self._file(package / f"var.{name}.goindex")
            if tree is not None:
                self._values[key] = self._declared(tree, package, imports)
        return self._values[key]

    def _declared(self, tree: Node, package: Path, imports: Mapping[str, str]) -> Value:
        for node in _descendants(tree, "var_spec", "const_spec"):
            value = node.child_by_field_name("value")
            if value is not None and value.named_children:
                return Evaluation(self, package, imports).value(value.named_children[0])
        return Unknown(_text(tree)[:80])

    @cache  # noqa: B019 -- a source lives as long as the script
    def _file(self, file: Path) -> tuple[Node | None, Mapping[str, str]]:
        if not file.is_file():
            return None, {}
        text = file.read_bytes()
        if file.name.startswith("var."):  # of a group, whose keyword is left out
            name = file.name.removeprefix("var.").removesuffix(".goindex").encode()
            text = re.sub(
                rb"^[ \t]*(?=%s\b)" % re.escape(name), b"var ", text, count=1, flags=re.MULTILINE
            )
        tree = _parser().parse(text).root_node
        imports = {}
        for spec in _descendants(tree, "import_spec"):
            path = ast.literal_eval(_text(spec.child_by_field_name("path")))
            alias = spec.child_by_field_name("name")
            imports[_text(alias) if alias else path.rpartition("/")[2]] = path
        return tree, imports


def _descendants(node: Node, *types: str) -> list[Node]:
    found = [node] if node.type in types else []
    return found + [one for child in node.children for one in _descendants(child, *types)]


class Evaluation:
    """Values within one function or declaration."""

    def __init__(
        self,
        source: Source,
        package: Path,
        imports: Mapping[str, str],
        scope: Mapping[str, Value] | None = None,
        depth: int = 0,
    ) -> None:
        self._source = source
        self._package = package
        self._imports = imports
        self._scope = dict(scope or {})
        self._depth = depth

    def call(self, function: Function, arguments: tuple[Value, ...] = ()) -> Value:
        """What the function returns, or assigns to a field `Schema` of its response."""
        if self._depth >= _DEPTH:
            return Unknown("too deep")
        scope = dict(function.scope)
        parameters = function.node.child_by_field_name("parameters")
        names = [
            _text(name)
            for each in (parameters.named_children if parameters else ())
            for name in each.children_by_field_name("name")
        ]
        scope |= dict(zip(names, arguments, strict=False))
        inner = Evaluation(self._source, function.package, function.imports, scope, self._depth + 1)
        body = function.node.child_by_field_name("body")
        return inner.run(body) if body is not None else Unknown("no body")

    def run(self, block: Node) -> Value:
        """The statements in order, until one returns; what is done on a condition only is not."""
        for statement in _statements(block):
            match statement.type:
                case "return_statement":
                    if not statement.named_children:
                        continue
                    return self.value(statement.named_children[0].named_children[0])
                case "short_var_declaration" | "assignment_statement":
                    self._assign(statement)
                case "var_declaration" | "const_declaration":
                    for spec in _descendants(statement, "var_spec", "const_spec"):
                        self._declare(spec)
        return self._scope.get("=Schema", Unknown("no return"))

    def _declare(self, spec: Node) -> None:
        value = spec.child_by_field_name("value")
        names = spec.children_by_field_name("name")
        if value is not None:
            for name, node in zip(names, value.named_children, strict=False):
                self._scope[_text(name)] = self.value(node)

    def _assign(self, statement: Node) -> None:
        left = statement.child_by_field_name("left")
        right = statement.child_by_field_name("right")
        if left is None or right is None or len(left.named_children) != len(right.named_children):
            return
        for target, node in zip(left.named_children, right.named_children, strict=True):
            self._put(target, self.value(node))

    def _put(self, target: Node, value: Value) -> None:
        match target.type:
            case "identifier":
                self._scope[_text(target)] = value
            case "index_expression":
                holder = self.value(target.child_by_field_name("operand"))
                key = self.value(target.child_by_field_name("index"))
                if isinstance(holder, dict) and isinstance(key, str):
                    holder[key] = value
            case "selector_expression":
                name = _text(target.child_by_field_name("field"))
                holder = self.value(target.child_by_field_name("operand"))
                if isinstance(holder, Struct):
                    holder.fields[name] = value
                elif name == "Schema":
                    self._scope["=Schema"] = value

    def value(self, node: Node | None) -> Value:
        """The value of an expression."""
        if node is None:
            return None
        read = _KINDS.get(node.type)
        return read(self, node) if read else Unknown(_text(node)[:80])

    def _inner(self, node: Node) -> Value:
        return self.value(node.named_children[0])

    def _converted(self, node: Node) -> Value:
        return self.value(node.named_children[-1])

    def _function(self, node: Node) -> Value:
        return Function(self._package, node, self._imports, self._scope)

    def _unary(self, node: Node) -> Value:
        operand = self.value(node.child_by_field_name("operand"))
        operator = _text(node.child_by_field_name("operator"))
        if operator == "-" and isinstance(operand, int | float):
            return -operand
        return operand if operator in ("&", "+") else Unknown(_text(node)[:80])

    def _binary(self, node: Node) -> Value:
        left = self.value(node.child_by_field_name("left"))
        right = self.value(node.child_by_field_name("right"))
        operator = _text(node.child_by_field_name("operator"))
        known = isinstance(left, str | int | float) and isinstance(right, type(left))
        if known and operator == "+":
            return left + right
        if known and isinstance(left, int | float):
            match operator:
                case "*":
                    return left * right
                case "-":
                    return left - right
                case "<<":
                    return int(left) << int(right)
        return Unknown(_text(node)[:80])

    def _identifier(self, name: str) -> Value:
        if name in self._scope:
            return self._scope[name]
        function = self._source.function(self._package, name)
        return function or self._source.variable(self._package, name)

    def _selector(self, node: Node) -> Value:
        operand = node.child_by_field_name("operand")
        name = _text(node.child_by_field_name("field"))
        if operand is not None and operand.type == "identifier":
            package = self._imports.get(_text(operand))
            if package and _text(operand) not in self._scope:
                return self._imported(package, name, _text(node))
        holder = self.value(operand)
        if isinstance(holder, Struct):
            return holder.fields.get(name, Unknown(_text(node)))
        return Unknown(_text(node)[:80])

    def _imported(self, package: str, name: str, text: str) -> Value:
        if package.endswith("/names") and name.startswith("Attr"):
            return attribute_name(name.removeprefix("Attr"))
        _, ours, inner = package.partition("terraform-provider-aws/")
        if ours:
            directory = self._source.package(inner)
            found = self._source.function(directory, name)
            return found or self._source.variable(directory, name)
        if "/service/" in package and package.endswith("/types"):
            return Call("enum-member", (name,), (package.split("/")[-2],))
        return Unknown(text)

    def _composite(self, node: Node) -> Value:
        kind = node.child_by_field_name("type")
        body = node.child_by_field_name("body")
        name = _text(kind) if kind is not None else ""
        return self._literal(name, body)

    def _literal(self, name: str, body: Node | None) -> Value:
        elements = [] if body is None else [n for n in body.named_children if n.type != "comment"]
        if name.startswith("map["):
            inner = name.partition("]")[2].lstrip("*")
            found = {}
            for element in elements:
                if element.type == "keyed_element":
                    key, value = element.named_children[0], element.named_children[-1]
                    found[_key(self.value(key))] = self._element(inner, value)
            return found
        if name.startswith("["):
            inner = name.partition("]")[2].lstrip("*")
            return [self._element(inner, element) for element in elements]
        fields = {}
        for element in elements:
            if element.type == "keyed_element":
                key, value = element.named_children[0], element.named_children[-1]
                fields[_text(key)] = self._element("", value)
        return Struct(name, fields)

    def _element(self, kind: str, node: Node) -> Value:
        """An element, whose type may be left out where the literal around it says it."""
        while node.type == "literal_element":
            node = node.named_children[0]
        if node.type == "literal_value":
            return self._literal(kind, node)
        return self.value(node)

    def _index(self, node: Node) -> Value:
        holder = self.value(node.child_by_field_name("operand"))
        key = self.value(node.child_by_field_name("index"))
        if isinstance(holder, dict) and isinstance(key, str):
            return holder.get(key, Unknown(key))
        return holder if isinstance(holder, Function) else Unknown(_text(node)[:80])

    def _call(self, node: Node) -> Value:
        target = node.child_by_field_name("function")
        arguments = node.child_by_field_name("arguments")
        nodes = [n for n in (arguments.named_children if arguments else ()) if n.type != "comment"]
        assert target is not None  # noqa: S101 -- a call has one
        types: tuple[str, ...] = ()
        generic = node.child_by_field_name("type_arguments")
        if generic is None and target.type in ("index_expression", "type_instantiation_expression"):
            generic = target
            target = target.named_children[0]
        name = _text(target)
        if generic is not None:
            given = [n for n in generic.named_children if n != target]
            types = tuple(_text(one) for one in given)
        if name in ("append", "slices.Concat"):
            return self._joined(nodes)
        if name == "slices.Grow":
            return self.value(nodes[0])
        if name in _PLAIN and nodes:
            return self.value(nodes[-1])
        if name in _FOLLOWED_NOT or name.split(".")[0] in _FOLLOWED_NOT:
            found: Value = None
        else:
            found = self.value(target)
        values = tuple(self.value(one) for one in nodes)
        if isinstance(found, Function):
            result = self.call(found, values)
            if not isinstance(result, Unknown):
                return result
        return Call(name, values, tuple(map(self._of_sdk, types)))

    def _of_sdk(self, name: str) -> str:
        package, dot, type_ = name.partition(".")
        path = self._imports.get(package, "")
        is_of_sdk = dot and "/service/" in path and path.endswith("/types")
        return f"{path.split('/')[-2]}.{type_}" if is_of_sdk else name

    def _joined(self, nodes: list[Node]) -> Value:
        found: list[Value] = []
        for node in nodes:
            is_list = node.type == "variadic_argument"
            value = self.value(node.named_children[0] if is_list else node)
            found += value if isinstance(value, list) else [value]
        return found


_KINDS: Mapping[str, Callable[[Evaluation, Node], Value]] = {
    "binary_expression": Evaluation._binary,
    "call_expression": Evaluation._call,
    "composite_literal": Evaluation._composite,
    "false": lambda _, __: False,
    "float_literal": lambda _, node: _number(_text(node)),
    "func_literal": Evaluation._function,
    "identifier": lambda evaluation, node: evaluation._identifier(_text(node)),
    "index_expression": Evaluation._index,
    "int_literal": lambda _, node: _number(_text(node)),
    "interpreted_string_literal": lambda _, node: _string(_text(node)),
    "literal_element": Evaluation._inner,
    "nil": lambda _, __: None,
    "parenthesized_expression": Evaluation._inner,
    "raw_string_literal": lambda _, node: _string(_text(node)),
    "selector_expression": Evaluation._selector,
    "true": lambda _, __: True,
    "type_conversion_expression": Evaluation._converted,
    "unary_expression": Evaluation._unary,
}
"""A kind of expression -> how it is read."""

_PLAIN = (
    *("aws.String", "aws.Bool", "aws.Int32", "aws.Int64", "int", "int64", "maps.Clone", "ptr"),
    "string",
)
"""Functions that, as a value, return their last argument."""
_FOLLOWED_NOT = ("enum", "validation", "stringvalidator", "verify", "regexache", "path", "types")


def _statements(block: Node) -> list[Node]:
    found: list[Node] = []
    for child in block.named_children:
        if child.type in ("statement_list", "block"):
            found += _statements(child)
        else:
            found.append(child)
    return found


def _key(value: Value) -> str:
    return value if isinstance(value, str) else repr(value)


def _string(text: str) -> str:
    if text.startswith("`"):
        return text[1:-1]
    try:
        return str(ast.literal_eval(text))
    except (SyntaxError, ValueError):
        return text[1:-1]


def _number(text: str) -> int | float:
    plain = text.replace("_", "")
    try:
        return int(plain, 0)
    except ValueError:
        return float(plain)


_INITIALISMS = (
    *(
        "ACL",
        "AMI",
        "AWS",
        "CloudWatch",
        "API",
        "ARN",
        "AZ",
        "CIDR",
        "DB",
        "DNS",
        "EBS",
        "ECS",
        "FQDN",
        "HTTP",
        "ID",
    ),
    *("IAM", "IOPS", "IP", "JSON", "KMS", "S3", "SNS", "SQL", "SSE", "SSL", "TLS", "TTL", "URI"),
    *("URL", "UUID", "VPC", "MD5", "IPv4", "IPv6", "IDs", "ARNs", "VPCs", "IPs", "JWT", "SSH"),
)


def attribute_name(name: str) -> str:
    """`KMSKeyID` -> `kms_key_id`: how the provider's package `names` calls its constants."""
    words = []
    while name:
        start = next(
            (one for one in sorted(_INITIALISMS, key=len, reverse=True) if name.startswith(one)),
            None,
        )
        if start is None or (name[len(start) :][:1].islower() and start not in ("IDs", "ARNs")):
            start = name[0] + "".join(_while_lower(name[1:]))
        words.append(start.lower())
        name = name[len(start) :]
    return "_".join(words)


def _while_lower(text: str) -> list[str]:
    found = []
    for character in text:
        if character.isupper():
            break
        found.append(character)
    return found
