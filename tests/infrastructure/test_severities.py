"""What Slack's messages say first, as docs/operations/alarms.md has it, and where they lead."""

from __future__ import annotations

import re

import pytest
from alarm.events import AlarmChange, Severity, parse
from alarm.message import Ways, message
from documents import Document
from evaluations import ROOT, Evaluation

from bonkei.blueprint.cloudwatch import Alarm, CompositeAlarm
from tests.program.functions.alarm.recorded import recorded, texts

PAGES = [Document.read(ROOT / f"docs/operations/alarms{end}.md") for end in ("", ".ja")]

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.file.name)


@each_page
def test_the_alarms_that_call_people_are_the_named_ones(
    otherwise: Evaluation, page: Document
) -> None:
    severities = {alarm.name: severity(alarm) for alarm in every_alarm(otherwise)}
    assert Severity.UNKNOWN not in severities.values()
    silent = {alarm.name for alarm in every_alarm(otherwise) if not alarm.alarm_actions}
    (said,) = [part for part in page.text.split("\n\n") if "`[page]`" in part]
    codes = re.findall(r"`([a-z0-9-]+)`", said)
    named = {f"statuspage-production-{name}" for name in codes}
    assert named == {name for name, one in severities.items() if one is Severity.PAGE} - silent


@each_page
@pytest.mark.parametrize(
    "event", ["approval_started", "pipeline_action_failed", "backup_job_failed"]
)
def test_an_event_links_its_section(page: Document, event: str) -> None:
    sent = message(parse(recorded(event)), ways=Ways(runbook_url="page"))
    assert sent is not None
    (anchor,) = re.findall(r"<page#([^|]+)\|", texts(sent))
    assert anchor in page.anchors()


def every_alarm(evaluation: Evaluation) -> tuple[Alarm | CompositeAlarm, ...]:
    return (*evaluation.blueprint.alarms, *evaluation.blueprint.composite_alarms)


def severity(alarm: Alarm | CompositeAlarm) -> Severity:
    event = parse(recorded("alarm", AlarmDescription=alarm.description))
    assert isinstance(event, AlarmChange)
    return event.severity
