"""An Application Load Balancer's access log and connection log.

Sources: "Access logs for your Application Load Balancer" and "Connection logs for your Application
Load Balancer" (docs.aws.amazon.com/elasticloadbalancing/latest/application/
load-balancer-access-logs.html, …/load-balancer-connection-logs.html): the fields of an entry, and
the objects' names. The whole duration counts as the target's, because the load balancer itself
takes less than a millisecond here. There is no connection from CloudFront to the load balancer
here, so the viewer's connection is logged in its place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import blake2b

from bonkei.base.arn import Arn
from bonkei.blueprint.elbv2 import Action, Forward, LoadBalancer, Redirect
from bonkei.blueprint.logs.access_log import AccessLog
from bonkei.services.logs.delivery.requests.request import Access, Finished, Together
from bonkei.services.logs.delivery.requests.target import Deliverer, Ready, Target, prefixed

_ADDRESS = "127.0.0.1"  # of the load balancer's node
_PRINCIPAL = "logdelivery.elasticloadbalancing.amazonaws.com"
_END = ' "-" "-" "-"'  # not transformed


@dataclass(frozen=True, slots=True)
class LoadBalancerLog:
    """`endpoints`: where tasks listen, by task id. It may grow."""

    balancer: LoadBalancer
    account: str
    endpoints: Mapping[str, str] = field(default_factory=dict)
    _rules: dict[str, tuple[int, str]] = field(default_factory=dict)  # priority, kind of action

    def __post_init__(self) -> None:
        for listener in self.balancer.listeners:
            for rule in listener.rules:
                self._rules[rule.arn] = (rule.priority, _kind(rule.action))

    @property
    def region(self) -> str:
        return Arn.of(self.balancer.arn).region

    @property
    def name(self) -> str:
        """`app/<name>/<id>`."""
        return self.balancer.arn.partition(":loadbalancer/")[2]

    def access(self, log: AccessLog) -> Target:
        """The access log."""
        return self._target(log, "access log", "", "ELBAccessLogTestFile", once=False)

    def connections(self, log: AccessLog) -> Target:
        """The connection log."""
        return self._target(
            log, "connection log", "conn_log.", "ELBConnectionLogTestFile", once=True
        )

    def _target(self, log: AccessLog, kind: str, begin: str, test: str, *, once: bool) -> Target:
        folder = f"{prefixed(log.prefix)}AWSLogs/{self.account}"
        text = f"Enable AWS ELB {kind}s for {log.source_arn}\n"
        return Target(
            title=f"the {kind} of {log.source}",
            line=self.connection_entry if once else None,
            prepare=None if once else self.prepare,
            by=Deliverer(_PRINCIPAL, log.source_arn, self.account),
            bucket=log.bucket,
            key=lambda end, unique: self._key(folder, begin, end, unique),
            once=once,
            test=(f"{folder}/{test}", text),
        )

    def _key(self, folder: str, begin: str, end: float, unique: str) -> str:
        moment = datetime.fromtimestamp(end, UTC)
        return (
            f"{folder}/elasticloadbalancing/{self.region}/{moment:%Y/%m/%d}/"
            f"{begin}{self.account}_elasticloadbalancing_{self.region}_"
            f"{self.name.replace('/', '.')}_{moment:%Y%m%dT%H%MZ}_{_ADDRESS}_{unique}.log.gz"
        )

    def prepare(self, access: Access) -> Ready:
        """The entries of requests like this one."""
        task_id, endpoints = access.task_id, self.endpoints
        target = endpoints.get(task_id, "-") if task_id else "-"
        by_target = target != "-"
        status = access.status or 460  # the client has gone
        answered = access.status if by_target and access.status else "-"
        redirect = _escaped(access.redirect_url) if access.redirect_url else "-"
        priority, actions = self._decided(access, by_target)
        before = f" {self.name} {access.client}:"
        waited = f" {target} 0.000 " if by_target else f" {target} -1 -1 -1"
        answer = f"{' 0.000' if by_target else ''} {status} {answered} "
        asked = f' "{access.method} http://{access.host.rpartition(":")[0] or access.host}:80'
        agent = f' HTTP/1.1" "{_escaped(access.user_agent) or "-"}" - - '
        agent += f'{access.target_group_arn or "-"} "'
        decided = f'" "-" "-" {priority} '
        end = f' "{actions}" "{redirect}" "-" "{target}" "{answered}" "-" "-" '

        def entries(together: Together) -> list[str]:
            if task_id and endpoints.get(task_id, "-") != target:
                # The task has become known, or forgotten.
                return self.prepare(access)(together)
            found: list[str] = []
            for time, rows in together:
                begin = f"http {iso(time)}{before}"
                for _, port, path, _, _, received, sent, seconds, trace, connection, _, _ in rows:
                    took = f"{waited}{seconds:.3f}" if by_target else waited
                    found.append(
                        f"{begin}{port}{took}{answer}{received} {sent}{asked}{_escaped(path)}"
                        f"{agent}{trace or '-'}{decided}{iso(time - seconds)}{end}"
                        f"{connection_id(connection)}{_END}"
                    )
            return found

        return entries

    def _decided(self, access: Access, by_target: bool) -> tuple[int, str]:
        """The priority of the rule, and the actions; those of the web ACL come first."""
        if access.blocked_by:
            return -1, "waf"
        priority, kind = self._rules.get(access.rule, (0, ""))
        if not kind:
            kind = "redirect" if access.redirect_url else "fixed-response"
        if by_target:
            kind = "forward"
        for verdict, _ in access.inspections:
            if ":regional/" in verdict.acl:
                return priority, f"waf,{kind}"
        return priority, kind

    def connection_entry(self, request: Finished) -> str:
        """One connection, from its first request. Without TLS all fields about TLS are `-`."""
        access = request.access
        port = self.balancer.listeners[0].port if self.balancer.listeners else 80
        for listener in self.balancer.listeners:
            if listener.address == access.listener:
                port = listener.port
        return (
            f"{iso(request.time - access.seconds)} {access.client} {access.client_port} {port} "
            f'- - - "-" - - - {connection_id(access.connection)}'
        )


def _kind(action: Action) -> str:
    if isinstance(action, Forward):
        return "forward"
    return "redirect" if isinstance(action, Redirect) else "fixed-response"


@lru_cache(maxsize=4096)
def connection_id(number: int) -> str:
    """`conn_trace_id`, the same in both logs."""
    return f"TID_{blake2b(str(number).encode(), digest_size=16).hexdigest()}"


def iso(time: float) -> str:
    """The time in ISO 8601, with microseconds."""
    whole = int(time)
    return "%s.%06dZ" % (_second(whole), int((time - whole) * 1e6))  # noqa: UP031 - quicker


@lru_cache(maxsize=64)
def _second(whole: int) -> str:
    return f"{datetime.fromtimestamp(whole, UTC):%Y-%m-%dT%H:%M:%S}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\x5C").replace('"', "\\x22")
