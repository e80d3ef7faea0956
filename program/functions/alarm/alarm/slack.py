"""Sends to Slack's incoming webhook, and checks that Slack accepted the message.

Errors name no part of the URL: everyone who has it can write to the channel.
"""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

ATTEMPTS = 3
SECONDS_EACH = 3.0  # to connect, and to answer
LONGEST_WAIT_SECONDS = 3.0  # three attempts take 24 s at most: the function's time-out is 30 s


class SlackError(Exception):
    """Slack did not take the message."""


class RefusedError(SlackError):
    """The webhook or the message is wrong: a retry cannot help."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: str
    retry_after: float | None = None


Post = Callable[[str, bytes], Answer]
Sleep = Callable[[float], None]


def send(url: str, message: Mapping[str, object], *, sleep: Sleep = time.sleep) -> None:
    """Send the message. Raises `SlackError` unless Slack confirms it."""
    send_by(post, url, message, sleep=sleep)


def send_by(
    post: Post, url: str, message: Mapping[str, object], *, sleep: Sleep = time.sleep
) -> None:
    body = json.dumps(message).encode()
    trouble = ""
    for attempt in range(ATTEMPTS):
        wait = 2.0**attempt
        try:
            answer = post(url, body)
        except (OSError, http.client.HTTPException) as error:
            trouble = f"no answer: {type(error).__name__}"
        else:
            if answer.status == HTTPStatus.OK and answer.body.strip() == "ok":
                return
            trouble = f"status {answer.status}: {answer.body[:100]!r}"
            if not _is_passing(answer.status):
                raise RefusedError(f"Slack refused the message with {trouble}")
            wait = wait if answer.retry_after is None else answer.retry_after
        if attempt < ATTEMPTS - 1:
            sleep(min(wait, LONGEST_WAIT_SECONDS))
    raise SlackError(f"Slack did not take the message in {ATTEMPTS} attempts; {trouble}")


def post(url: str, body: bytes) -> Answer:
    """One request; follows no redirect and uses no proxy."""
    try:
        parts = urlsplit(url)
        scheme, host, port = parts.scheme, parts.hostname, parts.port
    except ValueError:
        scheme, host, port = "", None, None
    secure = scheme == "https"
    # Plain HTTP only to this very machine, where the miniature stands in for Slack.
    if not host or not (secure or (scheme == "http" and host in ("127.0.0.1", "localhost"))):
        raise RefusedError("the webhook's secret does not hold an https URL")
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = kind(host, port, timeout=SECONDS_EACH)
    try:
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", path or "/", body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        text = response.read(10_000).decode(errors="replace")
        return Answer(response.status, text, _seconds(response.getheader("Retry-After")))
    finally:
        connection.close()


def _is_passing(status: int) -> bool:
    return status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR


def _seconds(header: str | None) -> float | None:
    return float(header) if header and header.isdecimal() and len(header) < 9 else None
