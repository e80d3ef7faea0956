"""Finished requests on their way to buckets and log groups, in AWS's formats."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from bonkei.blueprint import Blueprint
from bonkei.blueprint.access_log import AccessLog, WafLog, WafLogFilter
from bonkei.blueprint.distribution import Distribution
from bonkei.blueprint.load_balancer import (
    Forward,
    Listener,
    ListenerRule,
    LoadBalancer,
    WeightedTarget,
)
from bonkei.blueprint.web_acl import WebAcl
from bonkei.edge import AccessRecord
from bonkei.logs.delivery.requests import cloudfront, waf
from bonkei.logs.delivery.requests.deliveries import Means, RequestDeliveries
from bonkei.logs.delivery.requests.load_balancer import LoadBalancerLog
from bonkei.logs.delivery.requests.request import Finished
from bonkei.logs.store.limits import InputEvent

ACCOUNT, REGION = "123456789012", "eu-west-1"
BALANCER = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:loadbalancer/app/web/50dc6c495c0c9188"
GROUP, RULE = "arn:group", "arn:rule"
ACL = f"arn:aws:wafv2:{REGION}:{ACCOUNT}:regional/webacl/guard/1"
NOW = 1_700_000_000.0  # 2023-11-14T22:13:20Z
BY_DISTRIBUTION = AccessRecord(
    "aws_cloudfront_distribution.site", "192.0.2.1", 4711, "GET", "/a?b=c", "site.example:8080",
    'curl/8 "x"', 200, 3, 21, 0.25, GROUP, "task", RULE, "Root=1-58337262-36d228ad5d99923122bbe354",
    "Miss",
)  # fmt: skip
BLOCKED = BY_DISTRIBUTION._replace(
    status=403, target_group_arn="", task_id="", rule="", blocked_by="no-header"
)


@dataclass
class Rule:
    name: str


def blueprint(*filters: WafLogFilter, default: str = "DROP") -> Blueprint:
    rule = ListenerRule("r", RULE, 7, (), Forward((WeightedTarget(GROUP),)))
    listener = Listener(
        "aws_lb_listener.web", "arn:l", 80, "HTTP", Forward((WeightedTarget("arn:other"),)), (rule,)
    )
    distribution = Distribution(
        "aws_cloudfront_distribution.site", "arn:distribution/E1", "E1", "d1.cloudfront.net",
        True, (), (),
    )  # fmt: skip
    rules: Any = (Rule("no-header"),)
    action: Any = None
    acl = WebAcl("acl", ACL, "guard", "REGIONAL", action, rules, (BALANCER,))
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:aws-waf-logs-guard"
    return Blueprint(
        distributions=(distribution,),
        load_balancers=(LoadBalancer("aws_lb.web", BALANCER, "web", "web.elb", (listener,)),),
        web_acls=(acl,),
        access_logs=(
            AccessLog("aws_lb.web", BALANCER, "logs", "load-balancer"),
            AccessLog("aws_cloudfront_distribution.site", "arn:distribution/E1", "logs", "cdn/"),
        ),
        waf_logs=(WafLog("w", ACL, (group,), default, filters),),
    )


BLOCKS = WafLogFilter("KEEP", "MEETS_ANY", ("BLOCK",))


class Buckets:
    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.events: list[tuple[str, str, str]] = []
        self.shown = 0
        self.refusal = ""
        self.said: list[str] = []

    async def put(self, bucket: str, key: str, content: bytes) -> str:
        if not self.refusal:
            self.objects[f"{bucket}/{key}"] = content
        return self.refusal

    def put_events(self, group: str, stream: str, events: Sequence[InputEvent]) -> None:
        self.events += [(group, stream, text) for _, text in events]

    def show(self, requests: Sequence[Finished]) -> None:
        self.shown += len(requests)

    def lines(self, part: str) -> list[str]:
        [found] = [content for key, content in self.objects.items() if part in key]
        return gzip.decompress(found).decode().splitlines()

    def deliveries(self, wanted: Blueprint) -> RequestDeliveries:
        means = Means(
            self.put, self.put_events, {"task": "10.0.0.1:80"}, self.show, self.said.append, 30
        )
        deliveries = RequestDeliveries(ACCOUNT, means)
        deliveries.follow(wanted)
        return deliveries


async def test_brings_each_log_where_it_is_wanted() -> None:
    buckets = Buckets()
    deliveries = buckets.deliveries(blueprint(BLOCKS))
    deliveries.seen(BY_DISTRIBUTION)
    deliveries.seen(BLOCKED)
    deliveries.seen(BY_DISTRIBUTION._replace(blocked_by="host", rule="", target_group_arn=""))
    deliveries.seen(BY_DISTRIBUTION._replace(listener="aws_lb_listener.web", cache_result=""))
    now = time.time()
    await deliveries.deliver(now)
    assert buckets.shown == 4
    assert set(buckets.objects) == {f"logs/load-balancer/AWSLogs/{ACCOUNT}/ELBAccessLogTestFile"}
    [(group, stream, record)] = buckets.events
    assert (group, stream) == ("aws-waf-logs-guard", f"{REGION}_guard_0")
    assert json.loads(record)["terminatingRuleId"] == "no-header"
    await deliveries.deliver(now + 9)
    assert len(buckets.objects) == 1, "ten seconds are five minutes at a factor of 30"
    await deliveries.deliver(now + 10)
    assert len(buckets.lines("_elasticloadbalancing_")) == 3
    assert len(buckets.lines("/cdn/E1.")) == 2 + 3
    deliveries.seen(BY_DISTRIBUTION)
    buckets.objects.clear()
    await deliveries.stop()
    assert len(buckets.lines("_elasticloadbalancing_")) == 1, "what waits at the end comes, too"


async def test_tries_again_what_a_bucket_did_not_take() -> None:
    buckets = Buckets()
    deliveries = buckets.deliveries(blueprint())
    deliveries.seen(BY_DISTRIBUTION)
    buckets.refusal = "NoSuchBucket: it is gone"
    now = time.time()
    await deliveries.deliver(now)
    await deliveries.deliver(now + 10)
    await deliveries.deliver(now + 20)
    assert len(buckets.said) == len(set(buckets.said)) == 3
    buckets.refusal = ""
    await deliveries.deliver(now + 30)
    assert len(buckets.lines("_elasticloadbalancing_")) == 1
    await deliveries.stop()


def test_writes_an_entry_as_a_load_balancer_does() -> None:
    """The syntax of "Access log entries": 33 fields, of which those in quotes may have blanks."""
    log = LoadBalancerLog(BALANCER, ACCOUNT, REGION, {RULE: 7})
    content = log.body([Finished(NOW, BY_DISTRIBUTION)], {"task": "10.0.0.1:80"})
    assert gzip.decompress(content).decode() == (
        "http 2023-11-14T22:13:20.000000Z app/web/50dc6c495c0c9188 192.0.2.1:4711 10.0.0.1:80 "
        '0.000 0.250 0.000 200 200 3 21 "GET http://site.example:80/a?b=c HTTP/1.1" '
        '"curl/8 \\x22x\\x22" - - arn:group "Root=1-58337262-36d228ad5d99923122bbe354" "-" "-" 7 '
        '2023-11-14T22:13:19.750000Z "forward" "-" "-" "10.0.0.1:80" "200" "-" "-" '
        "TID_36d228ad5d99923122bbe354\n"
    )
    blocked = gzip.decompress(log.body([Finished(NOW, BLOCKED)], {})).decode()
    assert ' - -1 -1 -1 403 - 3 21 "GET' in blocked
    assert '"waf"' in blocked
    gone = gzip.decompress(log.body([Finished(NOW, BLOCKED._replace(status=0))], {})).decode()
    assert " 460 - " in gone


def test_names_an_object_as_a_load_balancer_does() -> None:
    log = LoadBalancerLog(BALANCER, ACCOUNT, REGION, {})
    assert log.key("/p/", NOW, "172.160.1.2", "20sg8hgm") == (
        "p/AWSLogs/123456789012/elasticloadbalancing/eu-west-1/2023/11/14/"
        "123456789012_elasticloadbalancing_eu-west-1_app.web.50dc6c495c0c9188_20231114T2213Z_"
        "172.160.1.2_20sg8hgm.log.gz"
    )
    assert log.key("", NOW, "a", "b").startswith("AWSLogs/")


def test_writes_a_distributions_log() -> None:
    content = cloudfront.body([Finished(NOW, BY_DISTRIBUTION)], "d1.cloudfront.net")
    version, fields, line = gzip.decompress(content).decode().splitlines()
    assert version == "#Version: 1.0"
    names = fields.removeprefix("#Fields: ").split()
    entry = dict(zip(names, line.split("\t"), strict=True))
    assert len(names) == 33
    assert (entry["cs-uri-stem"], entry["cs-uri-query"], entry["sc-status"]) == ("/a", "b=c", "200")
    assert (entry["x-edge-result-type"], entry["cs(Host)"]) == ("Miss", "d1.cloudfront.net")
    assert entry["cs(User-Agent)"] == "curl/8%20%22x%22"
    assert cloudfront.key("cdn", "E1", NOW, "u") == "cdn/E1.2023-11-14-22.u.gz"


def test_writes_wafs_record() -> None:
    acl = blueprint().web_acls[0]
    found = json.loads(waf.record(Finished(NOW, BLOCKED), acl, BALANCER))
    assert found["action"] == "BLOCK"
    assert found["httpSourceId"] == f"{ACCOUNT}-app/web/50dc6c495c0c9188"
    assert found["httpRequest"]["uri"] == "/a"
    assert found["timestamp"] == 1_699_999_999_750
    allowed = json.loads(waf.record(Finished(NOW, BY_DISTRIBUTION), acl, BALANCER))
    assert (allowed["action"], allowed["terminatingRuleId"]) == ("ALLOW", "Default_Action")


@pytest.mark.parametrize(
    ("filters", "default", "kept"),
    [
        ((), "KEEP", {"ALLOW", "BLOCK"}),
        ((BLOCKS,), "DROP", {"BLOCK"}),
        ((replace(BLOCKS, behavior="DROP"),), "KEEP", {"ALLOW"}),
        ((replace(BLOCKS, requirement="MEETS_ALL", labels=("x",)),), "DROP", set()),
    ],
    ids=["none", "keep", "drop", "label"],
)
def test_keeps_what_the_filters_say(
    filters: tuple[WafLogFilter, ...], default: str, kept: set[str]
) -> None:
    log = WafLog("w", ACL, (), default, filters)
    assert {action for action in ("ALLOW", "BLOCK") if waf.keeps(log, action)} == kept
