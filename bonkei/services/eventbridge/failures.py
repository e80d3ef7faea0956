"""A delivery that failed: whether it is tried again, and what the dead-letter queue gets. Pure.

"Using dead-letter queues to process undelivered events", and for schedules "Configuring a
schedule's dead-letter queue",
https://docs.aws.amazon.com/eventbridge/latest/userguide/rule-dlq.html
https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from bonkei.base.aws_service import AwsServiceError
from bonkei.base.errors import BonkeiError
from bonkei.services.eventbridge.rules import Delivery

_CODES = {
    "NO_PERMISSIONS": ("AccessDenied", "NotAuthorized", "AuthorizationError"),
    "NO_RESOURCE": ("NotFound", "NotExist", "NonExistent"),
    "THROTTLING": ("Throttl", "TooManyRequests"),
    "INVALID_PARAMETER": ("InvalidParameter", "ValidationE"),
}
_ONCE = ("NO_PERMISSIONS", "NO_RESOURCE", "INVALID_PARAMETER")


@dataclass(frozen=True, slots=True)
class Failure:
    """`code`: EventBridge's. `own`: the target's. `tries`: beside the first one."""

    code: str
    own: str
    message: str
    tries: int

    @property
    def is_final(self) -> bool:
        """A further try would end as this one."""
        return self.code in _ONCE


def failure_of(error: BonkeiError | OSError, tries: int) -> Failure:
    """What EventBridge makes of a target's error."""
    if not isinstance(error, BonkeiError):
        return Failure("INTERNAL_ERROR", "InternalError", str(error), tries)
    own = error.code if isinstance(error, AwsServiceError) else "TargetError"
    code = next((c for c, parts in _CODES.items() if any(p in own for p in parts)), "")
    return Failure(code or "ERROR_FROM_TARGET", own, error.message, tries)


def letter(delivery: Delivery, failure: Failure) -> tuple[str, dict[str, str]]:
    """The dead letter's body, and its attributes: the event, or a schedule's input."""
    target = delivery.target
    found = {"TARGET_ARN": target.arn, "ERROR_MESSAGE": failure.message or failure.own}
    if not failure.is_final:
        found["EXHAUSTED_RETRY_CONDITION"] = "MaximumRetryAttempts"
    found["RETRY_ATTEMPTS"] = str(failure.tries)
    if not delivery.is_scheduled:
        return json.dumps(delivery.event), found | {
            "RULE_ARN": delivery.rule.arn, "ERROR_CODE": failure.code,
        }  # fmt: skip
    return delivery.payload, found | {
        "SCHEDULE_ARN": delivery.rule.arn,
        "SCHEDULED_TIME": str(delivery.event["time"]),
        "ERROR_CODE": failure.own,
        "IS_PAYLOAD_TRUNCATED": "false",
    }


def metrics(delivery: Delivery, failure: Failure | None, buried: bool | None) -> tuple[str, ...]:
    """The metrics in which a delivery counts once it is over. `buried`: whether the dead-letter
    queue took it; None without one.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
    https://docs.aws.amazon.com/scheduler/latest/UserGuide/monitoring-cloudwatch.html
    """
    names = _OF_SCHEDULES if delivery.is_scheduled else _OF_RULES
    found = ["tried"]
    if failure is not None:
        found += ["error", "sent"] if buried else ["error", "failed"]
    if buried is False:
        found.append("not sent")
    return tuple(name for each in found if (name := names.get(each)))


_OF_RULES: Mapping[str, str] = {
    "tried": "Invocations",
    "failed": "FailedInvocations",
    "sent": "InvocationsSentToDlq",
    "not sent": "InvocationsFailedToBeSentToDlq",
}
_OF_SCHEDULES: Mapping[str, str] = {
    "tried": "InvocationAttemptCount",
    "error": "TargetErrorCount",
    "failed": "InvocationDroppedCount",
    "sent": "InvocationsSentToDeadLetterCount",
    "not sent": "InvocationsFailedToBeSentToDeadLetterCount",
}
NAMES = frozenset(
    (namespace, name)
    for namespace, names in (("AWS/Events", _OF_RULES), ("AWS/Scheduler", _OF_SCHEDULES))
    for name in names.values()
)
