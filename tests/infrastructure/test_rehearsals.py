"""Every alarm of both environments can be rehearsed: to ALARM and back to OK."""

from __future__ import annotations

from typing import Any

import pytest

from bonkei.base.events import Bus
from bonkei.blueprint import Blueprint
from bonkei.blueprint.cloudwatch import Alarm
from bonkei.miniature.rehearsal.choice import choose
from bonkei.miniature.rehearsal.plan import Facts
from bonkei.miniature.rehearsal.rules import matching, rules_of
from bonkei.services.cloudwatch.alarm.points import period_of
from bonkei.services.cloudwatch.metric.model import Datum
from bonkei.services.cloudwatch.monitor import Monitor
from bonkei.services.cloudwatch.rehearsal import values
from bonkei.services.cloudwatch.values import Around

T = 1_800_000_000.0 // 86400 * 86400
SECRET = "slack-webhook"


@pytest.fixture(params=["development", "production"])
def blueprint(request: pytest.FixtureRequest) -> Blueprint:
    """The blueprint of an environment."""
    found: Blueprint = request.getfixturevalue(str(request.param)).blueprint
    return found


class World:
    """A monitor with its own clock."""

    def __init__(self, alarm: Alarm) -> None:
        self.now = T

        async def act(_arn: str, _subject: str, _message: str) -> None: ...

        around = Around(lambda _now, _step: (), act, lambda _event: None, lambda: self.now)
        self.monitor = Monitor(None, Bus(), around)
        self.monitor.follow(Blueprint(alarms=(alarm,)), frozenset())

    def pass_periods(self, alarm: Alarm, *, bad: bool) -> str:
        """As many periods as needed, each with the data of the rehearsal."""
        period = period_of(alarm)
        for _ in range(alarm.evaluation_periods + 2):
            for metric, sample in (values(alarm, bad=bad) or {}).items():
                self.monitor.inject(Datum(metric, self.now + period / 2, (sample,)))
            self.now += period
            self.monitor.engine.evaluate(self.now)
        return str(self.monitor.book.state(alarm.name).value)


async def test_each_alarm_goes_both_ways(blueprint: Blueprint) -> None:
    assert len(blueprint.alarms) >= 27
    ways = {}
    for alarm in blueprint.alarms:
        world = World(alarm)
        states = [world.pass_periods(alarm, bad=bad) for bad in (False, True, False)]
        ways[alarm.name] = states
        await world.monitor.stop()

    assert {name: found for name, found in ways.items() if found != ["OK", "ALARM", "OK"]} == {}


def test_most_alarms_have_a_real_cause_and_the_others_a_reason(blueprint: Blueprint) -> None:
    secret = next(one.arn for one in blueprint.secrets if SECRET in one.name)
    facts = Facts(
        processors=8,
        free_memory=32 * 1024**3,
        connections={one.arn: 450 for one in blueprint.database_clusters},
        running={},
        paths={"backend": ["/a"], "frontend": ["/b"]},
        webhook=secret,
    )
    plans = {alarm.name: choose(alarm, blueprint, facts) for alarm in blueprint.alarms}
    without: dict[str, Any] = {n: p.why for n, p in plans.items() if not p.is_real}

    [letters] = [plan for name, plan in plans.items() if name.endswith("notifier-dead-letters")]
    assert letters.kind == "letter", "one that a person reads is counted, too"
    assert sum(plan.is_real for plan in plans.values()) >= 21
    assert [name for name, why in without.items() if not why] == []
    assert {plan.kind for plan in plans.values()} <= {
        "processor", "memory", "statement", "refused sign-in", "database processor", "outage",
        "firewall", "letter", "no start", "more tasks", "slow", "suspended", "killed", "webhook",
        "injected", "records",
    }  # fmt: skip


def test_each_rule_on_events_gets_a_matching_event(blueprint: Blueprint) -> None:
    rules = rules_of(blueprint)
    assert len(rules) == 2
    assert [rule.name for rule in rules if matching(rule, T) is None] == []
