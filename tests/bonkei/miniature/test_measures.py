"""The parts' metrics, under AWS's names and dimensions."""

from __future__ import annotations

from typing import Any

import pytest
from rows import rows_of

from bonkei.base.events import Bus, FunctionMeasured, LogEvent, LogEventsIngested
from bonkei.blueprint import Blueprint
from bonkei.blueprint.cloudfront import Distribution
from bonkei.blueprint.elbv2 import (
    Forward,
    Listener,
    LoadBalancer,
    WeightedTarget,
)
from bonkei.blueprint.rds import DatabaseCluster, DatabaseInstance
from bonkei.blueprint.s3 import Bucket
from bonkei.blueprint.storage import Table
from bonkei.miniature.measures.measures import MEASURED, Measures, Shown
from bonkei.miniature.measures.recent import Answers
from bonkei.miniature.measures.traffic import Traffic
from bonkei.services.edge.client.access import AccessRecord
from bonkei.services.edge.snapshot import (
    EdgeSnapshot,
    RuleState,
    TargetGroupState,
    TargetState,
    WebAclState,
)
from bonkei.services.endpoint.calls.record import Record
from bonkei.services.rds.size import capacity

GROUP = "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/web/0123"
BALANCER = "arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/app/main/4567"
ACL = "arn:aws:wafv2:eu-west-1:1:regional/webacl/acl/89"
LISTENER = Listener("aws_lb_listener.http", "l", 80, "HTTP", Forward((WeightedTarget(GROUP),)))
BLUEPRINT = Blueprint(
    load_balancers=(LoadBalancer("aws_lb.main", BALANCER, "main", "main.elb", (LISTENER,)),),
    distributions=(Distribution("aws_cloudfront_distribution.d", "a", "E1", "d", True, (), ()),),
)


def record(status: int, listener: str = LISTENER.address, **more: Any) -> AccessRecord:
    given = (listener, "127.0.0.1", 1, "GET", "/", "h", "", status, 10, 90, 0.25)
    return AccessRecord(*given, **more)


def measures(edge: EdgeSnapshot | None = None, bus: Bus | None = None) -> Measures:
    found = Measures(bus or Bus(), Shown(lambda: edge or EdgeSnapshot(), lambda: None, list))
    found.follow(BLUEPRINT)
    return found


def minute(found: Measures) -> dict[tuple[str, str], float]:
    """Sums by metric name and dimension values."""
    result: dict[tuple[str, str], float] = {}
    for one in found.minute(1000.0, 60.0):
        key = (one.metric.name, " ".join(value for _, value in one.metric.dimensions))
        result[key] = result.get(key, 0) + sum(value * count for value, count in one.values)
    return result


def test_requests_of_a_balancer() -> None:
    found = measures()
    for status in (200, 200, 500):
        found.seen(rows_of(record(status, target_group_arn=GROUP, task_id="t")))
    found.seen(rows_of(record(503, target_group_arn=GROUP)))
    counted = minute(found)

    balancer, both = "app/main/4567", "app/main/4567 targetgroup/web/0123"
    assert counted["RequestCount", balancer] == counted["RequestCount", both] == 3
    assert counted["HTTPCode_Target_2XX_Count", both] == 2
    assert counted["HTTPCode_Target_5XX_Count", balancer] == 1
    assert counted["HTTPCode_ELB_5XX_Count", balancer] == 1
    assert counted["HTTPCode_ELB_503_Count", balancer] == 1
    assert counted["TargetResponseTime", balancer] == pytest.approx(0.75)
    assert not minute(found)


def test_visitors_requests_of_the_last_minute_are_counted_until_they_are_older() -> None:
    now = 100.0
    found = Traffic(lambda: now)
    found.follow(BLUEPRINT)
    for status in (200, 502, 500):
        found.seen_together(rows_of(record(status, target_group_arn=GROUP, task_id="t")))
    other = record(503, "aws_ecs_service.backend", target_group_arn="backend:80", task_id="t")
    found.seen_together(rows_of(other))  # a call between services
    now = 130.0
    found.seen_together(rows_of(record(404, target_group_arn=GROUP, task_id="t")))
    assert found.recent() == Answers(4, 2)
    now = 161.0
    assert found.recent() == Answers(1, 0)


@pytest.mark.parametrize("status", [0, 101, 200, 302, 404, 460, 499, 500, 502, 503, 504, 561])
@pytest.mark.parametrize("task", ["t", ""])
@pytest.mark.parametrize("listener", [LISTENER.address, "aws_cloudfront_distribution.d"])
def test_no_status_makes_a_metric_that_aws_does_not_have(
    status: int, task: str, listener: str
) -> None:
    found = measures()
    found.seen(rows_of(record(status, listener, target_group_arn=GROUP, task_id=task)))
    named = {(one.metric.namespace, one.metric.name) for one in found.minute(1000.0, 60.0)}
    assert named <= MEASURED
    has_left = ("AWS/ApplicationELB", "HTTPCode_ELB_4XX_Count") in named
    assert has_left == (status in (0, 460) or (not task and 400 <= status < 500))


def test_calls_by_service_connect_pass_no_balancer() -> None:
    found = measures()
    for status in (200, 503):
        row = record(status, "aws_ecs_service.backend", target_group_arn="backend:80", task_id="t")
        found.seen(rows_of(row))
    assert not minute(found)


def test_requests_of_a_distribution_and_the_balancer_behind_it() -> None:
    found, listener = measures(), "aws_cloudfront_distribution.d"
    found.seen(rows_of(record(200, listener, cache_result="Hit")))
    found.seen(rows_of(record(404, listener, target_group_arn=GROUP, task_id="t")))
    counted = minute(found)

    assert counted["Requests", "E1 Global"] == 2
    assert counted["4xxErrorRate", "E1 Global"] == 50
    assert counted["RequestCount", "app/main/4567"] == 1


def test_hosts_and_web_acls() -> None:
    states = ("healthy", "unhealthy", "healthy")
    targets = tuple(TargetState("t", "h", 1, state, "", 0) for state in states)
    acl = WebAclState(ACL, "a", "acl", (RuleState("header", 0, 3, 0),))
    edge = EdgeSnapshot(
        target_groups=(TargetGroupState(GROUP, "g", "web", targets),), web_acls=(acl,)
    )
    found = measures(edge)
    counted = minute(found)

    both = "app/main/4567 targetgroup/web/0123"
    assert (counted["HealthyHostCount", both], counted["UnHealthyHostCount", both]) == (2, 1)
    assert counted["BlockedRequests", "eu-west-1 ALL acl"] == 3
    assert counted["BlockedRequests", "eu-west-1 header acl"] == 3
    assert ("BlockedRequests", "eu-west-1 ALL acl") not in minute(found)  # nothing since


def test_metrics_from_events_on_the_bus() -> None:
    bus = Bus()
    found = measures(bus=bus)
    bus.publish(LogEventsIngested("/g", "s", (LogEvent(1, "four"), LogEvent(1, "five!"))))
    bus.publish(FunctionMeasured("alarm", "Errors", 1.0, "Count", 999.0))
    counted = minute(found)

    assert (counted["IncomingLogEvents", "/g"], counted["IncomingBytes", "/g"]) == (2, 9)
    assert counted["Errors", "alarm"] == 1


@pytest.mark.parametrize(
    ("instance", "acu", "expected"),
    [
        ("db.serverless", 4.0, (1.0, 8)),
        ("db.r6g.large", 0.0, (2.0, 16)),
        ("db.r7g.2xlarge", 0.0, (8.0, 64)),
        ("db.t4g.medium", 0.0, (2.0, 4)),
        ("db.unheard.of", 0.0, (0.0, 0)),
    ],
)
def test_the_capacity_of_an_instance(
    instance: str, acu: float, expected: tuple[float, int]
) -> None:
    cluster = DatabaseCluster(
        "a", "a", "c", "aurora-postgresql", "16", "e", "r", 5432, "d", "m",
        instances=(DatabaseInstance("a", "a", "i", instance),), serverless_max_capacity=acu,
    )  # fmt: skip
    cpus, memory = capacity(cluster)

    assert (cpus, memory / 1024**3) == expected


def test_requests_of_buckets_and_tables_are_counted_from_calls() -> None:
    found = measures()
    found.follow(
        Blueprint(
            buckets=(
                Bucket("b", "arn:aws:s3:::shop", "shop",
                       request_metrics=(("all", ""), ("pages", "pages/"))),
                Bucket("o", "arn:aws:s3:::other", "other"),
            ),
            tables=(Table("t", "arn:t", "carts", {}),),
        )
    )  # fmt: skip

    def call(
        service: str, operation: str, resource: str, status: int = 200, error: str = ""
    ) -> None:
        record = Record(1.0, "", "", service, operation, status, error, 4.0, "id", resource)
        found.calls.called(record)

    call("s3", "GetObject", "shop/pages/a")
    call("s3", "PutObject", "shop/b")
    call("s3", "ListObjectsV2", "shop")
    call("s3", "GetObject", "shop/none", 404, "NoSuchKey")
    call("s3", "GetObject", "other/a")  # it has no metrics configuration
    call("dynamodb", "GetItem", "carts")
    call("dynamodb", "PutItem", "carts", 400, "ConditionalCheckFailedException")
    call("dynamodb", "PutItem", "carts", 400, "ValidationException")
    call("dynamodb", "PutItem", "carts", 500, "InternalServerError")
    seen = minute(found)

    assert seen["AllRequests", "shop all"] == 4
    assert seen["AllRequests", "shop pages"] == 1
    assert (seen["GetRequests", "shop all"], seen["PutRequests", "shop all"]) == (2, 1)
    assert (seen["ListRequests", "shop all"], seen["4xxErrors", "shop all"]) == (1, 1)
    assert seen["TotalRequestLatency", "shop pages"] == 4.0
    assert seen["SuccessfulRequestLatency", "GetItem carts"] == 4.0
    assert seen["ConditionalCheckFailedRequests", "carts"] == 1
    assert (seen["UserErrors", ""], seen["SystemErrors", "PutItem carts"]) == (1, 1)
    assert not any("other" in where for _, where in seen)
    assert minute(found) == {}
