"""Checks of formats that many types share: ARNs, networks, ports, schedules."""

from __future__ import annotations

import ipaddress
import re
from contextlib import suppress

from bonkei.definitions.provider.aws.shared.checks import Check, between
from bonkei.definitions.provider.values import Value
from bonkei.grammar.schedule import ScheduleError, parse_schedule, require_unit

_ARN = re.compile(
    r"arn:(?P<partition>aws[a-zA-Z-]*):(?P<service>[^:]*):(?P<region>[a-z0-9-]*)"
    r":(?P<account>\d{12}|aws|(aws|partner)-managed|third-party|aws-marketplace|cloudfront|cw.{10}|)"
    r":(?P<resource>.+)",
    re.DOTALL,
)
"""As accountIDRegexp and ValidARNCheck of the provider's internal/verify. An origin access identity
is of the account "cloudfront"."""
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d{1,2}")

port = between(0, 65535)


def arn(*services: str, resource: str = "") -> Check:
    """An ARN, of one of the services if any are named. `resource` starts its last part. An empty
    string means "no ARN", as in the AWS provider.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
    """

    def check(value: Value) -> str | None:
        if value == "":
            return None
        match = _ARN.fullmatch(value)
        if not match:
            return f'"{value}" is not an ARN (arn:partition:service:region:account:resource).'
        region = match["region"]
        if region and not _REGION.fullmatch(region):
            return f'"{value}" is not an ARN: "{region}" is not a region.'
        if services and match["service"] not in services:
            return f'Expected an ARN of {" or ".join(services)}, got "{value}".'
        if resource and not match["resource"].startswith(resource):
            return f'Expected an ARN with a resource that starts with "{resource}", got "{value}".'
        return None

    return check


def kms_key(value: Value) -> str | None:
    """A key's id, its alias or the ARN of either. An empty string means "no key"."""
    if value.startswith("arn:"):
        return arn("kms")(value)
    if value == "" or re.fullmatch(r"alias/[a-zA-Z0-9/_-]+|(mrk-)?[0-9a-f-]{32,36}", value):
        return None
    return f'"{value}" is not a KMS key: expected an id, an alias (alias/…) or an ARN.'


def network(value: str, version: int | None = None) -> tuple[str | None, int]:
    """Return the problem of a CIDR block, and its prefix length."""
    try:
        interface = ipaddress.ip_interface(value)
    except ValueError:
        return f'"{value}" is not a CIDR block, such as 10.0.0.0/16.', 0
    if "/" not in value:
        return f'"{value}" is not a CIDR block: the prefix length (/…) is missing.', 0
    if version and interface.version != version:
        return f'"{value}" is not an IPv{version} CIDR block.', 0
    if interface.ip != interface.network.network_address:
        meant = f"Did you mean {interface.network}?"
        return f'"{value}" is not a network address: bits behind the prefix are set. {meant}', 0
    return None, interface.network.prefixlen


def cidr(version: int | None = None, low: int = 0, high: int = 128) -> Check:
    """A CIDR block with no bit set behind its prefix. Its prefix length is in the range."""

    def check(value: Value) -> str | None:
        wrong, prefix = network(value, version)
        if wrong:
            return wrong
        if not low <= prefix <= high:
            return f'The prefix length of "{value}" must be from /{low} to /{high}.'
        return None

    return check


ipv4 = cidr(4, 0, 32)
ipv6 = cidr(6, 0, 128)


def address(version: int) -> Check:
    def check(value: Value) -> str | None:
        with suppress(ValueError):
            if ipaddress.ip_address(value).version == version:
                return None
        return f'"{value}" is not an IPv{version} address.'

    return check


def rule_schedule(value: Value) -> str | None:
    """A schedule of a rule of EventBridge, which alone refuses `rate(1 hours)` and `rate(5 hour)`.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rate-expressions.html
    """
    return schedule(value) or doubtful_rate(value)


def doubtful_rate(value: Value) -> str | None:
    """A unit that AWS writes otherwise. No page of another service than EventBridge refuses it."""
    try:
        require_unit(value)
    except ScheduleError as error:
        return error.message
    return None


def schedule(value: Value) -> str | None:
    """`rate(…)`, `cron(…)` or `at(…)` of EventBridge, Application Auto Scaling and Backup.

    Neither the API's models nor the provider have a pattern for it.
    """
    try:
        parse_schedule(value)
    except ScheduleError as error:
        return error.message
    return None
