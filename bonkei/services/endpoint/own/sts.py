"""Security Token Service: the caller's identity, and assuming roles."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bonkei.base.aws_service import AwsCall, AwsService, Operations
from bonkei.services.endpoint.errors import ApiError
from bonkei.services.endpoint.identity.credentials import Issuer
from bonkei.services.endpoint.permission.services import require_role_arn
from bonkei.services.endpoint.permission.session import session_policy

_USUAL = 3_600  # seconds


def service(issuer: Issuer, is_role: Callable[[str], bool]) -> AwsService:
    """`is_role`: whether the definitions have a role with this ARN. The endpoint decides whether
    the role trusts the caller, as it decides all permissions."""

    async def get_caller_identity(call: AwsCall) -> Mapping[str, Any]:
        caller = call.caller
        return {"Arn": caller.arn, "UserId": caller.user_id, "Account": caller.account}

    async def assume_role(call: AwsCall) -> Mapping[str, Any]:
        role, session = call.parameters["RoleArn"], call.parameters["RoleSessionName"]
        require_role_arn(role)
        if not is_role(role):
            raise ApiError(
                "AccessDenied",
                f"User: {call.caller.arn} is not authorized to perform: sts:AssumeRole on "
                f"resource: {role}",
                403,
            )
        _check_second_factor(call)
        seconds = call.parameters.get("DurationSeconds", _USUAL)
        if not call.caller.is_user and seconds > _USUAL:
            raise ApiError(
                "ValidationError",
                "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed "
                "by role chaining",
            )
        source = call.caller.source  # another role calls from the same place
        made = issuer.assume(
            role, session, now=call.time, seconds=seconds, source=source, policy=_policy(call)
        )
        _, caller = issuer.secret_of(made.access_key, made.token, now=call.time)
        return {
            "AssumedRoleUser": {"Arn": caller.arn, "AssumedRoleId": caller.user_id},
            "Credentials": {
                "AccessKeyId": made.access_key,
                "SecretAccessKey": made.secret_key,
                "SessionToken": made.token,
                "Expiration": made.expires_at,
            },
        }

    return Operations({"GetCallerIdentity": get_caller_identity, "AssumeRole": assume_role})


def _policy(call: AwsCall) -> str:
    """The policy of the session alone. Policies by their ARNs are not answered."""
    if call.parameters.get("PolicyArns"):
        message = "The miniature does not answer PolicyArns of AssumeRole. Give the text as Policy."
        raise ApiError("NotImplemented", message, 501)
    policy: str = call.parameters.get("Policy", "")
    if policy:
        session_policy(policy)
    return policy


def _check_second_factor(call: AwsCall) -> None:
    """There are no devices here. Each IAM user has the device that it names, and any six digits are
    a valid code. The rest is as on AWS: a device belongs to one user, and a role's session has no
    device."""
    serial = call.parameters.get("SerialNumber")
    if serial is None:
        return
    device = f":iam::{call.caller.account}:mfa/"
    if not call.caller.is_user or device not in serial or "TokenCode" not in call.parameters:
        raise ApiError(
            "AccessDenied",
            f"MultiFactorAuthentication failed, unable to validate MFA code. A user's device is "
            f"arn:aws{device}NAME, and its code has six digits (here any six)",
            403,
        )
