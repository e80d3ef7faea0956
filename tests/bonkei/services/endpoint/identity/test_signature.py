"""Requests signed by botocore are accepted. Requests changed after that are refused."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials as Signer

from bonkei.services.endpoint.calls.request import Request
from bonkei.services.endpoint.errors import ApiError
from bonkei.services.endpoint.identity import signature_v2
from bonkei.services.endpoint.identity.credentials import Credentials, Issuer
from bonkei.services.endpoint.identity.signature import UNSIGNED, payload_hash, verify

ROLE = "arn:aws:iam::123456789012:role/path/app"
ISSUER = Issuer(b"k" * 32, "123456789012")
PATHS = [
    "/",
    "/bucket/plain",
    "/bucket/with%20space/%E6%97%A5%E6%9C%AC",
    "/bucket/a+b&c=d;e~f",
    "/bucket//double/./dots/../key",
    "/bucket/key?versionId=a%2Fb&partNumber=1&flag",
    "/bucket?prefix=a%20b&list-type=2&z=&a=2&a=1",
]


def signed(
    credentials: Credentials,
    path: str = "/bucket/key",
    *,
    service: str = "s3",
    method: str = "GET",
    body: bytes = b"",
    query: bool = False,
    headers: dict[str, str] | None = None,
    expires: int = 60,
) -> Request:
    """A request as botocore signs it."""
    outgoing = AWSRequest(
        method,
        f"http://127.0.0.1:8083{path}",
        headers={"Host": "127.0.0.1:8083", **(headers or {})},
        data=body,
    )
    outgoing.context["client_config"] = None
    signer = Signer(credentials.access_key, credentials.secret_key, credentials.token or None)
    if query:
        auth = (S3SigV4QueryAuth if service == "s3" else SigV4QueryAuth)(
            signer, service, "eu-west-1", expires=expires
        )
    else:
        auth = (S3SigV4Auth if service == "s3" else SigV4Auth)(signer, service, "eu-west-1")
    auth.add_auth(outgoing)
    parts = urlsplit(outgoing.url)
    return Request(
        method,
        parts.path,
        parts.query,
        tuple((name.lower(), str(value)) for name, value in outgoing.headers.items()),
    )


def who(request: Request, body: bytes = b"", *, now: float | None = None) -> str:
    at = time.time() if now is None else now
    payload = payload_hash(request, body)
    return verify(
        request, payload, lambda key, token: ISSUER.secret_of(key, token, now=at), now=at
    ).arn


def session(seconds: float = 900) -> Credentials:
    return ISSUER.assume(ROLE, "task", now=time.time(), seconds=seconds)


@pytest.mark.parametrize("query", [False, True], ids=["header", "presigned"])
@pytest.mark.parametrize("path", PATHS)
def test_botocores_signature_for_s3_is_accepted(path: str, query: bool) -> None:
    assert who(signed(ISSUER.person(), path, query=query)) == (
        "arn:aws:iam::123456789012:user/bonkei"
    )
    assert who(signed(session(), path, query=query)) == (
        "arn:aws:sts::123456789012:assumed-role/app/task"
    )


@pytest.mark.parametrize("service", ["sqs", "dynamodb", "lambda"])
@pytest.mark.parametrize("path", ["/", "/2015-03-31/functions/arn%3Aaws%3Alambda/x%20y?a=b"])
def test_botocores_signature_for_other_services_is_accepted(service: str, path: str) -> None:
    body = b'{"QueueName": "orders"}'
    headers = {
        "Content-Type": "application/x-amz-json-1.0",
        "X-Amz-Target": "A.B",
        "X-Odd": "a   b ",
    }
    request = signed(
        session(), path, service=service, method="POST", body=body, headers=headers
    )  # fmt: skip
    assert who(request, body).endswith("assumed-role/app/task")


def test_a_changed_body_method_path_or_header_is_refused() -> None:
    headers = {"X-Amz-Target": "SQS.SendMessage"}
    request = signed(session(), "/", service="sqs", method="POST", body=b"{}", headers=headers)
    changes = [
        replace(request, method="PUT"),
        replace(request, path="/other"),
        replace(request, query="a=b"),
        replace(request, headers=tuple(
            (name, "SQS.DeleteQueue" if name == "x-amz-target" else value)
            for name, value in request.headers
        )),
    ]  # fmt: skip
    assert who(request, b"{}")
    for changed in changes:
        assert code_of(changed, b"{}") == "SignatureDoesNotMatch"
    assert code_of(request, b"{ }") == "SignatureDoesNotMatch"


def with_header(request: Request, name: str, value: str = "x") -> Request:
    return replace(request, headers=(*request.headers, (name, value)))


@pytest.mark.parametrize("query", [False, True], ids=["header", "presigned"])
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_s3_refuses_headers_of_amazon_that_are_not_signed(method: str, query: bool) -> None:
    """Anyone who gets an upload URL could make it a copy of any object."""
    request = signed(session(), method=method, query=query)
    changed = with_header(request, "x-amz-copy-source", "/bucket/private")
    with pytest.raises(ApiError) as caught:
        who(with_header(changed, "x-amz-meta-a"))
    error = caught.value
    assert (error.code, error.status) == ("AccessDenied", 403)
    assert error.message == "There were headers present in the request which were not signed"
    assert error.members == {"HeadersNotSigned": "x-amz-copy-source, x-amz-meta-a"}


def test_other_services_refuse_them_as_a_wrong_signature() -> None:
    request = signed(session(), "/", service="sqs", method="POST", body=b"{}")
    assert code_of(with_header(request, "x-amz-target", "AmazonSQS.DeleteQueue"), b"{}") == (
        "SignatureDoesNotMatch"
    )


@pytest.mark.parametrize("query", [False, True], ids=["header", "presigned"])
@pytest.mark.parametrize("name", ["x-amzn-trace-id", "x-amz-user-agent", "range", "content-type"])
def test_headers_that_clients_do_not_sign_are_accepted(name: str, query: bool) -> None:
    assert who(with_header(signed(session(), query=query), name))


def test_the_digest_is_a_part_of_the_signature_even_if_it_is_not_named() -> None:
    presigned = signed(session(), query=True)
    assert who(with_header(presigned, "x-amz-content-sha256", "UNSIGNED-PAYLOAD"))
    other = with_header(presigned, "x-amz-content-sha256", "0" * 64)
    assert code_of(other) == "SignatureDoesNotMatch"


def test_a_presigned_url_of_another_service_is_accepted() -> None:
    """As those of GetCallerIdentity, by which clusters and vaults know their users."""
    path = "/?Action=GetCallerIdentity&Version=2011-06-15"
    assert who(signed(session(), path, service="sts", query=True)).endswith("assumed-role/app/task")


def test_only_s3_takes_a_body_that_is_not_signed() -> None:
    headers = {"X-Amz-Content-SHA256": UNSIGNED}
    assert who(signed(session(), method="PUT", headers=headers), b"any")
    request = signed(session(), "/", service="sqs", method="POST", headers=headers)
    assert code_of(request, b"any") == "SignatureDoesNotMatch"
    event = {"X-Amz-Content-SHA256": "STREAMING-AWS4-HMAC-SHA256-EVENTS"}
    request = signed(session(), "/", service="logs", method="POST", headers=event)
    assert code_of(request, b"any") == "SignatureDoesNotMatch"


def test_letters_of_others_in_keys_and_signatures_are_wrong_ones() -> None:
    """Also bytes that are not UTF-8, which the endpoint keeps as surrogates."""
    head = "AWS4-HMAC-SHA256 Credential={}/20260101/{}/s3/aws4_request, SignedHeaders=host, "
    date = ("x-amz-date", "20260101T000000Z")
    at = seconds(date[1])
    person = ISSUER.person().access_key
    for key, region, code, expected in (
        ("AKIAé", "eu-west-1", "0", "InvalidClientTokenId"),
        ("AKIA\udcff", "eu-west-1", "0", "InvalidClientTokenId"),
        (person, "eu-west-1", "é\udcff", "SignatureDoesNotMatch"),
        (person, "é\udcff", "0", "SignatureDoesNotMatch"),
    ):
        text = head.format(key, region).replace("=host", "=host;x-amz-date") + f"Signature={code}"
        request = Request("GET", "/", "", (("host", "h"), date, ("authorization", text)))
        assert code_of(request, now=at) == expected
    for token in ("é", "\udcff"):
        request = with_header(signed(ISSUER.person()), "x-amz-security-token", token)
        names = request.header["authorization"].replace("=host;", "=host;x-amz-security-token;")
        assert code_of(with_header(request, "authorization", names)) == "InvalidClientTokenId"
    presigned = signed(session(), query=True)
    for seconds_given in ("9" * 400, "9" * 5000):
        query = presigned.query.replace("X-Amz-Expires=60", f"X-Amz-Expires={seconds_given}")
        assert code_of(replace(presigned, query=query)) == "AuthorizationQueryParametersError"


@pytest.mark.parametrize("style", ["path", "virtual"])
@pytest.mark.parametrize("key", ["plain", "with space/日本", "a+b&c=d"])
def test_a_url_of_version_2_is_accepted_and_expires(style: str, key: str) -> None:
    """boto3 makes such URLs for S3 by default."""
    credentials = session()
    client = boto3.client(
        "s3",
        endpoint_url="http://localhost:8083",
        region_name="eu-west-1",
        aws_access_key_id=credentials.access_key,
        aws_secret_access_key=credentials.secret_key,
        aws_session_token=credentials.token,
        config=Config(s3={"addressing_style": style}),
    )
    arguments = {"Bucket": "shop", "Key": key, "ResponseContentType": "text/plain"}
    parts = urlsplit(client.generate_presigned_url("get_object", arguments, ExpiresIn=60))
    request = Request("GET", parts.path, parts.query, (("host", parts.netloc),))
    assert signature_v2.is_signed(request)

    def who_signed(request: Request, now: float) -> str:
        return signature_v2.verify(
            request, lambda key, token: ISSUER.secret_of(key, token, now=now), now=now
        ).arn

    assert who_signed(request, time.time()).endswith("assumed-role/app/task")
    for changed, code in (
        (replace(request, method="PUT"), "SignatureDoesNotMatch"),
        (replace(request, path="/shop/other"), "SignatureDoesNotMatch"),
        (with_header(request, "content-type", "\udcff"), "SignatureDoesNotMatch"),
        (replace(request, query=f"{request.query}&Expires={'9' * 5000}"), "AccessDenied"),
    ):
        with pytest.raises(ApiError) as caught:
            who_signed(changed, time.time())
        assert caught.value.code == code
    with pytest.raises(ApiError) as caught:
        who_signed(request, time.time() + 62)
    assert caught.value.code == "AccessDenied"


def code_of(request: Request, body: bytes = b"", *, now: float | None = None) -> str:
    with pytest.raises(ApiError) as caught:
        who(request, body, now=now)
    return caught.value.code


def test_the_time_is_checked() -> None:
    for service, skew in (("s3", 900), ("sqs", 300)):
        request = signed(session(3600), service=service)
        at = seconds(request.header["x-amz-date"])
        for away in (skew - 1, 1 - skew):
            assert who(request, now=at + away)
        for away in (skew + 1, -skew - 1):
            assert code_of(request, now=at + away) == "RequestTimeTooSkewed"
    presigned = signed(session(), query=True, expires=60)
    at = seconds(presigned.parameters["X-Amz-Date"])
    assert who(presigned, now=at + 59)
    assert code_of(presigned, now=at + 61) == "AccessDenied"
    assert code_of(signed(session(), query=True, expires=604801)) == (
        "AuthorizationQueryParametersError"
    )


def seconds(stamp: str) -> float:
    """Of a request's signature, which has whole ones."""
    return datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()


def test_a_session_ends() -> None:
    began = time.time()
    short = session(60)
    assert who(signed(short), now=began + 59)
    assert code_of(signed(short), now=time.time() + 61) == "ExpiredToken"


@pytest.mark.parametrize(
    "change",
    [
        {"access_key": "AKIAIOSFODNN7EXAMPLE"},
        {"access_key": "ASIAIOSFODNN7EXAMPLE"},
        {"token": ""},
        {"token": "bm90IG91cnM="},
        {"token": "not base64 %"},
    ],
)
def test_keys_of_others_are_unknown(change: dict[str, str]) -> None:
    assert code_of(signed(replace(session(), **change))) == "InvalidClientTokenId"


def test_a_changed_token_is_unknown() -> None:
    credentials = session()
    raw = bytearray(credentials.token.encode())
    raw[60] ^= 1
    assert code_of(signed(replace(credentials, token=raw.decode()))) == "InvalidClientTokenId"


def test_another_miniature_refuses_the_keys() -> None:
    other = Issuer(b"x" * 32, "123456789012")
    with pytest.raises(ApiError) as caught:
        other.secret_of(session().access_key, session().token, now=time.time())
    assert caught.value.code == "InvalidClientTokenId"


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "MissingAuthenticationToken"),
        ({"authorization": "Bearer x"}, "IncompleteSignature"),
        ({"authorization": "AWS4-HMAC-SHA256 Credential=a/20260101/r/s3/aws4_request"},
         "IncompleteSignature"),
        ({"authorization": "AWS4-HMAC-SHA256 Credential=a/20260101/r/s3/aws4_request, "
          "SignedHeaders=x-none, Signature=00", "x-amz-date": "20260101T000000Z"},
         "SignatureDoesNotMatch"),
        ({"authorization": "AWS4-HMAC-SHA256 Credential=a/20260101/r/s3/aws4_request, "
          "SignedHeaders=host;x-amz-date, Signature=00", "x-amz-date": "yesterday"},
         "IncompleteSignature"),
    ],
)  # fmt: skip
def test_a_malformed_signature_is_reported(headers: dict[str, str], code: str) -> None:
    request = Request("GET", "/", "", (("host", "127.0.0.1"), *headers.items()))
    assert code_of(request) == code


def test_the_repr_of_the_issuer_shows_no_secret() -> None:
    assert "kkkk" not in repr(ISSUER)
