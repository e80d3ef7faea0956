"""Services: their relations, their scaling, and their deployments."""

from __future__ import annotations

from typing import Any

import pytest

from bonkei.blueprint.ecs import (
    AutoScaling,
    LifecycleHook,
    ServiceConnect,
    ServiceConnectEndpoint,
    ServiceTarget,
    TargetTracking,
    TrafficShift,
)
from tests.bonkei.blueprint.services import CLUSTER, DEFINITION_ARN, definition, service, stack


def test_a_service_has_its_relations(blueprint) -> None:
    found = blueprint(stack()).services[0]
    assert found.arn == "arn:aws:ecs:eu-west-1:123456789012:service/main/web"
    assert (found.cluster_arn, found.task_definition_arn) == (CLUSTER["arn"], DEFINITION_ARN)
    assert found.targets == (ServiceTarget("tg", "web", 8000),)
    assert (found.desired_count, found.minimum_healthy_percent, found.maximum_percent) == (
        2,
        50,
        150,
    )
    assert (found.circuit_breaker, found.circuit_breaker_rollback) == (True, True)
    assert found.health_check_grace_period == 30


@pytest.mark.parametrize(
    ("configuration", "expected"),
    [
        ({"strategy": "ROLLING", "bake_time_in_minutes": "0"}, None),
        ({"strategy": "BLUE_GREEN", "bake_time_in_minutes": "3"},
         TrafficShift("BLUE_GREEN", (), 3.0)),
        ({"strategy": "CANARY", "canary_configuration": [
            {"canary_percent": 20, "canary_bake_time_in_minutes": "2"}]},
         TrafficShift("CANARY", ((20.0, 2.0),))),
        ({"strategy": "BLUE_GREEN", "lifecycle_hook": [
            {"hook_target_arn": "f", "role_arn": "r", "lifecycle_stages": ["PRE_SCALE_UP"]}]},
         TrafficShift("BLUE_GREEN", hooks=(LifecycleHook("f", "r", ("PRE_SCALE_UP",)),))),
        ({"strategy": "LINEAR", "linear_configuration": [{"step_percent": 40}]},
         TrafficShift("LINEAR", ((40.0, 6.0), (80.0, 6.0)))),
    ],
)  # fmt: skip
def test_how_a_deployment_shifts_traffic(
    blueprint, configuration: dict[str, Any], expected: TrafficShift | None
) -> None:
    changed = service(deployment_configuration=[configuration])
    changed["load_balancer"][0]["advanced_configuration"] = [
        {"alternate_target_group_arn": "other", "production_listener_rule": "rule"}
    ]
    [found] = blueprint(stack(**{"aws_ecs_service.web": changed})).services
    assert found.shift == expected
    assert found.targets == (ServiceTarget("tg", "web", 8000, "other", "rule"),)


@pytest.mark.parametrize(
    ("platform", "architecture"),
    [
        ([], "amd64"),
        ([{"cpu_architecture": "ARM64", "operating_system_family": "LINUX"}], "arm64"),
        ([{"cpu_architecture": "", "operating_system_family": "LINUX"}], "amd64"),
    ],
)
def test_the_processor_of_a_tasks_images(
    blueprint, platform: list[dict[str, str]], architecture: str
) -> None:
    task = definition(runtime_platform=platform)
    found = blueprint(stack(**{"aws_ecs_task_definition.web": task}))
    assert found.task_definitions[0].architecture == architecture


@pytest.mark.parametrize("name", ["web", "web:3", DEFINITION_ARN])
def test_a_task_definition_is_found_by_any_of_its_names(blueprint, name) -> None:
    found = blueprint(
        stack(**{"aws_ecs_service.web": service(task_definition=name, cluster="main")})
    )
    assert found.services[0].task_definition_arn == DEFINITION_ARN
    assert found.services[0].cluster_arn == CLUSTER["arn"]


@pytest.mark.parametrize("named", ["shared", "arn:aws:ecs:r:1:cluster/shared"])
def test_a_cluster_of_another_stack_is_known_by_its_services(blueprint, named) -> None:
    arn = "arn:aws:ecs:r:1:service/shared/web"
    found = blueprint(stack(**{"aws_ecs_service.web": service(arn=arn, cluster=named)}))
    assert [one.name for one in found.clusters] == [CLUSTER["name"], "shared"]
    assert found.clusters[1].arn == found.services[0].cluster_arn
    assert found.clusters[1].arn == "arn:aws:ecs:r:1:cluster/shared"


def test_a_service_without_a_task_definition_is_noted(blueprint) -> None:
    found = blueprint(stack(**{"aws_ecs_service.web": service(task_definition="elsewhere:1")}))
    assert found.services == ()
    assert ("aws_ecs_service", "aws_ecs_service.web") in [
        (n.kind, n.address) for n in found.not_simulated
    ]


def test_count_and_for_each_give_a_service_each(blueprint) -> None:
    found = blueprint(
        {"aws_ecs_cluster.this": CLUSTER, "aws_ecs_task_definition.web": definition()},
        {
            'module.s["b"].aws_ecs_service.this[10]': service(name="b10"),
            'module.s["b"].aws_ecs_service.this[9]': service(name="b9"),
            'module.s["a"].aws_ecs_service.this[0]': service(name="a0"),
        },
    )
    assert [s.name for s in found.services] == ["a0", "b9", "b10"]


def test_service_connect_names_are_resolved(blueprint) -> None:
    connect = {
        "enabled": True,
        "namespace": "arn:ns",
        "service": [
            {
                "port_name": "http",
                "discovery_name": "web",
                "client_alias": [{"dns_name": None, "port": 80}, {"dns_name": "web", "port": 81}],
                "timeout": [{"idle_timeout_seconds": 0, "per_request_timeout_seconds": 15}],
            }
        ],
    }
    found = blueprint(
        stack(
            **{
                "aws_service_discovery_http_namespace.this": {"arn": "arn:ns", "name": "internal"},
                "aws_ecs_service.web": service(service_connect_configuration=[connect]),
            }
        )
    )
    assert found.services[0].service_connect == ServiceConnect(
        namespace="internal",
        endpoints=(
            ServiceConnectEndpoint("http", "web.internal", 80),
            ServiceConnectEndpoint("http", "web", 81),
        ),
        idle_timeout=0,
        per_request_timeout=15,
    )
    reasons = {n.kind: n.reason for n in found.not_simulated}
    assert "outlier" in reasons["aws_ecs_service.service_connect_configuration.service"]


def test_a_clusters_default_namespace_is_used(blueprint) -> None:
    cluster = {**CLUSTER, "service_connect_defaults": [{"namespace": "arn:ns"}]}
    client = {"enabled": True, "namespace": None, "service": []}
    found = blueprint(
        stack(
            **{
                "aws_ecs_cluster.this": cluster,
                "aws_service_discovery_http_namespace.this": {"arn": "arn:ns", "name": "internal"},
                "aws_ecs_service.web": service(service_connect_configuration=[client]),
            }
        )
    )
    assert found.services[0].service_connect == ServiceConnect("internal")
    assert [n.kind for n in found.not_simulated if "service_connect" in n.kind] == []


REGISTERED = {
    "aws_service_discovery_private_dns_namespace.this": {"id": "ns-1", "name": "shop.internal"},
    "aws_service_discovery_service.dns": {
        "arn": "arn:dns",
        "name": "Web",
        "dns_config": [{"namespace_id": "ns-1", "dns_records": [{"type": "A", "ttl": 10}]}],
    },
    "aws_service_discovery_service.srv": {
        "arn": "arn:srv",
        "name": "jobs",
        "dns_config": [{"namespace_id": "ns-1", "dns_records": [{"type": "SRV", "ttl": 10}]}],
    },
    "aws_service_discovery_service.http": {"arn": "arn:http", "name": "web", "dns_config": []},
}


@pytest.mark.parametrize(
    ("registry", "names"),
    [("arn:dns", {"web.shop.internal"}), ("arn:http", set()), ("arn:elsewhere", set())],
)
def test_a_name_in_cloud_map_leads_to_every_port(blueprint, registry, names) -> None:
    """By CONTAINER:PORT, because a port needs no name for it. UDP is not relayed."""
    ports = [
        {"containerPort": 8000, "name": "http"},
        {"containerPort": 9000},
        {"containerPort": 9001, "protocol": "udp"},
    ]
    web = definition({"name": "web", "image": "web:1", "portMappings": ports})
    registered = service(service_registries=[{"registry_arn": registry}])
    found = blueprint(
        {
            **REGISTERED,
            **stack(**{"aws_ecs_task_definition.web": web, "aws_ecs_service.web": registered}),
        }
    )
    assert found.endpoints(found.services[0]) == tuple(
        ServiceConnectEndpoint(f"web:{port}", name, port, is_direct=True)
        for name in names
        for port in (8000, 9000)
    )


def test_srv_records_are_named_and_their_name_is_only_asked_for(blueprint) -> None:
    """An address in its place would be looked up as a name."""
    registered = service(service_registries=[{"registry_arn": "arn:srv", "container_port": 80}])
    found = blueprint({**REGISTERED, **stack(**{"aws_ecs_service.web": registered})})
    [web] = found.services
    assert [(one.dns_name, one.port) for one in web.registries] == [("jobs.shop.internal", 80)]
    assert web.discovery_names == ()
    [note] = [one for one in found.not_simulated if "SRV" in one.reason]
    assert (note.kind, note.address) == (
        "aws_service_discovery_service.dns_config.dns_records.type",
        "aws_service_discovery_service.srv",
    )


def test_auto_scaling_belongs_to_its_service(blueprint) -> None:
    tracking = {
        "target_value": 60,
        "scale_in_cooldown": 300,
        "scale_out_cooldown": 60,
        "predefined_metric_specification": [
            {"predefined_metric_type": "ECSServiceAverageCPUUtilization"}
        ],
    }
    found = blueprint(
        stack(
            **{
                "aws_appautoscaling_target.web": {
                    "service_namespace": "ecs",
                    "resource_id": "service/main/web",
                    "min_capacity": 2,
                    "max_capacity": 6,
                },
                "aws_appautoscaling_policy.cpu": {
                    "resource_id": "service/main/web",
                    "target_tracking_scaling_policy_configuration": [tracking],
                },
            }
        )
    )
    assert found.services[0].scaling == AutoScaling(
        2, 6, (TargetTracking("ECSServiceAverageCPUUtilization", 60, 300, 60),)
    )
    kinds = [n.kind for n in found.not_simulated]
    assert not any("appautoscaling" in kind for kind in kinds)
    assert "aws_ecs_service.deployment_circuit_breaker.enable" in kinds
    assert "aws_ecs_service.deployment_circuit_breaker.rollback" in kinds


def test_a_scaling_policy_whose_metric_is_not_measured_is_kept_and_noted(blueprint) -> None:
    target = {
        "service_namespace": "ecs",
        "resource_id": "service/main/web",
        "min_capacity": 2,
        "max_capacity": 6,
    }
    requests = {"predefined_metric_type": "ALBRequestCountPerTarget"}

    def policy(**configuration: Any) -> dict[str, Any]:
        block = {"target_value": 100, "disable_scale_in": True, **configuration}
        return {
            "resource_id": "service/main/web",
            "policy_type": "TargetTrackingScaling",
            "target_tracking_scaling_policy_configuration": [block],
        }

    found = blueprint(
        stack(
            **{
                "aws_appautoscaling_target.web": target,
                "aws_appautoscaling_policy.a": policy(predefined_metric_specification=[requests]),
                "aws_appautoscaling_policy.b": policy(
                    customized_metric_specification=[{"metric_name": "queue"}]
                ),
            }
        )
    )
    scaling = found.services[0].scaling
    assert scaling is not None
    assert [policy.metric for policy in scaling.policies] == ["ALBRequestCountPerTarget", ""]
    assert scaling.policies[0].disable_scale_in
    noted = [n.kind.rpartition(".")[2] for n in found.not_simulated if "autoscaling" in n.kind]
    assert noted == ["customized_metric_specification", "predefined_metric_type"]


def test_a_new_deployment_is_forced_when_its_triggers_change(blueprint) -> None:
    def token(**overrides: Any) -> str:
        found = blueprint(stack(**{"aws_ecs_service.web": service(**overrides)}))
        return found.services[0].force_new_deployment_token

    assert token() == token(triggers={"a": "1"}) == ""
    first = token(triggers={"a": "1", "b": "2"}, force_new_deployment=True)
    assert first == token(triggers={"b": "2", "a": "1"}, force_new_deployment=True)
    assert first != token(triggers={"a": "2", "b": "2"}, force_new_deployment=True)
