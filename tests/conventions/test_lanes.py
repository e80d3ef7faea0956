"""The order in which workers take the files of tests."""

from __future__ import annotations

import ast
import time
from pathlib import Path

import costs
import pytest
from lanes import FOLDERS, LANES, LONG, SHARED, TOGETHER, choice, unit

ROOT = Path(__file__).resolve().parents[2]
FILES = list(LONG)
pytest_plugins = "pytester"


def test_each_long_file_is_there_and_says_why() -> None:
    said = LONG | SHARED
    assert [name for name in said if not (ROOT / name).exists()] == []
    assert [name for name, why in said.items() if len(why) < 15] == []


def test_long_files_come_first_and_never_on_every_worker() -> None:
    left = dict.fromkeys(["tests/a.py", *reversed(FILES), "tests/b.py"])
    assert [choice(left, lane) for lane in range(LANES)] == [FILES[0]] * LANES
    assert choice(left, LANES) == "tests/a.py"


def test_whoever_has_nothing_of_its_own_helps() -> None:
    assert choice(dict.fromkeys(["tests/a.py"]), 0) == "tests/a.py"
    assert choice(dict.fromkeys(FILES[3:]), LANES) == FILES[3]


def test_files_that_share_a_home_are_one_unit() -> None:
    files = sorted((ROOT / "tests/e2e").glob("test_*.py"))
    users = [f"tests/e2e/{file.name}" for file in files if takes(file) & {"project", "miniature"}]
    assert users == list(TOGETHER)
    assert {unit(file) for file in TOGETHER} == {FILES[0]}
    assert unit("tests/a.py") == "tests/a.py"


def test_files_that_share_a_browser_are_one_unit() -> None:
    users = {
        str(file.parent.relative_to(ROOT))
        for file in (ROOT / "tests").rglob("conftest.py")
        if "Shared(" in file.read_text(encoding="utf-8")
    }
    assert users == set(FOLDERS)
    assert [unit(f"{folder}/test_a.py") for folder in FOLDERS] == list(FOLDERS)
    assert unit(f"{FOLDERS[0]}_too/test_a.py") == f"{FOLDERS[0]}_too/test_a.py"
    assert set(FOLDERS) <= set(LONG)


def takes(file: Path) -> set[str]:
    """The fixtures of others that its tests and its own fixtures take."""
    made = [
        found
        for found in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(found, ast.FunctionDef)
        and (
            found.name.startswith("test_")
            or any("fixture" in ast.unparse(each) for each in found.decorator_list)
        )
    ]
    return {each.arg for found in made for each in found.args.args} - {f.name for f in made}


def test_a_file_that_costs_much_and_does_not_say_why_is_named() -> None:
    said = costs.summary(
        {"tests/a.py": 12.0, "tests/b.py": 11.0, "tests/c.py": 2.0}, ["tests/b.py"]
    )
    assert said[0] == "25 s of a processor; most in:"
    assert said[-2:] == [
        "more than 10 s, and tests/support/lanes.py does not say why:",
        "  tests/a.py",
    ]
    assert len(costs.summary({"tests/b.py": 11.0}, ["tests/b.py"])) == 2
    assert len(costs.summary({f"{FOLDERS[0]}/test_a.py": 11.0}, FOLDERS)) == 2
    assert len(costs.summary({f"{next(iter(SHARED))}/test_a.py": 11.0})) == 2


def test_the_machines_seconds_without_work_are_counted() -> None:
    before = costs.Machine.now()
    time.sleep(0.2)
    after = costs.Machine.now()
    passed, idle = after.all - before.all, after.idle - before.idle
    assert passed > 0
    assert -0.1 < idle < passed + 0.1  # the kernel's time without work for a disk may go back
    said = costs.Machine(130.0, 35.0).since(costs.Machine(30.0, 5.0))
    assert said == "All processors of the machine: 100 s, 30 s of them without work"


def test_what_takes_long_by_the_clock_and_who_ends_early_is_named() -> None:
    said = costs.waits({"tests/a.py": 3.0, "tests/b.py": 30.0}, {"gw0": 110.0, "gw1": 100.0})
    assert said == [
        "33 s by the workers' clocks; most in:",
        "   30.0 s  tests/b.py",
        "    3.0 s  tests/a.py",
        "before the end, the last test ended in gw0 0 s, gw1 10 s",
    ]


def test_what_a_test_starts_counts(pytester: pytest.Pytester) -> None:
    """Also when it waits long: that costs nothing."""
    busy = "import time\nwhile time.process_time() < 0.3: pass"
    pytester.makepyfile(
        test_busy=f"""
            import subprocess, sys
            def test_busy():
                subprocess.run([sys.executable, "-c", {busy!r}], check=True)
        """,
        test_waits="import time\ndef test_waits():\n    time.sleep(0.3)",
    )
    counted = costs.Costs()
    pytester.inline_run("-p", "no:cacheprovider", plugins=[counted])
    found = counted.by_file
    assert found["test_busy.py"] > 0.2 > found["test_waits.py"]


def test_what_ends_with_a_worker_counts_for_no_file(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        """
        import pytest
        @pytest.fixture(scope="session")
        def shared():
            yield
            sum(range(10_000_000))
        """
    )
    pytester.makepyfile(test_a="def test_a(shared): pass", test_b="def test_b(shared): pass")
    counted = costs.Costs()
    pytester.inline_run("-p", "no:cacheprovider", plugins=[counted])
    assert counted.by_file[costs.AT_THE_END] > max(0.05, counted.by_file["test_b.py"])
    assert len(costs.summary({costs.AT_THE_END: 11.0})) == 2
