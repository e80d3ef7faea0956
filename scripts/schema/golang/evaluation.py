"""Evaluates the part of Go in which the AWS provider's schemas are written.

A file of the source is one declaration. Functions are followed to what they return; what cannot be
known without running Go is an `Unknown`, which says what it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from tree_sitter import Node

from scripts.schema.golang.literals import number_of, string_of
from scripts.schema.golang.names import attribute_name
from scripts.schema.golang.source import Source, descendants, text_of
from scripts.schema.golang.values import Call, Function, Struct, Unknown, Value

_DEPTH = 14
"""How many functions deep a value may come from: schemas of rules contain themselves."""


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
        """The function's result, or its value for the field `Schema` of its response."""
        if self._depth >= _DEPTH:
            return Unknown("too deep")
        scope = dict(function.scope)
        parameters = function.node.child_by_field_name("parameters")
        names = [
            text_of(name)
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
                    for spec in descendants(statement, "var_spec", "const_spec"):
                        self._declare(spec)
        return self._scope.get("=Schema", Unknown("no return"))

    def _declare(self, spec: Node) -> None:
        value = spec.child_by_field_name("value")
        names = spec.children_by_field_name("name")
        if value is not None:
            for name, node in zip(names, value.named_children, strict=False):
                self._scope[text_of(name)] = self.value(node)

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
                self._scope[text_of(target)] = value
            case "index_expression":
                holder = self.value(target.child_by_field_name("operand"))
                key = self.value(target.child_by_field_name("index"))
                if isinstance(holder, dict) and isinstance(key, str):
                    holder[key] = value
            case "selector_expression":
                name = text_of(target.child_by_field_name("field"))
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
        return read(self, node) if read else Unknown(text_of(node)[:80])

    def _inner(self, node: Node) -> Value:
        return self.value(node.named_children[0])

    def _converted(self, node: Node) -> Value:
        return self.value(node.named_children[-1])

    def _function(self, node: Node) -> Value:
        return Function(self._package, node, self._imports, self._scope)

    def _unary(self, node: Node) -> Value:
        operand = self.value(node.child_by_field_name("operand"))
        operator = text_of(node.child_by_field_name("operator"))
        if operator == "-" and isinstance(operand, int | float):
            return -operand
        return operand if operator in ("&", "+") else Unknown(text_of(node)[:80])

    def _binary(self, node: Node) -> Value:
        left = self.value(node.child_by_field_name("left"))
        right = self.value(node.child_by_field_name("right"))
        operator = text_of(node.child_by_field_name("operator"))
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
        return Unknown(text_of(node)[:80])

    def _identifier(self, name: str) -> Value:
        if name in self._scope:
            return self._scope[name]
        function = self._source.function(self._package, name)
        return function or variable(self._source, self._package, name)

    def _selector(self, node: Node) -> Value:
        operand = node.child_by_field_name("operand")
        name = text_of(node.child_by_field_name("field"))
        if operand is not None and operand.type == "identifier":
            package = self._imports.get(text_of(operand))
            if package and text_of(operand) not in self._scope:
                return self._imported(package, name, text_of(node))
        holder = self.value(operand)
        if isinstance(holder, Struct):
            return holder.fields.get(name, Unknown(text_of(node)))
        return Unknown(text_of(node)[:80])

    def _imported(self, package: str, name: str, text: str) -> Value:
        if package.endswith("/names") and name.startswith("Attr"):
            return attribute_name(name.removeprefix("Attr"))
        _, ours, inner = package.partition("terraform-provider-aws/")
        if ours:
            directory = self._source.package(inner)
            found = self._source.function(directory, name)
            return found or variable(self._source, directory, name)
        if "/service/" in package and package.endswith("/types"):
            return Call("enum-member", (name,), (package.split("/")[-2],))
        return Unknown(text)

    def _composite(self, node: Node) -> Value:
        kind = node.child_by_field_name("type")
        body = node.child_by_field_name("body")
        name = text_of(kind) if kind is not None else ""
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
                fields[text_of(key)] = self._element("", value)
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
        return holder if isinstance(holder, Function) else Unknown(text_of(node)[:80])

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
        name = text_of(target)
        if generic is not None:
            given = [n for n in generic.named_children if n != target]
            types = tuple(text_of(one) for one in given)
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


def variable(source: Source, package: Path, name: str) -> Value:
    """The value of a package's variable or constant; Unknown if there is none."""
    key = (package, name)
    if key not in source.values:
        source.values[key] = Unknown(name)  # while it is looked at
        tree, imports = source.variable(package, name)
        if tree is not None:
            source.values[key] = _declared(Evaluation(source, package, imports), tree)
    return source.values[key]


def _declared(evaluation: Evaluation, tree: Node) -> Value:
    for node in descendants(tree, "var_spec", "const_spec"):
        value = node.child_by_field_name("value")
        if value is not None and value.named_children:
            return evaluation.value(value.named_children[0])
    return Unknown(text_of(tree)[:80])


_KINDS: Mapping[str, Callable[[Evaluation, Node], Value]] = {
    "binary_expression": Evaluation._binary,
    "call_expression": Evaluation._call,
    "composite_literal": Evaluation._composite,
    "false": lambda _, __: False,
    "float_literal": lambda _, node: number_of(text_of(node)),
    "func_literal": Evaluation._function,
    "identifier": lambda evaluation, node: evaluation._identifier(text_of(node)),
    "index_expression": Evaluation._index,
    "int_literal": lambda _, node: number_of(text_of(node)),
    "interpreted_string_literal": lambda _, node: string_of(text_of(node)),
    "literal_element": Evaluation._inner,
    "nil": lambda _, __: None,
    "parenthesized_expression": Evaluation._inner,
    "raw_string_literal": lambda _, node: string_of(text_of(node)),
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
