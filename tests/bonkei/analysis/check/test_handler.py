"""A function's handler, in files that have it, may have it, or do not."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from bonkei.analysis.check import run
from bonkei.blueprint import read
from tests.bonkei.analysis.check.broken.parts import function
from tests.bonkei.analysis.check.changes import NOWHERE, put
from tests.bonkei.analysis.check.stack.whole import sound, state

PYTHON, NODE = "python3.13", "nodejs22.x"
DEFINED = "def handle(event, context): ..."


@pytest.mark.parametrize(
    ("runtime", "handler", "name", "source", "found"),
    [
        (PYTHON, "tell.handle", "tell.py", DEFINED, ""),
        (PYTHON, "tell.handle", "tell/__init__.py", "from tell.it import handle", ""),
        (PYTHON, "a.b.handle", "a/b.py", "handle = lambda event, context: None", ""),
        (PYTHON, "a/b.handle", "a/b.py", "if True:\n    import json as handle", ""),
        (PYTHON, "tell.handle", "tell.py", "from others import *", ""),
        (PYTHON, "tell.handle", "tell.py", "globals()['handle'] = print", ""),
        (PYTHON, "tell.handle", "tell.py", "a newer Python's syntax", ""),
        (PYTHON, "tell.handle", "tell.cpython-313-aarch64-linux-gnu.so", "", ""),
        (PYTHON, "tell.handler", "tell.py", DEFINED, "tell.py in its file has no handler"),
        (PYTHON, "index.handle", "tell.py", DEFINED, "its file has no index.py"),
        (NODE, "tell.handler", "tell.mjs", "", ""),
        (NODE, "index.handler", "tell.mjs", "", "its file has no index.js"),
        ("provided.al2023", "index.handler", "bootstrap", "", ""),
        ("", "", "bootstrap", "", ""),
    ],
)
def test_a_handler_that_is_not_there_is_found(
    runtime: str, handler: str, name: str, source: str, found: str, tmp_path: Path
) -> None:
    with zipfile.ZipFile(tmp_path / "tell.zip", "w") as archive:
        archive.writestr(name, source)
    resources = sound()
    function(resources)
    values = {"runtime": runtime, "handler": handler, "filename": "tell.zip"}
    put("aws_lambda_function.tell", **values)(resources)
    blueprint = read(state(resources))
    said = [each for each in run(blueprint, NOWHERE, base=tmp_path) if "handler" in each.rule]
    assert [found in each.message for each in said] == [True] * bool(found)
    put("aws_lambda_function.tell", layers=["arn:of-a-layer"])(resources)
    with_layer = run(read(state(resources)), NOWHERE, base=tmp_path)
    assert not [each for each in with_layer if "handler" in each.rule]


def test_a_file_that_is_not_there_is_not_judged() -> None:
    resources = sound()
    function(resources)
    values = {"runtime": PYTHON, "handler": "tell.handle", "filename": "tell.zip"}
    put("aws_lambda_function.tell", **values)(resources)
    assert "function-has-its-handler" not in {
        each.rule for each in run(read(state(resources)), NOWHERE)
    }
