"""The result of an invocation, as values, and Lambda's texts about it.

Sources: "Monitoring Lambda functions with CloudWatch Logs", "Configuring JSON and plain text log
formats" (system logs) and "Troubleshoot invocation issues" in the AWS Lambda Developer Guide.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from bonkei.base.clocks import stamp

Status = Literal["success", "error", "timeout", "failure"]
"""error: of the handler or its process; failure: Lambda could not run it."""

LARGEST = 6 * 1024 * 1024
"""The most bytes of a payload or a response of a synchronous invocation."""
LARGEST_EVENT = 1024 * 1024
"""The most bytes of the event of an asynchronous invocation."""


@dataclass(frozen=True, slots=True)
class Invocation:
    """One call of a function. `deadline` and `at`: Unix seconds. `may_wait`: no caller waits for
    the answer, as of an asynchronous event."""

    request_id: str
    payload: bytes
    at: float
    client_context: str = ""
    trace_id: str = ""
    may_wait: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """`payload` is the answer to the caller. For an error, it is a JSON document. Times are in
    seconds, sizes in bytes."""

    status: Status
    payload: bytes
    error_type: str = ""
    duration: float = 0.0
    init: float | None = None  # of a cold start
    memory: int = 0
    is_handled: bool = True  # an error that the handler's runtime itself has reported
    log_tail: bytes = b""

    @property
    def is_error(self) -> bool:
        return self.status != "success"


def timed_out(request_id: str, seconds: float) -> Outcome:
    """The handler was not done in time."""
    said = f"RequestId: {request_id} Error: Task timed out after {seconds:.2f} seconds"
    return replace(_failed("Sandbox.Timedout", said), status="timeout", duration=seconds)


def exited(request_id: str, code: int) -> Outcome:
    """The process has ended instead of answering; `code` is negative for a signal's number."""
    said = f"RequestId: {request_id} Error: Runtime exited {_how(code)}"
    return _failed("Runtime.ExitError", said)


def out_of_memory(request_id: str) -> Outcome:
    """The process exceeded its memory, and was killed for this."""
    said = f"RequestId: {request_id} Error: Runtime exited with error: signal: killed"
    return _failed("Runtime.OutOfMemory", said)


def too_large(request_id: str, size: int) -> Outcome:
    """The response has more bytes than Lambda accepts."""
    said = (
        f"RequestId: {request_id} Response payload size ({size} bytes) exceeded maximum allowed "
        f"payload size ({LARGEST} bytes)."
    )
    return _failed("Function.ResponseSizeTooLarge", said)


def _how(code: int) -> str:
    if code == 0:
        return "without providing a reason"
    if code == -9:
        return "with error: signal: killed"
    return f"with error: exit status {code}" if code > 0 else f"with error: signal: {-code}"


def _failed(kind: str, message: str) -> Outcome:
    """An error that no handler has reported."""
    document = json.dumps({"errorType": kind, "errorMessage": message}).encode()
    return Outcome("error", document, kind, is_handled=False)


@dataclass(frozen=True, slots=True)
class Lines:
    """The records that Lambda itself writes to a function's log, in the function's log format."""

    as_json: bool
    memory: int  # MiB

    def init_started(self, at: float, runtime: str) -> str:
        if self.as_json:
            record = {
                "initializationType": "on-demand", "phase": "init", "runtimeVersion": runtime
            }  # fmt: skip
            return _platform(at, "platform.initStart", record)
        return f"INIT_START Runtime Version: {runtime}"

    def init_failed(self, at: float, seconds: float, phase: str, outcome: Outcome) -> str:
        kind = outcome.error_type
        if self.as_json:
            record: dict[str, Any] = {
                "initializationType": "on-demand", "phase": phase, "status": outcome.status,
                "errorType": kind, "metrics": {"durationMs": round(seconds * 1000, 2)},
            }  # fmt: skip
            return _platform(at, "platform.initReport", record)
        error = f"\tError Type: {kind}" if outcome.status == "error" else ""
        return (
            f"INIT_REPORT Init Duration: {seconds * 1000:.2f} ms\tPhase: {phase}\t"
            f"Status: {outcome.status}{error}"
        )

    def started(self, at: float, request_id: str) -> str:
        if self.as_json:
            return _platform(at, "platform.start", {"requestId": request_id, "version": "$LATEST"})
        return f"START RequestId: {request_id} Version: $LATEST"

    def ended(self, at: float, request_id: str, outcome: Outcome) -> list[str]:
        """The last line of an invocation in the log."""
        if self.as_json:
            return [self._json_report(at, request_id, outcome)]
        lines = [f"END RequestId: {request_id}", self._report(request_id, outcome)]
        if outcome.status == "timeout":
            lines.insert(0, f"{stamp(at)} {request_id} Task timed out after "
                            f"{outcome.duration:.2f} seconds")  # fmt: skip
        elif not outcome.is_handled and outcome.is_error:
            said = json.loads(outcome.payload)
            lines.insert(0, f"{said['errorMessage']}\n{said['errorType']}")
        return lines

    def _report(self, request_id: str, outcome: Outcome) -> str:
        parts = [
            f"REPORT RequestId: {request_id}",
            f"Duration: {outcome.duration * 1000:.2f} ms",
            f"Billed Duration: {_billed(outcome)} ms",
            f"Memory Size: {self.memory} MB",
            f"Max Memory Used: {_mebibytes(outcome.memory)} MB",
        ]
        if outcome.init is not None:
            parts.append(f"Init Duration: {outcome.init * 1000:.2f} ms")
        if outcome.status == "timeout":
            parts.append("Status: timeout")
        elif outcome.is_error and not outcome.is_handled:
            parts.append(f"Status: error\tError Type: {outcome.error_type}")
        return "\t".join(parts) + "\t"

    def _json_report(self, at: float, request_id: str, outcome: Outcome) -> str:
        metrics: dict[str, Any] = {
            "durationMs": round(outcome.duration * 1000, 3),
            "billedDurationMs": _billed(outcome),
            "memorySizeMB": self.memory,
            "maxMemoryUsedMB": _mebibytes(outcome.memory),
        }
        if outcome.init is not None:
            metrics["initDurationMs"] = round(outcome.init * 1000, 3)
        record: dict[str, Any] = {
            "requestId": request_id, "metrics": metrics, "status": outcome.status
        }  # fmt: skip
        if outcome.is_error and outcome.error_type:
            record["errorType"] = outcome.error_type
        return _platform(at, "platform.report", record)


def _billed(outcome: Outcome) -> int:
    """Whole milliseconds. Since August 2025, the initialization is billed, too."""
    return math.ceil(round((outcome.duration + (outcome.init or 0.0)) * 1000, 3))


def _mebibytes(count: int) -> int:
    return math.ceil(count / 2**20)


def _platform(at: float, kind: str, record: Mapping[str, Any]) -> str:
    return json.dumps({"time": stamp(at), "type": kind, "record": record})
