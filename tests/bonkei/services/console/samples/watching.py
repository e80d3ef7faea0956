"""Metrics and alarms over a real monitor, an inbox with Slack's blocks, and a rehearsal."""

from __future__ import annotations

import math
import time
from functools import cache
from pathlib import Path
from typing import Any

from bonkei.base.events import Bus
from bonkei.blueprint import Blueprint
from bonkei.blueprint.cloudwatch import Alarm, CompositeAlarm, Metric
from bonkei.miniature.console.alarms import offer_alarms
from bonkei.miniature.console.metrics import offer_metrics
from bonkei.miniature.console.slack import offer_slack
from bonkei.miniature.home import MiniatureError
from bonkei.services.cloudwatch.alarm.points import identity
from bonkei.services.cloudwatch.metric.model import MetricId, datum
from bonkei.services.cloudwatch.monitor import Monitor
from bonkei.services.cloudwatch.values import Around
from bonkei.services.console import Console
from bonkei.services.slack.store import Entry, Inbox
from tests.bonkei.services.console.samples.world import MARKUP, Done

ARN = "arn:aws:cloudwatch:ap-northeast-1:123456789012:alarm:"
TOPIC = ("arn:aws:sns:ap-northeast-1:123456789012:alarms",)
SERVICE = (("ClusterName", "statuspage"), ("ServiceName", "statuspage-backend"))
CPU = Metric("AWS/ECS", "CPUUtilization", SERVICE, "Average", 60)
ERRORS = Metric("AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", (("TargetGroup", "b"),),
                "Sum", 60)  # fmt: skip
IDLE = Metric("AWS/RDS", "FreeableMemory", (("DBInstanceIdentifier", MARKUP),), "Average", 60)


def _alarm(name: str, metric: Metric, threshold: float, **more: Any) -> Alarm:
    return Alarm(
        f"module.alarms.aws_cloudwatch_metric_alarm.{name}", ARN + name, f"statuspage-{name}",
        "GreaterThanOrEqualToThreshold", threshold, 3, 3, metric=metric,
        treat_missing_data="notBreaching", alarm_actions=TOPIC, ok_actions=TOPIC, **more,
    )  # fmt: skip


ALARMS = (
    _alarm("backend-cpu", CPU, 80.0, description=f"The backend has too much to do {MARKUP}"),
    _alarm("backend-5xx", ERRORS, 5.0),
    _alarm("database-memory", IDLE, 1e9),
)
COMPOSITE = CompositeAlarm(
    "module.alarms.aws_cloudwatch_composite_alarm.any", ARN + "any", "statuspage-any",
    "ALARM(statuspage-backend-cpu) OR ALARM(statuspage-backend-5xx)", TOPIC,
)  # fmt: skip


def filled(now: float) -> Monitor:
    """An hour of data: the processor is busy for the last minutes."""

    async def act(_arn: str, _subject: str, _message: str) -> None: ...

    monitor = Monitor(None, Bus(), Around(lambda _n, _s: (), act, lambda _e: None, lambda: now))
    monitor.follow(Blueprint(alarms=ALARMS, composite_alarms=(COMPOSITE,)), frozenset())
    minute = now // 60 * 60
    for back in range(60, 0, -1):
        at = minute - 60 * back + 5
        value = 92.0 if back <= 6 else 35 + 20 * math.sin(back / 5)
        monitor.put(datum(identity(CPU), at, value, "Percent"))
        monitor.put(datum(identity(ERRORS), at, float(back % 4 == 0), "Count"))
    for number in range(130):
        other = MetricId("Shop/Orders", f"Latency{number:03d}", (("Shop", "a"),))
        monitor.put(datum(other, now - 30, float(number), "Milliseconds"))
    for back in (4, 3, 2, 1, 0):
        monitor.engine.evaluate(minute - 60 * back)
    return monitor


class Rehearsals:
    """What `bonkei.miniature.rehearsal.underway` is, without a miniature: it has begun and one of
    two is through."""

    def __init__(self, done: Done) -> None:
        self._done = done
        self.is_under_way = False

    def begin(self, wanted: list[str]) -> list[str]:
        if self.is_under_way:
            raise MiniatureError("a rehearsal is under way", remedy="wait for its end")
        self._done.append(("rehearse", *wanted))
        self.is_under_way = True
        return wanted or [alarm.name for alarm in ALARMS]

    def end(self) -> None:
        self._done.append(("end",))
        self.is_under_way = False

    def snapshot(self) -> dict[str, Any] | None:
        if not any(one[0] == "rehearse" for one in self._done):
            return None
        now = time.time()
        slack = [{"time": now, "text": "🔴 ALARM: statuspage-backend-cpu", "after": 0.12}]
        through = {
            "name": "statuspage-backend-cpu", "kind": "alarm", "cause": "processor time, really "
            "used beside each task of statuspage-backend", "injected": False, "alarm_at": now - 9,
            "ok_at": now - 2, "both_ways": True, "problem": "", "slack": slack, "not_shown": "",
        }  # fmt: skip
        waits = {
            "name": "statuspage-backend-5xx", "kind": "alarm", "cause": f"{MARKUP}",
            "injected": True, "alarm_at": 0.0, "ok_at": 0.0, "both_ways": False, "problem": "",
            "slack": [], "not_shown": "",
        }  # fmt: skip
        return {"over": not self.is_under_way, "results": [through, waits]}


_CLOUDWATCH = "https://console.aws.amazon.com/cloudwatch/home?region=ap-northeast-1"


def _blocks(name: str, word: str, colour: str) -> dict[str, Any]:
    """As program/functions/alarm writes it."""
    reason = f"Threshold Crossed: 3 datapoints were greater than the threshold {MARKUP}"
    escaped = reason.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    links = f"<{_CLOUDWATCH}#alarmsV2:alarm/statuspage-{name}|Open in CloudWatch>"
    return {
        "text": f"{word}: {name}",
        "attachments": [{"color": colour, "fallback": name, "blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": f"{word}: {name}"}},
            {"type": "section", "text": {"type": "mrkdwn", "text": f"```{escaped}```"}},
            {"type": "context", "elements": [
                {"type": "mrkdwn", "text": f"CPUUtilization: 92 ≥ 80 · *Tokyo* · {links}"}]},
        ]}],
    }  # fmt: skip


RELEASE = {
    "text": "x", "username": "pipelines", "blocks": [
        {"type": "section", "text": {"type": "mrkdwn", "text": "A release *waits* for `main`"}},
        {"type": "actions", "elements": [
            {"type": "button", "text": {"type": "plain_text", "text": "Open the plan"},
             "url": "https://example.com/plan", "style": "primary"},
            {"type": "button", "text": {"type": "plain_text", "text": "Run"},
             "url": "javascript:alert(1)"}]},
    ],
}  # fmt: skip


def inbox(home: Path, now: float) -> Inbox:
    found = Inbox(home / "messages.jsonl")
    mail = {"subject": "ALARM: notifier-errors", "text": f"Slack refuses {MARKUP}"}
    found.add(Entry(now - 400, "email", "on-call@example.com", mail))
    for at, body in (
        (now - 300, _blocks("backend-cpu", "🔴 ALARM", "#d32f2f")),
        (now - 60, _blocks("backend-cpu", "🟢 Recovered", "good")),
        (now - 20, RELEASE),
    ):
        found.add(Entry(at, "slack", "slack-webhook", body))
    return found


def offer(console: Console, done: Done, home: Path) -> None:
    now = time.time()
    monitor = cache(lambda: filled(now))  # of the console's own thread
    offer_metrics(console, monitor, lambda: now)
    offer_alarms(console, monitor, Rehearsals(done), lambda: now)  # type: ignore[arg-type]
    kept = inbox(home, now)
    offer_slack(console, lambda: kept, lambda: "the inbox: `bonkei slack`")
