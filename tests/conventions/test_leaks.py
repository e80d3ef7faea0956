"""A run forgives a find or two of the search for garbage, and no more."""

from __future__ import annotations

from pathlib import Path

import pytest

SUPPORT = Path(__file__).parents[1] / "support"
pytest_plugins = "pytester"

_SETTINGS = f"""
    [pytest]
    pythonpath = {SUPPORT}
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


_LEAVING_IN_A_CIRCLE = """
    import gc, socket

    class Circle:
        def __init__(self):
            self.socket, self.itself = socket.socket(), self

    def test_it():
        gc.disable()  # until the file ends
        for _ in range(3):
            Circle()
"""


def test_the_search_comes_after_each_file(pytester: pytest.Pytester) -> None:
    pytester.makeini(_SETTINGS)
    pytester.makeconftest(_START)
    pytester.makepyfile(test_a=_LEAVING_IN_A_CIRCLE, test_b="def test_it(): ...")
    run = pytester.runpytest_subprocess()
    run.stdout.fnmatch_lines(["3 left unclosed, of which 2 are forgiven*"])
    assert run.ret == 1


def test_what_a_file_has_loaded_is_not_searched_again(pytester: pytest.Pytester) -> None:
    pytester.makeini(_SETTINGS)
    pytester.makeconftest(_START)
    loading = "import gc\n\ndef test_it():\n    gc.kept = [[] for _ in range(50_000)]"
    searched = "import gc\n\ndef test_it():\n    assert len(gc.get_objects()) < 50_000"
    pytester.makepyfile(test_a=loading, test_b=searched)
    pytester.runpytest_subprocess().assert_outcomes(passed=2)
