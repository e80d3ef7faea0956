"""A plug-in of a suite's own pytest, in its own environment: what each test was answered.

One line of JSON a test, in the file that SUITES_RECORD names. A test whose call the miniature named
as not simulated does not apply, however it ended; so the calls decide, not pytest's summary.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Generator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import botocore.client
import botocore.waiter
import pytest
import requests.adapters

_LIMIT = int(os.environ["SUITES_LIMIT"])  # seconds
_calls: list[tuple[str, str, str]] = []
_phases = pytest.StashKey[dict[str, str]]()
_recordings = pytest.StashKey[list[tuple[str, ...]]]()
_make_api_call = botocore.client.BaseClient._make_api_call


def _recorded(self: Any, operation: str, arguments: dict[str, Any]) -> Any:
    service = self.meta.service_model.service_name
    try:
        return _make_api_call(self, operation, arguments)
    except Exception as error:
        _calls.append((service, operation, str(error)[:500]))
        raise


botocore.client.BaseClient._make_api_call = _recorded
_make_waiter = botocore.waiter.Waiter.__init__


def _impatient(self: Any, name: str, config: Any, operation_method: Any) -> None:
    """AWS's waiters ask every half minute; nothing takes that long here."""
    config.max_attempts *= config.delay
    config.delay = 1
    _make_waiter(self, name, config, operation_method)


botocore.waiter.Waiter.__init__ = _impatient
_send = requests.adapters.HTTPAdapter.send


def _to_the_miniature(
    self: Any, request: requests.PreparedRequest, *more: Any, **options: Any
) -> requests.Response:
    """Some tests call AWS's hosts by themselves, which no client's endpoint changes."""
    parts = urlsplit(str(request.url))
    if (parts.hostname or "").endswith(".amazonaws.com"):
        request.headers["Host"] = parts.netloc
        endpoint = urlsplit(os.environ["AWS_ENDPOINT_URL"])
        request.url = urlunsplit((endpoint.scheme, endpoint.netloc, *parts[2:]))
    return _send(self, request, *more, **options)


requests.adapters.HTTPAdapter.send = _to_the_miniature


def _different(call: pytest.CallInfo[None]) -> list[Any]:
    """The answers that are not as LocalStack recorded them."""
    found = getattr(call.excinfo.value, "result", ()) if call.excinfo else ()
    return [each for each in found if not each] if isinstance(found, list) else []


def _differences(different: list[Any]) -> list[tuple[str, ...]]:
    """Which answer, where in it, what was recorded, and what came."""
    return [
        (each.key, level.path(), str(level.t1)[:400], str(level.t2)[:400])
        for each in different
        for levels in each.result.values()
        for level in levels
    ]


def _too_long(*_: object) -> None:
    pytest.fail(f"it did not end in {_LIMIT} s")


signal.signal(signal.SIGALRM, _too_long)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call() -> Generator[None, None, None]:
    """Many wait for a minute for what does not come."""
    signal.alarm(_LIMIT)
    yield
    signal.alarm(0)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, Any, None]:
    """After each phase of a test; the last one writes the line."""
    report = (yield).get_result()
    phases = item.stash.setdefault(_phases, {})
    phases[report.when] = report.outcome
    if report.failed:
        different = _different(call)
        words = "".join(f"\n{each.key}: {str(each.result)[:400]}" for each in different[:1])
        phases["why"] = phases.get("why", "") + str(report.longrepr)[-2000:] + words
        item.stash[_recordings] = _differences(different)
    if report.when == "teardown":
        line = {
            "id": item.nodeid,
            "expected": hasattr(report, "wasxfail"),
            **phases,
            "errors": list(_calls),
            "differences": item.stash.get(_recordings, []),
        }
        _calls.clear()
        with Path(os.environ["SUITES_RECORD"]).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
