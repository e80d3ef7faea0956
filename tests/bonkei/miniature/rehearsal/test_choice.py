"""The cause for each alarm: a real one, wherever this machine has one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bonkei.blueprint import Blueprint
from bonkei.blueprint.cloudwatch import Alarm, Metric
from bonkei.blueprint.ecs import Service, ServiceTarget, TaskDefinition
from bonkei.blueprint.elbv2 import (
    Forward,
    Listener,
    LoadBalancer,
    WeightedTarget,
)
from bonkei.blueprint.lambda_.function import Function
from bonkei.blueprint.logs.log_group import MetricFilter
from bonkei.blueprint.rds import DatabaseCluster, DatabaseInstance
from bonkei.blueprint.sns import EventRule
from bonkei.blueprint.storage import Queue
from bonkei.miniature.rehearsal.choice import choose
from bonkei.miniature.rehearsal.plan import Facts, Plan
from bonkei.miniature.rehearsal.rules import is_of_a_failed_source, matching

PLACE = "eu-west-1:123456789012"
GROUP = f"arn:aws:elasticloadbalancing:{PLACE}:targetgroup/web/1"
BALANCER = f"arn:aws:elasticloadbalancing:{PLACE}:loadbalancer/app/main/2"
CLUSTER = f"arn:aws:rds:{PLACE}:cluster:main"
SECRET = f"arn:aws:secretsmanager:{PLACE}:secret:webhook"
TARGETS = (("LoadBalancer", "app/main/2"), ("TargetGroup", "targetgroup/web/1"))
SERVICE = Service(
    "s", "arn:service", "shop-web", "arn:cluster", "arn:definition", 1,
    targets=(ServiceTarget(GROUP, "web", 80),),
)  # fmt: skip
BLUEPRINT = Blueprint(
    services=(SERVICE,),
    task_definitions=(TaskDefinition("t", "arn:definition", "web", 1, 256, 512, ()),),
    load_balancers=(
        LoadBalancer("b", BALANCER, "main", "main.example", (
            Listener("l", "arn:l", 80, "HTTP", Forward((WeightedTarget(GROUP, 1),))),)),
    ),
    database_clusters=(
        DatabaseCluster(
            "c", CLUSTER, "main", "aurora-postgresql", "17", "", "", 5432, "main", "master",
            instances=(DatabaseInstance("i", "arn:i", "main-1", "db.serverless"),),
            serverless_max_capacity=2.0,
        ),
    ),
    queues=(Queue("q", f"arn:aws:sqs:{PLACE}:dead", "dead", {}),),
    functions=(
        Function("f", f"arn:aws:lambda:{PLACE}:function:tell", "tell", "python3.13", "h", "arn:r",
                 30, 256, "f.zip", (("WEBHOOK", SECRET),)),
    ),
    metric_filters=tuple(
        MetricFilter(name, name, group, pattern, "Logs", name, "1")
        for name, group, pattern in (
            ("web-error", "/ecs/shop/web", '{ $.level = "ERROR" }'),
            ("web-fatal", "/ecs/shop/web", '{ $.level = "FATAL" }'),
            ("db-error", "/aws/rds/cluster/main/postgresql", '"]:ERROR:"'),
            ("db-fatal", "/aws/rds/cluster/main/postgresql", '"]:FATAL:"'),
            ("other", "/somebody/else", "ERROR"),
        )
    ),
)  # fmt: skip
FACTS = Facts(
    processors=2, free_memory=16 * 1024**3, connections={CLUSTER: 400}, running={},
    paths={"web": ["/items/1"]}, webhook=SECRET,
)  # fmt: skip


def alarm(namespace: str, name: str, threshold: float = 1.0, **more: Any) -> Alarm:
    dimensions = more.pop("dimensions", ())
    metric = Metric(namespace, name, tuple(sorted(dimensions)), "Maximum", 60)
    settings = {"comparison": "GreaterThanOrEqualToThreshold"} | more
    return Alarm(
        address="a", arn="arn:aws:cloudwatch:eu-west-1:1:alarm:a", name="a", threshold=threshold,
        evaluation_periods=1, datapoints_to_alarm=1, metric=metric, **settings,
    )  # fmt: skip


OF_SERVICE = (("ClusterName", "main"), ("ServiceName", "shop-web"))
INSTANCE = (("DBInstanceIdentifier", "main-1"),)
REAL = [
    (alarm("AWS/ECS", "CPUUtilization", 80, dimensions=OF_SERVICE), "processor"),
    (alarm("AWS/ECS", "MemoryUtilization", 80, dimensions=OF_SERVICE), "memory"),
    (alarm("AWS/ApplicationELB", "UnHealthyHostCount", dimensions=TARGETS), "suspended"),
    (alarm("AWS/ApplicationELB", "HealthyHostCount", comparison="LessThanThreshold",
           dimensions=TARGETS), "suspended"),
    (alarm("AWS/ApplicationELB", "HealthyHostCount", 2, dimensions=TARGETS), "more tasks"),
    (alarm("AWS/ApplicationELB", "TargetResponseTime", 2, dimensions=TARGETS), "slow"),
    (alarm("AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", 5, dimensions=TARGETS), "outage"),
    (alarm("AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", 5, dimensions=TARGETS[:1]), "killed"),
    (alarm("AWS/RDS", "DatabaseConnections", 315, dimensions=INSTANCE), "outage"),
    (alarm("AWS/RDS", "CPUUtilization", 80, dimensions=INSTANCE), "database processor"),
    (alarm("AWS/SQS", "ApproximateNumberOfMessagesVisible",
           dimensions=(("QueueName", "dead"),)), "letter"),
    (alarm("AWS/Lambda", "Errors", dimensions=(("FunctionName", "tell"),)), "webhook"),
    (alarm("AWS/WAFV2", "BlockedRequests", 100, dimensions=(("Rule", "ALL"),)), "firewall"),
    (alarm("Logs", "web-error"), "outage"),
    (alarm("Logs", "web-fatal"), "no start"),
    (alarm("Logs", "db-error"), "statement"),
    (alarm("Logs", "db-fatal"), "refused sign-in"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "kind"), REAL)
def test_an_alarm_has_a_real_cause(one: Alarm, kind: str) -> None:
    plan = choose(one, BLUEPRINT, FACTS)

    assert (plan.kind, plan.is_real) == (kind, True)


@pytest.mark.parametrize(
    ("one", "facts", "why"),
    [
        (REAL[0][0], replace(FACTS, running={"arn:service": 12}), "2.8 of 2 processors"),
        (REAL[1][0], replace(FACTS, free_memory=1024**3), "0.5 GiB of memory"),
        (REAL[6][0], replace(FACTS, paths={}), "names no path of shop-web"),
        (REAL[8][0], replace(FACTS, connections={CLUSTER: 200}), "takes 200 connections"),
        (REAL[8][0], replace(FACTS, connections={}), "does not run here"),
        (alarm("AWS/ApplicationELB", "HealthyHostCount", 12, dimensions=TARGETS), FACTS,
         "11 tasks more"),
        (alarm("AWS/RDS", "CPUUtilization", dimensions=(("DBInstanceIdentifier", "main-2"),)),
         FACTS, "the first instance of a cluster only"),
        (alarm("AWS/CertificateManager", "DaysToExpiry"), FACTS, "nothing here causes"),
    ],
)  # fmt: skip
def test_a_missing_cause_is_explained(one: Alarm, facts: Facts, why: str) -> None:
    plan = choose(one, BLUEPRINT, facts)

    assert plan.kind == "injected"
    assert why in plan.why


def test_records_replace_a_program_that_nobody_knows() -> None:
    assert choose(alarm("Logs", "other"), BLUEPRINT, FACTS).kind == "records"
    assert choose(alarm("Logs", "web-error"), BLUEPRINT, None).kind == "records"


def test_the_webhook_refuses_as_often_as_the_alarm_needs() -> None:
    errors = {"dimensions": (("FunctionName", "tell"),)}
    more = alarm("AWS/Lambda", "Errors", 1, comparison="GreaterThanThreshold", **errors)

    assert choose(REAL[11][0], BLUEPRINT, FACTS).number == 1
    assert choose(more, BLUEPRINT, FACTS).number == 2


def test_alarms_share_a_cause_of_the_same_kind_and_subject() -> None:
    plans = [choose(one, BLUEPRINT, FACTS) for one, kind in REAL if kind == "suspended"]

    assert len(plans) == 2
    assert len(set(plans)) == 1
    assert isinstance(plans[0], Plan)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (('{"source": ["aws.codepipeline"], "detail-type": ["K"], "detail": {"state": ["FAILED"],'
         ' "type": {"category": ["Approval"]}}}'),
         {"state": "FAILED", "type": {"category": "Approval"}}),
        ('{"source": [{"prefix": "aws."}], "detail": {"a": [{"exists": true}]}}', {"a": "x"}),
        ('{"source": ["x"], "detail": {"a": [{"numeric": [">", 1]}]}}', None),
    ],
)  # fmt: skip
def test_an_event_that_matches_the_rule_is_found(
    pattern: str, expected: dict[str, Any] | None
) -> None:
    found = matching(EventRule("r", "arn:aws:events:eu-west-1:1:rule/r", "r", pattern), 0.0)

    if expected is None:
        assert found is None
    else:
        assert found is not None
        assert expected.items() <= found["detail"].items()


@pytest.mark.parametrize(
    ("level", "detail", "expected"),
    [
        ("Pipeline", {"state": "FAILED", "pipeline": "p"}, True),
        ("Action", {"state": "FAILED", "pipeline": "p"}, True),
        ("Action", {"state": "STARTED"}, False),
        ("Action", {"state": "FAILED", "type": {"category": "Approval"}}, False),
        ("Stage", {"state": "FAILED"}, False),
    ],
)
def test_a_rule_about_failures_is_rehearsed_with_a_source_that_really_fails(
    level: str, detail: dict[str, Any], expected: bool
) -> None:
    kind = f"CodePipeline {level} Execution State Change"
    assert is_of_a_failed_source({"detail-type": kind, "detail": detail}) == expected
