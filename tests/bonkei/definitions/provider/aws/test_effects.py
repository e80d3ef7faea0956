"""Secrets go to the vault and nowhere else. Equivalent documents are not a difference."""

from __future__ import annotations

import json
import re
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bonkei.base.vault import WITHHELD, FileVault, MemoryVault, file_name
from bonkei.blueprint.rds import DatabaseCluster
from bonkei.definitions.provider import catalogue, facts
from bonkei.definitions.provider.aws import DATA_SOURCES, EPHEMERAL_RESOURCES, RESOURCES
from bonkei.definitions.provider.aws.cloudfront import managed_policies
from bonkei.definitions.provider.behaviour import Context, Refused
from bonkei.definitions.provider.values import UNKNOWN
from bonkei.services.rds.master import master_password

BEHAVIOURS = facts.EnrichedBehaviours(RESOURCES, facts.load(catalogue.FACTS))

ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:app/key-AbCdEf"


@pytest.mark.parametrize("argument", ["secret_string", "secret_string_wo"])
def test_a_secrets_value_goes_to_the_vault(argument: str) -> None:
    vault = MemoryVault()
    behaviour = RESOURCES["aws_secretsmanager_secret_version"]
    behaviour.after_apply({argument: "s3cret"}, {"arn": ARN}, Context(vault=vault))
    assert vault.get(ARN) == "s3cret"
    RESOURCES["aws_secretsmanager_secret"].after_destroy({"arn": ARN}, Context(vault=vault))
    assert vault.get(ARN) is None


def test_a_version_that_is_not_current_changes_nothing() -> None:
    vault = MemoryVault({ARN: "current"})
    state = {"arn": ARN, "version_stages": ["AWSPENDING"]}
    RESOURCES["aws_secretsmanager_secret_version"].after_apply(
        {"secret_string": "next"}, state, Context(vault=vault)
    )
    assert vault.get(ARN) == "current"


def test_a_write_only_value_is_not_stored() -> None:
    planned = {"secret_id": ARN, "secret_string_wo_version": 1, "secret_string_wo": "s3cret"}
    minted = RESOURCES["aws_secretsmanager_secret_version"].mint(planned, Context())
    assert minted["has_secret_string_wo"] is True
    assert "s3cret" not in json.dumps(minted)


@pytest.mark.parametrize(("kind", "kept"), [("SecureString", "v"), ("String", "v")])
def test_a_parameters_value_goes_to_the_vault(kind: str, kept: str | None) -> None:
    vault = MemoryVault()
    behaviour = RESOURCES["aws_ssm_parameter"]
    state = {"type": kind, "arn": "arn:aws:ssm:us-east-1:123456789012:parameter/x"}
    behaviour.after_apply({"value": "v"}, state, Context(vault=vault))
    assert vault.get(state["arn"]) == kept
    behaviour.after_destroy(state, Context(vault=vault))
    assert vault.get(state["arn"]) is None


@pytest.mark.parametrize(
    ("type_name", "argument", "user"),
    [
        ("aws_rds_cluster", "master_password", "master_username"),
        ("aws_rds_cluster", "master_password_wo", "master_username"),
        ("aws_db_instance", "password", "username"),
        ("aws_db_instance", "password_wo", "username"),
    ],
)
def test_a_databases_password_of_the_definitions_is_its_own(
    type_name: str, argument: str, user: str
) -> None:
    """A program that has it from the definitions signs in with it."""
    vault, behaviour = MemoryVault(), RESOURCES[type_name]
    arn = "arn:aws:rds:us-east-1:123456789012:db:app"
    state = {"arn": arn, user: "admin", "master_user_secret": []}
    behaviour.after_apply({argument: '{"s3": 1}'}, state, Context(vault=vault))
    cluster = DatabaseCluster("db", arn, "db", "postgres", "17", "db", "", 5432, "app", "admin")
    assert master_password(cluster, vault) == '{"s3": 1}'
    behaviour.after_destroy(state, Context(vault=vault))
    assert vault.get(arn) is None


def test_a_managed_password_is_deleted_with_its_cluster() -> None:
    vault = MemoryVault({ARN: "managed"})
    state = {"master_user_secret": [{"secret_arn": ARN}]}
    RESOURCES["aws_rds_cluster"].after_destroy(state, Context(vault=vault))
    assert vault.get(ARN) is None


def test_a_value_that_a_builds_role_may_not_read_is_refused_and_kept(tmp_path: Path) -> None:
    vault = FileVault(tmp_path / "secrets")
    (tmp_path / WITHHELD).mkdir()
    (tmp_path / WITHHELD / file_name(ARN)).write_text("User: plan is not authorized")
    peers = {"aws_secretsmanager_secret": [{"arn": ARN, "name": "app/key"}]}
    context = Context(vault=vault, peers=lambda kind: peers.get(kind, ()))
    for read in (
        DATA_SOURCES["aws_secretsmanager_secret_version"].read,
        EPHEMERAL_RESOURCES["aws_secretsmanager_secret_version"].open,
    ):
        with pytest.raises(Refused, match="AccessDeniedException: User: plan is not authorized"):
            read({"secret_id": "app/key"}, context)
    state = {"master_username": "admin", "master_user_secret": [{"secret_arn": ARN}]}
    RESOURCES["aws_rds_cluster"].after_apply({}, state, context)
    assert vault.get(ARN) is None, "there is a password already"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ('{"a": [1, 2]}', '{ "a":[1,2] }', True),
        ('{"Statement": {"Action": ["s3:*"]}}', '{"Statement": [{"Action": "s3:*"}]}', True),
        ('{"Action": ["a", "b"]}', '{"Action": ["b", "a"]}', True),
        (
            '{"Principal": {"AWS": "arn:aws:iam::123456789012:root"}}',
            '{"Principal": {"AWS": "123456789012"}}',
            True,
        ),
        ('{"Condition": {"Bool": {"x": true}}}', '{"Condition": {"Bool": {"x": "true"}}}', True),
        ('{"Action": ["a", "b"]}', '{"Action": "a"}', False),
        ('{"Effect": "Allow"}', '{"Effect": "Deny"}', False),
    ],
)
def test_equivalent_policies(one: str, other: str, same: bool) -> None:
    assert RESOURCES["aws_iam_role_policy"].equivalent["policy"](one, other) is same


def test_a_subnet_must_lie_in_its_network_and_overlap_no_other() -> None:
    vpc = {"id": "vpc-1", "cidr_block": "10.0.0.0/16"}
    there = {"id": "subnet-x", "vpc_id": "vpc-1", "cidr_block": "10.0.1.0/24"}
    peers = {"aws_vpc": (vpc,), "aws_subnet": (there,)}
    context = Context(peers=lambda kind: peers.get(kind, ()))
    mint = RESOURCES["aws_subnet"].mint
    assert mint({"vpc_id": "vpc-1", "cidr_block": "10.0.2.0/24"}, context)["id"]
    with pytest.raises(Refused, match="outside"):
        mint({"vpc_id": "vpc-1", "cidr_block": "10.1.0.0/24"}, context)
    with pytest.raises(Refused, match="overlaps"):
        mint({"vpc_id": "vpc-1", "cidr_block": "10.0.1.128/25"}, context)
    assert mint({"vpc_id": "vpc-2", "cidr_block": "10.0.1.0/24"}, context)["id"]


@pytest.mark.parametrize(
    ("type_name", "name", "identifier"),
    [
        ("cache", "Managed-CachingDisabled", "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"),
        ("cache", "Managed-CachingOptimized", "658327ea-f89d-4fab-a63d-7e88639e58f6"),
        ("cache", "UseOriginCacheControlHeaders", "83da9c7e-98b4-4e11-a168-04f0df8e2c65"),
        ("origin_request", "Managed-AllViewer", "216adef6-5c7f-47e4-b989-5492eafa07d3"),
        (
            "origin_request",
            "Managed-AllViewerExceptHostHeader",
            "b689b0a8-53d0-40ab-baf2-68738e2966ac",
        ),
        (
            "response_headers",
            "Managed-SecurityHeadersPolicy",
            "67f7725c-6f97-4210-82d7-5512b31e9d03",
        ),
    ],
)
def test_cloudfronts_own_policies_have_their_published_ids(
    type_name: str, name: str, identifier: str
) -> None:
    read = DATA_SOURCES[f"aws_cloudfront_{type_name}_policy"].read
    assert read({"name": name}, Context())["id"] == identifier
    assert read({"id": identifier}, Context())["name"] == name
    with pytest.raises(Refused, match="no such policy"):
        read({"name": "Managed-Nothing"}, Context())


@pytest.mark.parametrize(
    ("protocol", "used", "refused"),
    [
        ("https-only", True, "409, CannotUpdateEntityWhileInUse"),
        ("https-only", False, ""),
        ("http-only", True, ""),  # only its tags change
        (None, True, "409, CannotDeleteEntityWhileInUse"),
        (None, False, ""),
    ],
)
def test_a_vpc_origin_in_use_neither_changes_nor_goes(
    protocol: str | None, used: bool, refused: str
) -> None:
    behaviour = RESOURCES["aws_cloudfront_vpc_origin"]
    endpoint = {"vpc_origin_endpoint_config": [{"origin_protocol_policy": "http-only"}]}
    state = {**endpoint, **behaviour.mint(endpoint, Context())}
    origin = {"vpc_origin_config": [{"vpc_origin_id": state["id"] if used else "vo_other"}]}
    peers = {
        "aws_cloudfront_vpc_origin": (state,),
        "aws_cloudfront_distribution": (
            {"id": "E1", "origin": [{"vpc_origin_config": []}, origin]},
        ),
    }
    context = Context(generation=2, peers=lambda kind: peers.get(kind, ()))
    with pytest.raises(Refused, match=refused) if refused else nullcontext():
        if protocol is None:
            behaviour.after_destroy(state, context)
        else:
            changed = {"vpc_origin_endpoint_config": [{"origin_protocol_policy": protocol}]}
            assert behaviour.mint(changed, context)["id"] == state["id"]


def test_a_disabled_cache_keeps_nothing_and_forwards_nothing() -> None:
    _, settings = managed_policies.CACHE_POLICIES["Managed-CachingDisabled"]
    assert (settings["min_ttl"], settings["default_ttl"], settings["max_ttl"]) == (0, 0, 0)
    [key] = settings["parameters_in_cache_key_and_forwarded_to_origin"]
    assert key["headers_config"] == [{"header_behavior": "none", "headers": []}]


def test_the_origin_facing_prefix_list_weighs_55_rules() -> None:
    read = DATA_SOURCES["aws_ec2_managed_prefix_list"].read
    found = read(
        {"name": "com.amazonaws.global.cloudfront.origin-facing"}, Context(region="ap-northeast-1")
    )
    assert (found["id"], found["max_entries"]) == ("pl-58a04531", 55)
    with pytest.raises(Refused):
        read({"name": "com.amazonaws.other"}, Context())


def test_zones_of_a_region() -> None:
    read = DATA_SOURCES["aws_availability_zones"].read
    tokyo = read({"state": "available"}, Context(region="ap-northeast-1"))
    assert tokyo["names"] == ["ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d"]
    assert tokyo["zone_ids"] == ["apne1-az4", "apne1-az1", "apne1-az2"]
    some = read({"exclude_names": ["us-east-1e"]}, Context())
    assert "us-east-1e" not in some["names"]


def test_a_policy_of_aws_is_found_by_name_under_its_path() -> None:
    read = DATA_SOURCES["aws_iam_policy"].read
    execution = read({"name": "AmazonECSTaskExecutionRolePolicy"}, Context())
    path = "policy/service-role/AmazonECSTaskExecutionRolePolicy"
    assert execution["arn"] == f"arn:aws:iam::aws:{path}"
    assert read({"name": "ReadOnlyAccess"}, Context())["path"] == "/"


def test_only_the_stacks_own_resources_can_be_read() -> None:
    role = {"name": "task", "arn": "arn:aws:iam::123456789012:role/task"}
    context = Context(peers=lambda kind: (role,) if kind == "aws_iam_role" else ())
    read = DATA_SOURCES["aws_iam_role"].read
    assert read({"name": "task"}, context)["arn"] == role["arn"]
    with pytest.raises(Refused, match="no aws_iam_role"):
        read({"name": "other"}, context)


@pytest.mark.parametrize(
    ("type_name", "identifier", "known"),
    [
        ("aws_ecs_service", "main/api", {"name": "api"}),
        ("aws_lb", "arn:x", {"arn": "arn:x"}),
        ("aws_iam_role_policy", "task:open", {"role": "task", "name": "open"}),
        (
            "aws_wafv2_web_acl",
            "1/edge/REGIONAL",
            {"id": "1", "name": "edge", "scope": "REGIONAL"},
        ),
        (
            "aws_route53_record",
            "Z1_www.example.com_A",
            {"zone_id": "Z1", "name": "www.example.com", "type": "A"},
        ),
        (
            "aws_route",
            "rtb-1_10.0.0.0/8",
            {"route_table_id": "rtb-1", "destination_cidr_block": "10.0.0.0/8"},
        ),
        ("aws_cloudwatch_log_group", "/ecs/api", {"name": "/ecs/api"}),
        ("aws_xray_sampling_rule", "calm", {"rule_name": "calm"}),
        ("aws_iam_access_key", "AKIA1", {"id": "AKIA1"}),
        ("aws_cloudwatch_event_permission", "bus/other", {"statement_id": "other"}),
        (
            "aws_cloudwatch_log_metric_filter",
            "/ecs/api:errors",
            {"log_group_name": "/ecs/api", "name": "errors"},
        ),
        (
            "aws_iam_role_policy_attachment",
            "task/arn:aws:iam::aws:policy/service-role/Some",
            {"role": "task", "policy_arn": "arn:aws:iam::aws:policy/service-role/Some"},
        ),
        ("aws_lambda_permission", "f/s", {"function_name": "f", "statement_id": "s"}),
        ("aws_secretsmanager_secret_version", f"{ARN}|v1", {"secret_id": ARN}),
        ("aws_route_table_association", "subnet-1/rtb-1", {"route_table_id": "rtb-1"}),
        (
            "aws_wafv2_web_acl_association",
            "arn:acl,arn:lb",
            {"web_acl_arn": "arn:acl", "resource_arn": "arn:lb"},
        ),
    ],
)
def test_import(type_name: str, identifier: str, known: dict[str, str]) -> None:
    found = BEHAVIOURS[type_name].import_(identifier, Context())
    assert {name: found[name] for name in known} == known


@pytest.mark.parametrize(
    ("type_name", "form"),
    [
        ("aws_ecs_service", "CLUSTER/SERVICE"),
        ("aws_iam_role_policy", "ROLE:POLICY"),
        ("aws_iam_role_policy_attachment", "ROLE/POLICYARN"),
        ("aws_wafv2_web_acl", "ID/NAME/SCOPE"),
        ("aws_route", "ROUTETABLEID_DESTINATION"),
        ("aws_secretsmanager_secret_version", r"SECRETARN\|VERSIONID"),
    ],
)
@pytest.mark.parametrize("identifier", ["nothing", "", "a/", ":a", "a_", "|"])
def test_an_import_id_of_the_wrong_form_is_refused(
    type_name: str, form: str, identifier: str
) -> None:
    with pytest.raises(Refused, match="import id") as refused:
        RESOURCES[type_name].import_(identifier, Context())
    assert re.search(form, refused.value.problem.detail)


TASK = {
    "arn": "arn:aws:ecs:us-east-1:123456789012:task-definition/web:3",
    "family": "web",
    "revision": 3,
    "container_definitions": json.dumps(
        [
            {"name": "web", "portMappings": [{"name": "http", "containerPort": 8000}]},
            {"name": "log-router"},
        ]
    ),
}


def served(**changed: object) -> dict[str, object]:
    target = {"target_group_arn": "x", "container_name": "web", "container_port": 8000}
    connected = [{"service": [{"port_name": changed.pop("port_name", "http")}]}]
    return {
        "name": "web",
        "task_definition": TASK["arn"],
        "load_balancer": [{**target, **changed}],
        "service_connect_configuration": connected,
    }


def stack(type_name: str) -> list[dict[str, object]]:
    return [TASK] if type_name == "aws_ecs_task_definition" else []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"container_name": "wep"}, "no container wep; it has web, log-router"),
        ({"container_port": 80}, "no port 80 of the container web"),
        ({"container_name": "log-router"}, "no port 8000 of the container log-router"),
        ({"port_name": "htp"}, "no port htp; it names http"),
    ],
)
def test_a_service_that_contradicts_its_task_is_refused(
    changed: dict[str, object], said: str
) -> None:
    with pytest.raises(Refused) as refused:
        RESOURCES["aws_ecs_service"].mint(served(**changed), Context(peers=stack))
    assert said in refused.value.problem.detail


def test_a_service_that_matches_or_whose_task_is_elsewhere_is_accepted() -> None:
    behaviour = RESOURCES["aws_ecs_service"]
    assert behaviour.mint(served(), Context(peers=stack))
    elsewhere = {**served(container_name="other"), "task_definition": "made-elsewhere:1"}
    assert behaviour.mint(elsewhere, Context(peers=stack))


@pytest.mark.parametrize(
    ("own", "name"),
    [(UNKNOWN, "shop"), ("arn:aws:servicediscovery:us-east-1:1:namespace/ns-2", "other.local")],
)
def test_service_connect_is_in_its_own_namespace_or_in_the_clusters(own: object, name: str) -> None:
    """ServiceConnectConfiguration, `namespace`; ServiceConnectClientAlias, `dnsName`."""
    place = "arn:aws:servicediscovery:us-east-1:1:namespace"
    found: dict[str, list[dict[str, object]]] = {
        "aws_ecs_cluster": [
            {"name": "main", "service_connect_defaults": [{"namespace": f"{place}/ns-1"}]}
        ],
        "aws_service_discovery_http_namespace": [{"arn": f"{place}/ns-1", "name": "shop"}],
        "aws_service_discovery_private_dns_namespace": [
            {"arn": f"{place}/ns-2", "name": "other.local"}
        ],
    }
    alias = {"port": 80, "dns_name": UNKNOWN}
    service = {"port_name": "http", "discovery_name": UNKNOWN, "client_alias": [alias]}
    connected = [{"enabled": True, "namespace": own, "service": [service]}]
    planned = {"name": "web", "cluster": "main", "service_connect_configuration": connected}
    made: Any = RESOURCES["aws_ecs_service"].mint(
        planned, Context(peers=lambda kind: found.get(kind, []))
    )
    [connect] = made["service_connect_configuration"]
    assert connect["namespace"] == (f"{place}/ns-1" if own is UNKNOWN else own)
    assert connect["service"][0]["client_alias"][0]["dns_name"] == f"http.{name}"


BALANCER = (
    "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/web/50dc6c495c0c9188"
)


def asked_for(**changed: object) -> dict[str, object]:
    action = {"type": "forward", "target_group_arn": "arn:group", "order": UNKNOWN}
    plan = {"arn": UNKNOWN, "load_balancer_arn": BALANCER, "port": 80, "protocol": "HTTP"}
    return {**plan, "ssl_policy": UNKNOWN, "default_action": [action], **changed}


def test_the_same_listener_twice_is_one_and_another_at_its_port_is_refused() -> None:
    """CreateListener: with the same settings each call succeeds; otherwise it fails with
    DuplicateListener.
    """
    mint = RESOURCES["aws_lb_listener"].mint
    first = {**asked_for(ssl_policy="", arn="arn:first")}
    first["default_action"] = [{"type": "forward", "target_group_arn": "arn:group", "order": 1}]
    context = Context(peers=lambda kind: [first] if kind == "aws_lb_listener" else [])
    assert mint(asked_for(), context)["arn"] == "arn:first"
    assert mint(asked_for(port=81), context)["arn"] != "arn:first"
    redirect = [{"type": "redirect", "redirect": [{"status_code": "HTTP_301"}]}]
    for changed in ({"default_action": redirect}, {"protocol": "HTTPS"}):
        with pytest.raises(Refused, match="DuplicateListener"):
            mint(asked_for(**changed), context)
    with pytest.raises(Refused, match="DuplicateListener"):  # another listener moves to the port
        mint(asked_for(arn="arn:second"), context)


@pytest.mark.parametrize(
    ("type_name", "group", "argument"),
    [
        ("aws_rds_cluster", "aws_rds_cluster_parameter_group", "db_cluster_parameter_group_name"),
        ("aws_rds_cluster_instance", "aws_db_parameter_group", "db_parameter_group_name"),
        ("aws_db_instance", "aws_db_parameter_group", "parameter_group_name"),
    ],
)
def test_a_parameter_group_of_another_family_is_refused(
    type_name: str, group: str, argument: str
) -> None:
    """CreateDBCluster and CreateDBInstance: InvalidParameterCombination."""

    def peers(kind: str) -> list[dict[str, object]]:
        families = {"ours": "aurora-postgresql18", "theirs": "aurora-postgresql16"}
        return [{"name": k, "family": v} for k, v in families.items() if kind == group]

    def make(name: str) -> object:
        planned = {"engine": "aurora-postgresql", "engine_version": "18.1", argument: name}
        return RESOURCES[type_name].mint(planned, Context(peers=peers))

    assert make("ours")
    assert make("made-elsewhere")
    with pytest.raises(Refused) as refused:
        make("theirs")
    assert "Please use a Parameter Group with DBParameterGroupFamily aurora-postgresql18" in str(
        refused.value.problem.summary
    )


def test_an_instance_follows_an_upgrade_of_its_cluster() -> None:
    """A new parameter group of both comes with it; the instance's state has the old version."""
    engine = {"engine": "aurora-postgresql", "cluster_identifier": "main"}
    known = {
        "aws_rds_cluster": [{**engine, "engine_version": "18"}],
        "aws_db_parameter_group": [{"name": "new", "family": "aurora-postgresql18"}],
    }
    planned = {**engine, "engine_version": "17", "db_parameter_group_name": "new"}
    found = RESOURCES["aws_rds_cluster_instance"].mint(
        planned, Context(generation=2, peers=lambda kind: known.get(kind, []))
    )
    assert found["engine_version"] == "18"


@pytest.mark.parametrize(
    ("type_name", "name"),
    [("aws_rds_cluster", "cluster_identifier"), ("aws_db_instance", "identifier")],
)
@pytest.mark.parametrize(
    ("version", "allow", "said"),
    [
        ("18", None, "The AllowMajorVersionUpgrade flag must be present"),
        ("18.1", False, "The AllowMajorVersionUpgrade flag must be present"),
        ("18", True, ""),
        ("17", None, ""),
        ("17.6", None, ""),
        ("16.9", True, "Cannot upgrade postgres from 17.5 to 16.9"),
    ],
)
def test_another_major_version_of_a_database_is_refused(
    type_name: str, name: str, version: str, allow: bool | None, said: str
) -> None:
    """ModifyDBCluster and ModifyDBInstance: InvalidParameterCombination."""
    before = {name: "main", "engine": "postgres", "engine_version": "17.5"}
    planned = before | {"engine_version": version, "allow_major_version_upgrade": allow}
    known = Context(generation=2, peers=lambda kind: [before] if kind == type_name else [])
    mint = RESOURCES[type_name].mint
    assert mint(planned, replace(known, generation=1)), "a new one may have any version"
    if not said:
        assert mint(planned, known)
        return
    with pytest.raises(Refused, match=said):
        mint(planned, known)


def test_a_capacity_provider_that_the_cluster_lacks_is_refused() -> None:
    def peers(kind: str) -> list[dict[str, object]]:
        known = {"cluster_name": "web", "capacity_providers": ["FARGATE"]}
        return [known] if kind == "aws_ecs_cluster_capacity_providers" else []

    def make(cluster: str, name: str) -> object:
        strategy = [{"capacity_provider": name, "weight": 1}]
        planned = {"name": "s", "cluster": cluster, "capacity_provider_strategy": strategy}
        return RESOURCES["aws_ecs_service"].mint(planned, Context(peers=peers))

    assert make("web", "FARGATE")
    assert make("another", "FARGATE_SPOT")
    with pytest.raises(Refused, match="FARGATE_SPOT is not associated"):
        make("web", "FARGATE_SPOT")


@pytest.mark.parametrize(
    "type_name", ["aws_wafv2_web_acl", "aws_wafv2_ip_set", "aws_wafv2_regex_pattern_set"]
)
def test_what_cloudfronts_web_acl_has_is_made_in_us_east_1(type_name: str) -> None:
    behaviour = RESOURCES[type_name]
    assert behaviour.mint({"name": "a", "scope": "CLOUDFRONT"}, Context(region="us-east-1"))
    assert behaviour.mint({"name": "a", "scope": "REGIONAL"}, Context(region="eu-west-1"))
    with pytest.raises(Refused, match="The scope is not valid"):
        behaviour.mint({"name": "a", "scope": "CLOUDFRONT"}, Context(region="eu-west-1"))
