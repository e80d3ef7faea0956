"""Real clients as roles of the definitions: calls that AWS would deny are denied and recorded."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import boto3
import httpx
import over_http
import pytest
from botocore.exceptions import ClientError

from bonkei.base.aws_service import AwsCall, Operations
from bonkei.blueprint.ecs import TaskDefinition
from bonkei.blueprint.iam import PolicyStatement, Role
from bonkei.blueprint.s3 import Bucket
from bonkei.services.endpoint.calls.request import Request, Scope
from bonkei.services.endpoint.identity import browser_upload
from bonkei.services.endpoint.identity.signature import UNSIGNED, sign
from bonkei.services.endpoint.permission.ledger import read_denials
from tests.bonkei.services.endpoint.rigs import ACCOUNT, DECLARED, KEY_ID, SECRET, Rig, arn

READER = f"arn:aws:iam::{ACCOUNT}:role/reader"
PEOPLE = f"arn:aws:iam::{ACCOUNT}:role/people"
NAMED = f"arn:aws:iam::{ACCOUNT}:role/named"
LIMITED = f"arn:aws:iam::{ACCOUNT}:role/limited"
MEMBERS = f"arn:aws:iam::{ACCOUNT}:role/members"
OF_SETS = f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com"
KEY = arn("kms", f"key/{KEY_ID}")


def allow(*actions: str, on: tuple[str, ...] = ("*",)) -> PolicyStatement:
    return PolicyStatement("aws_iam_role_policy.reader", "Allow", actions, resources=on)


BLUEPRINT = replace(
    DECLARED,
    buckets=(
        *DECLARED.buckets,
        Bucket("aws_s3_bucket.sealed", "arn:aws:s3:::sealed", "sealed", "aws:kms", KEY),
        Bucket(
            "aws_s3_bucket.closed", "arn:aws:s3:::closed", "closed",
            policy=(PolicyStatement("aws_s3_bucket_policy.closed", "Deny", ("s3:PutObject",),
                                    resources=("arn:aws:s3:::closed/*",), principals=(("*", "*"),),
                                    sid="Closed"),),
        ),
    ),
    roles=(
        Role("aws_iam_role.reader", READER, "reader", (), (
            allow("s3:GetObject", "s3:PutObject", on=("arn:aws:s3:::shop/public/*",)),
            allow("s3:PutObject", on=("arn:aws:s3:::sealed/*", "arn:aws:s3:::closed/*")),
            allow("s3:DeleteObject", on=("arn:aws:s3:::shop/public/*",)),
            allow("dynamodb:GetItem", on=(arn("dynamodb", "table/carts"),)),
            allow("sqs:GetQueueUrl", on=(arn("sqs", "orders"),)),
            allow("ssm:GetParameter*", on=(arn("ssm", "parameter/shop/*"),)),
        )),
        Role("aws_iam_role.people", PEOPLE, "people", (PolicyStatement(
            "aws_iam_role.people", "Allow", ("sts:AssumeRole",),
            principals=(("AWS", f"arn:aws:iam::{ACCOUNT}:root"),),
            conditions=(("Bool", "aws:MultiFactorAuthPresent", "true"),),
        ),)),
        Role("aws_iam_role.named", NAMED, "named", (PolicyStatement(
            "aws_iam_role.named", "Allow", ("sts:AssumeRole",),
            principals=(("AWS", f"arn:aws:iam::{ACCOUNT}:user/friend"),),
            conditions=(("Bool", "aws:MultiFactorAuthPresent", "true"),),
        ),)),
        Role("aws_iam_role.members", MEMBERS, "members", (PolicyStatement(
            "aws_iam_role.members", "Allow", ("sts:AssumeRole",),
            principals=(("AWS", f"arn:aws:iam::{ACCOUNT}:root"),),
            conditions=(("ArnLike", "aws:PrincipalArn",
                         f"{OF_SETS}/AWSReservedSSO_Readers_????????????????"),),
        ),)),
        Role("aws_iam_role.limited", LIMITED, "limited", (PolicyStatement(
            "aws_iam_role.limited", "Allow", ("sts:AssumeRole",), principals=(("AWS", ACCOUNT),),
        ),), (allow("s3:PutObject", "s3:GetObject"),)),
        Role("aws_iam_role.odd", f"arn:aws:iam::{ACCOUNT}:role/odd", "odd", (),
             managed_policies=(("a", "arn:aws:iam::aws:policy/SomethingUnknown"),)),
    ),
)  # fmt: skip

TASK = TaskDefinition("aws_ecs_task_definition.t", "arn", "shop", 1, 256, 512, ())


@pytest.fixture(scope="module")
def guarded(start: Callable[..., Rig]) -> Rig:
    async def nothing(_call: AwsCall) -> Mapping[str, Any]:
        return {}

    return start(blueprint=BLUEPRINT, services={"sns": Operations({"Publish": nothing})})


def denied(call: Any, **options: Any) -> tuple[str, int, str]:
    with pytest.raises(ClientError) as caught:
        call(**options)
    answer = caught.value.response
    return (
        answer["Error"]["Code"],
        answer["ResponseMetadata"]["HTTPStatusCode"],
        answer["Error"]["Message"],
    )


def test_allowed_calls_are_answered(guarded: Rig) -> None:
    s3, ssm = guarded.client("s3", "reader"), guarded.client("ssm", "reader")
    s3.put_object(Bucket="shop", Key="public/a", Body=b"one")
    assert s3.get_object(Bucket="shop", Key="public/a")["Body"].read() == b"one"
    assert ssm.get_parameter(Name="/shop/a")["Parameter"]["Value"] == "one"
    guarded.client("dynamodb", "reader").get_item(TableName="carts", Key={"id": {"S": "1"}})
    assert guarded.client("sts", "reader").get_caller_identity()["Arn"].endswith("reader/bonkei")


def test_other_calls_are_denied_in_the_words_of_aws(guarded: Rig) -> None:
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/bonkei"
    s3 = guarded.client("s3", "reader")
    code, status, message = denied(s3.get_object, Bucket="shop", Key="private/a")
    assert (code, status) == ("AccessDenied", 403)
    assert message == (
        f"User: {session} is not authorized to perform: s3:GetObject on resource: "
        "arn:aws:s3:::shop/private/a because no identity-based policy allows the s3:GetObject "
        "action"
    )
    assert denied(s3.list_objects_v2, Bucket="shop")[:2] == ("AccessDenied", 403)
    assert denied(s3.put_object, Bucket="shop", Key="x", Body=b"1" * 100_000)[1] == 403
    dynamodb = guarded.client("dynamodb", "reader")
    code, status, _ = denied(dynamodb.put_item, TableName="carts", Item={"id": {"S": "1"}})
    assert (code, status) == ("AccessDeniedException", 400)
    secrets = guarded.client("secretsmanager", "reader")
    assert denied(secrets.get_secret_value, SecretId=SECRET)[0] == "AccessDeniedException"
    sqs = guarded.client("sqs", "reader")
    assert denied(sqs.list_queues)[0] == "AccessDeniedException"
    sns = guarded.client("sns", "reader")
    code, status, _ = denied(sns.publish, TopicArn=arn("sns", "news"), Message="x")
    assert (code, status) == ("AuthorizationError", 403)


def test_each_deleted_key_needs_permission(guarded: Rig) -> None:
    s3 = guarded.client("s3", "reader")
    s3.delete_objects(Bucket="shop", Delete={"Objects": [{"Key": "public/a"}]})
    s3.put_object(Bucket="shop", Key="public/a", Body=b"1")
    both = {"Objects": [{"Key": "public/a"}, {"Key": "private/b"}]}
    answer = s3.delete_objects(Bucket="shop", Delete=both)
    assert [each["Key"] for each in answer["Deleted"]] == ["public/a"]
    [error] = answer["Errors"]
    assert (error["Key"], error["Code"]) == ("private/b", "AccessDenied")
    assert "s3:DeleteObject on resource: arn:aws:s3:::shop/private/b" in error["Message"]
    quiet = {"Objects": [{"Key": "private/b", "VersionId": "v"}], "Quiet": True}
    answer = s3.delete_objects(Bucket="shop", Delete=quiet)
    assert "Deleted" not in answer
    assert "s3:DeleteObjectVersion" in answer["Errors"][0]["Message"]


def test_a_missing_object_is_a_404_only_with_permission_to_list(guarded: Rig) -> None:
    """GetObject, "Permissions" (Amazon S3 API Reference)."""
    s3 = guarded.client("s3", "reader")
    code, status, message = denied(s3.get_object, Bucket="shop", Key="public/none")
    assert (code, status) == ("AccessDenied", 403)
    assert "s3:ListBucket on resource: arn:aws:s3:::shop because" in message
    assert denied(s3.head_object, Bucket="shop", Key="public/none")[1] == 403
    person = guarded.client("s3")
    assert denied(person.get_object, Bucket="shop", Key="public/none")[:2] == ("NoSuchKey", 404)
    assert denied(person.get_object, Bucket="nowhere", Key="a")[:2] == ("NoSuchBucket", 404)


def test_an_object_under_a_customer_key_needs_permission_for_the_key(guarded: Rig) -> None:
    s3 = guarded.client("s3", "reader")
    message = denied(s3.put_object, Bucket="sealed", Key="a", Body=b"1")[2]
    assert f"kms:GenerateDataKey on resource: {KEY}" in message


def test_a_role_for_people_wants_a_second_factor(guarded: Rig) -> None:
    """ "AssumeRole", SerialNumber and TokenCode. What the role's session does then has no factor:
    "The temporary credentials returned by AssumeRole do not include MFA information in the
    context" ("Secure API access with MFA", IAM User Guide)."""
    assume = guarded.client("sts").assume_role
    asked = {"RoleArn": PEOPLE, "RoleSessionName": "me"}
    assert denied(assume, **asked)[:2] == ("AccessDenied", 403)
    device = f"arn:aws:iam::{ACCOUNT}:mfa/me"
    other = f"arn:aws:iam::{ACCOUNT[::-1]}:mfa/me"
    said = denied(assume, **asked, SerialNumber=other, TokenCode="123456")
    assert "MultiFactorAuthentication failed" in said[2]
    said = denied(assume, **asked, SerialNumber=device, TokenCode="12345x")
    assert said[:2] == ("ValidationError", 400)
    assert assume(**asked, SerialNumber=device, TokenCode="123456")["Credentials"]
    of_a_role = guarded.client("sts", "people").assume_role
    said = denied(of_a_role, **asked, SerialNumber=device, TokenCode="123456")
    assert said[0] == "AccessDenied"


def test_another_user_may_only_what_a_policy_names_them_for(guarded: Rig) -> None:
    """No policy of their own: a trust policy that names the user is enough, one that names the
    account is not."""
    device = {"SerialNumber": f"arn:aws:iam::{ACCOUNT}:mfa/friend", "TokenCode": "123456"}

    def assume(role: str, user: str, **more: str) -> Any:
        sts = guarded.client("sts", user=user)
        return sts.assume_role(RoleArn=role, RoleSessionName="me", **more)

    assert assume(NAMED, "friend", **device)["Credentials"]
    refused = [(NAMED, "friend", {}), (NAMED, "stranger", device), (PEOPLE, "friend", device)]
    for role, user, more in refused:
        said = denied(assume, role=role, user=user, **more)
        assert said[:2] == ("AccessDenied", 403)
        assert f"user/{user} is not authorized" in said[2]
    friends = guarded.client("s3", user="friend")
    assert denied(friends.list_objects_v2, Bucket="shop")[:2] == ("AccessDenied", 403)
    who = guarded.client("sts", user="friend").get_caller_identity()["Arn"]
    assert who == f"arn:aws:iam::{ACCOUNT}:user/friend"


def test_members_of_a_permission_set_may_assume_roles_and_nothing_else(guarded: Rig) -> None:
    def assume(members_of: str) -> Any:
        role = f"AWSReservedSSO_{members_of}_0123456789abcdef"
        sts = guarded.client("sts", role, "friend")
        return sts.assume_role(RoleArn=MEMBERS, RoleSessionName="me")

    assert assume("Readers")["Credentials"]
    assert denied(assume, members_of="Writers")[:2] == ("AccessDenied", 403)
    member = guarded.client("s3", "AWSReservedSSO_Readers_0123456789abcdef", "friend")
    assert denied(member.list_objects_v2, Bucket="shop")[:2] == ("AccessDenied", 403)


def test_a_buckets_policy_denies_explicitly(guarded: Rig) -> None:
    for role in ("reader", ""):  # the user at this machine, too
        s3 = guarded.client("s3", role)
        message = denied(s3.put_object, Bucket="closed", Key="a", Body=b"1")[2]
        assert message.endswith("with an explicit deny in a resource-based policy")


def test_nothing_is_decided_about_a_role_with_an_unknown_policy(guarded: Rig) -> None:
    assert guarded.client("s3", "odd").list_objects_v2(Bucket="shop")["KeyCount"] >= 0


def test_denials_and_use_are_recorded(guarded: Rig) -> None:
    directory = guarded.cloud.settings.directory
    before = len(read_denials(directory / "denied.jsonl"))
    denied(guarded.client("s3", "reader").get_object, Bucket="shop", Key="private/z")
    denials = read_denials(directory / "denied.jsonl")
    assert len(denials) == before + 1
    last = denials[-1]
    assert (last["action"], last["resource"]) == ("s3:GetObject", "arn:aws:s3:::shop/private/z")
    assert last["looked_at"] == ["aws_iam_role_policy.reader"]
    assert last["enforced"] is True
    guarded.client("s3", "reader").put_object(Bucket="shop", Key="public/u", Body=b"")
    used = guarded.cloud.ledger.used()
    assert "arn:aws:s3:::shop/public/u" in used[READER]["s3:PutObject"]
    assert json.dumps(used)


def test_an_execution_role_needs_permission_for_a_tasks_secrets(guarded: Rig) -> None:
    def why(role: str, secret: str) -> str:
        return guarded.cloud.asks.may_read(replace(TASK, execution_role_arn=role), secret)

    assert why(READER, arn("ssm", "parameter/shop/a")) == ""
    assert "because no identity-based policy allows the secretsmanager:GetSecretValue action" in (
        why(READER, SECRET)
    )
    assert "no execution role" in why("", SECRET)
    assert why(f"arn:aws:iam::{ACCOUNT}:role/elsewhere", SECRET) == ""


def test_a_browsers_form_needs_permission_for_its_key(guarded: Rig) -> None:
    reader = guarded.client("s3", "reader")
    for prefix, status in (("public", 204), ("private", 403)):
        form = reader.generate_presigned_post("shop", prefix + "/${filename}")
        parts = {"file": ("a.txt", b"hello")}
        answer = over_http.post(f"{guarded.url}/shop", data=form["fields"], files=parts, timeout=60)
        assert answer.status_code == status
        assert status == 204 or f"{prefix}/a.txt" in answer.text
    assert guarded.client("s3").get_object(Bucket="shop", Key="public/a.txt")["Body"].read()


def test_the_last_key_of_a_form_decides() -> None:
    """The store takes that one."""
    kind = (("content-type", "multipart/form-data; boundary=x"),)
    fields = (b'name="key"\r\n\r\npublic/a', b'name="file"; filename="f.txt"\r\n\r\n1',
              b"name=Key\r\n\r\nprivate/${filename}")  # fmt: skip
    parts = b"".join(b"--x\r\nContent-Disposition: form-data; " + one + b"\r\n" for one in fields)
    form = Request("POST", "/shop", "", kind)
    assert browser_upload.key(form, parts + b"--x--") == "private/f.txt"


def ask(
    rig: Rig, service: str, method: str, path: str, body: bytes = b"", **headers: str
) -> httpx.Response:
    """A call of the reader that no client of AWS makes."""
    who, now = rig.cloud.callers.person("reader", ""), f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    digest = UNSIGNED if service == "s3" else hashlib.sha256(body).hexdigest()
    sent = {
        "host": rig.url.removeprefix("http://"), "x-amz-date": now,
        "x-amz-security-token": who["AWS_SESSION_TOKEN"], "x-amz-content-sha256": digest,
    } | {name.replace("_", "-"): value for name, value in headers.items()}  # fmt: skip
    request = Request(method, *path.partition("?")[::2], tuple(sent.items()))
    scope = Scope(who["AWS_ACCESS_KEY_ID"], now[:8], "eu-west-1", service)
    sent["authorization"] = sign(request, body, scope, who["AWS_SECRET_ACCESS_KEY"])
    return httpx.request(method, rig.url + path, content=body, headers=sent, timeout=60)


def test_a_call_in_a_strange_form_gets_no_further(guarded: Rig) -> None:
    """The store has its own view of what a request is. The endpoint passes on what it decided."""
    guarded.client("s3").put_object(Bucket="shop", Key="private/x", Body=b"secret")
    item = b'{"TableName": "carts", "Key": {"id": {"S": "1"}}}'
    scan, parameter = "DynamoDB_20120810.Scan", b'{"Name": "/shop/a"}'
    for method in ("DELETE", "HEAD"):
        assert ask(guarded, "s3", method, "/shop/private/x?acl").status_code == 405
    assert ask(guarded, "s3", "DELETE", "/closed?location").status_code == 405
    assert ask(guarded, "s3", "POST", "/_ministack/reset").status_code == 400
    found = "/private/x?Action=GetQueueUrl&QueueName=orders"
    for host in ("shop.s3.eu-west-1.amazonaws.com", "shop.s3.localhost:8083", "shop.localhost"):
        assert "GetQueueUrlResult" in ask(guarded, "sqs", "GET", found, host=host).text
    tags = "/v20180820/tags/arn:aws:s3:::shop?Action=GetQueueUrl&QueueName=orders"
    assert "GetQueueUrlResult" in ask(guarded, "sqs", "GET", tags).text
    for header in ({"x_amz_target": "X.ListBuckets"}, {"smithy_protocol": "rpc-v2-cbor"}):
        assert ask(guarded, "s3", "GET", "/shop/private/x", **header).status_code == 403
    assert ask(guarded, "s3", "POST", "/", item, x_amz_target=scan).status_code == 405
    other = ask(guarded, "ssm", "POST", "/", item, x_amz_target=scan)
    assert "UnknownOperationException" in other.text
    passed = ask(guarded, "ssm", "POST", "/_ministack/reset", parameter,
                 x_amz_target="AmazonSSM.GetParameter")  # fmt: skip
    assert passed.json()["Parameter"]["Value"] == "one"
    digest = hashlib.sha256(b"another body").hexdigest()
    changed = ask(guarded, "ssm", "POST", "/", parameter, x_amz_content_sha256=digest,
                  x_amz_target="AmazonSSM.GetParameter")  # fmt: skip
    assert "InvalidSignatureException" in changed.text
    kept = guarded.client("s3").get_object(Bucket="shop", Key="private/x")
    assert kept["Body"].read() == b"secret"


def test_a_sessions_own_policy_limits_it(guarded: Rig) -> None:
    """ "Session policies": what both allow, and no more than the role's policies allow."""
    sts = guarded.client("sts")
    wanted = {"RoleArn": LIMITED, "RoleSessionName": "one"}
    policy = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::shop/public/one/*"},
    ]}  # fmt: skip
    made = sts.assume_role(**wanted, Policy=json.dumps(policy))["Credentials"]
    s3 = boto3.client(
        "s3", endpoint_url=guarded.url, region_name="eu-west-1",
        aws_access_key_id=made["AccessKeyId"], aws_secret_access_key=made["SecretAccessKey"],
        aws_session_token=made["SessionToken"],
    )  # fmt: skip
    s3.put_object(Bucket="shop", Key="public/one/a", Body=b"1")
    code, _, message = denied(s3.put_object, Bucket="shop", Key="public/two/a", Body=b"1")
    assert (code, "no session policy allows" in message) == ("AccessDenied", True)
    assert denied(s3.delete_object, Bucket="shop", Key="public/one/a")[0] == "AccessDenied"
    for text in ("{", json.dumps({**policy, "Statement": [{"Effect": "Perhaps"}]})):
        assert denied(sts.assume_role, **wanted, Policy=text)[0] == "MalformedPolicyDocument"
    by_arn = [{"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}]
    assert "PolicyArns" in denied(sts.assume_role, **wanted, PolicyArns=by_arn)[2]


@pytest.mark.parametrize(
    "role",
    ["nothing-valid-in-here", "arn::b:::something/test-role", "arn:a::::something/test-role",
     "arn:a:::something/test-role", "arn:a:a::aaaaaaaaaa:"],
)  # fmt: skip
def test_a_role_that_cannot_be_one_is_invalid(guarded: Rig, role: str) -> None:
    """Also for a caller who may assume no role."""
    for caller in ("", "reader"):
        sts = guarded.client("sts", caller)
        found = denied(sts.assume_role, RoleArn=role, RoleSessionName="one")
        assert found == ("ValidationError", 400, f"{role} is invalid")


def test_tags_of_a_session_need_their_own_permission(guarded: Rig) -> None:
    """ "Passing session tags using AssumeRole"."""
    tags = [{"Key": "team", "Value": "blue"}]
    sts = guarded.client("sts")
    code, _, message = denied(
        sts.assume_role, RoleArn=LIMITED, RoleSessionName="one", Tags=tags
    )  # fmt: skip
    assert (code, "sts:TagSession" in message) == ("AccessDenied", True)


@pytest.mark.parametrize(
    ("body", "headers", "code"),
    [
        (b"<Delete><Object><Key>private/d</Key><Key>public/d</Key></Object></Delete>", {},
         "MalformedXML"),
        (b"<Delete><Object><Key>private/d</Key></Object>", {}, "MalformedXML"),
        (b"36\r\n<Delete><Object><Key>private/d</Key></Object></Delete>\r\n0\r\n\r\n",
         {"content_encoding": "aws-chunked", "x_amz_decoded_content_length": "54"},
         "NotImplemented"),
    ],
)  # fmt: skip
def test_no_key_of_a_deletion_is_hidden(
    guarded: Rig, body: bytes, headers: dict[str, str], code: str
) -> None:
    s3 = guarded.client("s3")
    s3.put_object(Bucket="shop", Key="private/d", Body=b"1")
    answer = ask(guarded, "s3", "POST", "/shop?delete", body, **headers)
    assert code in answer.text
    assert s3.head_object(Bucket="shop", Key="private/d")


def test_a_parameter_stands_once(guarded: Rig) -> None:
    """Of two, the store takes the first one, and the endpoint would decide about the last."""
    queue = guarded.client("sqs").get_queue_url(QueueName="orders")["QueueUrl"]
    form = {"content_type": "application/x-www-form-urlencoded"}
    asked = f"Action=PurgeQueue&QueueUrl={queue}&Action=GetQueueUrl&QueueName=orders"
    answer = ask(guarded, "sqs", "POST", "/", asked.encode(), **form)
    assert (answer.status_code, "PurgeQueue" in answer.text) == (400, False)
    assert "MalformedQueryString" in answer.text
    twice = ask(guarded, "sqs", "GET", f"/?{asked}")
    assert "MalformedQueryString" in twice.text
    listed = ask(guarded, "s3", "GET", "/shop?prefix=private%2F&prefix=public%2F")
    assert (listed.status_code, "InvalidArgument" in listed.text) == (400, True)
