"""Calls that AWS's services make themselves: logs into buckets, events to topics, topics to
functions, images for tasks.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bonkei.analysis.policy.needs import LAMBDA_NETWORK
from bonkei.base.aws_service import AwsServiceError
from bonkei.blueprint import Blueprint
from bonkei.blueprint.ecs import Container, TaskDefinition
from bonkei.blueprint.iam import PolicyStatement, Role
from bonkei.blueprint.kms import Key
from bonkei.blueprint.lambda_.function import Function
from bonkei.blueprint.logs.log_group import LogResourcePolicy
from bonkei.blueprint.s3 import Bucket, BucketSetting
from bonkei.blueprint.sns import Topic
from bonkei.blueprint.state.error import BlueprintError
from bonkei.blueprint.storage import Queue
from bonkei.config import Enforce
from bonkei.miniature.parts.lambda_.functions import require_network
from bonkei.services.endpoint.asking import Asking
from bonkei.services.endpoint.identity.credentials import Issuer
from bonkei.services.endpoint.permission.authorizer import Authorizer
from bonkei.services.endpoint.permission.estate import Estate, read_others
from bonkei.services.endpoint.permission.ledger import Ledger, read_denials
from bonkei.services.endpoint.permission.notifications import permitted
from bonkei.services.endpoint.permission.requirement import Place

ACCOUNT = "123456789012"
DELIVERY = "delivery.logs.amazonaws.com"
OBJECT = "arn:aws:s3:::logs/AWSLogs/a.gz"
TOPIC, RULE = f"arn:aws:sns:eu-west-1:{ACCOUNT}:news", f"arn:aws:events:eu-west-1:{ACCOUNT}:rule/r"
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/k"
FUNCTION = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:f"
GROUP = f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:/events:*"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/start"
IMAGE = f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/web:1"
REPOSITORY = f"arn:aws:ecr:eu-west-1:{ACCOUNT}:repository/web"


def lets(
    service: str,
    action: str,
    on: str = "*",
    *conditions: tuple[str, str, str],
    kind: str = "Service",
) -> PolicyStatement:
    return PolicyStatement(
        "x.policy", "Allow", (action,), resources=(on,), principals=((kind, service),),
        conditions=conditions,
    )  # fmt: skip


def bucket(*policy: PolicyStatement, key: str = "") -> Blueprint:
    return Blueprint(
        buckets=(Bucket("b", "arn:aws:s3:::logs", "logs", kms_key_id=key, policy=policy),)
    )


def topic(*policy: PolicyStatement, key: str = "") -> Blueprint:
    return Blueprint(topics=(Topic("t", TOPIC, "news", key, policy),))


def keys(*policy: PolicyStatement) -> tuple[Key, ...]:
    return (Key("k", KEY, "k", policy=policy),)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path


def asking(blueprint: Blueprint, directory: Path, enforce: Enforce = "on") -> Asking:
    authorizer = Authorizer(enforce, Ledger(directory))
    authorizer.use(Estate(blueprint, Place(ACCOUNT, "eu-west-1")))
    return Asking(authorizer, Issuer(b"k" * 32, ACCOUNT))


SOURCE = ("ArnLike", "aws:SourceArn", RULE)
MINE = ("StringEquals", "aws:SourceAccount", ACCOUNT)


@pytest.mark.parametrize(
    ("blueprint", "ask"),
    [
        (bucket(lets(DELIVERY, "s3:PutObject", "arn:aws:s3:::logs/*", MINE)),
         (DELIVERY, "s3:PutObject", OBJECT)),
        (topic(lets("events.amazonaws.com", "sns:Publish", TOPIC, SOURCE)),
         ("events.amazonaws.com", "sns:Publish", TOPIC, RULE)),
        # SNS's default policy admits the account's alarms: "Amazon SNS access control use cases".
        (topic(), ("cloudwatch.amazonaws.com", "sns:Publish", TOPIC)),
        (replace(topic(key="k"), keys=keys(lets("cloudwatch.amazonaws.com", "kms:*"))),
         ("cloudwatch.amazonaws.com", "sns:Publish", TOPIC)),
        (Blueprint(log_resource_policies=(LogResourcePolicy("p", "p", (
            '{"Statement": {"Effect": "Allow", "Action": "logs:PutLogEvents", "Resource": "*",'
            ' "Principal": {"Service": "events.amazonaws.com"}}}')),)),
         ("events.amazonaws.com", "logs:PutLogEvents", GROUP)),
        # Nothing is decided about resources that the definitions do not have.
        (Blueprint(), (DELIVERY, "s3:PutObject", OBJECT)),
    ],
)  # fmt: skip
def test_an_admitted_service(blueprint: Blueprint, ask: tuple[str, ...], directory: Path) -> None:
    assert asking(blueprint, directory).service(*ask) == ""  # type: ignore[arg-type]
    assert read_denials(directory / "denied.jsonl") == ()


@pytest.mark.parametrize(
    ("blueprint", "ask", "about"),
    [
        (bucket(), (DELIVERY, "s3:PutObject", OBJECT), "s3:PutObject"),
        (bucket(lets(DELIVERY, "s3:PutObject", "arn:aws:s3:::logs/other/*")),
         (DELIVERY, "s3:PutObject", OBJECT), "s3:PutObject"),
        (topic(), ("events.amazonaws.com", "sns:Publish", TOPIC), "sns:Publish"),
        (topic(lets("events.amazonaws.com", "sns:Publish", TOPIC, SOURCE)),
         ("events.amazonaws.com", "sns:Publish", TOPIC, RULE + "2"), "sns:Publish"),
        # "Enable compatibility between event sources … and encrypted topics" (Amazon SNS).
        (replace(topic(key="k"), keys=keys()),
         ("cloudwatch.amazonaws.com", "sns:Publish", TOPIC), "kms:GenerateDataKey"),
        (Blueprint(functions=(Function("f", FUNCTION, "f", "python3.13", "a.b", ROLE, 3, 128),)),
         ("sns.amazonaws.com", "lambda:InvokeFunction", FUNCTION), "lambda:InvokeFunction"),
        (Blueprint(), ("events.amazonaws.com", "logs:PutLogEvents", GROUP), "logs:PutLogEvents"),
    ],
)  # fmt: skip
def test_a_service_without_permission(
    blueprint: Blueprint, ask: tuple[str, ...], about: str, directory: Path
) -> None:
    message = asking(blueprint, directory).service(*ask)  # type: ignore[arg-type]
    assert message.startswith(f"User: {ask[0]} is not authorized to perform: {about} on resource: ")
    assert message.endswith(f"because no resource-based policy allows the {about} action")
    [kept] = read_denials(directory / "denied.jsonl")
    assert (kept["caller"], kept["action"], kept["enforced"]) == (ask[0], about, True)


def test_a_service_that_acts_as_an_account_of_aws(directory: Path) -> None:
    """An older policy names an account for each region, not the service: "Enable access logs for
    your Application Load Balancer".
    """
    policy = lets("arn:aws:iam::156460612806:root", "s3:PutObject", kind="AWS")
    asks = asking(bucket(policy), directory)
    ask = ("logdelivery.elasticloadbalancing.amazonaws.com", "s3:PutObject", OBJECT, "")
    assert asks.service(*ask, accounts=("156460612806",)) == ""
    assert asks.service(*ask)


def test_report_mode_allows_and_records(directory: Path) -> None:
    assert asking(bucket(), directory, "report").service(DELIVERY, "s3:PutObject", OBJECT) == ""
    [kept] = read_denials(directory / "denied.jsonl")
    assert kept["enforced"] is False
    assert asking(bucket(), directory, "off").service(DELIVERY, "s3:PutObject", OBJECT) == ""
    assert len(read_denials(directory / "denied.jsonl")) == 1


PULL = ("ecr:GetAuthorizationToken", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
TASK = TaskDefinition("d", "arn", "web", 1, 256, 512, (Container("web", IMAGE),), ROLE)


@pytest.mark.parametrize("missing", ["", *PULL])
def test_an_image_is_pulled_by_the_execution_role(missing: str, directory: Path) -> None:
    actions = tuple(each for each in PULL if each != missing)
    statement = PolicyStatement("aws_iam_role_policy.p", "Allow", actions, resources=("*",))
    role = Role("aws_iam_role.start", ROLE, "start", (), (statement,))
    message = asking(Blueprint(roles=(role,)), directory).may_pull(TASK)
    assert (f"is not authorized to perform: {missing} " in message) if missing else message == ""


BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/boundary"


@pytest.mark.parametrize(("boundary", "allowed"), [("s3:*", True), ("sqs:*", False)])
def test_a_boundary_from_elsewhere(boundary: str, allowed: bool, directory: Path) -> None:
    statement = PolicyStatement(
        "aws_iam_role_policy.p", "Allow", ("s3:GetObject",), resources=("*",)
    )
    role = Role("aws_iam_role.start", ROLE, "start", (), (statement,),
                permissions_boundary=BOUNDARY)  # fmt: skip
    place, blueprint = Place(ACCOUNT, "eu-west-1"), Blueprint(roles=(role,))
    unknown = Estate(blueprint, place)
    [named] = unknown.undecided()
    assert named.startswith("the calls of start are not decided")
    assert BOUNDARY in named

    file = directory / "boundary.json"
    file.write_text(
        f'{{"Statement": {{"Effect": "Allow", "Action": "{boundary}", "Resource": "*"}}}}'
    )
    estate = Estate(blueprint, place, read_others({BOUNDARY: file}))
    assert estate.undecided() == ()
    authorizer = Authorizer("on", Ledger(directory))
    authorizer.use(estate)
    asks = Asking(authorizer, Issuer(b"k" * 32, ACCOUNT))
    message = asks.role(ROLE, "x", "s3:GetObject", OBJECT)
    assert (message == "") is allowed
    assert allowed or message.endswith(
        "because no permissions boundary allows the s3:GetObject action"
    )
    file.write_text("{")
    with pytest.raises(BlueprintError, match="not JSON"):
        read_others({BOUNDARY: file})
    one = {"Effect": "Allow", "Action": "*", "Resource": "*",
           "Condition": {"StringEqual": {"a": "b"}}}  # fmt: skip
    file.write_text(json.dumps({"Statement": one}))
    with pytest.raises(BlueprintError, match=r"StringEqual is not a condition operator"):
        read_others({BOUNDARY: file})


@pytest.mark.parametrize("missing", ["", "ec2:CreateNetworkInterface", "ec2:DescribeSubnets"])
def test_a_function_in_a_vpc_needs_a_network_interface(missing: str, directory: Path) -> None:
    """ "Giving Lambda functions access to resources in an Amazon VPC"."""
    actions = tuple(each for each in LAMBDA_NETWORK if each != missing)
    statement = PolicyStatement("aws_iam_role_policy.p", "Allow", actions, resources=("*",))
    role = Role("aws_iam_role.start", ROLE, "start", (), (statement,))
    asks = asking(Blueprint(roles=(role,)), directory)
    if not missing:
        require_network(asks, ROLE, "f")
        return
    with pytest.raises(AwsServiceError, match=f"perform: {missing} because") as caught:
        require_network(asks, ROLE, "f")
    assert (caught.value.code, caught.value.status) == ("EC2AccessDeniedException", 502)


QUEUE = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:orders"


@pytest.mark.parametrize("let_in", [True, False])
def test_a_bucket_notifies_only_targets_that_admit_s3(let_in: bool, directory: Path) -> None:
    """ "Granting permissions to publish event notification messages to a destination"."""
    statement = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": QUEUE,
                 "Principal": {"Service": "s3.amazonaws.com"},
                 "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::logs"}}}  # fmt: skip
    attributes = {"Policy": json.dumps({"Statement": statement})} if let_in else {}
    queue = Queue("aws_sqs_queue.q", QUEUE, "orders", attributes)
    wanted = {"QueueConfiguration": [{"Queue": QUEUE, "Event": ["s3:ObjectCreated:*"]}]}
    setting = BucketSetting("notification", "NotificationConfiguration", wanted)
    found = replace(bucket().buckets[0], settings=(setting,))
    asks = asking(Blueprint(queues=(queue,)), directory)
    made, notes = permitted(found, asks.service)
    assert bool(made.settings[0].document["QueueConfiguration"]) is let_in
    assert len(notes) == (0 if let_in else 1)
    assert let_in or "Unable to validate the following destination" in notes[0]


def test_what_a_role_has_used_is_known_after_a_restart(directory: Path) -> None:
    """A damaged list begins empty."""
    ledger = Ledger(directory)
    ledger.use(ROLE, "s3:GetObject", OBJECT)
    again = Ledger(directory)
    again.open()
    assert again.used() == {ROLE: {"s3:GetObject": [OBJECT]}} == ledger.used()
    again.used_file.write_bytes(again.used_file.read_bytes().replace(b"Get", b"Put"))
    damaged = Ledger(directory)
    damaged.open()
    assert damaged.used() == {}
