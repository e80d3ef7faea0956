"""Queues, tables and parameters, in the form of their APIs."""

from __future__ import annotations


def test_a_queue_with_its_policies(blueprint) -> None:
    [queue] = blueprint(
        {
            "aws_sqs_queue.this": {
                "arn": "arn:aws:sqs:eu-west-1:1:orders.fifo",
                "name": "orders.fifo",
                "url": "https://sqs/orders.fifo",
                "fifo_queue": True,
                "content_based_deduplication": False,
                "visibility_timeout_seconds": 30,
                "delay_seconds": 0,
                "policy": "",
                "tags_all": {"a": "b"},
            },
            "aws_sqs_queue_policy.this": {"queue_url": "https://sqs/orders.fifo", "policy": "{}"},
            "aws_sqs_queue_redrive_policy.other": {"queue_url": "x", "redrive_policy": "{}"},
        }
    ).queues
    assert queue.attributes == {
        "FifoQueue": "true", "VisibilityTimeout": "30", "DelaySeconds": "0", "Policy": "{}",
    }  # fmt: skip
    assert queue.tags == {"a": "b"}


def test_what_data_sources_find_outside_is_there(blueprint) -> None:
    """What the stack has itself is there once."""
    made = {
        "id": "https://sqs/own",
        "name": "own",
        "arn": "arn:own",
        "visibility_timeout_seconds": 9,
    }
    found = {"id": "https://sqs/jobs.fifo", "name": "jobs.fifo", "arn": "arn:jobs.fifo"}
    bucket = {"id": "logs", "bucket": "logs", "arn": "arn:aws:s3:::logs"}
    read = blueprint(
        {
            "aws_sqs_queue.own": made,
            "data.aws_sqs_queue.own": {"id": made["id"], "name": "own", "arn": "arn:own"},
            "data.aws_sqs_queue.jobs": found,
            "module.a.data.aws_sqs_queue.jobs": found,
            "data.aws_s3_bucket.logs": bucket,
            "data.aws_sns_topic.alarms": {"id": "arn:t", "arn": "arn:t", "name": "alarms"},
        }
    )
    assert {one.name: one.attributes for one in read.queues} == {
        "own": {"VisibilityTimeout": "9"},
        "jobs.fifo": {"FifoQueue": "true"},
    }
    assert ([one.name for one in read.buckets], [one.name for one in read.topics]) == (
        ["logs"],
        ["alarms"],
    )


def test_a_table_with_indexes(blueprint) -> None:
    [table] = blueprint(
        {
            "aws_dynamodb_table.this": {
                "arn": "arn:aws:dynamodb:eu-west-1:1:table/carts",
                "name": "carts",
                "billing_mode": "PROVISIONED",
                "read_capacity": 2,
                "write_capacity": 3,
                "hash_key": "id",
                "range_key": "at",
                "attribute": [{"name": "id", "type": "S"}, {"name": "at", "type": "N"}],
                "global_secondary_index": [
                    {"name": "by_at", "hash_key": "at", "range_key": None,
                     "projection_type": "INCLUDE", "non_key_attributes": ["b", "a"],
                     "read_capacity": 1, "write_capacity": 1}
                ],
                "local_secondary_index": [
                    {"name": "local", "range_key": "at", "projection_type": "KEYS_ONLY"}
                ],
                "stream_enabled": True,
                "stream_view_type": "KEYS_ONLY",
                "ttl": [{"enabled": True, "attribute_name": "expires"}],
            }
        }
    ).tables  # fmt: skip
    made = table.definition
    assert made["ProvisionedThroughput"] == {"ReadCapacityUnits": 2, "WriteCapacityUnits": 3}
    assert [key["KeyType"] for key in made["KeySchema"]] == ["HASH", "RANGE"]
    [index] = made["GlobalSecondaryIndexes"]
    assert index["Projection"] == {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["a", "b"]}
    [local] = made["LocalSecondaryIndexes"]
    assert [key["AttributeName"] for key in local["KeySchema"]] == ["id", "at"]
    assert made["StreamSpecification"]["StreamViewType"] == "KEYS_ONLY"
    assert table.ttl_attribute == "expires"


def test_a_table_on_demand_has_no_throughput(blueprint) -> None:
    [table] = blueprint(
        {
            "aws_dynamodb_table.this": {
                "arn": "arn:t", "name": "t", "billing_mode": "PAY_PER_REQUEST", "hash_key": "id",
                "attribute": [{"name": "id", "type": "S"}], "ttl": [{"enabled": False}],
            }
        }
    ).tables  # fmt: skip
    assert "ProvisionedThroughput" not in table.definition
    assert table.ttl_attribute == ""


def test_a_parameter_does_not_show_its_value(blueprint) -> None:
    [parameter] = blueprint(
        {
            "aws_ssm_parameter.this": {
                "arn": "arn:p", "name": "/a", "type": "SecureString", "value": "hunter22",
            }
        }
    ).parameters  # fmt: skip
    assert parameter.value == "hunter22"
    assert "hunter22" not in repr(parameter)


def test_the_filters_of_a_subscription(blueprint) -> None:
    [topic] = blueprint(
        {
            "aws_sns_topic.this": {"arn": "arn:t", "name": "t"},
            "aws_sns_topic_subscription.this": {
                "topic_arn": "arn:t", "protocol": "sqs", "endpoint": "arn:q",
                "raw_message_delivery": True, "filter_policy": "{}", "redrive_policy": None,
            },
        }
    ).topics  # fmt: skip
    assert topic.subscriptions[0].attributes == (
        ("FilterPolicy", "{}"), ("RawMessageDelivery", "true"),
    )  # fmt: skip
