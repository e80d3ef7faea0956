"""What a server holds in memory for as long as it runs: each MiB is billed for each task."""

from __future__ import annotations

import subprocess
import sys

from tests.program.backend.process import HOME

NOT_LOADED = {"alembic", "sqlalchemy"}
"""Only a migration needs them; SQLAlchemy alone takes 20 MiB."""


def test_the_server_loads_nothing_that_only_a_migration_needs():
    program = "import backend.serve, sys; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", program], cwd=HOME, stdout=subprocess.PIPE, text=True, check=True
    ).stdout.split()
    assert "backend.store.database" in loaded
    assert not NOT_LOADED & set(loaded)
