"""JSON that is nested deeper than Python can read: it is refused as invalid, and stops nothing."""

from __future__ import annotations

import pytest

from bonkei.base.aws_service import AwsServiceError
from bonkei.services.lambda_.api import _require_json
from bonkei.services.lambda_.asynchronous import Event, record
from bonkei.services.lambda_.outcome import Outcome
from bonkei.services.lambda_.sources.queue import failed_items
from tests.bonkei.services.lambda_.running import function

DEEP = "[" * 100_000


def test_the_record_of_an_event_has_it_as_text() -> None:
    called = function("f", "f.zip")
    event = Event("id", called.arn, DEEP, 0.0)
    made = record(called, event, "Success", Outcome("success", DEEP.encode()), 1.0)
    assert (made["requestPayload"], made["responsePayload"]) == (DEEP, DEEP)


def test_it_is_refused_as_a_payload() -> None:
    with pytest.raises(AwsServiceError) as refused:
        _require_json(DEEP.encode())
    assert refused.value.code == "InvalidRequestContentException"


def test_it_is_refused_as_the_answer_of_a_batch() -> None:
    assert failed_items(DEEP.encode()) is None
