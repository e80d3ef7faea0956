"""AWS in memory, for what calls other services."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bonkei.base.aws_service import (
    AwsCall,
    AwsService,
    AwsServiceError,
    Caller,
    Principal,
    ServicePrincipal,
)

Answer = Callable[[Mapping[str, Any]], Mapping[str, Any]]


class InMemoryAws:
    """`bonkei.base.aws_service.Aws`. Each call is in `calls`. `services` answer by botocore's
    names, `answers` by an operation's, anything else with nothing. `denial`: IAM's answer."""

    def __init__(
        self,
        services: Mapping[str, AwsService] | None = None,
        answers: Mapping[str, Answer] | None = None,
    ) -> None:
        self.services = services or {}
        self.answers = answers or {}
        self.denial = ""
        self.principals: list[Principal] = []
        self.calls: list[tuple[str, str, Mapping[str, Any], str]] = []

    async def call(
        self, principal: Principal, service: str, operation: str,
        parameters: Mapping[str, Any], region: str = "",
    ) -> Mapping[str, Any]:  # fmt: skip
        self.principals.append(principal)
        self.calls.append((service, operation, parameters, region))
        if self.denial:
            raise AwsServiceError("AccessDeniedException", self.denial, 403)
        if operation in self.answers:
            return self.answers[operation](parameters)
        if service not in self.services:
            return {}
        name = principal.name if isinstance(principal, ServicePrincipal) else principal.role
        caller = Caller(name, name, "123456789012")
        given = AwsCall(service, operation, parameters, caller, region, time.time())
        return await self.services[service].answer(given)


class AskedAws:
    """Each call is asked: who (a role, or a service's name), operation, parameters, region."""

    def __init__(
        self, ask: Callable[[str, str, Mapping[str, Any], str], Awaitable[Mapping[str, Any]]]
    ) -> None:
        self._ask = ask

    async def call(
        self, principal: Principal, _service: str, operation: str,
        parameters: Mapping[str, Any], region: str = "",
    ) -> Mapping[str, Any]:  # fmt: skip
        who = principal.name if isinstance(principal, ServicePrincipal) else principal.role
        return await self._ask(who, operation, parameters, region)
