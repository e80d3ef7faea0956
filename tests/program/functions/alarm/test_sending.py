"""Messages on their way to Slack: retries, the webhook's secret, and a real HTTP server."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import alarm
import pytest
from alarm.events import parse
from alarm.message import late, message
from alarm.slack import ATTEMPTS, Answer, RefusedError, SlackError, post, send_by
from alarm.webhook import SECONDS_KEPT, Webhook

from tests.program.functions.alarm.recorded import CloudWatch, recorded

SECRET_PATH = "/services/T000/B000/very-secret"


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
        monkeypatch.setattr(alarm, "kept_webhook", Webhook("arn", lambda _: server.url))
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
    assert [json.loads(line)["message"] for line in lines] == ["reported", "nothing to report"]
    assert "secret" not in "".join(lines)


NO_ADDRESS = {
    "pipeline": "p",
    "state": "FAILED",
    "execution-result": {"external-execution-url": "https://[x"},
}


@pytest.mark.parametrize(
    "text",
    [
        recorded("alarm", AlarmDescription={"of": "another form"}),
        recorded("alarm", NewStateReason="[1.2.3 ("),
        '{"approval": {"pipelineName": 5}}',
        "[" * 100_000,
        json.dumps({"source": "aws.codepipeline", "detail": NO_ADDRESS}),
    ],
)
def test_a_notification_of_another_form_is_posted_as_it_is(slack: Slack, text: str):
    alarm.handler(notification(text), None)
    [sent] = slack.received
    assert sent["text"] == "❔ S"
    [_, quoted] = sent["attachments"][0]["blocks"]
    assert text[:20] in quoted["text"]["text"].replace("&gt;", ">")


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


class Queue:
    """`call_aws` with a dead-letter queue. A message that was received is hidden."""

    def __init__(self, *bodies: str) -> None:
        self.held = {str(number): body for number, body in enumerate(bodies)}
        self.hidden: set[str] = set()
        self.others = CloudWatch()

    def __call__(self, service: str, operation: str, region: str, **given: Any) -> dict[str, Any]:
        if service != "sqs":
            return self.others(service, operation, region, **given)
        assert given["QueueUrl"] == "https://sqs.test/1/dead"
        if operation == "delete_message":
            del self.held[given["ReceiptHandle"]]
            return {}
        assert operation == "receive_message"
        found = [name for name in self.held if name not in self.hidden][:2]
        self.hidden.update(found)
        return {"Messages": [self.message(name) for name in found]} if found else {}

    def message(self, name: str) -> dict[str, Any]:
        attributes = {"SentTimestamp": str(1_767_000_000_000 + int(name))}
        return {"ReceiptHandle": name, "Body": self.held[name], "Attributes": attributes}


def queued(monkeypatch: pytest.MonkeyPatch, *bodies: str) -> Queue:
    queue = Queue(*bodies)
    monkeypatch.setenv("DEAD_LETTER_QUEUE_URL", "https://sqs.test/1/dead")
    monkeypatch.setattr(alarm, "call_aws", queue)
    return queue


def sent_at(text: str, timestamp: str) -> dict[str, Any]:
    event = notification(text)
    event["Records"][0]["Sns"]["Timestamp"] = timestamp
    return event


def test_dead_letters_are_posted_in_order_when_slack_is_back(
    slack: Slack, monkeypatch: pytest.MonkeyPatch
):
    """Lambda leaves the event of its call, SNS the notification; their places in the queue say
    nothing about which was first."""
    queue = queued(
        monkeypatch,
        json.dumps(sent_at(recorded("alarm", AlarmName="third"), "2026-01-12T04:03:00.000Z")),
        json.dumps(
            sent_at(recorded("alarm", AlarmName="first"), "2026-01-12T04:01:00.000Z")["Records"][0][
                "Sns"
            ]
        ),
        json.dumps(sent_at(recorded("pipeline_action_failed"), "2026-01-12T04:02:00.000Z")),
        "written by a person",
    )
    alarm.handler(notification(recorded("alarm", AlarmName="now")), None)
    said = [sent["text"] for sent in slack.received]
    assert said == [
        "🔴 ALARM: now", "Late: ❔ Notification", "Late: 🔴 ALARM: first",
        "Late: 🟠 Ticket · Pipeline failed: status-prod-pipeline-program", "Late: 🔴 ALARM: third",
    ]  # fmt: skip
    assert "sent at 2026-01-12T04:01:00.000Z" in json.dumps(slack.received)
    assert queue.held == {}


def test_dead_letters_stay_while_slack_does_not_take_them(
    slack: Slack, monkeypatch: pytest.MonkeyPatch
):
    queue = queued(monkeypatch, json.dumps(notification(recorded("alarm"))))
    slack.answer = (404, "no_service")
    with pytest.raises(RefusedError):
        alarm.handler(notification(recorded("alarm")), None)
    assert len(slack.received) == 1, "the queue waits for a message that Slack takes"
    with pytest.raises(RefusedError):
        alarm.handler({}, None)
    assert len(queue.held) == 1
    queue.hidden.clear()
    slack.answer = (200, "ok")
    alarm.handler({}, None)
    assert queue.held == {}


def test_a_queue_that_cannot_be_read_repeats_no_message(
    slack: Slack, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(Queue, "message", lambda *_: {})
    queued(monkeypatch, "x")
    alarm.handler(notification(recorded("alarm")), None)
    assert len(slack.received) == 1


def test_a_late_header_is_not_longer_than_slack_takes():
    sent = late(message(parse(recorded("alarm", AlarmName="x" * 200))) or {}, "2026")
    assert len(sent["text"]) == 150
    assert sent["text"].startswith("Late: 🔴 ALARM: xxx")
