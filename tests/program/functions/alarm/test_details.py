"""What an alarm's message says beside the event: its history and its records."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from alarm.details import CHARACTERS, look_up, planned, shorten
from alarm.events import AlarmChange, PipelineWaits, parse
from alarm.message import message

from tests.program.functions.alarm.recorded import CloudWatch, recorded, texts


def changed(old: str, new: str) -> AlarmChange:
    event = parse(recorded("alarm", OldStateValue=old, NewStateValue=new))
    assert isinstance(event, AlarmChange)
    return event


def told(
    event: AlarmChange, cloudwatch: CloudWatch, late: timedelta = timedelta(seconds=3)
) -> dict[str, Any] | None:
    reports: list[str] = []
    assert event.time is not None
    at = event.time + late
    sent = message(event, look_up(event, cloudwatch, reports.append, lambda: at))
    assert bool(reports) is cloudwatch.failing
    return sent


def test_an_alarm_has_its_subject_place_value_and_records():
    records = (
        "an earlier one", '{"level": "ERROR", "message": "<b>boom</b> & `x`"}',
        "POST https://me:hunter2@db.test/ password=hunter2 Authorization: Bearer abc.def",
        "x" * 1000,
    )  # fmt: skip
    sent = told(changed("OK", "ALARM"), CloudWatch(records=records))
    assert sent is not None
    (attachment,) = sent["attachments"]
    assert attachment["color"] == "#d40e0d"
    said = texts(sent)
    assert "ErrorRecords: 3 ≥ 1 (Sum of 60 s)" in said
    assert "&lt;b&gt;boom&lt;/b&gt; &amp; ˋxˋ" in said
    assert "hunter2" not in said
    assert "abc.def" not in said
    assert "an earlier one" not in said
    assert "x" * 299 + "…" in said
    assert "x" * 300 not in said
    assert "#metricsV2:graph=" in said
    assert "log-group/$252Fstatus$252Fbackend/log-events" in said


@pytest.mark.parametrize("frames", [1, 20])
@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("ValueError: no name", "ValueError: no name"),
        ("KeyError: token=hunter2", "KeyError: token=***"),
        ("ValueError: " + "y" * 400, "ValueError: " + "y" * 138),
        ("db.LostError: it is gone\nand here\n  is why", "db.LostError: it is gone"),
    ],
)
def test_a_record_ends_with_the_error_and_the_line_that_raised_it(
    frames: int, error: str, said: str
):
    """A call of a library raises in the library; the line that called it is the one to read."""
    own = '  File "/app/main.py", line 3, in main\n    connect()\n' * frames
    library = '  File "/venv/lib/python3.11/site-packages/db.py", line 9, in connect\n'
    traceback = f"Traceback (most recent call last):\n{own}{library}{error}\n"
    record = {"level": "ERROR", "message": "it failed " + "x" * 300, "exception": traceback}
    short = shorten(json.dumps(record | {"message": "it failed", "request_id": "4711"}))
    assert short.endswith(f'"message": "it failed", "request_id": "4711"}} {said}, /app/main.py:3')
    cut = shorten(json.dumps(record))
    assert len(cut) == CHARACTERS
    assert "it failed xxx" in cut
    assert cut.endswith(f"xxx… {said}, /app/main.py:3")


@pytest.mark.parametrize("exception", [None, 1, "", "no traceback", []])
def test_an_exception_of_another_form_is_kept(exception: object):
    said = shorten(json.dumps({"level": "ERROR", "message": "it failed", "exception": exception}))
    assert said.startswith('{"level": "ERROR", "message": "it failed"')
    assert (str(exception) if exception else "it failed") in said


@pytest.mark.parametrize("region", ["ap-northeast-1", "us-east-1"])
@pytest.mark.parametrize(("old", "new"), [("OK", "ALARM"), ("ALARM", "OK")])
def test_an_alarm_is_asked_about_in_its_own_region(region: str, old: str, new: str):
    """Alarms on CloudFront's metrics are in us-east-1, and the function in another region."""
    arn = f"arn:aws:cloudwatch:{region}:123456789012:alarm:status-prod-visitors-5xx"
    event = parse(recorded("alarm", OldStateValue=old, NewStateValue=new, AlarmArn=arn))
    assert isinstance(event, AlarmChange)
    cloudwatch = CloudWatch((10, "OK", "ALARM"))
    told(event, cloudwatch)
    assert cloudwatch.regions == {region}


def test_the_latest_records_stand_on_the_last_page_with_any():
    """ "Partially full or empty pages don't necessarily mean that pagination is finished"."""
    records = ("", "", "first", "second", "third", "fourth", "", "")
    sent = texts(told(changed("OK", "ALARM"), CloudWatch(records=records, page=2)) or {})
    assert [text in sent for text in ("first", "second", "third", "fourth")] == [False, *[True] * 3]


@pytest.mark.parametrize(
    ("statistic", "says"),
    [
        ({"Statistic": "SAMPLE_COUNT"}, "SampleCount"),
        (
            {"StatisticType": "ExtendedStatistic", "ExtendedStatistic": "p99", "Statistic": None},
            "p99",
        ),
    ],
)
def test_a_statistic_has_the_name_that_the_graph_needs(statistic: dict[str, Any], says: str):
    trigger = json.loads(recorded("alarm"))["Trigger"]
    sent = texts(message(parse(recorded("alarm", Trigger=trigger | statistic))) or {})
    assert f"({says} of 60 s)" in sent
    assert f"%22stat%22%3A%22{says}%22" in sent


@pytest.mark.parametrize(
    ("old", "new", "history", "colour", "says"),
    [
        ("ALARM", "OK", [(65, "OK", "ALARM")], "#2eb67d", "for 1 h 5 min"),
        ("ALARM", "INSUFFICIENT_DATA", [(2, "OK", "ALARM")], "#8d8d8d", "for 2 min"),
        ("INSUFFICIENT_DATA", "OK",
         [(1, "ALARM", "INSUFFICIENT_DATA"), (9, "OK", "ALARM")], "#2eb67d", "for 9 min"),
        ("INSUFFICIENT_DATA", "OK",
         [(1, "OK", "INSUFFICIENT_DATA"), (2, "ALARM", "OK"), (9, "OK", "ALARM")], None, ""),
        ("INSUFFICIENT_DATA", "OK", [], None, ""),
        ("ALARM", "OK", [], "#2eb67d", "ErrorRecords: 3 (alarm if ≥ 1)"),
    ],
    ids=["recovered", "no data", "back after no data", "told before", "new", "history unknown"],
)  # fmt: skip
def test_every_reported_problem_gets_a_recovery(
    old: str, new: str, history: list[tuple[float, str, str]], colour: str | None, says: str
):
    sent = told(changed(old, new), CloudWatch(*history))
    if colour is None:
        assert sent is None
    else:
        assert sent is not None
        assert sent["attachments"][0]["color"] == colour
        assert says in texts(sent)


@pytest.mark.parametrize(
    ("old", "new", "word"), [("OK", "ALARM", "ALARM"), ("ALARM", "OK", "Recovered")]
)
def test_a_message_that_comes_late_says_what_is_true_now(old: str, new: str, word: str):
    """While Slack refused, the alarm has changed again, and that message came through."""
    history = CloudWatch((0.5, new, old), records=("boom",))
    sent = told(changed(old, new), history, timedelta(minutes=3))
    assert sent is not None
    assert sent["text"] == f"⚪ Late: {word}: status-prod-backend-error-records"
    assert sent["attachments"][0]["color"] == "#8d8d8d"
    assert f"now {old}, since " in texts(sent)


def test_a_late_message_of_what_is_still_true_is_as_ever():
    sent = told(changed("OK", "ALARM"), CloudWatch(), timedelta(minutes=3))
    assert sent is not None
    assert sent["text"].startswith("🔴 ALARM")


def test_a_failed_lookup_does_not_stop_the_message():
    for old, new in (("OK", "ALARM"), ("ALARM", "OK")):
        assert told(changed(old, new), CloudWatch(failing=True)) is not None


def test_many_dimensions_do_not_make_a_message_too_long():
    trigger = json.loads(recorded("alarm"))["Trigger"]
    dimensions = [{"name": f"n{n}" * 60, "value": "v" * 250} for n in range(30)]
    event = parse(recorded("alarm", Trigger={**trigger, "Dimensions": dimensions}))
    sent = message(event)
    assert sent is not None
    (context,) = (b for b in sent["attachments"][0]["blocks"] if b["type"] == "context")
    assert len(context["elements"][0]["text"]) <= 3000


def test_a_waiting_approval_says_what_it_would_change():
    event = parse(recorded("approval_started"))
    assert isinstance(event, PipelineWaits)
    reports: list[str] = []

    def call(service: str, operation: str, region: str, **given: Any) -> dict[str, Any]:
        assert (service, operation, region) == (
            "codepipeline", "list_action_executions", "ap-northeast-1",
        )  # fmt: skip
        assert given == {
            "pipelineName": event.pipeline,
            "filter": {"pipelineExecutionId": event.execution},
        }
        data = {"Approve": "update 1: update a.b", "Plan": ""}
        return {
            "actionExecutionDetails": [
                {
                    "stageName": stage,
                    "status": "InProgress" if stage == "Approve" else "Succeeded",
                    "input": {"resolvedConfiguration": {"CustomData": said} if said else {}},
                }
                for stage, said in data.items()
            ]
        }

    assert planned(event, call, reports.append) == "update 1: update a.b"
    assert reports == []

    def refused(*_: Any, **__: Any) -> dict[str, Any]:
        raise PermissionError

    assert planned(event, refused, reports.append) == ""
    assert reports == ["what waits for the approval: PermissionError"]
