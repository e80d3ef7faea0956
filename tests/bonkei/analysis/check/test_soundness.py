"""Sound alternatives, and resources outside the definitions, break no rule."""

from __future__ import annotations

import json
import re

import pytest

from bonkei.analysis.check.router import Output
from tests.bonkei.analysis.check.broken.tables import SOUND_TOO
from tests.bonkei.analysis.check.changes import (
    Change,
    check,
    environment,
    execution,
    public_network,
    put,
    remove,
    rules_found,
)
from tests.bonkei.analysis.check.stack.documents import ACCOUNT, Resources, allow, policy
from tests.bonkei.analysis.check.stack.network import endpoint, group, peer
from tests.bonkei.analysis.check.stack.operations import alarm
from tests.bonkei.analysis.check.stack.tasks import LOG_GROUP_ARN, SECRET_ARN, TASK_ARN
from tests.bonkei.analysis.check.stack.whole import sound

# ------------------------------------------------------------------------------------------------
# Other ways to be sound
# ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", SOUND_TOO)
def test_sound_alternatives_break_no_rule(change: Change) -> None:
    resources = sound()
    change(resources)
    assert [f"{f.rule} {f.message}" for f in check(resources)] == []


def test_a_name_in_cloud_map_is_no_missing_name_of_service_connect() -> None:
    """Though it ends with the same namespace."""
    resources = sound()
    resources["aws_service_discovery_private_dns_namespace.this"] = {
        "id": "ns-1",
        "name": "internal",
    }
    resources["aws_service_discovery_service.this"] = {
        "arn": "arn:worker",
        "name": "there",
        "dns_config": [{"namespace_id": "ns-1", "dns_records": [{"type": "A", "ttl": 10}]}],
    }
    resources["aws_ecs_service.worker"]["service_registries"] = [{"registry_arn": "arn:worker"}]
    environment("OTHER_URL", "http://there.internal:9000")(resources)
    assert rules_found(resources) == set()


def test_a_missing_key_of_a_secret_is_found() -> None:
    for keys, found in (({"password"}, set()), ({"pass"}, {1}), (set(), {1})):
        rules = rules_found(sound(), secret_keys={SECRET_ARN: frozenset(keys)})
        assert rules == ({"secret-has-the-key"} if found else set())


def shipping(group: str = "${LOG_GROUP}", only: str = "^FATAL$") -> tuple[Output, ...]:
    settings = {"log_group_name": group, "auto_create_group": "off"}
    return (Output("cloudwatch_logs", tuple(settings.items()), (("level", only),)),)


def with_log_group(name: str) -> Resources:
    """The router gets the group as a variable, and the task role may write to the declared
    group.
    """
    resources = sound()
    (definition,) = [resources["aws_ecs_task_definition.app"]]
    app, router = json.loads(definition["container_definitions"])
    router["environment"] = [{"name": "LOG_GROUP", "value": name}]
    definition["container_definitions"] = json.dumps([app, router])
    document = json.loads(resources["aws_iam_role_policy.task"]["policy"])
    document["Statement"].append(
        allow("logs:CreateLogStream", "logs:PutLogEvents", on=f"{LOG_GROUP_ARN}:*")
    )
    resources["aws_iam_role_policy.task"]["policy"] = json.dumps(document)
    return resources


def test_the_group_of_a_router_is_followed() -> None:
    assert rules_found(with_log_group("/app"), outputs=shipping()) == set()
    assert rules_found(with_log_group("/else"), outputs=shipping()) == {
        "log-group-is-declared",
        "metric-filter-can-match",  # the router sends the records of the filter to another group
        "router-may-ship",
    }
    assert rules_found(with_log_group("/else"), outputs=shipping("${UNKNOWN}")) == set()


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ('{ $.level = "FATAL" }', True),
        ("{ $.level = FAT* }", True),
        ("{ ($.level = FATAL) && ($.type != access) }", True),
        ('{ $.level = "WARN" || $.level = "FATAL" }', True),
        ("FATAL", True),
        ('{ $.level = "WARN" }', False),
        ('{ $.severity = "FATAL" }', False),
        ('{ $.level = "FATAL" && $.level = "ERROR" }', False),
    ],
)
def test_a_filters_pattern_is_compared_with_the_records_that_the_router_sends(
    pattern, matches
) -> None:
    resources = with_log_group("/app")
    resources["aws_cloudwatch_log_metric_filter.fatal"]["pattern"] = pattern
    found = rules_found(resources, outputs=shipping())
    assert found == (set() if matches else {"metric-filter-can-match"})


def through_nat(found: Resources) -> None:
    """No endpoint: all traffic leaves through a NAT gateway in the ingress subnet."""
    for address in [a for a in found if a.startswith("aws_vpc_endpoint.")]:
        del found[address]
    found["aws_nat_gateway.this"] = {"id": "nat-1", "subnet_id": "subnet-ingress"}
    found["aws_route.out"] = {
        "route_table_id": "rtb-app",
        "destination_cidr_block": "0.0.0.0/0",
        "nat_gateway_id": "nat-1",
    }
    for name in ("app", "worker"):
        found[f"aws_vpc_security_group_egress_rule.{name}_out"] = peer(
            name, 443, cidr_ipv4="0.0.0.0/0"
        )


def test_a_nat_gateway_reaches_everything_but_opens_a_way_out() -> None:
    resources = sound()
    through_nat(resources)
    assert rules_found(resources) == {"app-has-no-way-out"}


@pytest.mark.parametrize(
    "change",
    [
        put("aws_nat_gateway.this", connectivity_type="private"),
        put("aws_nat_gateway.this", subnet_id="subnet-app"),
        remove("aws_vpc_security_group_egress_rule.app_out"),
    ],
)
def test_a_nat_gateway_without_a_route_is_found(change: Change) -> None:
    resources = sound()
    through_nat(resources)
    change(resources)
    assert "task-reaches-image" in rules_found(resources)


def test_an_endpoint_answers_for_its_name_even_beside_a_nat_gateway() -> None:
    """Private DNS answers for the whole VPC, so no traffic goes around a closed endpoint."""
    resources = sound()
    through_nat(resources)
    resources["aws_vpc_endpoint.logs"] = endpoint("logs")
    del resources["aws_vpc_security_group_ingress_rule.endpoints"]
    assert "task-reaches-logs" in rules_found(resources)


def test_an_internet_gateway_needs_a_public_ip() -> None:
    resources = sound()
    through_nat(resources)
    resources["aws_route.out"] |= {"gateway_id": "igw-1", "nat_gateway_id": None}
    assert "task-reaches-image" in rules_found(resources)
    resources["aws_ecs_service.app"]["network_configuration"] = public_network()
    app = {f.rule for f in check(resources) if f.address == "aws_ecs_service.app"}
    assert app == {"task-has-no-public-ip"}


@pytest.mark.parametrize(
    "value", ["arn:aws:secretsmanager:eu-west-1:1:secret:app/key-AbCdEf", "password", ""]
)
def test_the_location_of_a_secret_is_not_a_secret(value: str) -> None:
    resources = sound()
    environment("APP_SECRET", value)(resources)
    assert rules_found(resources) == set()


def test_a_subnet_from_a_data_source_is_not_judged() -> None:
    resources = sound()
    for name in ("app", "egress", "ingress", "database"):
        del resources[f"aws_subnet.{name}"]
    assert rules_found(resources) == set()


def test_the_destinations_of_a_log_router_are_checked_for_reachability() -> None:
    kept = (("retry_limit", "100"), ("preserve_data_ordering", "off"))
    firehose, *others = map(Output, ("kinesis_firehose", "s3", "cloudwatch_logs", "null"))
    others[0] = Output("s3", kept)
    assert rules_found(sound(), outputs=(firehose, *others)) == {"task-reaches-logs"}
    assert rules_found(sound(), outputs=tuple(others)) == set()


def test_two_values_of_the_header_are_accepted_while_it_rotates() -> None:
    resources = sound()
    (rule,) = resources["aws_wafv2_web_acl.this"]["rule"]
    (match,) = rule["statement"][0]["byte_match_statement"]
    both = [{"byte_match_statement": [{**match, "search_string": v}]} for v in ("new", "s3cret")]
    rule["statement"] = [{"or_statement": [{"statement": both}]}]
    assert rules_found(resources) == set()


def test_without_cloudfront_the_load_balancer_may_be_open() -> None:
    resources = sound()
    del resources["aws_cloudfront_distribution.this"]
    resources["aws_vpc_security_group_ingress_rule.alb"] = peer("alb", 80, cidr_ipv4="0.0.0.0/0")
    assert rules_found(resources) == set()


def test_an_alarm_of_a_composite_alarm_needs_no_action() -> None:
    resources = sound()
    resources["aws_cloudwatch_metric_alarm.cpu"] = alarm(
        "cpu",
        namespace="AWS/ECS",
        metric_name="CPUUtilization",
        statistic="Average",
        dimensions={"ClusterName": "main", "ServiceName": "app"},
        alarm_actions=[],
        ok_actions=[],
    )
    resources["aws_cloudwatch_composite_alarm.any"] = alarm("any", alarm_rule="ALARM(cpu)")
    assert rules_found(resources) == set()


def test_a_condition_narrows_a_statement() -> None:
    resources = sound()
    condition = {"StringEquals": {"kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com"}}
    execution(allow("kms:Decrypt", on="*", Condition=condition))(resources)
    assert rules_found(resources) == set()


def test_a_role_that_users_assume_counts_as_used() -> None:
    resources = sound()
    resources["aws_iam_role.people"] = {
        "arn": "arn:aws:iam::123456789012:role/people",
        "name": "people",
        "assume_role_policy": policy(
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
            }
        ),
    }
    assert rules_found(resources) == set()


def test_an_endpoint_whose_policy_allows_the_calls_is_a_route() -> None:
    resources = sound()
    layers = "arn:aws:s3:::prod-eu-west-1-starport-layer-bucket/*"
    resources["aws_vpc_endpoint.s3"]["policy"] = policy(allow("s3:GetObject", on=layers))
    resources["aws_vpc_endpoint.logs"]["policy"] = policy(
        allow("logs:CreateLogStream", "logs:PutLogEvents", on="arn:aws:logs:*:*:log-group:/app:*")
    )
    assert rules_found(resources) == set()


# ------------------------------------------------------------------------------------------------
# What is not in the definitions is not judged
# ------------------------------------------------------------------------------------------------


def in_an_existing_vpc(found: Resources) -> None:
    """The subnets are declared. The VPC, its route tables and its endpoints are not."""
    for address in [a for a in found if re.match(r"aws_(vpc|route\w*|vpc_endpoint)\.", a)]:
        del found[address]


OTHER_SERVICE = {"ClusterName": "main", "ServiceName": "other"}
OTHER_ACCOUNT = "eu-west-1:999999999999"
EXISTING_ACL = "arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/shared/1"


@pytest.mark.parametrize(
    "change",
    [
        in_an_existing_vpc,
        # A route table from a data source
        put("aws_route_table_association.app", route_table_id="rtb-elsewhere"),
        # An image of another account
        execution(
            allow("ecr:BatchGetImage", on=f"arn:aws:ecr:{OTHER_ACCOUNT}:repository/base"),
        ),
        # A repository of another stack, whose image is named
        remove("aws_ecr_repository.app", "aws_ecr_repository.router"),
        # A second security group, which may allow everything
        put(
            "aws_ecs_service.app",
            network_configuration=[
                {"subnets": ["subnet-app"], "security_groups": ["sg-app", "sg-elsewhere"]}
            ],
        ),
        put("aws_rds_cluster.this", vpc_security_group_ids=["sg-database", "sg-elsewhere"]),
        # A prefix list of the user, which may hold the database's addresses
        put(
            "aws_vpc_security_group_egress_rule.app_database",
            referenced_security_group_id=None,
            prefix_list_id="pl-own",
        ),
        # A web ACL of another stack
        lambda found: (
            found.pop("aws_wafv2_web_acl.this"),
            found["aws_wafv2_web_acl_association.this"].update(web_acl_arn=EXISTING_ACL),
        ),
        # A log group from a data source
        lambda found: found.update(
            {"data.aws_cloudwatch_log_group.app": found.pop("aws_cloudwatch_log_group.app")}
        ),
        # A service of another stack, from a data source
        lambda found: (
            put("aws_cloudwatch_metric_alarm.cpu", dimensions=OTHER_SERVICE)(found),
            put("data.aws_ecs_service.other", arn="arn:aws:ecs:x:1:service/main/other")(found),
        ),
    ],
)
def test_resources_of_other_stacks_are_not_judged(change: Change) -> None:
    resources = sound()
    change(resources)
    found = [f"{f.rule} {f.message}" for f in check(resources)]
    assert found == []


def test_a_programs_own_metrics_are_not_judged() -> None:
    resources = sound()
    resources["aws_cloudwatch_metric_alarm.fatal"] |= {"namespace": "Own", "metric_name": "Sales"}
    del resources["aws_cloudwatch_log_metric_filter.fatal"]
    assert rules_found(resources) == {"alarm-metric-is-emitted"}
    statement = allow("cloudwatch:PutMetricData", on="*")
    document = json.loads(resources["aws_iam_role_policy.task"]["policy"])
    document["Statement"].append(statement)
    resources["aws_iam_role_policy.task"]["policy"] = json.dumps(document)
    assert rules_found(resources) == set()


def test_a_function_that_gets_the_databases_address_is_a_client() -> None:
    resources = sound()
    group_of_function = [{"security_group_ids": ["sg-fn"], "subnet_ids": []}]
    function = {
        "arn": f"arn:aws:lambda:{ACCOUNT}:function:report",
        "function_name": "report",
        "role": TASK_ARN,
        "vpc_config": group_of_function,
        "logging_config": [{"log_group": "/app"}],
    }
    resources["aws_lambda_function.report"] = function
    resources["aws_security_group.fn"] = group("fn")
    resources["aws_vpc_security_group_ingress_rule.fn"] = peer("database", 5432, to="fn")
    assert "only-services-reach-database" in rules_found(resources)
    host = resources["aws_rds_cluster.this"]["endpoint"]
    function["environment"] = [{"variables": {"DSN": f"postgresql://u@{host}/app"}}]
    assert "only-services-reach-database" not in rules_found(resources)
