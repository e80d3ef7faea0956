"""URLs that botocore presigns, for each protocol: answered, and refused in AWS's words."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import over_http
import pytest
from botocore.auth import S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from bonkei.base.aws_service import AwsCall, Operations
from tests.bonkei.services.endpoint.rigs import REGION, Rig

CLUSTER = {"x-k8s-aws-id": "shop"}
IDENTITY = "/?Action=GetCallerIdentity&Version=2011-06-15"
WORDS = re.compile(r"<Code>(.*?)</Code>\s*<Message>(.*?)</Message>", re.DOTALL)


@pytest.fixture(scope="module")
def place(start: Callable[..., Rig], tmp_path_factory: pytest.TempPathFactory) -> Rig:
    async def answer(call: AwsCall) -> Mapping[str, Any]:
        said = {"Publish": {"MessageId": str(call.parameters.get("Message"))}}
        return said.get(call.operation, {"Stacks": []})

    own = {
        "sns": Operations({"Publish": answer}),
        "cloudformation": Operations({"DescribeStacks": answer}),
    }
    home: Path = tmp_path_factory.mktemp("presigned")
    rig = start(home, services=own)
    rig.client("s3").put_object(Bucket="shop", Key="a b", Body=b"hello")
    return rig


def presigned(
    rig: Rig, service: str, path: str, *, region: str = REGION, ago: float = 0, **more: Any
) -> str:
    """As a client signs that has a clock of its own."""
    environment = rig.cloud.callers.person("")
    keys = Credentials(environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"])
    request = AWSRequest("GET", rig.url + path, headers=more.pop("headers", {}))
    request.context["client_config"] = None
    auth = (S3SigV4QueryAuth if service == "s3" else SigV4QueryAuth)(keys, service, region, **more)
    moment = datetime.fromtimestamp(time.time() - ago, UTC)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("botocore.auth.get_current_datetime", lambda: moment)
        auth.add_auth(request)
    return str(request.url)


def words(answer: httpx.Response) -> tuple[int, str, str]:
    found = WORDS.search(answer.text)
    assert found is not None, answer.text
    return answer.status_code, found[1], found[2]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_identity_of_a_caller(place: Rig, method: str) -> None:
    url = place.client("sts").generate_presigned_url("get_caller_identity", HttpMethod=method)
    answer = httpx.request(method, url, timeout=60)
    assert (answer.status_code, "user/bonkei" in answer.text) == (200, True)


def test_the_token_of_a_cluster(place: Rig) -> None:
    """aws-iam-authenticator signs for a minute, and uses the URL for 14 minutes."""
    for ago in (0, 800):
        url = presigned(place, "sts", IDENTITY, headers=CLUSTER, expires=60, ago=ago)
        assert "x-k8s-aws-id" in url
        answer = over_http.get(url, headers=CLUSTER, timeout=60)
        assert (answer.status_code, "user/bonkei" in answer.text) == (200, True)
        for headers in ({}, {"x-k8s-aws-id": "other"}):
            refused = over_http.get(url, headers=headers, timeout=60)
            assert words(refused)[:2] == (403, "SignatureDoesNotMatch")


def test_the_request_that_a_vault_passes_on(place: Rig) -> None:
    """HashiCorp Vault gets a signed POST with a header of its own, and sends it to STS."""
    environment = place.cloud.callers.person("")
    keys = Credentials(environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"])
    headers = {
        "X-Vault-AWS-IAM-Server-ID": "vault.test",
        "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
    }
    request = AWSRequest("POST", place.url, headers, IDENTITY.removeprefix("/?"))
    SigV4Auth(keys, "sts", REGION).add_auth(request)
    answer = over_http.post(
        place.url, content=request.data, headers=dict(request.headers), timeout=60
    )  # fmt: skip
    assert (answer.status_code, "user/bonkei" in answer.text) == (200, True)


def test_services_of_the_query_protocol(place: Rig) -> None:
    sns = place.client("sns").generate_presigned_url(
        "publish", {"TopicArn": "arn:aws:sns:eu-west-1:123456789012:t", "Message": "é x"},
        HttpMethod="GET",
    )  # fmt: skip
    assert "<MessageId>é x</MessageId>" in over_http.get(sns, timeout=60).text
    stacks = place.client("cloudformation").generate_presigned_url("describe_stacks")
    assert over_http.post(stacks, timeout=60).status_code == 200
    queue = place.client("sqs").get_queue_url(QueueName="orders")["QueueUrl"]
    path = queue.removeprefix(place.url)
    send = f"{path}?Action=SendMessage&MessageBody=hi%20you&Version=2012-11-05"
    assert "MessageId" in over_http.get(presigned(place, "sqs", send), timeout=60).text


SENT = "/123456789012/orders?Action=GetQueueAttributes&Version=2012-11-05"
CONSULT = (
    "Check your AWS Secret Access Key and signing method. Consult the service documentation for "
    "details."
)
TIME = r"\d{8}T\d{6}Z"


@pytest.mark.parametrize(
    ("service", "path", "given", "status", "code", "said"),
    [
        ("sts", IDENTITY, {"ago": 960}, 403, "SignatureDoesNotMatch",
         rf"Signature expired: {TIME} is now earlier than {TIME} \({TIME} - 15 min\.\)"),
        ("sts", IDENTITY, {"ago": -960}, 403, "SignatureDoesNotMatch",
         rf"Signature not yet current: {TIME} is still later than {TIME} \({TIME} \+ 15 min\.\)"),
        ("sqs", SENT, {"ago": 90, "expires": 60}, 403, "SignatureDoesNotMatch",
         rf"Signature expired: {TIME} is now earlier than {TIME} \({TIME} - 1 min\.\)"),
        ("sts", IDENTITY, {"region": "aws-global"}, 403, "SignatureDoesNotMatch",
         "Credential should be scoped to a valid region. "),
        ("s3", "/shop/a%20b", {"ago": 90, "expires": 60}, 403, "AccessDenied",
         "Request has expired"),
        ("s3", "/shop/a%20b", {"ago": -1000, "expires": 60}, 403, "AccessDenied",
         "Request is not yet valid"),
        ("s3", "/shop/a%20b", {"expires": 604_801}, 400, "AuthorizationQueryParametersError",
         r"X-Amz-Expires must be less than a week .* must be less than 604800 seconds"),
        ("s3", "/shop/a%20b", {"expires": -1}, 400, "AuthorizationQueryParametersError",
         "X-Amz-Expires must be non-negative"),
        ("s3", "/shop/a%20b", {"region": "us-west-2"}, 400, "AuthorizationQueryParametersError",
         "Error parsing the .* parameter; the region 'us-west-2' is wrong; expecting 'eu-west-1'"),
    ],
)  # fmt: skip
def test_a_url_that_is_refused(
    place: Rig, service: str, path: str, given: dict[str, Any], status: int, code: str, said: str
) -> None:
    answer = over_http.get(presigned(place, service, path, **given), timeout=60)
    found = words(answer)
    assert found[:2] == (status, code)
    assert re.fullmatch(said, found[2]), found[2]
    if found[2] == "Request has expired":
        assert re.search(
            r"<X-Amz-Expires>60</X-Amz-Expires><Expires>\d{4}-\d\d-\d\dT[\d:]+Z</Expires>"
            r"<ServerTime>[\dT:-]+Z</ServerTime>",
            answer.text,
        )


@pytest.mark.parametrize(
    ("service", "path", "check"),
    [
        ("sqs", SENT, CONSULT),
        ("s3", "/shop/a%20b", "Check your key and signing method."),
    ],
)  # fmt: skip
def test_an_altered_url(place: Rig, service: str, path: str, check: str) -> None:
    url = presigned(place, service, path)
    assert over_http.get(url, timeout=60).status_code == 200
    expected = "The request signature we calculated does not match the signature you provided."
    for altered in (url.replace("orders", "other").replace("/shop/a", "/shop/b"), f"{url}0"):
        assert words(over_http.get(altered, timeout=60)) == (
            403, "SignatureDoesNotMatch", f"{expected} {check}",
        )  # fmt: skip
