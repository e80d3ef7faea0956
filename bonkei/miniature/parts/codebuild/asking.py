"""Calls of a build's own tools to the AWS endpoint, with the build's role.

They wait for each answer, and load no client for many at once: that takes longer than the calls.
"""

from __future__ import annotations

import functools
import hashlib
import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode, urlsplit
from xml.etree import ElementTree as ET

from bonkei.base.aws_service import AwsServiceError
from bonkei.services.endpoint.calls.request import Request, Scope
from bonkei.services.endpoint.identity.credentials import Credentials
from bonkei.services.endpoint.identity.signature import sign
from bonkei.services.endpoint.json_calls import SILENCE, Address, content, signed, unanswered

_SNS = "2010-03-31"  # its API's version
_PATIENCE = 10.0  # seconds for the credentials
_TARGETS = {
    "cloudwatch": ("monitoring", "GraniteServiceVersion20100801"),
    "ecs": ("ecs", "AmazonEC2ContainerServiceV20141113"),
    "events": ("events", "AWSEvents"),
    "logs": ("logs", "Logs_20140328"),
    "sqs": ("sqs", "AmazonSQS"),
    "ssm": ("ssm", "AmazonSSM"),
}
"""Of a service, by botocore's name: its name in the signature, and in X-Amz-Target."""


def asking(
    environment: Mapping[str, str],
) -> Callable[[str, str, Mapping[str, Any]], Mapping[str, Any]]:
    """A function of a service, an operation and its parameters; it raises AwsServiceError.
    `environment`: the build's, with the endpoint, the region and the address of its credentials."""
    credentials = functools.cache(functools.partial(_credentials, environment))

    def ask(service: str, operation: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
        if service == "sns":
            place = Address(environment["AWS_ENDPOINT_URL"], "sns", environment["AWS_REGION"])
            return _attributes(credentials(), place, operation, given)
        if service == "s3":
            found = _got(environment, environment["AWS_REGION"], given["Bucket"], query="policy")
            return {"Policy": found.decode()}
        signed_as, target = _TARGETS[service]
        place = Address(environment["AWS_ENDPOINT_URL"], signed_as, environment["AWS_REGION"])
        return _call(credentials(), place, f"{target}.{operation}", json.dumps(given).encode())

    return ask


def stored(environment: Mapping[str, str], region: str, bucket: str, key: str) -> bytes:
    """The content of an object; nothing if there is none. Raises AwsServiceError."""
    try:
        return _got(environment, region, bucket, key)
    except AwsServiceError as error:
        if error.code == "NoSuchKey":
            return b""
        raise


def _got(
    environment: Mapping[str, str], region: str, bucket: str, key: str = "", query: str = ""
) -> bytes:
    """S3's answer. `query`: without a value, such as policy."""
    url, now = environment["AWS_ENDPOINT_URL"], datetime.now(UTC)
    credentials, path = _credentials(environment), f"/{quote(bucket)}/{quote(key)}"
    headers = {
        "host": urlsplit(url).netloc,
        "x-amz-date": now.strftime("%Y%m%dT%H%M%SZ"),
        "x-amz-content-sha256": hashlib.sha256(b"").hexdigest(),
    }
    if credentials.token:
        headers["x-amz-security-token"] = credentials.token
    scope = Scope(credentials.access_key, now.strftime("%Y%m%d"), region, "s3")
    request = Request("GET", path, query, tuple(headers.items()))
    headers["authorization"] = sign(request, b"", scope, credentials.secret_key)
    status, found = _sent(url, "GET", f"{path}?{query}" if query else path, headers)
    if status < 300:
        return found
    code = (_texts(found, "Code") if found.startswith(b"<") else []) or ["Refused"]
    raise AwsServiceError(code[0], found[:200].decode("utf-8", "replace"), status)


def _attributes(
    credentials: Credentials, place: Address, operation: str, given: Mapping[str, Any]
) -> Mapping[str, Any]:
    """The attributes or tags in an answer of a service that speaks AWS's query protocol."""
    body = urlencode({"Action": operation, "Version": _SNS, **given}).encode()
    headers = dict(signed(credentials, place, "", body, form="application/x-www-form-urlencoded"))
    status, answer = _sent(place.url, "POST", "/", headers, body)
    if status >= 300:
        code, told = (_texts(answer, name) or ["Unknown"] for name in ("Code", "Message"))
        raise AwsServiceError(code[0], told[0], status)
    attributes, tags = (
        dict(zip(_texts(answer, name), _texts(answer, value), strict=True))
        for name, value in (("key", "value"), ("Key", "Value"))
    )
    return {"Attributes": attributes, "Tags": tags}


def _texts(document: bytes, name: str) -> list[str]:
    """The texts of the elements with this name, of the miniature's own answer."""
    found = ET.fromstring(document).iter()  # noqa: S314
    return [each.text or "" for each in found if each.tag.rpartition("}")[2] == name]


def _call(credentials: Credentials, place: Address, target: str, body: bytes) -> Mapping[str, Any]:
    headers = dict(signed(credentials, place, target, body))
    status, answer = _sent(place.url, "POST", "/", headers, body)
    return content(status, answer.decode("utf-8", "replace"))


def _sent(
    url: str, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None
) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=SILENCE)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise unanswered(error) from None
    finally:
        connection.close()


def _credentials(environment: Mapping[str, str]) -> Credentials:
    """A person's keys, or else fetch credentials as an SDK does in a container. Without a proxy,
    because the address is on loopback.
    """
    if key := environment.get("AWS_ACCESS_KEY_ID"):
        token = environment.get("AWS_SESSION_TOKEN", "")
        return Credentials(key, environment["AWS_SECRET_ACCESS_KEY"], token, None)
    request = urllib.request.Request(  # noqa: S310 - the miniature's own address
        environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"],
        headers={"Authorization": environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"]},
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=_PATIENCE) as answer:
            found = json.load(answer)
    except (urllib.error.URLError, OSError, ValueError) as error:
        raise AwsServiceError("ServiceUnavailable", f"no credentials: {error}", 503) from None
    return Credentials(found["AccessKeyId"], found["SecretAccessKey"], found["Token"], None)
