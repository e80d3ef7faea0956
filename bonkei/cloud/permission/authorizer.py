"""Decides each call, as AWS does before its services see it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from bonkei.aws_service import Caller
from bonkei.blueprint.role import PolicyStatement
from bonkei.cloud.errors import ApiError
from bonkei.cloud.permission.estate import Estate
from bonkei.cloud.permission.ledger import Denial, Ledger
from bonkei.cloud.permission.requirement import Requirement
from bonkei.cloud.permission.services import Parameters, required
from bonkei.config import Enforce
from bonkei.policy import Decision, Principal, Request, decide, denial


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

    def permit(
        self,
        caller: Caller,
        requirements: Iterable[Requirement],
        now: float,
    ) -> None:
        """ApiError of the code AccessDenied for the first requirement that is not met."""
        if (estate := self.estate) is None or estate.unknown_policies(caller.role):
            return
        principal = Principal(caller.arn, caller.account, caller.role)
        shared = _context_of(caller, now, estate)
        for each in requirements:
            request = Request(principal, each.action, each.resource, {**shared, **each.context})
            policies = estate.policies(caller.role, each.resource)
            decision = decide(request, policies)
            if not decision.is_allowed and not decision.is_explicit and each.alternative:
                other = Request(principal, each.action, each.alternative, request.context)
                decision = decide(other, policies)
            if decision.is_allowed:
                self._used(caller, each)
            else:
                self._deny(request, decision, caller, now)

    def ask(
        self, caller: Caller, service: str, operation: str, parameters: Parameters, now: float
    ) -> str:
        """AWS's denial of a call that a service of AWS would make as this caller; or nothing."""
        if (estate := self.estate) is None:
            return ""
        needed = required(service, operation, parameters, estate.names) or ()
        try:
            self.permit(caller, needed, now)
        except ApiError as error:
            return error.message
        return ""

    def _used(self, caller: Caller, requirement: Requirement) -> None:
        if caller.role:
            self._ledger.use(caller.role, requirement.action, requirement.resource)

    def _deny(self, request: Request, decision: Decision, caller: Caller, now: float) -> None:
        message = denial(request, decision)
        enforced = self._enforce == "on"
        statement = decision.statement
        role = self._estate.role(caller.role) if self._estate else None
        self._ledger.deny(
            Denial(
                now, caller.role, caller.arn, request.action, request.resource,
                str(decision.reason), message, enforced,
                _addresses(role.statements if role else ()),
                f"{statement.address} {statement.sid}".strip() if statement else "",
                tuple(sorted(decision.absent_keys)),
            )
        )  # fmt: skip
        if enforced:
            raise ApiError("AccessDenied", message, 403)


def _addresses(statements: Sequence[PolicyStatement]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.address for each in statements))


def _context_of(caller: Caller, now: float, estate: Estate) -> dict[str, tuple[str, ...]]:
    """Of the "AWS global condition context keys". The endpoint stands for AWS's: it speaks TLS.
    The caller's address and VPC endpoint are not known here, and so they are absent."""
    moment = datetime.fromtimestamp(now, UTC)
    context = {
        "aws:principalarn": caller.role or caller.arn,
        "aws:principalaccount": caller.account,
        "aws:resourceaccount": caller.account,
        "aws:principaltype": "AssumedRole" if caller.role else "User",
        "aws:userid": caller.user_id,
        "aws:principalisawsservice": "false",
        "aws:viaawsservice": "false",
        "aws:securetransport": "true",
        "aws:requestedregion": estate.names.place.region,
        "aws:currenttime": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
        "aws:epochtime": str(int(now)),
    }
    if not caller.role:
        context["aws:username"] = caller.arn.rpartition("/")[2]
    return {name: (value,) for name, value in context.items()}
