"""MiniStack still has the names that its changes use, and is the version that was read for them."""

from __future__ import annotations

import ast
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from bonkei.services.ecs.execution.software import ensure_environment
from bonkei.services.endpoint.backing.process import LOCK
from bonkei.services.endpoint.backing.states import FORMAT
from tests.bonkei.services.endpoint.rigs import ENVIRONMENTS

READ = "1.5.33"
"""Of MiniStack. After an upgrade, compare each function that is replaced with the one that it
replaces: the names below."""
MOST = 64
"""Private names of MiniStack. What can be done in front of it is done in the endpoint."""

_MODULES = {
    **{name: f"ministack.services.{name}" for name in ("dynamodb", "kms", "s3", "sqs", "ssm")},
    "app": "ministack.app",
    "persistence": "ministack.core.persistence",
}
_LOOK = """
import importlib, json, sys
names = json.load(sys.stdin)
missing = [
    name for modules, name in names
    if not any(hasattr(importlib.import_module(each), name) for each in modules.split())
]
from ministack.core import persistence as kept
formats = [kept.STATE_FORMAT_VERSION, *kept.SERVICE_STATE_FORMAT_VERSIONS.values()]
print(json.dumps([missing, max(formats)]))
"""


def used() -> set[tuple[str, str]]:
    """The private names of MiniStack's modules, and the public ones that are replaced. A name that
    is written as a text may be any module's."""
    files = LOCK.parent.glob("ministack_*.py")
    return {found for file in files for found in _names(ast.parse(file.read_text("utf-8")))}


def _names(tree: ast.AST) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(ast.Name(module), name, context) if module in _MODULES:
                if _is_private(name) or (name[0] != "_" and isinstance(context, ast.Store)):
                    yield _MODULES[module], name
            case ast.Constant(str(text)) if all(map(_is_private, text.split())):
                yield from ((" ".join(_MODULES.values()), name) for name in text.split())


def _is_private(name: str) -> bool:
    """Not what the changes themselves add, and not a member of a table."""
    return re.fullmatch(r"_(?!_|bonkei|index_members)\w+", name) is not None


async def test_every_name_of_ministack_is_there() -> None:
    place = await ensure_environment((LOCK,), ENVIRONMENTS, lambda _: None)
    names = sorted(used())
    outcome = subprocess.run(
        [place / "bin" / "python", "-c", _LOOK],
        input=json.dumps(names), stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    missing, latest = json.loads(outcome.stdout)
    assert missing == []
    assert latest == FORMAT


def test_this_version_was_read() -> None:
    locked = re.search(r"^ministack==(\S+)", Path(LOCK).read_text("utf-8"), re.MULTILINE)
    assert locked is not None
    assert locked[1] == READ


def test_no_further_name_is_used() -> None:
    assert len({name for _, name in used() if name.startswith("_")}) <= MOST
