"""How the tests are shared out between workers.

`make test` runs two. A folder whose tests share something costly (evaluated definitions, a running
miniature) stays with one of them; everything else is shared out file by file.
"""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parent
TOGETHER = (ROOT / "e2e", ROOT / "infrastructure")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        folder = next((name for name in TOGETHER if item.path.is_relative_to(name)), None)
        group = str(folder or item.path)
        item.add_marker(pytest.mark.xdist_group(group))
