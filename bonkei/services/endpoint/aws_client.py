"""Calls of AWS's services among themselves: an alarm publishes to a topic, a topic invokes a
function. They need no signature and no port."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any
from uuid import uuid4

from bonkei.base.aws_service import (
    ADMINISTRATOR,
    AwsCall,
    AwsService,
    AwsServiceError,
    Caller,
    Principal,
    RoleSession,
    ServicePrincipal,
)
from bonkei.services.endpoint.asking import Asking
from bonkei.services.endpoint.calls.disturbance import Disturb, disturbed
from bonkei.services.endpoint.calls.record import CallLog, Record
from bonkei.services.endpoint.calls.resource import named_in
from bonkei.services.endpoint.identity.credentials import Issuer
from bonkei.services.endpoint.json_calls import SILENCE, unanswered
from bonkei.services.endpoint.services import TARGETS, Own
from bonkei.services.endpoint.wire import constraints
from bonkei.services.endpoint.wire.model import load_model

CallStore = Callable[[RoleSession, str, str, Mapping[str, Any], str], Awaitable[Mapping[str, Any]]]
"""A signed call through the endpoint: who, the service in the credential scope, X-Amz-Target,
parameters, region."""


class AwsClient:
    """`bonkei.base.aws_service.Aws`. `own`: the services that answer here. `region`: that of the
    definitions. The endpoint checks and records the store's calls."""

    def __init__(
        self, own: Own, asks: Asking, issuer: Issuer, calls: CallLog, call_store: CallStore,
        region: Callable[[], str],
    ) -> None:  # fmt: skip
        self._own = own
        self._asks = asks
        self._issuer = issuer
        self._calls = calls
        self._call_store = call_store
        self._region = region
        self.disturb: Disturb | None = None

    async def call(
        self, principal: Principal, service: str, operation: str,
        parameters: Mapping[str, Any], region: str = "",
    ) -> Mapping[str, Any]:  # fmt: skip
        """As in `Aws`."""
        region = region or self._region()
        if own := self._own.get(service):
            call = self._as_call(principal, service, operation, parameters, region)
            return await self._recorded(principal, own, call)
        if service not in TARGETS:
            raise _unknown(service, operation)
        session = principal if isinstance(principal, RoleSession) else ADMINISTRATOR
        if principal is not session:  # the endpoint does not know services
            self._require(principal, service, operation, parameters)
        signed_as, target = TARGETS[service]
        sent = f"{target}.{operation}"
        return await self._call_store(session, signed_as, sent, parameters, region)

    async def look(
        self, service: str, operation: str, parameters: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """The answer of one of our own services to a person who looks at the miniature. It is no
        call of the system's, so it is not recorded."""
        call = self._as_call(ADMINISTRATOR, service, operation, parameters, self._region())
        return await self._answer(ADMINISTRATOR, self._own[service], call)

    def _as_call(
        self, principal: Principal, service: str, operation: str,
        parameters: Mapping[str, Any], region: str,
    ) -> AwsCall:  # fmt: skip
        caller = self._caller(principal)
        return AwsCall(service, operation, parameters, caller, region, time.time(), str(uuid4()))

    async def _recorded(
        self, principal: Principal, own: AwsService, call: AwsCall
    ) -> Mapping[str, Any]:
        began, status, code = time.perf_counter(), 0, ""
        signed_as = load_model(call.service).signed_as
        try:
            answer = await self._answer(principal, own, call)
            status = 200
        except AwsServiceError as error:
            status, code = error.status, error.code
            raise
        finally:
            self._calls.add(
                Record(
                    call.time, call.caller.arn, call.caller.role, signed_as,
                    call.operation, status, code, round((time.perf_counter() - began) * 1000, 3),
                    call.request_id, named_in(call.parameters),
                )
            )  # fmt: skip
        return answer

    async def _answer(
        self, principal: Principal, own: AwsService, call: AwsCall
    ) -> Mapping[str, Any]:
        if call.operation not in own.operations:
            raise _unknown(call.service, call.operation)
        model = load_model(call.service)
        constraints.check(model, call.operation, call.parameters)
        self._require(principal, call.service, call.operation, call.parameters)
        if isinstance(principal, RoleSession) and await disturbed(
            self.disturb, model.signed_as, call.operation, "json"
        ):
            await asyncio.sleep(SILENCE)
            raise unanswered(TimeoutError())
        try:
            answer: Mapping[str, Any] = _present(await own.answer(call))
        except OSError as error:  # such as a full disk
            raise AwsServiceError("InternalFailure", error.strerror or str(error), 500) from None
        return answer

    def _require(
        self, principal: Principal, service: str, operation: str, parameters: Mapping[str, Any]
    ) -> None:
        if denial := self._asks.call(principal, service, operation, parameters):
            raise AwsServiceError("AccessDeniedException", denial, 403)

    def _caller(self, principal: Principal) -> Caller:
        if isinstance(principal, ServicePrincipal):
            caller = Caller(principal.name, principal.name, self._issuer.account)
        else:
            caller = self._issuer.session(principal.role, principal.name)
        return replace(caller, acts_for=principal.source_arn)


def _present(value: Any) -> Any:
    """An answer without the members that are None, as a client receives it."""
    if isinstance(value, Mapping):
        return {name: _present(each) for name, each in value.items() if each is not None}
    return [_present(each) for each in value] if isinstance(value, list | tuple) else value


def _unknown(service: str, operation: str) -> AwsServiceError:
    message = f"The miniature does not answer {service}:{operation}."
    return AwsServiceError("UnknownOperationException", message)
