"""A run forgives a find or two of the search for garbage, and no more."""

from __future__ import annotations

from pathlib import Path

import pytest

SUPPORT = Path(__file__).parents[1] / "support"
pytest_plugins = "pytester"

_SETTINGS = f"""
    [pytest]
    pythonpath = {SUPPORT}
    asyncio_default_fixture_loop_scope = function
    filterwarnings =
        error
        default::pytest.PytestUnraisableExceptionWarning
"""
_START = """
    from leaks import Leaks

    def pytest_configure(config):
        config.pluginmanager.register(Leaks())
"""
_LEAVING = """
    import gc, socket
    import pytest

    @pytest.mark.parametrize("number", range({count}))
    def test_it(number):
        socket.socket()
        gc.collect()
"""


@pytest.mark.parametrize(("count", "code"), [(2, 0), (3, 1)])
def test_finds_are_counted_over_all_workers(
    pytester: pytest.Pytester, count: int, code: int
) -> None:
    pytester.makeini(_SETTINGS)
    pytester.makeconftest(_START)
    pytester.makepyfile(_LEAVING.format(count=count))
    run = pytester.runpytest_subprocess("-n", "2")
    run.assert_outcomes(passed=count, warnings=count)
    run.stdout.fnmatch_lines([f"{count} left unclosed, of which 2 are forgiven*"])
    assert run.ret == code
