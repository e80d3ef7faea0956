"""CloudWatch Logs over a store in a temporary folder, with a clock that the test sets."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bonkei.services.logs.api import OPERATIONS
from bonkei.services.logs.api.desk import Desk
from bonkei.services.logs.store.log_store import LogStore

NOW = 1_700_000_000_000


@dataclass
class Api:
    """Call an operation as botocore does: `api("GetLogEvents", logGroupName="g", …)`."""

    desk: Desk
    now: list[float] = field(default_factory=lambda: [NOW / 1000])

    def __call__(self, operation: str, **parameters: Any) -> dict[str, Any]:
        return OPERATIONS[operation](self.desk, parameters)

    def put(self, stream: str, *events: tuple[int, str]) -> dict[str, Any]:
        """Events at these milliseconds after the clock's start."""
        return self(
            "PutLogEvents",
            logGroupName="group",
            logStreamName=stream,
            logEvents=[{"timestamp": NOW + at, "message": text} for at, text in events],
        )


@pytest.fixture
def api(tmp_path: Path) -> Api:
    now = [NOW / 1000]
    store = LogStore(tmp_path, clock=lambda: now[0])
    store.open()
    api = Api(Desk(store, "123456789012", "eu-west-1"), now)
    api("CreateLogGroup", logGroupName="group")
    api("CreateLogStream", logGroupName="group", logStreamName="stream")
    return api
