"""What a server holds in memory for as long as it runs: each MiB is billed for each task."""

from __future__ import annotations

import subprocess
import sys

from tests.program.backend.process import HOME

NOT_LOADED = {"alembic", "sqlalchemy"}
"""Only a migration needs them; SQLAlchemy alone takes 20 MiB."""

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


def test_the_server_loads_nothing_that_only_a_migration_needs():
    loaded = said_by("import backend.serve, sys; print(*sys.modules)")
    assert "backend.store.database" in loaded
    assert not NOT_LOADED & set(loaded)


def test_the_first_version_of_pydantic_is_not_loaded():
    """FastAPI looks for its models, and does without it."""
    first = "sorted(name for name in sys.modules if name.startswith('pydantic.v1.'))"
    assert said_by(f"import backend.serve, sys; print({first})") == ["[]"]


def test_only_new_objects_are_searched_for_garbage_while_it_loads():
    assert said_by(SEARCHED) == ["5000", "1000000", "1000000", "True", "True"]


def said_by(program: str) -> list[str]:
    command = [sys.executable, "-c", program]
    ended = subprocess.run(command, cwd=HOME, stdout=subprocess.PIPE, text=True, check=True)
    return ended.stdout.split()
