"""Policies that calls write decide like declared ones, and end as they are ended."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from bonkei.base import kept
from bonkei.blueprint.iam import PolicyStatement, Role
from bonkei.blueprint.s3 import Bucket
from bonkei.blueprint.sns import Topic
from bonkei.blueprint.storage import Queue
from bonkei.services.console.views import denials
from bonkei.services.endpoint.permission.ledger import read_denials
from bonkei.services.sns import api
from bonkei.services.sns.topics import Topics
from tests.bonkei.services.endpoint.rigs import ACCOUNT, DECLARED, Rig, arn

WRITER = f"arn:aws:iam::{ACCOUNT}:role/writer"
STRANGER = f"arn:aws:iam::{ACCOUNT}:role/stranger"


def role(name: str, *actions: str) -> Role:
    allow = PolicyStatement("aws_iam_role_policy.p", "Allow", actions, resources=("*",))
    own = f"arn:aws:iam::{ACCOUNT}:role/{name}"
    return Role("aws_iam_role.r", own, name, (), (allow,) if actions else ())


def document(effect: str, action: str, resource: str, who: str = "*", **more: Any) -> str:
    statement = {"Effect": effect, "Principal": {"AWS": who}, "Action": action} | more
    return json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Resource": resource, **statement}]}
    )  # fmt: skip


OBJECTS = "arn:aws:s3:::shop/*"
CLOSED = PolicyStatement(
    "aws_s3_bucket_policy.c", "Deny", ("s3:PutObject",), resources=("arn:aws:s3:::closed/*",),
    principals=(("*", "*"),),
)  # fmt: skip
TOLD = document("Deny", "sqs:SendMessage", arn("sqs", "told"))
BLUEPRINT = replace(
    DECLARED,
    buckets=(
        *DECLARED.buckets,
        Bucket("aws_s3_bucket.c", "arn:aws:s3:::closed", "closed", policy=(CLOSED,)),
    ),
    queues=(
        *DECLARED.queues,
        Queue("aws_sqs_queue.told", arn("sqs", "told"), "told", {"Policy": TOLD}),
    ),
    topics=(Topic("aws_sns_topic.news", arn("sns", "news"), "news"),),
    roles=(role("writer", "s3:*", "sqs:*", "sns:*"), role("stranger")),
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("written")


class Parts:
    """One home, and its miniature, which can be started again."""

    def __init__(self, start: Callable[..., Rig], home: Path) -> None:
        self._start, self._home = start, home
        self.start()

    def start(self) -> None:
        nothing: Any = None
        topics = Topics(self._home / "topics", nothing, print)
        topics.apply(BLUEPRINT)
        services = {"sns": api.service(topics)}
        self.rig = self._start(self._home, BLUEPRINT, services)

    def again(self) -> None:
        self.rig.do(self.rig.cloud.stop())
        self.start()

    def client(self, service: str, who: str = "writer") -> Any:
        return self.rig.client(service, who)


@pytest.fixture(scope="module")
def rigs(start: Callable[..., Rig], home: Path) -> Parts:
    return Parts(start, home)


def code(call: Callable[..., Any], **given: Any) -> str:
    try:
        call(**given)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


def delete(rigs: Parts) -> str:
    return code(rigs.client("s3").delete_object, Bucket="shop", Key="a")


def test_a_buckets_policy(rigs: Parts) -> None:
    s3 = rigs.client("s3")
    assert delete(rigs) == ""
    s3.put_bucket_policy(Bucket="shop", Policy=document("Deny", "s3:DeleteObject", OBJECTS))
    assert delete(rigs) == "AccessDenied"
    [*_, last] = read_denials(rigs.rig.cloud.settings.directory / "denied.jsonl")
    assert denials.looked_at(last) == (("arn:aws:s3:::shop", ""),)
    rigs.again()
    assert delete(rigs) == "AccessDenied"
    s3 = rigs.client("s3")
    s3.put_bucket_policy(Bucket="shop", Policy=document("Allow", "s3:Get*", OBJECTS, STRANGER))
    assert delete(rigs) == ""
    s3.put_object(Bucket="shop", Key="a", Body=b"1")
    other = rigs.client("s3", "stranger")
    assert other.get_object(Bucket="shop", Key="a")["Body"].read() == b"1"
    s3.delete_bucket_policy(Bucket="shop")
    assert code(other.get_object, Bucket="shop", Key="a") == "AccessDenied"


def test_a_bucket_that_a_call_has_made(rigs: Parts) -> None:
    s3 = rigs.client("s3")
    s3.create_bucket(
        Bucket="made", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )  # fmt: skip
    s3.put_bucket_policy(
        Bucket="made", Policy=document("Deny", "s3:PutObject", "arn:aws:s3:::made/*")
    )  # fmt: skip
    assert code(s3.put_object, Bucket="made", Key="a", Body=b"") == "AccessDenied"
    s3.delete_bucket(Bucket="made")
    s3.create_bucket(
        Bucket="made", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )  # fmt: skip
    assert code(s3.put_object, Bucket="made", Key="a", Body=b"") == ""


def test_a_declared_policy_that_a_call_replaces_until_it_is_applied_again(rigs: Parts) -> None:
    s3, sqs = rigs.client("s3"), rigs.client("sqs")
    url = sqs.get_queue_url(QueueName="told")["QueueUrl"]

    def refused() -> tuple[str, str]:
        send = code(sqs.send_message, QueueUrl=url, MessageBody="x")
        return code(s3.put_object, Bucket="closed", Key="a", Body=b""), send

    assert refused() == ("AccessDenied", "AccessDeniedException")
    s3.delete_bucket_policy(Bucket="closed")
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})
    assert refused() == ("", "")
    rigs.rig.do(rigs.rig.cloud.apply(BLUEPRINT))
    assert refused() == ("AccessDenied", "AccessDeniedException")


def test_the_owner_is_never_locked_out_of_a_buckets_policy(rigs: Parts) -> None:
    """ "PutBucketPolicy": the root user of the account always has these three."""
    owner, writer = rigs.client("s3", ""), rigs.client("s3")
    deny = document("Deny", "s3:*", "arn:aws:s3:::shop")
    owner.put_bucket_policy(Bucket="shop", Policy=deny)
    assert code(writer.get_bucket_policy, Bucket="shop") == "AccessDenied"
    assert code(owner.list_objects_v2, Bucket="shop") == "AccessDenied"
    assert owner.get_bucket_policy(Bucket="shop")["Policy"] == deny
    owner.put_bucket_policy(Bucket="shop", Policy=deny)
    owner.delete_bucket_policy(Bucket="shop")
    assert code(owner.list_objects_v2, Bucket="shop") == ""


def test_a_queues_policy(rigs: Parts) -> None:
    sqs = rigs.client("sqs")
    queue = arn("sqs", "made")
    deny = document("Deny", "sqs:SendMessage", queue)
    url = sqs.create_queue(QueueName="made", Attributes={"Policy": deny})["QueueUrl"]
    given = {"QueueUrl": url, "MessageBody": "x"}
    assert code(sqs.send_message, **given) == "AccessDeniedException"
    rigs.again()
    sqs, other = rigs.client("sqs"), rigs.client("sqs", "stranger")
    url = given["QueueUrl"] = sqs.get_queue_url(QueueName="made")["QueueUrl"]
    assert code(sqs.send_message, **given) == "AccessDeniedException"
    allow = document("Allow", "sqs:SendMessage", queue, STRANGER)
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": allow})
    assert code(other.send_message, **given) == ""
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})
    assert code(other.send_message, **given) == "AccessDeniedException"
    sqs.add_permission(
        QueueUrl=url, Label="all", AWSAccountIds=[ACCOUNT], Actions=["SendMessage"]
    )  # fmt: skip
    shown = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]
    assert rigs.rig.cloud._written.of(queue) == shown["Policy"]
    sqs.remove_permission(QueueUrl=url, Label="all")
    assert rigs.rig.cloud._written.of(queue) is None


def test_a_queue_of_the_same_name_in_another_region_has_a_policy_of_its_own(rigs: Parts) -> None:
    here = rigs.client("sqs")
    environment = rigs.rig.cloud.callers.person("writer", "")
    there = boto3.client(
        "sqs", endpoint_url=rigs.rig.url, region_name="us-west-2",
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=environment["AWS_SESSION_TOKEN"],
    )  # fmt: skip
    url = here.create_queue(QueueName="twin")["QueueUrl"]
    deny = document("Deny", "sqs:SendMessage", f"arn:aws:sqs:us-west-2:{ACCOUNT}:twin")
    there.create_queue(QueueName="twin", Attributes={"Policy": deny})
    given = {"QueueUrl": url, "MessageBody": "x"}
    assert (code(here.send_message, **given), code(there.send_message, **given)) == (
        "", "AccessDeniedException",
    )  # fmt: skip


def test_a_topics_policy(rigs: Parts) -> None:
    sns = rigs.client("sns")
    made = arn("sns", "made")
    deny = document("Deny", "sns:Publish", made)
    sns.create_topic(Name="made", Attributes={"Policy": deny})
    assert code(sns.publish, TopicArn=made, Message="x") == "AuthorizationError"
    news = arn("sns", "news")
    usual = sns.get_topic_attributes(TopicArn=news)["Attributes"]["Policy"]
    assert json.loads(usual)["Id"] == "__default_policy_ID"
    sns.set_topic_attributes(
        TopicArn=news, AttributeName="Policy",
        AttributeValue=document("Allow", "sns:Publish", news, STRANGER),
    )  # fmt: skip
    rigs.again()
    sns, other = rigs.client("sns"), rigs.client("sns", "stranger")
    assert code(sns.publish, TopicArn=made, Message="x") == "AuthorizationError"
    assert code(other.publish, TopicArn=news, Message="x") == ""
    sns.set_topic_attributes(TopicArn=news, AttributeName="Policy", AttributeValue=usual)
    assert code(other.publish, TopicArn=news, Message="x") == "AuthorizationError"


def test_permissions_of_a_topic(rigs: Parts) -> None:
    """As AWS's answers are recorded in LocalStack's tests of SNS."""
    sns = rigs.client("sns")
    topic = sns.create_topic(Name="shared")["TopicArn"]
    given = {"TopicArn": topic, "Label": "test", "AWSAccountId": [ACCOUNT]}

    def statements() -> Any:
        found = sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"]
        return json.loads(found)["Statement"]

    usual = statements()
    sns.add_permission(**given, ActionName=["Publish"])
    assert statements() == [
        *usual,
        {"Sid": "test", "Effect": "Allow", "Action": "SNS:Publish", "Resource": topic,
         "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}},
    ]  # fmt: skip
    for wrong, said in (
        ({}, "Invalid parameter: Statement already exists"),
        ({"Label": "b", "ActionName": ["Perhaps"]},
         "Invalid parameter: Policy statement action out of service scope!"),
        ({"TopicArn": f"{topic}-not"}, "Topic does not exist"),
    ):  # fmt: skip
        with pytest.raises(ClientError) as caught:
            sns.add_permission(**{**given, "ActionName": ["Publish"], **wrong})
        assert caught.value.response["Error"]["Message"] == said
    sns.remove_permission(TopicArn=topic, Label="test")
    assert statements() == usual


def test_a_policy_that_the_disk_does_not_take_is_an_error(
    rigs: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    s3, policy = rigs.client("s3"), document("Deny", "s3:DeleteObject", OBJECTS)
    with monkeypatch.context() as patch:
        patch.setattr(kept, "write", full)
        assert code(s3.put_bucket_policy, Bucket="shop", Policy=policy) == "InternalError"
    s3.put_bucket_policy(Bucket="shop", Policy=policy)
    assert delete(rigs) == "AccessDenied"
    s3.delete_bucket_policy(Bucket="shop")


def without(name: str, text: str = document("Allow", "s3:Get*", OBJECTS)) -> str:
    policy = json.loads(text)
    del policy["Statement"][0][name]
    return json.dumps(policy)


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ("", "Policies must be valid JSON and the first byte must be '{'"),
        ("invalid json", "Policies must be valid JSON and the first byte must be '{'"),
        ("{}", "Missing required field Statement"),
        (without("Principal"), "Missing required field Principal"),
        (without("Resource"), "Missing required field Resource"),
        (without("Action"), "Missing required field Action"),
        (document("Allow", "s3:Get*", OBJECTS, "me"), "Invalid principal in policy"),
        (document("Allow", "sqs:*", OBJECTS), "Policy has invalid action"),
        (document("Allow", "s3:*", "arn:aws:s3:::other/*"), "Policy has invalid resource"),
        (document("Allow", "s3:*", OBJECTS, Condition={"Like": {"a": "b"}}),
         "Invalid Condition type : Like"),
        (document("Allow", "s3:*", OBJECTS, Sid="x" * 20_480),
         "Policy exceeds the maximum allowed document size."),
    ],
)  # fmt: skip
def test_a_document_that_is_not_a_buckets_policy(rigs: Parts, policy: str, said: str) -> None:
    with pytest.raises(ClientError) as caught:
        rigs.client("s3").put_bucket_policy(Bucket="shop", Policy=policy)
    error = caught.value.response["Error"]
    assert (error["Code"], error["Message"]) == ("MalformedPolicy", said)


@pytest.mark.parametrize("policy", ["no", "{}", without("Principal"), without("Action")])
def test_a_document_that_is_not_a_policy_of_another_resource(rigs: Parts, policy: str) -> None:
    sns, sqs = rigs.client("sns"), rigs.client("sqs")
    url = sqs.get_queue_url(QueueName="orders")["QueueUrl"]
    attributes = {"Policy": policy}
    for call, given, expected in (
        (sqs.set_queue_attributes, {"QueueUrl": url}, "InvalidAttributeValue"),
        (sqs.create_queue, {"QueueName": "another"}, "InvalidAttributeValue"),
        (sns.create_topic, {"Name": "another"}, "InvalidParameter"),
    ):
        assert code(call, Attributes=attributes, **given) == expected
    news = {"TopicArn": arn("sns", "news"), "AttributeName": "Policy"}
    assert code(sns.set_topic_attributes, **news, AttributeValue=policy) == "InvalidParameter"
