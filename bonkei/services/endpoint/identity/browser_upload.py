"""Forms with which a browser uploads an object. The policy in the form is signed.

Source: "Browser-based uploads using POST" in the Amazon S3 User Guide. The signature is checked
here. MiniStack checks the policy's conditions and its expiry.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b64encode

from bonkei.base.aws_service import Caller
from bonkei.services.endpoint.calls.request import Request
from bonkei.services.endpoint.errors import ApiError
from bonkei.services.endpoint.identity.signature import DIFFERS, Secrets, signing_key

_BOUNDARY = re.compile(r'boundary=("?)([^";\s]+)\1', re.IGNORECASE)
_ANY_NAME = re.compile(r'name=(?:"([^"]*)"|([^;\s]+))')
_FILENAME = re.compile(r'filename=(?:"([^"]*)"|([^;\s]+))')
_NAME = re.compile(rb'name="([^"\r\n]*)"', re.IGNORECASE)


def is_form(request: Request) -> bool:
    """Whether it is such a form. A client that signs the request itself sends no form."""
    kind = request.header.get("content-type", "").lower()
    return (
        request.method == "POST"
        and kind.startswith("multipart/form-data")
        and "authorization" not in request.header
    )


def verify(request: Request, body: bytes, secrets: Secrets) -> Caller:
    """The signer of the form. Raises ApiError with S3's code."""
    fields = _fields(request, body)
    policy, token = fields.get("policy", ""), fields.get("x-amz-security-token", "")
    if "x-amz-credential" in fields:
        scope = fields["x-amz-credential"].split("/")
        if len(scope) != 5:
            raise ApiError("InvalidArgument", "x-amz-credential is not a credential scope.")
        secret, caller = secrets(scope[0], token)
        key = signing_key(secret, scope[1], scope[2], scope[3])
        expected = hmac.new(key, policy.encode(), hashlib.sha256).hexdigest()
        given = fields.get("x-amz-signature", "")
    elif "awsaccesskeyid" in fields:
        secret, caller = secrets(fields["awsaccesskeyid"], token)
        expected = b64encode(hmac.digest(secret.encode(), policy.encode(), "sha1")).decode()
        given = fields.get("signature", "")
    else:
        raise ApiError("AccessDenied", "Access Denied", 403)
    if not policy or not hmac.compare_digest(expected.encode(), given.encode()):
        message = f"{DIFFERS} Check your key and signing method."
        raise ApiError("SignatureDoesNotMatch", message, 403)
    return caller


def _fields(request: Request, body: bytes) -> dict[str, str]:
    """The fields before the file. Names are in lower case."""
    found = _BOUNDARY.search(request.header["content-type"])
    fields: dict[str, str] = {}
    for part in body.split(b"--" + found[2].encode())[1:-1] if found else ():
        head, _, value = part.partition(b"\r\n\r\n")
        name = _NAME.search(head)
        if name is None or name[1].lower() == b"file":
            break
        fields[name[1].decode("latin-1").lower()] = value.removesuffix(b"\r\n").decode("latin-1")
    return fields


def key(request: Request, body: bytes) -> str:
    """The object's key, with the file's name in place of `${filename}`, as MiniStack reads it: of
    two keys it takes the last one, also after the file."""
    found = _BOUNDARY.search(request.header["content-type"])
    named, filename = "", ""
    for part in body.split(b"--" + found[2].encode())[1:-1] if found else ():
        head, _, value = part.partition(b"\r\n\r\n")
        text = head.decode("latin-1")
        name = _said(_ANY_NAME, text)
        if name == "file":
            filename = _said(_FILENAME, text)
        elif name.lower() == "key":
            named = value.removesuffix(b"\r\n").decode("utf-8", "replace")
    return named.replace("${filename}", filename)


def _said(pattern: re.Pattern[str], head: str) -> str:
    found = pattern.search(head)
    return "" if found is None else found[1] or found[2] or ""
