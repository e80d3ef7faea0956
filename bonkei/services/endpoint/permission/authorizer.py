"""Decides each call, as AWS does before a service receives it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache

from bonkei.analysis.policy import Decision, Policies, Principal, Reason, Request, decide, denial
from bonkei.base.aws_service import Caller
from bonkei.config import Enforce
from bonkei.services.endpoint.errors import ApiError
from bonkei.services.endpoint.permission.asks import RoleAsk, ServiceAsk, requirements
from bonkei.services.endpoint.permission.estate import Estate
from bonkei.services.endpoint.permission.explaining import Explanation, explain
from bonkei.services.endpoint.permission.ledger import Denial, Ledger
from bonkei.services.endpoint.permission.names import Names
from bonkei.services.endpoint.permission.network import UNKNOWN, Via
from bonkei.services.endpoint.permission.requirement import Requirement
from bonkei.services.endpoint.permission.services import Parameters, required
from bonkei.services.endpoint.permission.session import session_policy


class Authorizer:
    """`enforce`: "off" decides nothing, "report" records denials and lets the calls through, "on"
    denies."""

    def __init__(self, enforce: Enforce, ledger: Ledger) -> None:
        self._enforce = enforce
        self._ledger = ledger
        self._estate: Estate | None = None

    def use(self, estate: Estate) -> None:
        """Decide by these policies from now on."""
        self._estate = estate

    @property
    def estate(self) -> Estate | None:
        return None if self._enforce == "off" else self._estate

    @property
    def names(self) -> Names | None:
        """The names of the definitions, also if nothing is decided. None before there are any."""
        return None if self._estate is None else self._estate.names

    def permit(
        self,
        caller: Caller,
        requirements: Iterable[Requirement],
        now: float,
        via: Via = UNKNOWN,
    ) -> None:
        """Raises ApiError with the code AccessDenied for the first unmet requirement. `via`: the
        route of the call."""
        for message in self.denials(caller, requirements, now, via):
            if message:
                raise ApiError("AccessDenied", message, 403)

    def ask(
        self, caller: Caller, service: str, operation: str, parameters: Parameters, now: float
    ) -> str:
        """AWS's denial of a call that an AWS service would make for this caller; or an empty
        text."""
        if (estate := self.estate) is None:
            return ""
        needed = required(service, operation, parameters, estate.names) or ()
        return next(filter(None, self.denials(caller, needed, now)), "")

    def explain(
        self, caller: Caller, action: str, resource: str, context: Context, now: float
    ) -> Explanation | None:
        """The decision, even if nothing is enforced. It is not recorded. None before there are
        definitions. Raises CloudError."""
        if (estate := self._estate) is None:
            return None
        known = {**_context_of(caller, int(now), estate.names.place.region), **context}
        return explain(estate, caller, action, resource, known)

    def ask_as_role(self, ask: RoleAsk, caller: Caller, now: float) -> str:
        """AWS's denial of a call that a service makes with a role; or an empty text. `caller`: the
        session of that role."""
        if (estate := self.estate) is None:
            return ""
        return next(filter(None, self.denials(caller, requirements(ask, estate.names), now)), "")

    def ask_as_service(self, ask: ServiceAsk, now: float) -> str:
        """AWS's denial of a call that a service makes in its own name; or an empty text."""
        if (estate := self.estate) is None:
            return ""
        for each in requirements(ask, estate.names):
            policies = estate.policies_for_service(each.resource)
            if policies is None:
                continue
            context = {**_context_of_service(ask, now, estate), **each.context}
            tried = [
                _ask(Request(who, each.action, each.resource, context), each, policies)
                for who in _principals(ask)
            ]
            request, decision = next((one for one in tried if one[1].is_allowed), tried[0])
            if not decision.is_allowed:
                message = self._deny(request, decision, Caller(ask.service, "", ""), now)
                if message:
                    return message
        return ""

    def denials(
        self, caller: Caller, requirements: Iterable[Requirement], now: float, via: Via = UNKNOWN
    ) -> Iterator[str]:
        """For each requirement, the message of its denial; empty if it is allowed or not enforced.
        Each denial is recorded. The answer is empty for a role that cannot be judged."""
        if (estate := self.estate) is None or estate.unknown_policies(caller.role):
            return
        principal = Principal(caller.arn, caller.account, caller.role)
        shared = {**_context_of(caller, int(now), estate.names.place.region), **via.context}
        for each in requirements:
            context = {**shared, **each.context} if each.context else shared
            policies = estate.policies(caller.role, each.resource, each.action)
            if caller.policy:
                policies = replace(policies, session=session_policy(caller.policy))
            if via.policy is not None and _passes_endpoint(each):
                policies = replace(policies, endpoint=via.policy)
            request = Request(principal, each.action, each.resource, context)
            request, decision = _ask(request, each, policies)
            if decision.is_allowed:
                if not caller.is_user:
                    self._ledger.use(caller.role, each.action, each.resource)
                yield ""
            else:
                yield self._deny(request, decision, caller, now, via)

    def _deny(
        self, request: Request, decision: Decision, caller: Caller, now: float, via: Via = UNKNOWN
    ) -> str:
        """Records the denial. Returns the message if it is enforced, otherwise an empty text."""
        message = denial(request, decision)
        enforced = self._enforce == "on"
        statement = decision.statement
        looked_at = self._estate.looked_at(caller.role, request.resource) if self._estate else ()
        if decision.reason is Reason.ENDPOINT and not statement:
            looked_at = (via.endpoint,)
        self._ledger.deny(
            Denial(
                now, caller.role, caller.arn, request.action, request.resource,
                str(decision.reason), message, enforced, looked_at,
                f"{statement.address} {statement.sid}".strip() if statement else "",
                tuple(sorted(decision.absent_keys)),
            )
        )  # fmt: skip
        return message if enforced else ""


def _ask(request: Request, each: Requirement, policies: Policies) -> tuple[Request, Decision]:
    """The decision. If the resource's first spelling is not allowed, its other spelling decides."""
    decision = decide(request, policies)
    if not decision.is_allowed and not decision.is_explicit and each.alternative:
        other = replace(request, resource=each.alternative)
        return request, decide(other, policies)
    return request, decision


def _passes_endpoint(each: Requirement) -> bool:
    """Whether the request goes through the caller's endpoint. A service uses a customer's key with
    the caller's permission, but not through that endpoint. Passing a role is not a call."""
    return "kms:viaservice" not in each.context and each.action != "iam:PassRole"


def _principals(ask: ServiceAsk) -> Iterator[Principal]:
    yield Principal(service=ask.service)
    for account in ask.accounts:
        yield Principal(f"arn:aws:iam::{account}:root", account)


Context = Mapping[str, tuple[str, ...]]


def _context_of_service(ask: ServiceAsk, now: float, estate: Estate) -> Context:
    """As in "Cross-service confused deputy prevention" (IAM User Guide)."""
    account = estate.names.place.account
    context = {
        "aws:principalisawsservice": "true",
        "aws:principalservicename": ask.service,
        "aws:sourceaccount": account,
        "aws:resourceaccount": account,
        **_of_any(int(now), estate.names.place.region),
    }
    if ask.source_arn:
        context["aws:sourcearn"] = ask.source_arn
    if ask.service == "cloudwatch.amazonaws.com":  # SNS's default policy lets its alarms in
        context["aws:sourceowner"] = account
    return {name: (value,) for name, value in context.items()}


@lru_cache(maxsize=64)
def _context_of(caller: Caller, now: int, region: str) -> Context:
    """Some of the "AWS global condition context keys". The endpoint counts as AWS's, with TLS."""
    context = {
        "aws:principalarn": caller.role or caller.arn,
        "aws:principalaccount": caller.account,
        "aws:resourceaccount": caller.account,
        "aws:principaltype": "User" if caller.is_user else "AssumedRole",
        "aws:userid": caller.user_id,
        "aws:principalisawsservice": "false",
        "aws:viaawsservice": "false",
        "kms:calleraccount": caller.account,
        "s3:resourceaccount": caller.account,
        **_of_any(now, region),
    }
    if caller.is_user:
        context["aws:username"] = caller.arn.rpartition("/")[2]
    return {name: (value,) for name, value in context.items()}


def _of_any(now: int, region: str) -> dict[str, str]:
    moment = datetime.fromtimestamp(now, UTC)
    return {
        "aws:securetransport": "true",
        "aws:requestedregion": region,
        "aws:currenttime": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
        "aws:epochtime": str(now),
    }
