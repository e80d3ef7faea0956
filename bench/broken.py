"""How a program breaks: changes of its source that a release then has, each for one program.

The health check of every broken program is what it was, except where the name says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

Change = Callable[[Path], None]

PROGRAMS = ("backend", "frontend")
_IMPORTS = "from __future__ import annotations\n"
# Only `serve` imports it: neither a health check nor the migration does.
_SERVING = {
    "backend": "program/backend/backend/serve.py",
    "frontend": "program/frontend/frontend/server.py",
}
_ERRORS = {
    "backend": (
        "program/backend/backend/api/app.py",
        "    for part in _PARTS:\n",
        """    @app.middleware("http")
    async def broken(request: Any, call_next: Any) -> Any:
        if request.url.path != HEALTH:
            raise RuntimeError("made by the bench")
        return await call_next(request)

""",
    ),
    "frontend": (
        "program/frontend/frontend/application.py",
        '            Route("/robots.txt", _robots),\n',
        '            Route("/{path:path}", lambda _: 1 / 0),\n',
    ),
}
_VERSIONS = "program/backend/backend/migrations/versions"
_MIGRATION = '''"""Made by the bench."""

from alembic import op

revision, down_revision = "{number}", "{before}"
branch_labels = depends_on = None


def upgrade() -> None:
    op.execute("{statement}")
'''
# A key that opens nothing, in the form that scanners look for.
_KEY = "-----BEGIN {0} PRIVATE KEY-----\n{1}\n-----END {0} PRIVATE KEY-----\n"


def errors(program: str) -> Change:
    """Every page but the health check answers 500."""
    name, where, text = _ERRORS[program]
    return lambda folder: _insert(folder / name, where, text)


def errors_of_history(folder: Path) -> None:
    """One page of the frontend answers 500, which a release does not ask for."""
    name, where, text = _ERRORS["frontend"]
    _insert(folder / name, where, text.replace("/{path:path}", "/history"))


def cannot_start(program: str) -> Change:
    return _at_the_start(program, "import nothing\n")


def dies(program: str, after: float = 20.0) -> Change:
    """It ends by itself, after checks that were good."""
    return _at_the_start(
        program, f"import os, threading\nthreading.Timer({after}, os._exit, (3,)).start()\n"
    )


def starts_slowly(program: str, seconds: float = 15.0) -> Change:
    """It answers nothing at first, not even health checks."""
    return _at_the_start(program, f"import time\ntime.sleep({seconds})\n")


def well(program: str) -> Change:
    return _at_the_start(program, "# made by the bench\n")


def migration(number: str, before: str, statement: str) -> Change:
    def change(folder: Path) -> None:
        text = _MIGRATION.format(number=number, before=before, statement=statement)
        (folder / _VERSIONS / f"{number}_bench.py").write_text(text)

    return change


def secret(folder: Path) -> None:
    """A private key is in the image."""
    key = _KEY.format("RSA", "MIIEow" + "A" * 600)
    (folder / "program/frontend/frontend/id_rsa").write_text(key)


def in_each(how: Callable[[str], Change], programs: tuple[str, ...]) -> Change:
    """The same in several programs."""

    def change(folder: Path) -> None:
        for program in programs:
            how(program)(folder)

    return change


def _at_the_start(program: str, text: str) -> Change:
    return lambda folder: _insert(folder / _SERVING[program], _IMPORTS, text, after=True)


def _insert(file: Path, where: str, text: str, *, after: bool = False) -> None:
    head, mark, tail = file.read_text().partition(where)
    assert mark, f"{file} has no {where.strip()}"
    file.write_text(head + (mark + text if after else text + mark) + tail)


BREAKS: Mapping[str, Callable[[str], Change]] = {
    "good": well,
    "cannot start": cannot_start,
    "500s": errors,
    "dies after 20 s": dies,
    "slow start": starts_slowly,
}
