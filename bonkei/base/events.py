"""The events of a running miniature, and the bus that delivers them.

Components do not import each other: the tasks publish that a target is registered, and the edge
publishes that it is healthy. Delivery is synchronous and in order, on the event loop's thread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, cast


@dataclass(frozen=True, slots=True)
class Event:
    """The root of everything that is published."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a task listens on this machine."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class TargetRegistered(Event):
    """A task's port joined a target group (it is not yet known to be healthy). `pid`: the process
    that should listen there; 0 if it is not known."""

    target_group_arn: str
    task_id: str
    endpoint: Endpoint
    pid: int = 0


@dataclass(frozen=True, slots=True)
class TargetDeregistered(Event):
    """A task's port leaves a target group: it gets no new requests, and requests in flight may
    end."""

    target_group_arn: str
    task_id: str


@dataclass(frozen=True, slots=True)
class TargetDrained(Event):
    """A deregistered target has no more requests in flight, or its deregistration delay is over."""

    target_group_arn: str
    task_id: str


@dataclass(frozen=True, slots=True)
class TargetHealthChanged(Event):
    """A target's health at a load balancer; `state` is one of ELB's TargetHealthStateEnum."""

    target_group_arn: str
    task_id: str
    state: str  # initial | healthy | unhealthy | draining | unused
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TargetChecked(Event):
    """A load balancer has checked a target. `state`: the target's state after the check. `detail`:
    why the check failed."""

    target_group_arn: str
    task_id: str
    passed: bool
    state: str  # initial | healthy | unhealthy
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ServiceEndpointAdded(Event):
    """A task can be reached through Service Connect under a port name of its service. `pid`: as in
    `TargetRegistered`."""

    service_arn: str
    port_name: str
    task_id: str
    endpoint: Endpoint
    pid: int = 0


@dataclass(frozen=True, slots=True)
class ServiceEndpointRemoved(Event):
    """The counterpart of `ServiceEndpointAdded`."""

    service_arn: str
    port_name: str
    task_id: str


@dataclass(frozen=True, slots=True)
class TaskStateChanged(Event):
    """A task moved along ECS's life cycle. `last_status` is ECS's lastStatus."""

    service_arn: str  # empty for a task that was started without a service
    task_id: str
    last_status: str  # PROVISIONING | PENDING | RUNNING | DEACTIVATING | STOPPING | STOPPED …
    health: str  # HEALTHY | UNHEALTHY | UNKNOWN
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DeploymentStateChanged(Event):
    """A service's deployment moved. `rollout_state` is ECS's rolloutState."""

    service_arn: str
    task_definition_arn: str
    rollout_state: str  # IN_PROGRESS | COMPLETED | FAILED
    reason: str = ""
    deployment_id: str = ""


@dataclass(frozen=True, slots=True)
class TrafficShifted(Event):
    """A deployment has written the weights of a listener rule. `weights`: by the ARN of the target
    group."""

    rule_arn: str
    weights: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class AlarmStateChanged(Event):
    """A CloudWatch alarm has another state, or has one when the monitor starts."""

    alarm: str
    state: str  # OK | ALARM | INSUFFICIENT_DATA


@dataclass(frozen=True, slots=True)
class DesiredCountChanged(Event):
    """Auto scaling has set a service's number of tasks. `cause`: the metric that asked for it."""

    service_arn: str
    desired_count: int
    cause: str


@dataclass(frozen=True, slots=True)
class LogEvent:
    """A log event of CloudWatch Logs. Both times are in milliseconds since the epoch. `id` is
    unique in its account, and its order is the order of a stream's events."""

    timestamp: int
    message: str
    ingestion_time: int = 0
    id: str = ""


@dataclass(frozen=True, slots=True)
class LogEventsIngested(Event):
    """A stream of CloudWatch Logs has accepted events, in order of time. They are on disk."""

    log_group: str
    log_stream: str
    events: tuple[LogEvent, ...]


@dataclass(frozen=True, slots=True)
class SubscriptionFilterMatched(Event):
    """Events that a subscription filter passes to its destination (a function's ARN)."""

    destination_arn: str
    role_arn: str  # empty for a function, because its own policy lets CloudWatch Logs call it
    filter_name: str
    log_group: str
    log_stream: str
    events: tuple[LogEvent, ...]


@dataclass(frozen=True, slots=True)
class FunctionMeasured(Event):
    """A data point of a function, with the names and units of CloudWatch's AWS/Lambda. `time` is in
    Unix seconds. "Types of metrics for Lambda functions", AWS Lambda Developer Guide.

    `time` in Unix seconds. "Types of metrics for Lambda functions", AWS Lambda Developer Guide.
    """

    function: str  # its name
    metric: str  # Invocations | Errors | Throttles | Duration | AsyncEventAge | …
    value: float
    unit: str  # Count | Milliseconds
    time: float


@dataclass(frozen=True, slots=True)
class ServiceEvent(Event):
    """An event that a service of AWS puts on EventBridge's default bus, in AWS's form. `source` is
    spelled as AWS spells it ("aws.codepipeline"). `resources` are ARNs; the first one gives the
    envelope its region and account. `detail` is the service's own document. `time` is in Unix
    seconds. "AWS service event metadata", Amazon EventBridge User Guide.

    `source` as AWS spells it ("aws.codepipeline"). `resources` are ARNs; the first one gives the
    envelope its region and account. `detail` is the service's own document. `time` in Unix seconds.
    "AWS service event metadata", Amazon EventBridge User Guide.
    """

    source: str
    detail_type: str
    resources: tuple[str, ...]
    detail: Mapping[str, Any]
    time: float


E_ = TypeVar("E_", bound=Event)


class Bus:
    """Delivers each published event to the listeners of its type, in order of subscription."""

    def __init__(self) -> None:
        self._listeners: dict[type[Event], list[Callable[[Event], None]]] = {}

    def subscribe(self, kind: type[E_], listener: Callable[[E_], None]) -> Callable[[], None]:
        """Call `listener` for each event of `kind` and its subclasses. Returns a function that ends
        this."""
        listeners = self._listeners.setdefault(kind, [])
        entry = cast("Callable[[Event], None]", listener)
        listeners.append(entry)

        def undo() -> None:
            if entry in listeners:
                listeners.remove(entry)

        return undo

    def publish(self, event: Event) -> None:
        """Call all listeners. A listener's exception reaches the publisher."""
        for kind in type(event).__mro__:
            for listener in tuple(self._listeners.get(kind, ())):
                listener(event)
