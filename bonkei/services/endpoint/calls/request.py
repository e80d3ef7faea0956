"""A call to an AWS API over HTTP: its service and operation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from urllib.parse import parse_qsl, unquote

from bonkei.services.endpoint.calls.s3_operations import s3_operation
from bonkei.services.endpoint.errors import Protocol
from bonkei.services.endpoint.wire.forms import fields
from bonkei.services.endpoint.wire.model import find_model

_XML = ("cloudfront", "route53")
"""Services of the protocol rest-xml beside S3. Their errors are as in the query protocol."""
_RPC = re.compile(r"/service/[^/]+/operation/(\w+)")
_NONE: Mapping[str, str] = MappingProxyType({})
_SCOPE = re.compile(r"Credential=([^/,\s]*)/(\d{8})/([^/,\s]*)/([^/,\s]*)/aws4_request")


@dataclass(frozen=True)
class Request:
    """The head of a call: `path` and `query` as sent, header names in lower case."""

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]

    @cached_property
    def header(self) -> Mapping[str, str]:
        """The last value of each header."""
        return MappingProxyType(dict(self.headers))

    @cached_property
    def parameters(self) -> Mapping[str, str]:
        """The query, decoded; a name without a value is empty."""
        if not self.query:
            return _NONE
        return MappingProxyType(dict(parse_qsl(self.query, keep_blank_values=True)))

    @cached_property
    def scope(self) -> Scope | None:
        """The scope of the signature, in the Authorization header or in a presigned URL."""
        text = self.header.get("authorization", "")
        if not text and (credential := self.parameters.get("X-Amz-Credential")):
            text = f"Credential={credential}"
        found = _SCOPE.search(text)
        return None if found is None else Scope(found[1], found[2], found[3], found[4])

    @property
    def is_form(self) -> bool:
        """Whether its body has parameters of the query protocol."""
        return "x-www-form-urlencoded" in self.header.get("content-type", "")

    @cached_property
    def bucket_in_host(self) -> str:
        """S3's virtual-host style: `bucket.s3.…`, or `bucket.localhost` on this machine."""
        host = self.header.get("host", "").partition(":")[0]
        label, found, _ = host.rpartition(".s3.")
        if not found and host.endswith(".localhost"):
            return host.removesuffix(".localhost").removesuffix(".s3")
        return label


@dataclass(frozen=True, slots=True)
class Scope:
    """The credential scope of a signature: key, region and service."""

    access_key: str
    date: str  # YYYYMMDD
    region: str
    service: str


@dataclass(frozen=True, slots=True)
class Call:
    """A call: `service` as in the credential scope, `operation` as in the API."""

    service: str
    operation: str
    protocol: Protocol
    region: str = ""


def identify(request: Request, body: bytes) -> Call:
    """Identify a call. `body` matters only for a form of the query protocol."""
    scope, target = request.scope, request.header.get("x-amz-target")
    # A call without a signature is for S3, because no other service has public resources.
    service, region = (scope.service, scope.region) if scope else ("s3", "")
    is_cbor = request.header.get("smithy-protocol") == "rpc-v2-cbor"
    if service == "s3":  # it names no operation in a header: the other protocols' are not its own
        operation = s3_operation(
            request.method, s3_resource(request), request.parameters, request.header
        )
        if scope is None and (target or is_cbor):  # the form of the refusal that the client reads
            return Call(service, operation, "json" if target else "smithy-rpc-v2-cbor", region)
        return Call(service, operation, "rest-xml", region)
    if target:
        return Call(service, target.rpartition(".")[2], "json", region)
    if is_cbor:
        found = _RPC.fullmatch(request.path)
        operation = found[1] if found else f"{request.method} {request.path}"
        return Call(service, operation, "smithy-rpc-v2-cbor", region)
    form = dict(fields(body.decode("latin-1"))) if request.is_form else {}
    asked = {**request.parameters, **form}
    model = find_model(service)
    if action := asked.get("Action"):
        version = asked.get("Version", "")
        if model is not None and version not in ("", model.version):
            action = f"{action} ({version})"  # elasticloadbalancing has two APIs of one name
        return Call(service, action, "ec2" if service == "ec2" else "query", region)
    route = model.route(request.method, request.path, request.query) if model else None
    operation = route.operation if route else f"{request.method} {request.path}"
    return Call(service, operation, "query" if service in _XML else "rest-json", region)


def repeated(*texts: str) -> str:
    """A name that is more than once in a query or a form; or an empty text. The store takes the
    first value, and `Request.parameters` has the last one."""
    for text in texts:
        names = [name for name, _ in parse_qsl(text, keep_blank_values=True)]
        for name in names if len(set(names)) < len(names) else ():
            if names.count(name) > 1:
                return name
    return ""


def s3_resource(request: Request) -> tuple[str, str]:
    """Bucket and key, from the path or, in virtual-host style, from the host."""
    path = unquote(request.path).removeprefix("/")
    if request.bucket_in_host:
        return request.bucket_in_host, path
    bucket, _, key = path.partition("/")
    return bucket, key
