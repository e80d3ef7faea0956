"""CloudFront's standard log (legacy, v1).

Source: "Standard logging (legacy)" (docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/
AccessLogs.html): 33 fields, separated by tabs, and the object's name. What needs TLS, cookies or
headers that the record does not have is `-`.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import quote

from bonkei.logs.delivery.requests.request import Finished

INTERVAL = 300.0
_FIELDS = (
    "date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) "
    "cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header "
    "cs-protocol cs-bytes time-taken x-forwarded-for ssl-protocol ssl-cipher "
    "x-edge-response-result-type cs-protocol-version fle-status fle-encrypted-fields c-port "
    "time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len "
    "sc-range-start sc-range-end"
)
_LOCATION = "NRT00-P0"  # no edge location is this one


def key(prefix: str, distribution_id: str, end: float, unique: str) -> str:
    """Of the object with the entries until `end`."""
    moment = datetime.fromtimestamp(end, UTC)
    begin = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
    return f"{begin}{distribution_id}.{moment:%Y-%m-%d-%H}.{unique}.gz"


def body(requests: Iterable[Finished], domain_name: str) -> bytes:
    """`domain_name`: the distribution's own."""
    lines = [f"#Version: 1.0\n#Fields: {_FIELDS}\n"]
    lines += [_entry(each, domain_name) for each in requests]
    return gzip.compress("".join(lines).encode("utf-8", "surrogateescape"), 1, mtime=0)


def _entry(request: Finished, domain_name: str) -> str:
    access = request.access
    day, second = _day_and_second(int(request.time))
    stem, _, query = access.target.partition("?")
    result = access.cache_result or "Error"
    seconds = f"{access.seconds:.3f}"
    return "\t".join(
        (
            day, second, _LOCATION, str(access.sent_bytes),
            access.client, access.method, domain_name, _quoted(stem),
            f"{access.status:03d}", "-", _quoted(access.user_agent) or "-",
            query or "-", "-", result, access.trace_id.removeprefix("Root=") or "-",
            access.host or "-", "http", str(access.received_bytes), seconds, "-", "-", "-",
            result, "HTTP/1.1", "-", "-", str(access.client_port), seconds, result, "-",
            str(access.sent_bytes), "-", "-",
        )
    ) + "\n"  # fmt: skip


@lru_cache(maxsize=64)
def _day_and_second(whole: int) -> tuple[str, str]:
    moment = datetime.fromtimestamp(whole, UTC)
    return f"{moment:%Y-%m-%d}", f"{moment:%H:%M:%S}"


@lru_cache(maxsize=1024)
def _quoted(text: str) -> str:
    return quote(text, safe="/%:@!$&'()*+,;=~-._")
