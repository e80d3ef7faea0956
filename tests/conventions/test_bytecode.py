"""What a test starts finds compiled what it imports, however the tests were started."""

from __future__ import annotations

import subprocess
import sys


def test_a_started_python_keeps_what_it_compiles() -> None:
    """Containers set PYTHONDONTWRITEBYTECODE: each of a thousand processes would compile again."""
    shown = [sys.executable, "-c", "import sys; print(sys.dont_write_bytecode)"]
    outcome = subprocess.run(shown, capture_output=True, text=True, check=True)
    assert outcome.stdout == "False\n"


def test_the_tests_keep_what_they_compile() -> None:
    assert not sys.dont_write_bytecode
