"""Log groups, and the logs that AWS itself writes."""

from __future__ import annotations

from bonkei.blueprint.logs.log_delivery import LogDelivery


def test_log_groups_and_metric_filters(blueprint) -> None:
    found = blueprint(
        {
            "aws_cloudwatch_log_group.this": {
                "arn": "arn:lg",
                "name": "/app",
                "retention_in_days": 30,
                "kms_key_id": "key",
            },
            "aws_cloudwatch_log_metric_filter.this": {
                "name": "fatal",
                "log_group_name": "/app",
                "pattern": "FATAL",
                "metric_transformation": [
                    {
                        "name": "Fatal",
                        "namespace": "App",
                        "value": "1",
                        "default_value": "0",
                        "dimensions": None,
                    }
                ],
            },
        }
    )
    assert (found.log_groups[0].retention, found.log_groups[0].kms_key_id) == (30, "key")
    assert found.metric_filters[0].metric_name == "Fatal"
    assert found.metric_filters[0].default_value == 0


def test_saved_queries_are_read_in_the_order_of_their_names(blueprint) -> None:
    found = blueprint(
        {
            f"aws_cloudwatch_query_definition.{name}": {
                "query_definition_id": name,
                "name": f"app/{name}",
                "query_string": "limit 1",
                "log_group_names": groups,
            }
            for name, groups in {"slow": ["/app"], "errors": None}.items()
        }
    )
    assert [(each.name, each.log_group_names) for each in found.query_definitions] == [
        ("app/errors", ()),
        ("app/slow", ("/app",)),
    ]


def test_a_log_group_has_its_subscriptions_and_streams(blueprint) -> None:
    found = blueprint(
        {
            "aws_cloudwatch_log_stream.this": {"log_group_name": "/app", "name": "one"},
            "aws_cloudwatch_log_subscription_filter.this": {
                "name": "errors",
                "log_group_name": "/app",
                "filter_pattern": "ERROR",
                "destination_arn": "arn:function",
                "role_arn": None,
                "distribution": "ByLogStream",
            },
            "aws_cloudwatch_log_resource_policy.this": {
                "policy_name": "delivery",
                "policy_document": "{}",
            },
        }
    )
    assert found.log_streams[0].name == "one"
    assert found.subscription_filters[0].pattern == "ERROR"
    assert found.log_resource_policies[0].name == "delivery"


def test_logs_of_requests(blueprint) -> None:
    found = blueprint(
        {
            "aws_wafv2_web_acl_logging_configuration.this": {
                "resource_arn": "arn:acl",
                "log_destination_configs": ["arn:group"],
                "logging_filter": [
                    {
                        "default_behavior": "DROP",
                        "filter": [
                            {
                                "behavior": "KEEP",
                                "requirement": "MEETS_ANY",
                                "condition": [
                                    {
                                        "action_condition": [{"action": "BLOCK"}],
                                        "label_name_condition": [],
                                    }
                                ],
                            }
                        ],
                    }
                ],
            }
        }
    )
    [log] = found.waf_logs
    assert (log.web_acl_arn, log.destinations) == ("arn:acl", ("arn:group",))
    assert (log.default_behavior, log.filters[0].actions) == ("DROP", ("BLOCK",))


def test_redacted_fields_of_wafs_log(blueprint) -> None:
    fields = [
        {"single_header": [{"name": "Authorization"}], "query_string": [], "method": None},
        {"single_header": [], "query_string": [{}]},
    ]
    found = blueprint(
        {
            "aws_wafv2_web_acl_logging_configuration.this": {
                "resource_arn": "arn:acl",
                "log_destination_configs": ["arn:group"],
                "redacted_fields": fields,
            }
        }
    )
    [log] = found.waf_logs
    assert log.redacted == (("single_header", "authorization"), ("query_string", ""))


def test_deliveries_of_cloudwatch_logs(blueprint) -> None:
    destination = {"destination_resource_arn": "arn:aws:s3:::bucket/prefix"}
    found = blueprint(
        {
            "aws_cloudwatch_log_delivery_source.this": {
                "arn": "arn:source",
                "name": "site",
                "resource_arn": "arn:distribution",
                "log_type": "ACCESS_LOGS",
            },
            "aws_cloudwatch_log_delivery_destination.this": {
                "arn": "arn:destination",
                "name": "bucket",
                "output_format": "json",
                "delivery_destination_configuration": [destination],
            },
            "aws_cloudwatch_log_delivery.this": {
                "delivery_source_name": "site",
                "delivery_destination_arn": "arn:destination",
                "record_fields": ["date", "time"],
                "s3_delivery_configuration": [
                    {"suffix_path": "{yyyy}", "enable_hive_compatible_path": True}
                ],
            },
        }
    )
    assert found.log_deliveries == (
        LogDelivery(
            *("aws_cloudwatch_log_delivery.this", "arn:source", "arn:distribution", "ACCESS_LOGS"),
            *("arn:aws:s3:::bucket/prefix", "json", ("date", "time"), "", "{yyyy}", True),
        ),
    )
    assert found.not_simulated == ()
