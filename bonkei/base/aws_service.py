"""The interface between the AWS endpoint and the services that answer it.

A service of the miniature (logs, functions, the monitor, ...) answers calls by an object of the
Protocol `AwsService`; `bonkei/miniature/parts/endpoint/own_services.py` hands it to the endpoint
under botocore's name of the service. The endpoint handles HTTP, signatures, permissions and the
five protocols. A service receives values, checked by its model, and returns values.

`AwsCall` also has a `request_id`, which Lambda and CloudWatch Logs show, and the `trace` of X-Ray
that its caller has named. An error may have
`members`, if its shape in the model has more than a message.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from inspect import iscoroutinefunction
from typing import Any, Protocol, Self
from uuid import NAMESPACE_URL, uuid5

from bonkei.base.arn import Arn
from bonkei.base.errors import BonkeiError


@dataclass(frozen=True, slots=True)
class Caller:
    """A principal as `sts:GetCallerIdentity` names it. `role`: the ARN of the assumed role, or of
    an IAM user with limited rights; empty for the account's administrator. `source`: the holder of
    its credentials (`task web`), and so its place in the network; empty for a person, or if
    unknown. `policy`: the text of the session's own policy, if it has one. `acts_for`: the alarm,
    topic or rule for which a service of AWS calls."""

    arn: str
    user_id: str
    account: str
    role: str = ""
    source: str = ""
    policy: str = ""
    acts_for: str = ""

    @property
    def is_user(self) -> bool:
        """Whether the caller is an IAM user, not the session of a role."""
        return not self.role or self.role == self.arn


@dataclass(frozen=True, slots=True)
class AwsCall:
    """One call, as its service receives it.

    `service` is botocore's name ("logs", "cloudwatch", "elbv2"), `operation` the API's.
    `parameters` are parsed and checked by the service's model, and have the model's names. Their
    types are str, int, float, bool, bytes, datetime (with UTC), list and dict. A member that was
    not sent is missing. `time` is in Unix seconds.
    """

    service: str
    operation: str
    parameters: Mapping[str, Any]
    caller: Caller
    region: str
    time: float
    request_id: str = ""
    trace: str = ""


class AwsServiceError(BonkeiError):
    """The service refuses the call with this error.

    `code` is the error's name in the service's model ("ResourceNotFoundException"), or a common
    error of AWS. `status` is used if the model has none. `members` are the other members of the
    error's shape.
    """

    def __init__(
        self,
        code: str,
        message: str,
        status: int = 400,
        members: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.members: Mapping[str, Any] = members or {}

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class AwsService(Protocol):
    """Answers the calls of one service."""

    @property
    def operations(self) -> frozenset[str]:
        """The operations of the service. The endpoint refuses all others by name."""
        ...

    async def answer(self, call: AwsCall) -> Mapping[str, Any]:
        """Return the answer, with the model's names and the types of `AwsCall.parameters`. A
        timestamp may also be in Unix seconds. A member that is None is left out. Raises
        AwsServiceError.

        If the model has a stream of events for a member (Live Tail's `responseStream`), the member
        is an `Events`.
        """
        ...


Events = AsyncGenerator[Mapping[str, Any], None]
"""The events of an answer. Each has one name: `{"sessionUpdate": {...}}`.

The endpoint asks for the next event when the client has taken the last one. The service must bound
the events that wait meanwhile. When the client disconnects or the miniature stops, the generator is
closed, and its `finally` runs. An AwsServiceError ends the stream. If the model names the error for
the stream (`SessionTimeoutException`), the client receives it under that name.
"""


class Asks(Protocol):
    """AWS's services ask IAM before they act themselves: before they write a log to a bucket, or
    send an event to a topic. The endpoint provides it, and `bonkei/miniature` hands it to the
    services that act like this. The answer is AWS's denial, or empty if the action is allowed.
    Denials are recorded (`bonkei iam denied`)."""

    def service(
        self,
        service: str,
        action: str,
        resource: str,
        source_arn: str = "",
        accounts: tuple[str, ...] = (),
        context: Mapping[str, tuple[str, ...]] | None = None,
    ) -> str:
        """A service acts in its own name (`delivery.logs.amazonaws.com`), so the resource's policy
        decides. `source_arn`: the resource for which it acts. `accounts`: AWS's accounts that it
        also acts for."""
        ...

    def role(
        self,
        role: str,
        session: str,
        action: str,
        resource: str,
        context: Mapping[str, tuple[str, ...]] | None = None,
    ) -> str:
        """A service acts with a role of the definitions. `session`: the session's name."""
        ...


@dataclass(frozen=True, slots=True)
class ServicePrincipal:
    """An AWS service that calls in its own name (`cloudwatch.amazonaws.com`). `source_arn`: the
    alarm, topic or rule for which it acts."""

    name: str
    source_arn: str = ""


@dataclass(frozen=True, slots=True)
class RoleSession:
    """An AWS service that calls with a role. `name`: the session's name. `source_arn`: as above."""

    role: str
    name: str
    source_arn: str = ""


ADMINISTRATOR = RoleSession("", "")
"""The account's administrator, who has no role."""
Principal = ServicePrincipal | RoleSession


class Aws(Protocol):
    """How one service calls another. The endpoint provides it."""

    async def call(
        self, principal: Principal, service: str, operation: str,
        parameters: Mapping[str, Any], region: str = "",
    ) -> Mapping[str, Any]:  # fmt: skip
        """The answer of an operation of `service` (botocore's name), if IAM allows it to the
        principal. Without a region, the one of the definitions. Raises AwsServiceError."""
        ...


class NothingIsAsked:
    """The `Asks` of a miniature without permissions."""

    def service(self, *_: object, **__: object) -> str:
        return ""

    def role(self, *_: object, **__: object) -> str:
        return ""


NOTHING_IS_ASKED = NothingIsAsked()

Operation = Callable[[AwsCall], Awaitable[Mapping[str, Any]]]


class Operations:
    """An AwsService that has one function for each operation. `policy_of`: the policy's text that
    calls have given the resource with this ARN. It is empty if the service has the resource, but no
    such policy."""

    def __init__(
        self,
        table: Mapping[str, Operation],
        policy_of: Callable[[str], str | None] = lambda _: None,
    ) -> None:
        self._table = dict(table)
        self.policy_of = policy_of

    @classmethod
    def of(cls, *handlers: object, policy_of: Callable[[str], str | None] = lambda _: None) -> Self:
        """Each public coroutine of the handlers answers the operation of its name: `list_builds`
        answers ListBuilds, and `modify_db_cluster` ModifyDBCluster."""
        table = {
            "".join("DB" if one == "db" else one.capitalize() for one in name.split("_")): getattr(
                handler, name
            )
            for handler in handlers
            for name, method in vars(type(handler)).items()
            if iscoroutinefunction(method) and not name.startswith("_")
        }
        return cls(table, policy_of)

    @property
    def operations(self) -> frozenset[str]:
        return frozenset(self._table)

    async def answer(self, call: AwsCall) -> Mapping[str, Any]:
        return await self._table[call.operation](call)


class Later:
    """An AwsService that is created at its first call. Its modules are loaded then, so a miniature
    that never needs them saves the memory."""

    def __init__(self, make: Callable[[], AwsService]) -> None:
        self._make = make

    @cached_property
    def _made(self) -> AwsService:
        return self._make()

    @property
    def operations(self) -> frozenset[str]:
        return self._made.operations

    async def answer(self, call: AwsCall) -> Mapping[str, Any]:
        return await self._made.answer(call)


def queue_url(arn: str) -> str:
    """The URL of a queue at the AWS endpoint, whatever host and port the endpoint has."""
    queue = Arn.of(arn)
    return f"http://localhost/{queue.account}/{queue.resource}"


def subscription_arn(topic: str, protocol: str, endpoint: str) -> str:
    """SNS's name of a subscription, which stacks and Terraform also tell. It is made from the
    subscription's own values, so that a restart keeps it."""
    return f"{topic}:{uuid5(NAMESPACE_URL, f'{topic} {protocol} {endpoint}')}"


def invocation(function: str, event: bytes) -> dict[str, Any]:
    """The parameters of Lambda's `Invoke`, by which the function is called later."""
    return {"FunctionName": function, "InvocationType": "Event", "Payload": event}


def seconds(moment: Any) -> float:
    """Convert a model's timestamp to Unix seconds."""
    return moment.timestamp() if isinstance(moment, datetime) else float(moment)
