"""What MiniStack answers to calls of KMS, in AWS's words."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from bonkei.services.endpoint.backing.dialects.kms import answered, check
from bonkei.services.endpoint.calls.request import Call
from bonkei.services.endpoint.errors import ApiError
from tests.bonkei.services.endpoint.rigs import ACCOUNT, REGION, Rig

PLACE = f"arn:aws:kms:{REGION}:{ACCOUNT}"
UUID = "134f2428-cec1-4b25-a1ae-9048164dba47"


def call(operation: str) -> Call:
    return Call("kms", operation, "json", REGION)


def altered(operation: str, status: int, **content: Any) -> Any:
    answer = answered(call(operation), ACCOUNT, status, json.dumps(content).encode())
    return content if answer is None else json.loads(answer.body)


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (UUID, f"Key '{PLACE}:key/{UUID}' does not exist"),
        (f"mrk-{UUID.replace('-', '')}",
         f"Key '{PLACE}:key/mrk-{UUID.replace('-', '')}' does not exist"),
        (f"{PLACE}:key/{UUID}", f"Key '{PLACE}:key/{UUID}' does not exist"),
        (f"arn:aws:kms:other-region-1:{ACCOUNT}:key/{UUID}", "Invalid arn other-region-1"),
        ("alias/aws/s3", "The miniature does not have the keys that AWS manages: alias/aws/s3"),
        ("alias/none", f"Alias {PLACE}:alias/none is not found."),
        (UUID.replace("-", ""), f"Invalid keyId '{UUID.replace('-', '')}'"),
    ],
)  # fmt: skip
def test_a_key_that_does_not_exist(key: str, message: str) -> None:
    missing = {"__type": "NotFoundException", "message": f"Key {key} not found"}
    assert altered("DescribeKey", 400, **missing) == missing | {"message": message}


@pytest.mark.parametrize(
    ("code", "message", "words"),
    [
        ("KMSInvalidSignatureException", "Signature verification failed", None),
        ("InvalidCiphertextException", "EncryptionContext does not match", None),
        ("UnsupportedOperationException", "arn:k origin is not EXTERNAL.",
         "arn:k origin is AWS_KMS which is not valid for this operation."),
        ("DisabledException", "arn:k is disabled.", "arn:k is disabled."),
    ],
)  # fmt: skip
def test_the_words_of_an_error(code: str, message: str, words: str | None) -> None:
    found = altered("Verify", 400, __type=code, message=message)
    assert (found["__type"], found.get("message")) == (code, words)


def test_the_metadata_of_a_key() -> None:
    found = {"KeyId": UUID, "SigningAlgorithms": [], "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"]}
    assert altered("DescribeKey", 200, KeyMetadata=found)["KeyMetadata"] == {
        "AWSAccountId": ACCOUNT,
        "KeyId": UUID,
        "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"],
    }


@pytest.mark.parametrize(
    ("tags", "code", "message"),
    [
        ([("a", "1"), ("a", "2")], "TagException", "Duplicate tag keys"),
        ([("AWS:a", "1")], "TagException", "Tags beginning with aws: are reserved"),
        ([(str(number), "") for number in range(51)], "TagException", "Too many tags"),
        ([("a", "v" * 257)], "ValidationException",
         (f"1 validation error detected: Value '{'v' * 257}' at 'tags.1.member.tagValue' failed to "
          "satisfy constraint: Member must have length less than or equal to 256")),
    ],
)  # fmt: skip
def test_tags_that_are_refused(tags: list[tuple[str, str]], code: str, message: str) -> None:
    given = {"Tags": [{"TagKey": key, "TagValue": value} for key, value in tags]}
    for operation in ("CreateKey", "TagResource"):
        with pytest.raises(ApiError) as caught:
            check(call(operation), json.dumps(given).encode())
        assert (caught.value.code, caught.value.message) == (code, message)


@pytest.mark.parametrize(
    ("size", "problem"),
    [(0, "greater than or equal to 1"), (4097, "less than or equal to 4096"), (1, ""), (4096, "")],
)
def test_the_size_of_a_plaintext(size: int, problem: str) -> None:
    given = json.dumps({"Plaintext": base64.b64encode(b"x" * size).decode()}).encode()
    if not problem:
        check(call("Encrypt"), given)
        return
    with pytest.raises(ApiError, match=f"'plaintext' failed .* must have length {problem}$"):
        check(call("Encrypt"), given)


def test_real_calls(rig: Rig) -> None:
    kms = rig.client("kms")
    made = kms.create_key(Tags=[{"TagKey": "a", "TagValue": "1"}])["KeyMetadata"]
    assert made["AWSAccountId"] == ACCOUNT
    assert "SigningAlgorithms" not in made
    with pytest.raises(kms.exceptions.NotFoundException, match="Invalid keyId 'none'"):
        kms.describe_key(KeyId="none")
    sealed = kms.encrypt(KeyId=made["KeyId"], Plaintext=b"a", EncryptionContext={"a": "b"})
    with pytest.raises(kms.exceptions.InvalidCiphertextException) as caught:
        kms.decrypt(CiphertextBlob=sealed["CiphertextBlob"])
    assert caught.value.response["Error"]["Message"] == ""
