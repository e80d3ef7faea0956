"""What a server holds in memory for as long as it runs: each MiB is billed for each task."""

from __future__ import annotations

import subprocess
import sys

import pytest
from backend import __main__ as program

from tests.program.backend.process import HOME

NOT_LOADED = {"alembic", "sqlalchemy"}
"""Only a migration needs them; SQLAlchemy alone takes 20 MiB."""
COMMAND_LINES = {"uvicorn.main", "uvicorn.supervisors", "click", "multiprocessing", "argparse"}
"""uvicorn's own takes 1.5 MiB, and our parser 0.3."""

SEARCHED = """
import gc, sys, types
from backend.__main__ import _load

class Loading(types.ModuleType):
    def __getattr__(self, name):
        return gc.get_threshold()

usual = gc.get_threshold()
sys.modules["backend.serve"] = Loading("backend.serve")
print(*_load("serve"), gc.get_threshold() == usual, gc.get_freeze_count() > 0)
"""


def test_the_server_loads_nothing_that_only_other_commands_need():
    loaded = said_by("import backend.__main__, backend.serve, sys; print(*sys.modules)")
    assert "backend.store.database" in loaded
    assert not (NOT_LOADED | COMMAND_LINES) & set(loaded)


def test_uvicorn_is_whole_for_others_afterwards():
    both = (
        "import backend.http_server as ours, uvicorn, uvicorn.main, uvicorn.server as theirs;"
        "print(ours.Server is uvicorn.Server is theirs.Server, callable(uvicorn.main.run))"
    )
    assert said_by(both) == ["True", "True"]


def test_the_first_version_of_pydantic_is_not_loaded():
    """FastAPI looks for its models, and does without it."""
    first = "sorted(name for name in sys.modules if name.startswith('pydantic.v1.'))"
    assert said_by(f"import backend.serve, sys; print({first})") == ["[]"]


def test_only_new_objects_are_searched_for_garbage_while_it_loads():
    assert said_by(SEARCHED) == ["5000", "1000000", "1000000", "True", "True"]


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["serve"], ["serve"]),
        (["sample-data"], ["sample-data"]),
        (["administrators", "list"], ["administrators", "list", ""]),
        (["administrators", "make", "eve"], ["administrators", "make", "eve"]),
    ],
)
def test_commands_mean_the_same_with_and_without_the_parser(words: list[str], meant: list[str]):
    assert program._read(words) == meant


@pytest.mark.parametrize(
    "words", [[], ["sing"], ["serve", "now"], ["administrators"], ["administrators", "make"]]
)
def test_commands_that_are_none_are_refused(words: list[str]):
    with pytest.raises(SystemExit, match="2"):
        program._read(words)


def said_by(text: str) -> list[str]:
    command = [sys.executable, "-c", text]
    ended = subprocess.run(command, cwd=HOME, stdout=subprocess.PIPE, text=True, check=True)
    return ended.stdout.split()
