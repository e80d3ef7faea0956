"""The destination of one log of a service. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from bonkei.services.logs.delivery.requests.request import Access, Finished, Together

FIVE_MINUTES = 300.0
"""Seconds between two objects."""

Line = Callable[[Finished], str | None]
"""An entry, without its line end; None if the log has no entry for the request."""

Ready = Callable[[Together], list[str]]
"""The entries of requests of one kind."""

Prepare = Callable[[Access], Ready]
"""Prepares the entries of a kind of requests, from one of them: everything that all of them have in
common is put into words once."""

Key = Callable[[float, str], str]
"""An object's key, from the time of its end (Unix seconds) and a unique word."""


@dataclass(frozen=True, slots=True)
class Deliverer:
    """The AWS service that writes, by its name in a policy's Principal. `source_arn` and `account`
    have the values for a policy's conditions. Without a name, an access control list lets it write.
    `grants_itself`: AWS adds the statement if a bucket has no policy ("AWS service logging requires
    permissions", docs.aws.amazon.com/AmazonCloudWatch/latest/logs/
    AWS-logs-and-resource-policy.html)."""

    service: str
    source_arn: str = ""
    account: str = ""
    grants_itself: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """Writes to objects of a bucket, or to a stream of a log group. `title`: for messages. `head`:
    the beginning of each object. `once`: one entry for each connection, not for each request.
    `test`: the key and the content of an object that tests whether the bucket can be written to.
    `prepare`: in the place of `line`, where the log has an entry for every request and goes to a
    bucket. `ignores`: whether it has none for a request and all of its kind.
    """

    title: str
    line: Line | None
    by: Deliverer
    bucket: str = ""
    key: Key = lambda _, unique: unique
    group: str = ""
    stream: str = ""
    head: str = ""
    once: bool = False
    test: tuple[str, str] = ("", "")
    prepare: Prepare | None = None
    ignores: Callable[[Access], bool] = lambda _: False
    id: str = field(init=False)  # the same after an apply that did not change the destination

    def __post_init__(self) -> None:
        place = f"{self.title} {self.bucket} {self.group} {self.key(0.0, '')}"
        object.__setattr__(self, "id", place)


def prefixed(prefix: str) -> str:
    """The prefix without slashes around it, and with one at its end."""
    return f"{stripped}/" if (stripped := prefix.strip("/")) else ""
