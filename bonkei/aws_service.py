"""The interface between the AWS endpoint and the rooms that answer AWS services.

A room of the miniature (logs, functions, the monitor, ...) answers calls by an object of the
Protocol `AwsService`; `bonkei/miniature/aws/own_services.py` hands it to the endpoint under
botocore's name of the service. The endpoint handles HTTP, signatures, permissions and the five
protocols: a service gets values that its model has checked, and returns values.

Beside the parameters, `AwsCall` has `request_id`: Lambda and CloudWatch Logs show it to people. An
error may carry `members`, for the shapes of the model that have more than a message.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from bonkei.errors import BonkeiError


@dataclass(frozen=True, slots=True)
class Caller:
    """A principal as `sts:GetCallerIdentity` names it; `role` is the assumed role's ARN. `source`:
    the holder of its credentials (`task web`), which gives its place in the network; empty: a
    person, or unknown.
    """

    arn: str
    user_id: str
    account: str
    role: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class AwsCall:
    """One call, as its service sees it.

    `service` is botocore's name of it ("logs", "cloudwatch", "elbv2"), `operation` the API's.
    `parameters` are parsed and checked by the service's model, under the model's names: str, int,
    float, bool, bytes, datetime (with UTC), list and dict; a member that was not sent is missing.
    `time` is in Unix seconds.
    """

    service: str
    operation: str
    parameters: Mapping[str, Any]
    caller: Caller
    region: str
    time: float
    request_id: str = ""


class AwsServiceError(BonkeiError):
    """A refusal, as an answer.

    `code` is the error's name in the service's model ("ResourceNotFoundException"), or a common
    error of AWS. `status` counts where the model has none. `members` are the error shape's further
    members.
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
        """Its operations; the endpoint refuses all others by name."""
        ...

    async def answer(self, call: AwsCall) -> Mapping[str, Any]:
        """The answer by the model's names, in the types of `AwsCall.parameters`; a timestamp may be
        Unix seconds too, a member that is None is left out. AwsServiceError.

        A member that is a stream of events in the model (Live Tail's `responseStream`) is an
        `Events`."""
        ...


Events = AsyncGenerator[Mapping[str, Any], None]
"""The events of an answer, each by its one name: `{"sessionUpdate": {...}}`.

The endpoint asks for the next one when the client has taken the last one; what happens meanwhile
the service has to bound. When the client goes, or the miniature stops, the generator is closed: its
`finally` runs. An AwsServiceError from it is the stream's last word; those that the model names
for the stream (`SessionTimeoutException`) arrive as such.
"""


class CallerEnvironments(Protocol):
    """The variables with which a process that a room starts calls AWS as its role. The endpoint
    has it; `bonkei/miniature` hands it to the rooms that start something.
    """

    def function(self, role_arn: str, name: str) -> dict[str, str]:
        """The environment of a Lambda function's process."""
        ...

    def build(self, role_arn: str, build_id: str) -> dict[str, str]:
        """The environment of a CodeBuild build."""
        ...


class Asks(Protocol):
    """The questions of AWS's services to IAM before they act themselves: a log goes into a bucket,
    an event to a topic. The endpoint has it, and `bonkei/miniature` passes it to the rooms that act
    like this. Each answer is AWS's denial, which is recorded too (`bonkei iam denied`), or empty:
    continue.
    """

    def service(
        self,
        service: str,
        action: str,
        resource: str,
        source_arn: str = "",
        accounts: tuple[str, ...] = (),
        context: Mapping[str, tuple[str, ...]] | None = None,
    ) -> str:
        """A service as itself (`delivery.logs.amazonaws.com`): the resource's policy decides.
        `source_arn`: the resource for which it acts. `accounts`: AWS's accounts in whose name it
        also acts.
        """
        ...

    def role(
        self,
        role: str,
        session: str,
        action: str,
        resource: str,
        context: Mapping[str, tuple[str, ...]] | None = None,
    ) -> str:
        """A service as a role of the definitions; `session`: the session's name."""
        ...


class NothingIsAsked:
    """The `Asks` of a miniature without permissions."""

    def service(self, *_: object, **__: object) -> str:
        return ""

    def role(self, *_: object, **__: object) -> str:
        return ""


Operation = Callable[[AwsCall], Awaitable[Mapping[str, Any]]]


class Operations:
    """An AwsService of one function for each operation."""

    def __init__(self, table: Mapping[str, Operation]) -> None:
        self._table = dict(table)

    @property
    def operations(self) -> frozenset[str]:
        return frozenset(self._table)

    async def answer(self, call: AwsCall) -> Mapping[str, Any]:
        return await self._table[call.operation](call)
