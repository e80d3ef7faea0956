"""A scenario file: what it may say, and the place and remedy of what it may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from bonkei.services.faults import Ask, FaultError
from bonkei.services.faults.drill.scenario import (
    Expectations,
    Load,
    PlannedFault,
    Scenario,
    read_scenario,
)

ROOT = Path(__file__).resolve().parents[4]
WHOLE = """
name = "All of it"
about = "why"
seconds = "1m"
alarm_period = 5

[load]
rate = 20
paths = ["/", "/api"]
timeout = "500ms"

[[fault]]
at = "20s"
kind = "slow"
target = "web"
for = "10s"
percent = 50
latency = "250ms"
jitter = "50ms"

[[fault]]
at = 5
kind = "fill"
target = "database"

[[fault]]
kind = "refuse"
target = "aws:s3"
error = "throttle"

[[fault]]
at = "30s"
kind = "fill"
target = "web"
what = "disk"
size = "256MB"

[expect]
failures = "1%"
latency = "1s"
recovery = 20
alarms = ["web-5xx"]
no_other_alarms = true
"""


def test_all_that_it_may_say() -> None:
    assert read_scenario(WHOLE, "faults.toml") == Scenario(
        "All of it",
        60.0,
        Load(("/", "/api"), 20.0, 0.5),
        (
            PlannedFault(0.0, Ask("refuse", "aws:s3", refusal="throttle")),
            PlannedFault(5.0, Ask("fill", "database")),
            PlannedFault(20.0, Ask("slow", "web", 10.0, 50, 0.25, 0.05)),
            PlannedFault(30.0, Ask("fill", "web", what="disk", size=256e6)),
        ),
        Expectations(0.01, 1.0, 20.0, ("web-5xx",), True),
        5.0,
        "why",
    )


def test_the_least() -> None:
    found = read_scenario('seconds = "10s"', "drills/quiet.toml")
    assert (found.name, found.load, found.faults) == ("quiet", Load(), ())


@pytest.mark.parametrize(
    ("line", "said", "remedy"),
    [
        ("seconds", "is not TOML", ""),
        ("", "seconds is missing", 'seconds = "60s"'),
        ("seconds = 0", "seconds = 0 is wrong", "from 1 s to 1800 s"),
        ("seconds = true", "seconds = True is wrong", 'a time: "30s"'),
        ('seconds = "1 minute"', "is wrong", "500ms, 30s, 5m or 1h"),
        ("seconds = 9\nsecond = 9", "second is not known", "alarm_period, expect"),
        ("seconds = 9\nalarm_period = 0", "alarm_period = 0 is wrong", "from 1 s to 60 s"),
        ("seconds = 9\nload = 5", "load = 5 is wrong", "a table: [load]"),
        ("seconds = 9\n[load]\nrate = 501", "[load] rate = 501", "at most 500 a second"),
        ("seconds = 9\n[load]\nrate = 0", "[load] rate = 0", "more than 0"),
        ('seconds = 9\n[load]\npaths = ["x"]', "[load] paths", "begins with"),
        ('seconds = 9\n[load]\npaths = ["/ HTTP"]', "[load] paths", "begins with"),
        ("seconds = 9\n[load]\npaths = [1]", "[load] paths", "a list of texts"),
        ('seconds = 9\n[load]\ntimeout = "2m"', "[load] timeout", "100ms to 60s"),
        ("seconds = 9\n[[fault]]", "[[fault]] 1 kind = None", "kill, freeze"),
        ('seconds = 9\n[[fault]]\nkind = "kill"', "[[fault]] 1 target", "needs a target"),
        (
            'seconds = 9\n[[fault]]\nkind = "kill"\ntarget = "a"\nat = "9s"',
            "[[fault]] 1 at = '9s' is wrong", "over after 9 s",
        ),
        (
            'seconds = 9\n[[fault]]\nkind = "kill"\ntarget = "a"\nlatncy = 1',
            "[[fault]] 1 latncy is not known", "latency",
        ),
        (
            'seconds = 9\n[[fault]]\nkind = "fill"\ntarget = "a"\nsize = "5"',
            "[[fault]] 1 size = '5' is wrong", "80% or 256MB",
        ),
        ('seconds = 9\n[expect]\nfailures = "x%"', "[expect] failures", "a share"),
        ("seconds = 9\n[expect]\nfailures = 5", "[expect] failures", '"1%", or 0'),
        ("seconds = 9\n[expect]\nno_other_alarms = 1", "[expect] no_other", "true or false"),
        ("x = '" + "y" * 40_000 + "'", "is larger than 32 KiB", ""),
    ],
)  # fmt: skip
def test_each_mistake_has_its_place_and_a_remedy(line: str, said: str, remedy: str) -> None:
    with pytest.raises(FaultError) as error:
        read_scenario(line, "faults.toml")
    assert error.value.message.startswith("faults.toml")
    assert said in error.value.message
    assert remedy in error.value.remedy


@pytest.mark.parametrize("file", sorted((ROOT / "drills").glob("*.toml")), ids=lambda one: one.stem)
def test_the_committed_ones_are_right(file: Path) -> None:
    found = read_scenario(file.read_text(encoding="utf-8"), file.name)
    assert found.faults
    assert found.expect != Expectations()
