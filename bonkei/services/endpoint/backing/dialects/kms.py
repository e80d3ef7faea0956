"""What KMS does where MiniStack does otherwise: the errors of the AWS KMS API Reference, and the
metadata of a key ("KeyMetadata").

Source of the words: what AWS answers to the same calls.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from bonkei.base.arn import Arn
from bonkei.services.endpoint.calls.request import Call
from bonkei.services.endpoint.errors import Answer, ApiError

_MOST_TAGS, _LONGEST_KEY, _LONGEST_VALUE = 50, 128, 256
_LARGEST = 4096  # bytes of a plaintext
_KIND = (("content-type", "application/x-amz-json-1.1"),)
_KEY_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32}")
_NOT_FOUND = re.compile(r"Key (\S*) not found")
_SILENT = frozenset(
    {"InvalidCiphertextException", "KMSInvalidMacException", "KMSInvalidSignatureException"}
)
"""AWS sends these without a message, so that it tells an attacker nothing."""
_ALIASES = "https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html"
_WORDS = (
    (
        r"AliasName must start with alias/",
        f'Alias must start with the prefix "alias/". Please see {_ALIASES}',
    ),
    (
        r"ValidTo is required when ExpirationModel is KEY_MATERIAL_EXPIRES\.",
        "A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES",
    ),
    (
        r"(\S+) origin is not EXTERNAL\.",
        r"\1 origin is AWS_KMS which is not valid for this operation.",
    ),
    (
        r"(\S+) is a multi-Region replica key\. ReplicateKey must be called on .*",
        r"\1 is not a multi-region primary key.",
    ),
    (r"(.*) which is not valid for (GenerateMac|VerifyMac)\. .*", r"\1 which is not valid for \2."),
)


def check(call: Call, body: bytes) -> None:
    """Raises ApiError for what KMS refuses."""
    given = _read(body)
    if call.operation in ("CreateKey", "TagResource", "ReplicateKey"):
        _check_tags(given.get("Tags"))
    if call.operation == "Encrypt" and (problem := _problem_of(given.get("Plaintext"))):
        raise ApiError(
            "ValidationException",
            "1 validation error detected: Value at 'plaintext' failed to satisfy constraint: "
            f"Member must have length {problem}",
        )


def answered(call: Call, account: str, status: int, body: bytes) -> Answer | None:
    """The answer, if it is another one."""
    if status >= 400:
        return _error(call, account, body)
    if call.operation in ("CreateKey", "DescribeKey", "ReplicateKey"):
        return _metadata(account, body)
    return None


def _check_tags(tags: Any) -> None:
    if not isinstance(tags, list) or not all(isinstance(each, dict) for each in tags):
        return
    faults = list(_faults(tags))
    if faults:
        count = f"{len(faults)} validation error{'s' if len(faults) > 1 else ''} detected: "
        raise ApiError("ValidationException", count + "; ".join(faults))
    keys = [str(each.get("TagKey", "")) for each in tags]
    if len(keys) > _MOST_TAGS:
        raise ApiError("TagException", "Too many tags")
    if len(set(keys)) < len(keys):
        raise ApiError("TagException", "Duplicate tag keys")
    if any(key.lower().startswith("aws:") for key in keys):
        raise ApiError("TagException", "Tags beginning with aws: are reserved")


def _faults(tags: list[dict[str, Any]]) -> Iterator[str]:
    for number, tag in enumerate(tags, 1):
        for name, most in (("TagKey", _LONGEST_KEY), ("TagValue", _LONGEST_VALUE)):
            value = str(tag.get(name, ""))
            if len(value) > most:
                yield (
                    f"Value '{value}' at 'tags.{number}.member.{name[0].lower()}{name[1:]}' failed "
                    f"to satisfy constraint: Member must have length less than or equal to {most}"
                )


def _problem_of(plaintext: Any) -> str:
    try:
        size = len(base64.b64decode(str(plaintext), validate=True))
    except (binascii.Error, ValueError):
        return ""
    if plaintext is None or 0 < size <= _LARGEST:
        return ""
    return f"less than or equal to {_LARGEST}" if size else "greater than or equal to 1"


def _error(call: Call, account: str, answer: bytes) -> Answer | None:
    error = _read(answer)
    code, message = str(error.get("__type", "")), str(error.get("message", ""))
    if code in _SILENT:
        return _refused({"__type": code}, code)
    words = message
    if code == "NotFoundException" and (found := _NOT_FOUND.fullmatch(message)):
        words = _missing(found[1], call.region, account)
    for pattern, said in _WORDS:
        words = re.sub(rf"^{pattern}$", said, words)
    return None if words == message else _refused({"__type": code, "message": words}, code)


def _missing(key: str, region: str, account: str) -> str:
    place = f"arn:aws:kms:{region}:{account}"
    if key.startswith("arn:"):
        other = Arn.of(key).region
        return f"Key '{key}' does not exist" if other == region else f"Invalid arn {other}"
    if key.startswith("alias/aws/"):
        return f"The miniature does not have the keys that AWS manages: {key}"
    if key.startswith("alias/"):
        return f"Alias {place}:{key} is not found."
    if _KEY_ID.fullmatch(key):
        return f"Key '{place}:key/{key}' does not exist"
    return f"Invalid keyId '{key}'"


def _metadata(account: str, answer: bytes) -> Answer | None:
    """With its account, and without what a key of its kind does not have."""
    content = _read(answer)
    for name in ("KeyMetadata", "ReplicaKeyMetadata"):
        if isinstance(found := content.get(name), dict):
            left = {key: value for key, value in found.items() if value != []}
            if left.get("KeyState") == "PendingImport":
                left.pop("ExpirationModel", None)
            content[name] = {"AWSAccountId": account} | left
    return Answer(200, json.dumps(content).encode(), _KIND)


def _refused(content: Mapping[str, str], code: str) -> Answer:
    return Answer(400, json.dumps(content).encode(), (*_KIND, ("x-amzn-errortype", code)))


def _read(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
