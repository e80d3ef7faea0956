"""CloudFront's standard logs: legacy (v1), and v2 by deliveries of CloudWatch Logs.

Sources (docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide): "Standard logging (legacy)",
"Configure standard logging (v2)" (standard-logging.html: paths, formats, fields) and "Log file
fields" (standard-logs-reference.html). Fields about TLS, the viewer's country or a response's
headers are `-`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import quote

from bonkei.blueprint.cloudfront import Distribution
from bonkei.blueprint.logs.access_log import AccessLog
from bonkei.blueprint.logs.log_delivery import LogDelivery
from bonkei.grammar.wildcards import between_stars
from bonkei.services.logs.delivery.requests.request import Access, Finished, Headers, Together
from bonkei.services.logs.delivery.requests.target import Deliverer, Key, Ready, Target, prefixed

DELIVERY = "delivery.logs.amazonaws.com"
_FIELDS = (
    "date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) "
    "cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header "
    "cs-protocol cs-bytes time-taken x-forwarded-for ssl-protocol ssl-cipher "
    "x-edge-response-result-type cs-protocol-version fle-status fle-encrypted-fields c-port "
    "time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len "
    "sc-range-start sc-range-end"
)
_LEGACY = tuple(_FIELDS.split())
_DEFAULT = (*_LEGACY, "c-country", "cache-behavior-path-pattern")
_FURTHER: dict[str, Callable[[Finished, Distribution], str]] = {
    "cache-behavior-path-pattern": lambda request, of: _pattern(of, request.access.target),
    "timestamp(ms)": lambda request, _: str(int(request.time * 1000)),
    "timestamp": lambda request, _: str(int(request.time)),
    "distributionid": lambda _, of: of.id,
}
(
    _SENT, _STEM, _REFERER, _QUERY, _COOKIE, _IDENTITY, _RECEIVED, _TAKEN, _FORWARDED, _PORT,
    _FIRST_BYTE, _LENGTH,
) = (
    _LEGACY.index(name)
    for name in (
        "sc-bytes", "cs-uri-stem", "cs(Referer)", "cs-uri-query", "cs(Cookie)",
        "x-edge-request-id", "cs-bytes", "time-taken", "x-forwarded-for", "c-port",
        "time-to-first-byte", "sc-content-len",
    )
)  # fmt: skip
_Told = tuple[str, str, str]
"""Referer, Cookie (if it is logged) and X-Forwarded-For."""

_LOCATION = "NRT00-P0"  # no real edge location has this name
FORMATS = ("json", "plain", "w3c")
"""The formats of v2; raw and parquet are not simulated."""


def legacy(log: AccessLog, distribution: Distribution, account: str) -> Target:
    """The legacy log. The bucket's access control list lets CloudFront write."""
    folder = prefixed(log.prefix)
    return Target(
        title=f"the access log of {log.source}",
        line=None,
        by=Deliverer("", distribution.arn, account),
        bucket=log.bucket,
        key=_key(folder, distribution.id),
        head=f"#Version: 1.0\n#Fields: {' '.join(_LEGACY)}\n",
        prepare=lambda access: _prepare(access, distribution, cookies=log.cookies),
    )


def _prepare(access: Access, distribution: Distribution, *, cookies: bool) -> Ready:
    """The legacy log's entries of requests like this one: `_values`, except those that differ."""
    values = _values(Finished(0.0, access), distribution, cookies=cookies)
    client, status = _between(values, _SENT, _STEM), _between(values, _STEM, _REFERER)
    agent, cached = _between(values, _REFERER, _QUERY), _between(values, _COOKIE, _IDENTITY)
    host, shown = _between(values, _IDENTITY, _RECEIVED), _between(values, _FORWARDED, _PORT)
    result = _between(values, _FIRST_BYTE, _LENGTH)
    end = "\t".join(("", *values[_LENGTH + 1 :]))

    def entries(together: Together) -> list[str]:
        found: list[str] = []
        for time, rows in together:
            begin = _beginning(int(time))
            for _, port, target, headers, _, received, sent, seconds, _, _, edge_id, _ in rows:
                stem, _, query = target.partition("?")
                referer, cookie, forwarded = _told(headers, cookies=cookies)
                took = f"{seconds:.3f}"
                found.append(
                    f"{begin}{sent}{client}{_quoted(stem)}{status}{referer}{agent}{query or '-'}"
                    f"\t{cookie}{cached}{edge_id or '-'}{host}{received}\t{took}\t{forwarded}"
                    f"{shown}{port}\t{took}{result}{sent}{end}"
                )
        return found

    return entries


def _between(values: Sequence[str], first: int, last: int) -> str:
    """The fields between two that differ, with a tab on both sides."""
    return "\t".join(("", *values[first + 1 : last], ""))


def delivered(delivery: LogDelivery, distribution: Distribution, account: str) -> Target | None:
    """The v2 log; None if its destination or its format is not simulated."""
    fields = delivery.fields or _DEFAULT
    to_group = ":log-group:" in delivery.destination
    kind = delivery.output_format or ("json" if to_group else "w3c")
    if kind not in FORMATS or not (to_group or ":s3:::" in delivery.destination):
        return None
    as_line = _formatted(kind, fields, delivery.delimiter or "\t")

    def line(request: Finished) -> str:
        known = dict(zip(_LEGACY, _values(request, distribution, cookies=True), strict=True))
        for name, value in _FURTHER.items():
            if name in fields:
                known[name] = value(request, distribution)
        return as_line([known.get(name, "-") for name in fields])

    title = f"the log of {delivery.address}"
    by = Deliverer(DELIVERY, delivery.source, account, grants_itself=True)
    if to_group:
        group = delivery.destination.split(":log-group:")[1].removesuffix(":*")
        return Target(title, line, by, group=group, stream=distribution.id)
    bucket, _, prefix = delivery.destination.split(":s3:::")[1].partition("/")
    return Target(
        title, line, by, bucket,
        lambda end, unique: _key(_folder(delivery, distribution, prefix, account, end),
                                 distribution.id)(end, unique),
        head=f"#Fields: {' '.join(fields)}\n" if kind == "w3c" else "",
    )  # fmt: skip


def _formatted(
    kind: str, fields: tuple[str, ...] | list[str], delimiter: str
) -> Callable[[list[str]], str]:
    if kind != "json":
        return delimiter.join
    return lambda values: json.dumps(
        dict(zip(fields, values, strict=True)), ensure_ascii=False, separators=(",", ":")
    )


_VARIABLES = {"yyyy": "year", "MM": "month", "dd": "day", "HH": "hour"}


def _folder(
    delivery: LogDelivery, distribution: Distribution, prefix: str, account: str, end: float
) -> str:
    """The tables of "Example paths to access logs"."""
    moment = datetime.fromtimestamp(end, UTC)
    values = {
        "DistributionId": distribution.id,
        "distributionid": distribution.id,
        "accountid": account,
        "yyyy": f"{moment:%Y}",
        "MM": f"{moment:%m}",
        "dd": f"{moment:%d}",
        "HH": f"{moment:%H}",
    }
    suffix = delivery.suffix_path.strip("/")
    for name, value in values.items():
        shown = f"{_VARIABLES.get(name, name)}={value}" if delivery.hive else value
        # If the template already contains the name, as in `year={yyyy}`, the name is not written
        # twice.
        suffix = suffix.replace(f"={{{name}}}", f"={value}").replace(f"{{{name}}}", shown)
    own = f"aws-account-id={account}" if delivery.hive else account
    # AWS adds a prefix. If the declared prefix already begins with it, it is not added again.
    begin = prefix.strip("/") or (
        "" if suffix.startswith("AWSLogs/") else f"AWSLogs/{own}/CloudFront"
    )
    return prefixed("/".join(part for part in (begin, suffix) if part))


def _key(folder: str, distribution_id: str) -> Key:
    def key(end: float, unique: str) -> str:
        moment = datetime.fromtimestamp(end, UTC)
        return f"{folder}{distribution_id}.{moment:%Y-%m-%d-%H}.{unique}.gz"

    return key


def _values(request: Finished, distribution: Distribution, *, cookies: bool) -> tuple[str, ...]:
    """The values of the legacy log's fields, in their order."""
    access = request.access
    day, second = _day_and_second(int(request.time))
    stem, _, query = access.target.partition("?")
    referer, cookie, forwarded = _told(access.headers, cookies=cookies)
    result = access.cache_result or ("Miss" if 0 < access.status < 400 else "Error")
    seconds = f"{access.seconds:.3f}"
    sent = str(access.sent_bytes)
    return (
        day, second, _LOCATION, sent,
        access.client, access.method, distribution.domain_name, _quoted(stem),
        f"{access.status:03d}", referer, _quoted(access.user_agent) or "-", query or "-",
        cookie, result,
        access.edge_id or "-", access.host or "-", "http", str(access.received_bytes), seconds,
        forwarded, "-", "-",
        result, "HTTP/1.1", "-", "-", str(access.client_port), seconds, result, "-",
        sent, "-", "-",
    )  # fmt: skip


_TOLD = frozenset({b"referer", b"x-forwarded-for"})
_TOLD_WITH_COOKIE = _TOLD | {b"cookie"}
_NOTHING: _Told = ("-", "-", "-")


def _told(headers: Headers, *, cookies: bool) -> _Told:
    """The logged values of these headers."""
    wanted = _TOLD_WITH_COOKIE if cookies else _TOLD
    told = [each for each in headers if each[0] in wanted]
    if not told:
        return _NOTHING
    values: dict[bytes, str] = {}
    for name, value, _ in told:
        text = value.decode("latin-1")
        values[name] = f"{values[name]}, {text}" if name in values else text
    get = values.get
    return (
        _quoted(get(b"referer") or "-"),
        _quoted(get(b"cookie") or "-"),
        _quoted(get(b"x-forwarded-for") or "-"),
    )


def _pattern(distribution: Distribution, target: str) -> str:
    path = target.partition("?")[0].removeprefix("/")
    for behavior in distribution.behaviors:
        if _matcher(behavior.path_pattern.removeprefix("/")).fullmatch(path):
            return behavior.path_pattern
    return "*"


@lru_cache(maxsize=256)
def _matcher(pattern: str) -> re.Pattern[str]:
    parts = (re.escape(part).replace(r"\?", ".") for part in pattern.split("*"))
    return re.compile(between_stars(parts), re.DOTALL)


@lru_cache(maxsize=64)
def _beginning(whole: int) -> str:
    """Date, time and location, which the requests of a second share, and the tab behind them."""
    return "\t".join((*_day_and_second(whole), _LOCATION, ""))


@lru_cache(maxsize=64)
def _day_and_second(whole: int) -> tuple[str, str]:
    moment = datetime.fromtimestamp(whole, UTC)
    return f"{moment:%Y-%m-%d}", f"{moment:%H:%M:%S}"


_UNUSUAL = re.compile(r"[^A-Za-z0-9/%:@!$&'()*+,;=~\-._]")


def _quoted(text: str) -> str:
    """Most texts need no quoting, and `quote` takes much longer to find out."""
    if text == "-" or _UNUSUAL.search(text) is None:
        return text
    return quote(text, safe="/%:@!$&'()*+,;=~-._")
