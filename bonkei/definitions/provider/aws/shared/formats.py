"""Checks of formats that many types share: ARNs, networks, ports, schedules."""

from __future__ import annotations

import ipaddress
import re

from bonkei.definitions.provider.aws.shared.checks import Check, between
from bonkei.definitions.provider.values import Value

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

    An empty string means "no ARN", as in the AWS provider.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
    """

    def check(value: Value) -> str | None:
        if value == "":
            return None
        match = _ARN.fullmatch(value)
        if not match:
            return f'"{value}" is no ARN (arn:partition:service:region:account:resource).'
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
    return f'"{value}" is no KMS key: expected an id, an alias (alias/…) or an ARN.'


def network(value: str, version: int | None = None) -> tuple[str | None, int]:
    """Return the problem of a CIDR block, and its prefix length."""
    try:
        interface = ipaddress.ip_interface(value)
    except ValueError:
        return f'"{value}" is no CIDR block, such as 10.0.0.0/16.', 0
    if "/" not in value:
        return f'"{value}" is no CIDR block: the prefix length (/…) is missing.', 0
    if version and interface.version != version:
        return f'"{value}" is no IPv{version} CIDR block.', 0
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
        try:
            found = ipaddress.ip_address(value)
        except ValueError:
            return f'"{value}" is no IP address.'
        return None if found.version == version else f'"{value}" is no IPv{version} address.'

    return check


_RATE = re.compile(r"rate\((\d{1,9}) (minute|minutes|hour|hours|day|days)\)")
_CRON_FIELDS = (
    ("minutes", 0, 59, ""),
    ("hours", 0, 23, ""),
    ("day of month", 1, 31, "?LW"),
    ("month", 1, 12, ""),
    ("day of week", 1, 7, "?L#"),
    ("year", 1970, 2199, ""),
)
_NAMES = {
    name: number
    for names in (
        "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC",
        "SUN MON TUE WED THU FRI SAT",
    )
    for number, name in enumerate(names.split(), start=1)
}


def rule_schedule(value: Value) -> str | None:
    """A schedule of a rule of EventBridge, which alone refuses `rate(1 hours)` and `rate(5 hour)`.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rate-expressions.html
    """
    return schedule(value) or doubtful_rate(value)


def doubtful_rate(value: Value) -> str | None:
    """A unit that AWS writes otherwise. No page of another service than EventBridge refuses it."""
    match = _RATE.fullmatch(value)
    if match and (int(match[1]) == 1) == match[2].endswith("s"):
        return f'"{value}": a unit is singular for 1 and plural for more.'
    return None


def schedule(value: Value) -> str | None:
    """`rate(…)`, `cron(…)` or `at(…)` of EventBridge, Application Auto Scaling and Backup.

    Neither the API's models nor the provider have a pattern for it.
    https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
    """
    if value.startswith("rate("):
        return _rate(value)
    if value.startswith("cron(") and value.endswith(")"):
        return _cron(value, value[5:-1].split())
    if re.fullmatch(r"at\(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\)", value):
        return None
    return f'"{value}" is not a schedule: expected rate(…), cron(…) or at(…).'


def _rate(value: str) -> str | None:
    match = _RATE.fullmatch(value)
    if not match or not int(match[1]):
        return f'"{value}" is not a rate: expected rate(5 minutes), rate(1 hour), rate(7 days) …'
    return None


def _cron(value: str, fields: list[str]) -> str | None:
    if len(fields) != len(_CRON_FIELDS):
        return f'"{value}" needs six fields: minutes hours day-of-month month day-of-week year.'
    for text, (name, low, high, special) in zip(fields, _CRON_FIELDS, strict=True):
        if not all(_cron_part(part, low, high, special) for part in text.split(",")):
            return f'"{value}": "{text}" is no {name} ({low}-{high}).'
    if (fields[2] == "?") == (fields[4] == "?"):
        return f'"{value}": exactly one of day of month and day of week must be "?".'
    return None


def _cron_part(text: str, low: int, high: int, special: str) -> bool:
    if text == "*" or (text == "?" and "?" in special):
        return True
    span, _, step = text.partition("/")
    if step and not step.isdigit():
        return False
    if special and re.fullmatch(r"L|LW|L-\d+|\d+W|(\d+|[A-Za-z]{3})(L|#[1-5])", span):
        return True
    if step and not span:  # "cron(0 /8 * * ? *)" of the Secrets Manager User Guide
        return True
    ends = [_NAMES.get(part.upper(), part) for part in span.split("-")] if span != "*" else []
    numbers = [int(part) for part in map(str, ends) if part.isdigit()]
    return (
        len(ends) <= 2
        and len(numbers) == len(ends)
        and all(low <= number <= high for number in numbers)
    )
