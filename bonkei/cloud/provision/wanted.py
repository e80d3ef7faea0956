"""From the blueprint to the things that have to be there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from xml.sax.saxutils import escape

from bonkei.blueprint import Blueprint
from bonkei.blueprint.bucket import Bucket
from bonkei.blueprint.key import Key
from bonkei.blueprint.notification import Topic
from bonkei.blueprint.storage import Parameter, Queue, Table
from bonkei.cloud.provision.step import JsonStep, QueryStep, S3Step, Step, Thing, Unless

FALLBACK_REGION = "us-east-1"
_S3_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
_FIXED = frozenset({"FifoQueue"})  # cannot be changed later


def wanted(blueprint: Blueprint, region: str) -> tuple[Thing, ...]:
    """Everything that is declared, in an order in which it can be made."""
    return (
        *map(_key, blueprint.keys),
        *(_bucket(bucket, region) for bucket in blueprint.buckets),
        # A queue's redrive policy names another queue, so all are there before any has one.
        *(_queue(queue, first=True) for queue in blueprint.queues),
        *(_queue(queue, first=False) for queue in blueprint.queues),
        *map(_topic, blueprint.topics),
        *map(_table, blueprint.tables),
        *map(_parameter, blueprint.parameters),
    )


def _key(key: Key) -> Thing:
    tags = [{"TagKey": "bonkei:key-id", "TagValue": key.id}]
    aliases = [
        JsonStep(
            "kms",
            "TrentService.CreateAlias",
            {"AliasName": alias, "TargetKeyId": key.id},
            frozenset({"AlreadyExistsException"}),
        )
        for alias in key.aliases
    ]
    there = JsonStep("kms", "TrentService.DescribeKey", {"KeyId": key.id})
    make = JsonStep("kms", "TrentService.CreateKey", {"Tags": tags, "Description": key.address})
    return Thing("key", key.id, key.address, region_of(key.arn), (Unless(there, make), *aliases))


def _bucket(bucket: Bucket, region: str) -> Thing:
    location = (
        f'<CreateBucketConfiguration xmlns="{_S3_NAMESPACE}"><LocationConstraint>{region}'
        "</LocationConstraint></CreateBucketConfiguration>"
    )
    there = frozenset({"BucketAlreadyOwnedByYou", "BucketAlreadyExists"})
    path = f"/{bucket.name}"
    steps: list[Step] = [S3Step("PUT", path, "" if region == "us-east-1" else location, there)]
    status = "Enabled" if bucket.versioned else ""
    if status:
        steps.append(
            S3Step(
                "PUT",
                f"{path}?versioning",
                f'<VersioningConfiguration xmlns="{_S3_NAMESPACE}"><Status>{status}</Status>'
                "</VersioningConfiguration>",
            )
        )
    if bucket.encryption:
        key = bucket.kms_key_id
        master = f"<KMSMasterKeyID>{escape(key)}</KMSMasterKeyID>" if key else ""
        steps.append(
            S3Step(
                "PUT",
                f"{path}?encryption",
                f'<ServerSideEncryptionConfiguration xmlns="{_S3_NAMESPACE}"><Rule>'
                "<ApplyServerSideEncryptionByDefault>"
                f"<SSEAlgorithm>{bucket.encryption}</SSEAlgorithm>{master}"
                "</ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>",
            )
        )
    # S3 refuses to delete a bucket that holds something; so does this one.
    end = S3Step("DELETE", path, "", frozenset({"NoSuchBucket"}))
    return Thing("bucket", bucket.name, bucket.address, region, tuple(steps), end=(end,))


def _queue(queue: Queue, *, first: bool) -> Thing:
    url = f"http://localhost/{queue.arn.split(':')[4]}/{queue.name}"
    fixed = {name: value for name, value in queue.attributes.items() if name in _FIXED}
    if first:
        make = JsonStep(
            "sqs", "AmazonSQS.CreateQueue", {"QueueName": queue.name, "Attributes": fixed},
            frozenset({"QueueNameExists", "com.amazonaws.sqs#QueueNameExists"}),
        )  # fmt: skip
        gone = frozenset(
            {"QueueDoesNotExist", "com.amazonaws.sqs#QueueDoesNotExist",
             "AWS.SimpleQueueService.NonExistentQueue"}
        )  # fmt: skip
        end = JsonStep("sqs", "AmazonSQS.DeleteQueue", {"QueueUrl": url}, gone)
        return Thing("queue", queue.name, queue.address, region_of(queue.arn), (make,), end=(end,))
    rest = {name: value for name, value in queue.attributes.items() if name not in _FIXED}
    change = JsonStep("sqs", "AmazonSQS.SetQueueAttributes", {"QueueUrl": url, "Attributes": rest})
    return Thing(
        "queue-attributes",
        queue.name,
        queue.address,
        region_of(queue.arn),
        (change,) if rest else (),
    )


def _topic(topic: Topic) -> Thing:
    fifo = {}
    if topic.name.endswith(".fifo"):
        fifo = {"Attributes.entry.1.key": "FifoTopic", "Attributes.entry.1.value": "true"}
    make = QueryStep(
        "sns",
        {"Action": "CreateTopic", "Name": topic.name, **fifo},
    )
    end = QueryStep(
        "sns", {"Action": "DeleteTopic", "TopicArn": topic.arn}, frozenset({"NotFound"})
    )
    return Thing(
        "topic",
        topic.name,
        topic.address,
        region_of(topic.arn),
        (make, *_subscriptions(topic)),
        end=(end,),
    )


def _subscriptions(topic: Topic) -> Iterator[Step]:
    for subscription in topic.subscriptions:
        if subscription.protocol == "sqs":
            attributes = {}
            for number, (name, value) in enumerate(subscription.attributes, start=1):
                attributes[f"Attributes.entry.{number}.key"] = name
                attributes[f"Attributes.entry.{number}.value"] = value
            yield QueryStep(
                "sns",
                {
                    "Action": "Subscribe",
                    "TopicArn": topic.arn,
                    "Protocol": "sqs",
                    "Endpoint": subscription.endpoint,
                    **attributes,
                },
            )


def _table(table: Table) -> Thing:
    steps: list[Step] = [
        JsonStep(
            "dynamodb",
            "DynamoDB_20120810.CreateTable",
            table.definition,
            frozenset({"ResourceInUseException"}),
        )
    ]
    if table.ttl_attribute:
        specification = {"Enabled": True, "AttributeName": table.ttl_attribute}
        content = {"TableName": table.name, "TimeToLiveSpecification": specification}
        already = frozenset({"ValidationException"})
        steps.append(JsonStep("dynamodb", "DynamoDB_20120810.UpdateTimeToLive", content, already))
    end = JsonStep(
        "dynamodb", "DynamoDB_20120810.DeleteTable", {"TableName": table.name},
        frozenset({"ResourceNotFoundException"}),
    )  # fmt: skip
    return Thing("table", table.name, table.address, region_of(table.arn), tuple(steps), end=(end,))


def _parameter(parameter: Parameter) -> Thing:
    content = {
        "Name": parameter.name,
        "Type": parameter.type,
        "Value": parameter.value,
        "Description": parameter.description,
    }
    if parameter.key_id:
        content["KeyId"] = parameter.key_id
    put, there = "AmazonSSM.PutParameter", frozenset({"ParameterAlreadyExists"})
    end = JsonStep(
        "ssm", "AmazonSSM.DeleteParameter", {"Name": parameter.name},
        frozenset({"ParameterNotFound"}),
    )  # fmt: skip
    return Thing(
        "parameter",
        parameter.name,
        parameter.address,
        region_of(parameter.arn),
        # What a program has put there stays, until the definition says something else.
        (JsonStep("ssm", put, {**content, "Overwrite": False}, there),),
        changes=(JsonStep("ssm", put, {**content, "Overwrite": True}),),
        end=(end,),
    )


def region_of(arn: str) -> str:
    """The region in an ARN; empty when there is none."""
    return (arn.split(":") + [""] * 4)[3]


def find_region(blueprint: Blueprint) -> str:
    """The region of most of what is declared."""
    regions = Counter(region for arn in blueprint.arns if (region := region_of(arn)))
    return regions.most_common(1)[0][0] if regions else FALLBACK_REGION
