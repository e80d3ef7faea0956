"""The end of an asynchronous event: the decision, and the records. Pure.

Sources: "Understanding retry behavior in Lambda", "How Lambda handles errors and retries with
asynchronous invocation" and "Capturing records of Lambda asynchronous invocations" in the AWS
Lambda Developer Guide.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from bonkei.base.clocks import stamp
from bonkei.blueprint.lambda_.function import Asynchronous, Function
from bonkei.services.lambda_.outcome import Outcome

Condition = Literal["Success", "RetriesExhausted", "EventAgeExceeded"]

_RETRIES = (60.0, 120.0)  # seconds before the first and the second retry
_LONGEST_WAIT = 300.0


@dataclass(frozen=True, slots=True)
class Event:
    """An event in a function's queue. `at`: its arrival (Unix seconds). `attempts`: how many so
    far."""

    request_id: str
    function: str
    payload: str
    at: float
    attempts: int = 0

    def tried(self) -> Event:
        return replace(self, attempts=self.attempts + 1)


@dataclass(frozen=True, slots=True)
class Again:
    """Try again after so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Over:
    """The event is given up."""

    condition: Condition


def after_error(settings: Asynchronous, event: Event, now: float) -> Again | Over:
    """The decision after the function has failed for the `attempts`th time."""
    if event.attempts > settings.retries:
        return Over("RetriesExhausted")
    wait = _RETRIES[min(event.attempts, len(_RETRIES)) - 1]
    if is_too_old(settings, event, now + wait):
        return Over("EventAgeExceeded")
    return Again(wait)


def after_failures() -> Iterator[float]:
    """The seconds before each further try of an event that could not be run at all: for system
    errors "the retry interval increases exponentially from 1 second after the first attempt to a
    maximum of 5 minutes". They do not count as attempts of the function."""
    wait = 1.0
    while True:
        yield wait
        wait = min(2 * wait, _LONGEST_WAIT)


def is_too_old(settings: Asynchronous, event: Event, now: float) -> bool:
    """Whether it has waited for longer than allowed."""
    return now - event.at > settings.event_age


def record(
    function: Function, event: Event, condition: Condition, outcome: Outcome | None, at: float
) -> dict[str, Any]:
    """The record for a destination. `outcome` None: the function was never called."""
    document: dict[str, Any] = {
        "version": "1.0",
        "timestamp": stamp(at),
        "requestContext": {
            "requestId": event.request_id,
            "functionArn": f"{function.arn}:$LATEST",
            "condition": condition,
            "approximateInvokeCount": event.attempts,
        },
        "requestPayload": _json(event.payload),
    }
    if outcome is not None:
        context: dict[str, Any] = {"statusCode": 200, "executedVersion": "$LATEST"}
        if outcome.is_error:
            context["functionError"] = "Unhandled"
        document["responseContext"] = context
        document["responsePayload"] = _json(outcome.payload.decode("utf-8", "replace"))
    return document


def dead_letter(event: Event, outcome: Outcome | None) -> tuple[str, Mapping[str, str]]:
    """The message for a dead-letter queue or topic: the unchanged event, and attributes."""
    message = "" if outcome is None else _message(outcome)
    attributes = {"RequestID": event.request_id, "ErrorCode": "200" if outcome else "429"}
    return event.payload, attributes | ({"ErrorMessage": message[:1024]} if message else {})


def _message(outcome: Outcome) -> str:
    document = _json(outcome.payload.decode("utf-8", "replace"))
    return str(document.get("errorMessage") or "") if isinstance(document, Mapping) else ""


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
