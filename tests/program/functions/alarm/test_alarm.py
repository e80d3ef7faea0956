"""The function that posts to Slack, from recorded events to a real HTTP server."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import alarm
import pytest
from alarm.details import look_up
from alarm.events import AlarmChange, PipelineFailure, PipelineWaits, State, Unrecognized, parse
from alarm.message import message
from alarm.slack import ATTEMPTS, Answer, RefusedError, SlackError, post, send_by
from alarm.webhook import SECONDS_KEPT, Webhook
from hypothesis import given
from hypothesis import strategies as st

RECORDED = Path(__file__).parent / "events"
SECRET_PATH = "/services/T000/B000/very-secret"


def recorded(name: str, **members: Any) -> str:
    return json.dumps(json.loads((RECORDED / f"{name}.json").read_text()) | members)


def texts(sent: dict[str, Any]) -> str:
    return json.dumps(sent, ensure_ascii=False)


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


@pytest.mark.parametrize("name", ["approval_started", "approval_needed"])
def test_a_waiting_plan_is_reported(name: str):
    event = parse(recorded(name))
    assert isinstance(event, PipelineWaits)
    sent = message(event)
    assert sent is not None
    assert sent["text"] == "🟡 Waits for approval: status-prod-pipeline-tf"
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


def test_a_failed_approval_is_a_failure():
    document = json.loads(recorded("approval_started"))
    document["detail"]["state"] = "FAILED"
    assert isinstance(parse(json.dumps(document)), PipelineFailure)


def test_a_failed_pipeline_is_reported():
    event = parse(recorded("pipeline_execution_failed"))
    assert isinstance(event, PipelineFailure)
    sent = message(event)
    assert sent is not None
    assert sent["text"] == "🔴 Pipeline failed: status-prod-pipeline-program"
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


class Sleeps:
    def __init__(self) -> None:
        self.seconds: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


def answering(*answers: Answer | Exception) -> tuple[Callable[[str, bytes], Answer], list[bytes]]:
    left, bodies = list(answers), []

    def answer(url: str, body: bytes) -> Answer:
        bodies.append(body)
        given = left.pop(0)
        if isinstance(given, Exception):
            raise given
        return given

    return answer, bodies


OK, BUSY = Answer(200, "ok"), Answer(429, "", 2.5)


@pytest.mark.parametrize(
    ("answers", "waits"),
    [
        ([OK], []),
        ([BUSY, OK], [2.5]),
        ([Answer(429, "", 900.0), OK], [3.0]),
        ([Answer(503, "x"), TimeoutError(), OK], [1.0, 2.0]),
    ],
)
def test_a_temporary_failure_is_retried(answers: list[Answer | Exception], waits: list[float]):
    sleeps = Sleeps()
    answer, bodies = answering(*answers)
    send_by(answer, "https://x", {"text": "t"}, sleep=sleeps)
    assert sleeps.seconds == waits
    assert bodies == [b'{"text": "t"}'] * len(answers)


def test_a_permanent_failure_is_an_error():
    answer, bodies = answering(*[Answer(500, "no")] * ATTEMPTS)
    with pytest.raises(SlackError, match="500"):
        send_by(answer, f"https://x{SECRET_PATH}", {}, sleep=Sleeps())
    assert len(bodies) == ATTEMPTS


@pytest.mark.parametrize(
    "given", [Answer(404, "no_service"), Answer(400, "invalid_blocks"), Answer(200, "<html>")]
)
def test_a_refusal_is_an_error_at_once(given: Answer):
    answer, bodies = answering(given)
    with pytest.raises(RefusedError):
        send_by(answer, "https://x", {}, sleep=Sleeps())
    assert len(bodies) == 1


@pytest.mark.parametrize(
    "url",
    ["", "x", "http://hooks.slack.com/x", "ftp://127.0.0.1/x", "https://", "https://a:b/c",
     "https://[x/secret"],
)  # fmt: skip
def test_a_secret_that_is_not_a_url_is_refused_and_not_shown(url: str):
    with pytest.raises(RefusedError) as caught:
        post(url, b"{}")
    assert str(caught.value) == "the webhook's secret does not hold an https URL"


def test_the_secret_is_cached_for_a_while():
    time, fetched = 0.0, []

    def fetch(arn: str) -> str:
        fetched.append(arn)
        return f"https://{len(fetched)}\n"

    webhook = Webhook("arn", fetch, lambda: time)
    assert [webhook.url(), webhook.url()] == ["https://1", "https://1"]
    time = SECONDS_KEPT
    assert webhook.url() == "https://2"
    webhook.forget()
    assert webhook.url() == "https://3"
    assert fetched == ["arn"] * 3


class CloudWatch:
    """`call_aws` with recorded answers. `history` has (minutes before the change, from, to),
    newest first. With `failing`, nothing can be looked up.
    """

    def __init__(
        self, *history: tuple[float, str, str], records: tuple[str, ...] = (), failing: bool = False
    ) -> None:
        self.history = history
        self.records = records
        self.failing = failing
        self.asked: list[str] = []

    def __call__(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        self.asked.append(operation)
        if self.failing:
            raise PermissionError(operation)
        if operation == "describe_alarm_history":
            end = parameters["EndDate"] - timedelta(seconds=1)
            items = [
                {
                    "Timestamp": end - timedelta(minutes=minutes),
                    "HistorySummary": f"Alarm updated from {old} to {new}",
                }
                for minutes, old, new in self.history
            ]
            return {"AlarmHistoryItems": items}
        if operation == "describe_metric_filters":
            assert parameters == {
                "metricName": "ErrorRecords",
                "metricNamespace": "status-prod/backend",
            }
            found = {"logGroupName": "/status/backend", "filterPattern": '{ $.level = "ERROR" }'}
            return {"metricFilters": [found]}
        assert operation == "filter_log_events"
        assert parameters["endTime"] - parameters["startTime"] == 180_001
        events = [{"timestamp": n, "message": text} for n, text in enumerate(self.records)]
        return {"events": events}


def changed(old: str, new: str) -> AlarmChange:
    event = parse(recorded("alarm", OldStateValue=old, NewStateValue=new))
    assert isinstance(event, AlarmChange)
    return event


def told(event: AlarmChange, cloudwatch: CloudWatch) -> dict[str, Any] | None:
    reports: list[str] = []
    sent = message(event, look_up(event, cloudwatch, reports.append))
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


class Slack(HTTPServer):
    """A double of Slack, over real HTTP."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Hook)
        self.answer = (200, "ok")
        self.received: list[dict[str, Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}{SECRET_PATH}"


class Hook(BaseHTTPRequestHandler):
    server: Slack

    def do_POST(self) -> None:
        assert self.path == SECRET_PATH
        assert self.headers["Content-Type"] == "application/json"
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append(json.loads(body))
        status, text = self.server.answer
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def slack(monkeypatch: pytest.MonkeyPatch) -> Iterator[Slack]:
    monkeypatch.setattr(alarm, "call_aws", CloudWatch())
    monkeypatch.setattr("alarm.slack.SECONDS_EACH", 60.0)  # a busy machine answers later
    with Slack() as server:
        monkeypatch.setattr(alarm, "_webhook", Webhook("arn", lambda _: server.url))
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def notification(text: str) -> dict[str, Any]:
    sns = {"Type": "Notification", "MessageId": "m-1", "Subject": "S", "Message": text}
    return {"Records": [{"EventSource": "aws:sns", "EventVersion": "1.0", "Sns": sns}]}


def test_the_handler_posts_to_slack_and_logs_no_secret(
    slack: Slack, capsys: pytest.CaptureFixture[str]
):
    alarm.handler(notification(recorded("alarm")), None)
    alarm.handler(
        notification(recorded("alarm", OldStateValue="INSUFFICIENT_DATA", NewStateValue="OK")), None
    )
    assert [sent["text"] for sent in slack.received] == [
        "🔴 ALARM: status-prod-backend-error-records"
    ]
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["message"] for line in lines] == ["told", "nothing to tell"]
    assert "secret" not in "".join(lines)


def test_the_handler_raises_if_slack_refuses(slack: Slack, capsys: pytest.CaptureFixture[str]):
    slack.answer = (404, "no_service")
    with pytest.raises(RefusedError) as caught:
        alarm.handler(notification(recorded("alarm")), None)
    assert "secret" not in str(caught.value) + capsys.readouterr().out


def test_a_redirect_is_not_followed(slack: Slack):
    slack.answer = (302, "")
    with pytest.raises(RefusedError, match="302"):
        alarm.handler(notification(recorded("alarm")), None)
    assert len(slack.received) == 1
