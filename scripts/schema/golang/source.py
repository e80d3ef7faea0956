"""The provider's source, a file for each declaration."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import tree_sitter_go
from tree_sitter import Language, Node, Parser

from scripts.schema.golang.values import Function, Value


@cache
def _parser() -> Parser:
    return Parser(Language(tree_sitter_go.language()))


def text_of(node: Node | None) -> str:
    return str(node.text.decode()) if node is not None and node.text is not None else ""


class Source:
    """The provider's source, a file for each declaration: `<package>/func.NAME.goindex`."""

    def __init__(self, root: Path) -> None:
        """`root` holds the provider's packages from `internal` on."""
        self._root = root
        self.values: dict[tuple[Path, str], Value] = {}
        """The variables that are evaluated already."""

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
        fields = [] if tree is None else descendants(tree, "field_declaration")
        return [
            text_of(kind)
            for field_ in fields
            if not field_.children_by_field_name("name")
            and (kind := field_.child_by_field_name("type")) is not None
            and kind.type == "type_identifier"
        ]

    def variable(self, package: Path, name: str) -> tuple[Node | None, Mapping[str, str]]:
        """A package's variable or constant, with the imports of its file; None if there is none."""
        return self._file(package / f"var.{name}.goindex")

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
        for spec in descendants(tree, "import_spec"):
            path = ast.literal_eval(text_of(spec.child_by_field_name("path")))
            alias = spec.child_by_field_name("name")
            imports[text_of(alias) if alias else path.rpartition("/")[2]] = path
        return tree, imports


def descendants(node: Node, *types: str) -> list[Node]:
    found = [node] if node.type in types else []
    return found + [one for child in node.children for one in descendants(child, *types)]
