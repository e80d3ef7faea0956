"""The messages about events, from recorded ones."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest
from alarm.details import Details
from alarm.events import (
    AlarmChange,
    BackupFailure,
    PipelineFailure,
    PipelineWaits,
    State,
    Unrecognized,
    parse,
)
from alarm.message import Ways, late, message
from hypothesis import given
from hypothesis import strategies as st

from tests.program.functions.alarm.recorded import recorded, texts


def test_an_alarm_is_parsed():
    event = parse(recorded("alarm"))
    assert isinstance(event, AlarmChange)
    assert (event.state, event.old_state) == (State.ALARM, State.OK)
    assert event.region == "ap-northeast-1"


def test_an_alarm_is_reported():
    sent = message(parse(recorded("alarm")))
    assert sent is not None
    assert sent["text"] == "🔴 ALARM: status-prod-backend-error-records"
    assert "The backend logged an ERROR." in texts(sent)
    assert "OK -&gt; ALARM transition" in texts(sent)
    assert (
        "<https://ap-northeast-1.console.aws.amazon.com/cloudwatch/home?region=ap-northeast-1"
        "#alarmsV2:alarm/status-prod-backend-error-records|Open in CloudWatch>"
    ) in texts(sent)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("OK", "ALARM", "🔴 ALARM"),
        ("INSUFFICIENT_DATA", "ALARM", "🔴 ALARM"),
        ("ALARM", "OK", "🟢 Recovered"),
        ("INSUFFICIENT_DATA", "OK", None),
        ("ALARM", "INSUFFICIENT_DATA", "⚪ No data"),
        ("OK", "INSUFFICIENT_DATA", "⚪ No data"),
    ],
)
def test_a_recovery_needs_an_earlier_alarm(old: str, new: str, told: str | None):
    sent = message(parse(recorded("alarm", OldStateValue=old, NewStateValue=new)))
    if told is None:
        assert sent is None
    else:
        assert sent is not None
        assert sent["text"].startswith(told)


WAYS = Ways("<!here>", "https://git.test/alarms.md")


@pytest.mark.parametrize(
    ("description", "new", "told"),
    [
        ("[page] Down.", "ALARM", "<!here> 🔴 Page · ALARM: a"),
        ("[page] Down.", "OK", "🟢 Recovered: a"),
        ("[page] Down.", "INSUFFICIENT_DATA", "⚪ No data: a"),
        ("[ticket] Slow.", "ALARM", "🟠 Ticket · ALARM: a"),
        ("[Page] of another form", "ALARM", "🔴 ALARM: a"),
        ("", "ALARM", "🔴 ALARM: a"),
    ],
)
def test_a_severity_comes_first_and_only_a_page_calls(description: str, new: str, told: str):
    old = "OK" if new == "ALARM" else "ALARM"
    changed = {"OldStateValue": old, "NewStateValue": new, "AlarmDescription": description}
    sent = message(parse(recorded("alarm", AlarmName="a", **changed)), ways=WAYS)
    assert sent is not None
    assert sent["text"] == told
    assert "[page]" not in texts(sent)
    assert "[ticket]" not in texts(sent)
    assert "<!here>" not in texts(sent["attachments"][0])


def test_a_late_page_calls_unless_it_is_over():
    event = parse(recorded("alarm", AlarmName="a", AlarmDescription="[page] Down."))
    still = message(event, ways=WAYS)
    over = message(event, Details(now=(State.OK, datetime.now(UTC))), WAYS)
    assert still is not None
    assert over is not None
    assert late(still, "2026")["text"] == "<!here> Late: 🔴 Page · ALARM: a"
    assert late(over, "2026")["text"] == "⚪ Late: Page · ALARM: a"


def test_a_composite_alarm_names_the_children_that_decided_it():
    states = {"down": "ALARM", "slow": "OK"}
    document = json.loads(recorded("alarm", AlarmRule="ALARM(down) OR ALARM(slow)"))
    del document["Trigger"]
    document["TriggeringChildren"] = [
        {"Arn": f"arn:aws:cloudwatch:x:1:alarm:prod-{name}", "State": {"Value": state}}
        for name, state in states.items()
    ]
    sent = message(parse(json.dumps(document)))
    assert sent is not None
    assert "prod-down" in texts(sent)
    assert "prod-slow" not in texts(sent)


@pytest.mark.parametrize("kind", ["Backup", "Copy"])
def test_a_failed_backup_is_reported_with_its_reason(kind: str):
    event = parse(recorded("backup_job_failed", **{"detail-type": f"{kind} Job State Change"}))
    assert isinstance(event, BackupFailure)
    sent = message(event, ways=WAYS)
    assert sent is not None
    assert sent["text"] == f"🟠 Ticket · {kind} failed: status-prod-database"
    assert "Access is denied" in texts(sent)


@pytest.mark.parametrize(
    ("name", "section"),
    [
        ("approval_started", "pipeline-waits"),
        ("approval_needed", "pipeline-waits"),
        ("pipeline_action_failed", "pipeline-failed"),
        ("backup_job_failed", "backup-failed-copy-failed"),
    ],
)
def test_an_event_links_its_section_of_the_runbook(name: str, section: str):
    sent = message(parse(recorded(name)), ways=WAYS)
    assert sent is not None
    assert f"<https://git.test/alarms.md#{section}|What to do>" in texts(sent)
    assert "What to do" not in texts(message(parse(recorded(name))) or {})


@pytest.mark.parametrize("name", ["approval_started", "approval_needed"])
def test_a_waiting_plan_is_reported(name: str):
    event = parse(recorded(name))
    assert isinstance(event, PipelineWaits)
    sent = message(event)
    assert sent is not None
    assert sent["text"] == "🟡 Ticket · Waits for approval: status-prod-pipeline-tf"
    assert (
        "<https://ap-northeast-1.console.aws.amazon.com/codesuite/codepipeline/pipelines/"
        "status-prod-pipeline-tf/view?region=ap-northeast-1|Open in CodePipeline>"
    ) in texts(sent)


def test_a_waiting_approval_is_reported_without_its_token():
    sent = message(parse(recorded("approval_needed")))
    assert sent is not None
    assert "replace 1, create 2: replace a.b" in texts(sent)
    assert "until 2026-01-12T04:22Z" in texts(sent)
    assert "TOKEN" not in texts(sent)


def test_a_refused_approval_is_not_a_failed_pipeline():
    document = json.loads(recorded("approval_started"))
    document["detail"] |= {
        "state": "FAILED",
        "execution-result": {"external-execution-summary": "too many changes"},
    }
    sent = message(parse(json.dumps(document)))
    assert sent is not None
    assert sent["text"] == "⚪ Not approved: status-prod-pipeline-tf"
    assert "too many changes" in texts(sent)


def test_a_failed_pipeline_is_reported():
    event = parse(recorded("pipeline_execution_failed"))
    assert isinstance(event, PipelineFailure)
    sent = message(event)
    assert sent is not None
    assert sent["text"] == "🟠 Ticket · Pipeline failed: status-prod-pipeline-program"
    assert "/executions/12345678-1234-5678-abcd-12345678abcd/" in texts(sent)


def test_a_failed_action_is_reported_with_place_and_reason():
    sent = message(parse(recorded("pipeline_action_failed")))
    assert sent is not None
    assert "In Build / Scan" in texts(sent)
    assert "<https://ap-northeast-1.console.aws.amazon.com/codebuild/home|Log>" in texts(sent)
    assert "ˋtrivy imageˋ &lt;1&gt;" in texts(sent)


@pytest.mark.parametrize(
    "url", ["", "http://console.aws.amazon.com", "https://evil.example/x", "https://a|b"]
)
def test_only_an_address_of_the_console_is_linked(url: str):
    document = json.loads(recorded("pipeline_action_failed"))
    document["detail"]["execution-result"]["external-execution-url"] = url
    sent = message(parse(json.dumps(document)))
    assert sent is not None
    assert "|Log>" not in texts(sent)


@pytest.mark.parametrize(
    "text",
    ["It burns.", "[]", "3", "null", '{"AlarmName": "x"}', '{"source": "aws.codepipeline"}', "{"],
)
def test_an_unknown_event_is_reported_as_it_is(text: str):
    event = parse(text, subject="Hello")
    assert event == Unrecognized("Hello", text)
    sent = message(event)
    assert sent is not None
    assert sent["text"] == "❔ Hello"


hostile = st.text(st.sampled_from("`<>&*_~|!@#a \n") | st.characters(codec="utf-8"), max_size=5000)


@given(name=hostile, description=hostile, reason=hostile)
def test_no_part_of_an_event_becomes_markup_or_too_long(name: str, description: str, reason: str):
    event = parse(
        recorded("alarm", AlarmName=name, AlarmDescription=description, NewStateReason=reason)
    )
    sent = message(event)
    assert sent is not None
    for block in sent["attachments"][0]["blocks"]:
        if block["type"] == "header":
            assert len(block["text"]["text"]) <= 151
        if block["type"] == "section":
            text = block["text"]["text"]
            assert 0 < len(text) <= 3000
            inner = text
            if block["text"]["type"] == "mrkdwn":
                assert text.startswith("```")
                assert text.endswith("```")
                inner = text[3:-3]
                assert "`" not in inner
            assert not re.search(r"[<>]|&(?!(amp|lt|gt);)", inner)
