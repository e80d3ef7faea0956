"""The circuit breaker stops a deployment, and so do alarms about problems of visitors."""

from __future__ import annotations

from evaluations import Evaluation


def test_alarms_about_problems_of_visitors_stop_a_deployment(production: Evaluation) -> None:
    alarms = {alarm.name: alarm for alarm in production.blueprint.alarms}
    groups = {t.arn: t.arn.rpartition(":")[2] for t in production.blueprint.target_groups}
    for service in production.values("aws_ecs_service"):
        (found,) = service["alarms"]
        (target,) = service["load_balancer"]
        assert found["enable"]
        assert found["rollback"]
        watched = [alarms[name].metrics()[0] for name in found["alarm_names"]]
        assert sorted(metric.name for metric in watched) == [
            "HTTPCode_ELB_5XX_Count",
            "HTTPCode_Target_5XX_Count",
            "TargetResponseTime",
        ]
        of_a_target = [group for m in watched if (group := dict(m.dimensions).get("TargetGroup"))]
        assert of_a_target == [groups[target["target_group_arn"]]] * 2


def test_a_first_release_has_no_earlier_deployment(otherwise: Evaluation) -> None:
    for service in otherwise.values("aws_ecs_service"):
        assert service["alarms"] == []
        (breaker,) = service["deployment_circuit_breaker"]
        assert (breaker["enable"], breaker["rollback"]) == (True, False)
