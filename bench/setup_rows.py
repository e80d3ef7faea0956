"""A plugin of pytest for `bench.setup`: after set-up.md, it releases the infrastructure twice more,
without a change, and with a variable changed."""

from __future__ import annotations

from collections.abc import Generator
from typing import Protocol, cast

import pytest

_CHANGE = "log_retention_days = 60\n"  # it updates every log group


class Guide(Protocol):
    """That of `tests/e2e/test_guide.py`."""

    releases: list[str]

    def release_again(self, line: str = "") -> None: ...


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Print their rows after the page's own."""
    outcome = yield
    if pyfuncitem.funcargs.get("page") == "set-up" and "guide" in pyfuncitem.funcargs:
        guide = cast("Guide", pyfuncitem.funcargs["guide"])
        guide.release_again()
        guide.release_again(_CHANGE)
        print(*guide.releases, "", sep="\n")
        guide.releases.clear()
    return outcome
