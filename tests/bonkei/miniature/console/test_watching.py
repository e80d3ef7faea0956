"""Metrics, alarms and the inbox as the console's values."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bonkei.base.errors import BonkeiError
from bonkei.blueprint.cloudwatch import MetricQuery
from bonkei.miniature.console.alarms import all_alarms, condition, one_alarm, rehearsal_now
from bonkei.miniature.console.metrics import Lines, drawn, identity_text, listed, parse
from bonkei.miniature.console.slack import MOST_ROWS, Reading, colour_of, shown, spans
from bonkei.miniature.home import MiniatureError
from bonkei.miniature.rehearsal.underway import Rehearsals
from bonkei.services.cloudwatch.alarm.points import identity
from bonkei.services.cloudwatch.metric.model import MetricId, datum
from bonkei.services.cloudwatch.monitor import Monitor
from bonkei.services.console import ConsoleError
from bonkei.services.console.values import LONGEST_STATE
from bonkei.services.slack.store import Entry, Inbox
from tests.bonkei.services.console.samples.watching import ALARMS, CPU, filled

NOW = time.time()


@pytest.fixture
async def monitor() -> AsyncIterator[Monitor]:
    found = filled(NOW)
    yield found
    await found.stop()


def none() -> Rehearsals:
    def world() -> Any:
        raise MiniatureError("the miniature has not started yet", remedy="try again then")

    return Rehearsals(world)


async def test_never_more_than_a_hundred_metrics(monitor: Monitor) -> None:
    lines = Lines()
    found: Any = await listed(monitor, "", "", NOW, lines)
    assert (found["total"], len(found["metrics"]), found["more"]) == (132, 100, 32)
    assert found["namespaces"][0] == {"name": "AWS/ApplicationELB", "count": 1}
    assert len(json.dumps(found)) < LONGEST_STATE / 4
    few = await listed(monitor, "cpu statuspage-backend", "AWS/ECS", NOW, lines)
    [cpu] = few["metrics"]
    assert (cpu["statistic"], cpu["last"], cpu["unit"]) == ("Average", 92.0, "Percent")
    assert cpu["alarms"] == [{"name": "statuspage-backend-cpu", "state": "ALARM"}]
    monitor.put(datum(identity(CPU), NOW, 50.0, "Percent"))
    [newer] = (await listed(monitor, "cpu", "AWS/ECS", NOW, lines))["metrics"]
    assert newer["last"] == 50.0  # new data count at once
    [later] = (await listed(monitor, "cpu", "AWS/ECS", NOW + 3600, lines))["metrics"]
    assert later["line"] == [None] * 30


def test_a_metric_in_an_address_comes_back_as_it_was() -> None:
    odd = MetricId("A/B", 'x"|,=', (("a,b", "=|\n"), ("é", "")))
    assert parse(identity_text(odd)) == odd
    for text in ("", "[]", "[1]", '["a","b",[["c"]]]', '{"a": 1}', "null", '["a","b",7]'):
        with pytest.raises(ConsoleError, match="not a metric"):
            parse(text)


async def test_the_graph_has_the_asked_period_unless_that_is_too_many_points(
    monitor: Monitor,
) -> None:
    query = {"id": identity_text(identity(CPU)), "statistic": "Maximum", "period": "60"}
    found: Any = drawn(monitor, query | {"seconds": "900"}, NOW)
    assert (found["period"], len(found["times"])) == (60.0, 16)
    assert max(value for value in found["values"] if value is not None) == 92.0
    assert [one["applies"] for one in found["alarms"]] == [False]  # it looks at the average
    long: Any = drawn(monitor, query | {"seconds": "1e99", "period": "1"}, NOW)
    assert (long["seconds"], long["period"]) == (30 * 86_400.0, 3600.0)
    assert len(long["times"]) <= 721
    usual: Any = drawn(monitor, {"id": query["id"], "seconds": "nan", "period": "-5"}, NOW)
    assert (usual["statistic"], usual["period"], usual["seconds"]) == ("Average", 60.0, 3600.0)
    assert usual["alarms"][0]["applies"]
    with pytest.raises(BonkeiError, match="not a statistic"):
        drawn(monitor, query | {"statistic": "Median"}, NOW)


async def test_an_alarm_with_its_graph_and_its_past(monitor: Monitor) -> None:
    every: Any = all_alarms(monitor, none())
    assert [one["state"] for one in every["alarms"]].count("ALARM") == 2
    assert not every["rehearsing"]
    found: Any = one_alarm(monitor, "statuspage-backend-cpu", NOW)
    assert found["condition"] == "CPUUtilization ≥ 80, 3/3 × 60 s"
    assert (found["graph"]["threshold"], found["graph"]["values"][-1]) == (80.0, 92.0)
    states = found["graph"]["states"]
    assert [one["state"] for one in states] == ["INSUFFICIENT_DATA", "OK", "ALARM"]
    assert (states[0]["from"], states[-1]["to"]) == (found["graph"]["times"][0], NOW)
    assert any("to ALARM" in item["summary"] for item in found["history"])
    assert found["metrics"][0]["id"] == identity_text(identity(CPU))
    composite: Any = one_alarm(monitor, "statuspage-any", NOW)
    assert (composite["kind"], composite["graph"]) == ("composite", None)
    with pytest.raises(ConsoleError, match="no alarm x"):
        one_alarm(monitor, "x", NOW)


@pytest.mark.parametrize(
    ("label", "named"), [("", "100 * used / all"), ("Memory in use", "Memory in use")]
)
def test_metric_math_is_named_by_its_label_or_its_expression(label: str, named: str) -> None:
    terms = (
        MetricQuery("used", CPU),
        MetricQuery("share", expression="100 * used / all", label=label, returns_data=True),
    )
    alarm = replace(ALARMS[0], metric=None, queries=terms, threshold=90.0)
    assert condition(alarm).startswith(f"{named} ≥ 90, ")


def test_there_is_no_rehearsal_before_the_start() -> None:
    rehearsals = none()
    assert rehearsal_now(rehearsals) is None
    with pytest.raises(MiniatureError, match="not started"):
        rehearsals.begin([ALARMS[0].name])
    rehearsals.end()  # nothing is under way


def entry(body: Any, at: float = NOW) -> Entry:
    return Entry(at, "slack", "webhook", body)


def only(body: Any) -> Any:
    found: Any = shown([entry(body)], "", "here")
    return found["messages"][0]


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("plain <b>", [{"text": "plain <b>"}]),
        ("&lt;script&gt; &amp;amp;", [{"text": "<script> &amp;"}]),
        ("<https://a.example/?a=1&amp;b=2|see> it",
         [{"text": "see", "href": "https://a.example/?a=1&b=2"}, {"text": " it"}]),
        ("<javascript:alert(1)|x>", [{"text": "<javascript:alert(1)|x>"}]),
        ("*bold* _it_ ~no~ `a*b*`",
         [{"text": "bold", "bold": True}, {"text": " "}, {"text": "it", "italic": True},
          {"text": " "}, {"text": "no", "strike": True}, {"text": " "},
          {"text": "a*b*", "code": True}]),
        ("2*3*4 snake_case_name", [{"text": "2*3*4 snake_case_name"}]),
        ("<!here> <#C1|general>",
         [{"text": "!here", "bold": True}, {"text": " "}, {"text": "general", "bold": True}]),
        ("", []),
    ],
)  # fmt: skip
def test_mrkdwn_as_pieces_of_text(text: str, pieces: list[dict[str, Any]]) -> None:
    """ "Formatting text for app surfaces" (docs.slack.dev)."""
    assert spans(text) == pieces


def test_blocks_that_are_odd_are_shown_as_far_as_they_go() -> None:
    odd = [{"type": "section"}, {"type": "context"}, {"type": "header", "text": 5}, "x", None,
           {"type": "rich_text"}, {"type": "actions", "elements": [{"type": "select"}]},
           {"type": "image", "image_url": "javascript:alert(1)", "alt_text": "a"}]  # fmt: skip
    found = only({"text": "t", "blocks": odd, "attachments": [{"color": "url(x)"}, 7]})
    kinds = [one["kind"] for one in found["parts"]]
    assert kinds == ["context", "header", "context", "buttons", "context"]
    assert "href" not in json.dumps(found)
    assert found["attachments"] == [{"colour": "", "parts": []}]
    long = only({"text": "x" * 100_000})
    assert len(json.dumps(long)) < 5_000


def test_code_is_apart_and_text_alone_is_shown_too() -> None:
    found = only({"text": "before ```a &lt; b\n*c*``` after"})
    assert [(one["kind"], one["spans"][0]["text"]) for one in found["parts"]] == [
        ("text", "before"), ("code", "a < b\n*c*"), ("text", "after"),
    ]  # fmt: skip
    assert [colour_of(one) for one in ("good", "#AbCdEf", "abcdef", "red;", "")] == [
        "#2eb67d", "#abcdef", "#abcdef", "", "",
    ]  # fmt: skip


def test_the_inbox_is_bounded_and_read_again_only_when_it_has_changed(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path / "messages.jsonl")
    reading = Reading(inbox)
    assert reading.entries() == ()
    for number in range(MOST_ROWS + 5):
        inbox.add(entry({"text": f"message {number}"}, NOW + number))
    first = reading.entries()
    assert reading.entries() is first
    found: Any = shown(first, "", "here")
    assert (found["total"], len(found["messages"]), found["more"]) == (65, 60, 5)
    assert found["messages"][0]["at"] == NOW + 64  # the newest first
    filtered: Any = shown(first, "MESSAGE 7", "")
    assert filtered["messages"][-1]["parts"][0]["spans"] == [{"text": "message 7"}]
    inbox.add(entry({"text": "new"}))
    assert len(reading.entries()) == MOST_ROWS + 6
