"""An Application Load Balancer's access log.

Source: "Access logs for your Application Load Balancer" (docs.aws.amazon.com/elasticloadbalancing/
latest/application/load-balancer-access-logs.html): the fields of an entry, and the object's name.
The time is the target's: what the load balancer itself takes is below a millisecond here.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from bonkei.logs.delivery.requests.request import Finished

INTERVAL = 300.0  # seconds between two objects


@dataclass(frozen=True, slots=True)
class LoadBalancerLog:
    """`rules`: the priority of each listener rule by its ARN; `scheme`: http or https."""

    arn: str
    account: str
    region: str
    rules: Mapping[str, int]
    scheme: str = "http"

    @property
    def name(self) -> str:
        """`app/<name>/<id>`."""
        return self.arn.partition(":loadbalancer/")[2]

    def key(self, prefix: str, end: float, address: str, unique: str) -> str:
        """Of the object with the entries until `end`."""
        moment = datetime.fromtimestamp(end, UTC)
        begin = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        return (
            f"{begin}AWSLogs/{self.account}/elasticloadbalancing/{self.region}/"
            f"{moment:%Y/%m/%d}/{self.account}_elasticloadbalancing_{self.region}_"
            f"{self.name.replace('/', '.')}_{moment:%Y%m%dT%H%MZ}_{address}_{unique}.log.gz"
        )

    def test_key(self, prefix: str) -> str:
        """Of the object that says that the bucket can be written to."""
        begin = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        return f"{begin}AWSLogs/{self.account}/ELBAccessLogTestFile"

    def body(self, requests: Iterable[Finished], endpoints: Mapping[str, str]) -> bytes:
        """`endpoints`: where tasks listen, by their ids."""
        text = "".join(f"{self._entry(each, endpoints)}\n" for each in requests)
        return gzip.compress(text.encode("utf-8", "surrogateescape"), 1, mtime=0)

    def _entry(self, request: Finished, endpoints: Mapping[str, str]) -> str:
        access = request.access
        status = access.status or 460  # the client has gone
        target = endpoints.get(access.task_id, "-") if access.task_id else "-"
        seconds = f"0.000 {access.seconds:.3f} 0.000" if target != "-" else "-1 -1 -1"
        answered = str(access.status) if target != "-" and access.status else "-"
        host = access.host.rpartition(":")[0] or access.host
        port = 443 if self.scheme == "https" else 80
        url = f"{self.scheme}://{host}:{port}{_escaped(access.target)}"
        priority = self.rules.get(access.rule, 0) if access.rule or target != "-" else -1
        return " ".join(
            (
                self.scheme, _iso(request.time), self.name,
                f"{access.client}:{access.client_port}", target, seconds, str(status), answered,
                str(access.received_bytes), str(access.sent_bytes),
                f'"{access.method} {url} HTTP/1.1"',
                f'"{_escaped(access.user_agent) or "-"}"', "- -",
                access.target_group_arn or "-", f'"{access.trace_id or "-"}"',
                '"-" "-"', str(priority), _iso(request.time - access.seconds),
                f'"{_action(access.blocked_by, target)}"',
                '"-" "-"', f'"{target}" "{answered}"', '"-" "-"',
                "TID_" + access.trace_id.rpartition("-")[2] if access.trace_id else "-",
            )
        )  # fmt: skip


def _action(blocked_by: str, target: str) -> str:
    if blocked_by:
        return "waf"
    return "forward" if target != "-" else "fixed-response"


def _iso(time: float) -> str:
    whole = int(time)
    return f"{_second(whole)}.{int((time - whole) * 1e6):06d}Z"


@lru_cache(maxsize=64)
def _second(whole: int) -> str:
    return f"{datetime.fromtimestamp(whole, UTC):%Y-%m-%dT%H:%M:%S}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\x5C").replace('"', "\\x22")
