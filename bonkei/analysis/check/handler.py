"""Whether a function's file has its handler, as far as the file shows it without being run.

"Define Lambda function handler in Python", "… in Node.js":
https://docs.aws.amazon.com/lambda/latest/dg/python-handler.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from bonkei.blueprint.lambda_.function import Function

_MODULES = {
    "python": (".py", "/__init__.py"),
    "nodejs": (".js", ".mjs", ".cjs"),
}


def why_it_has_no_handler(function: Function, base: Path) -> str:
    """The result is empty if it may have one: a layer may bring the module, and a module may make
    names when it is imported. Only of Python the names are read."""
    language = next((each for each in _MODULES if function.runtime.startswith(each)), "")
    module, _, name = function.handler.rpartition(".")
    if not language or not module or not function.filename or function.layers:
        return ""
    try:
        with ZipFile(base / function.filename) as archive:
            there = archive.namelist()
            path = module.replace(".", "/") if language == "python" else module
            files = [f"{path}{ending}" for ending in _MODULES[language]]
            found = next((each for each in files if each in there), "")
            source = archive.read(found) if found else b""
    except (OSError, BadZipFile):
        return ""
    if not found:
        compiled = any(each.startswith(f"{path}.") for each in there)
        return "" if compiled else f"its file has no {files[0]}"
    if language != "python" or _may_have(name, source):
        return ""
    return f"{found} in its file has no {name}"


def _may_have(name: str, source: bytes) -> bool:
    """Whether the module gives the name a value in any place. One that cannot be parsed here, or
    takes all names of another module, may have it."""
    try:
        names = set(_names(ast.parse(source)))
    except (SyntaxError, ValueError, RecursionError):
        return True
    return bool(names & {name, "*", "globals", "__getattr__"})


def _names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.name
            case ast.Name():
                yield node.id
            case ast.alias():
                yield node.asname or node.name
