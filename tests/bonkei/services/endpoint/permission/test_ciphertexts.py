"""The key that made a ciphertext is the only one that KMS decrypts it with."""

from __future__ import annotations

import base64

import pytest

from bonkei.blueprint import Blueprint
from bonkei.blueprint.kms import Key
from bonkei.services.endpoint.errors import ApiError
from bonkei.services.endpoint.permission.names import names_of
from bonkei.services.endpoint.permission.requirement import Place
from bonkei.services.endpoint.permission.services import required

ID, OTHER = "11111111-2222-4333-8444-555555555555", "66666666-2222-4333-8444-555555555555"
PREFIX = "arn:aws:kms:eu-west-1:123456789012:key/"
NAMES = names_of(
    Blueprint(
        keys=(
            Key("aws_kms_key.a", f"{PREFIX}{ID}", ID, ("alias/a",)),
            Key("aws_kms_key.b", f"{PREFIX}{OTHER}", OTHER, ("alias/b",)),
        )
    ),
    Place("123456789012", "eu-west-1"),
)
CIPHERTEXT = base64.b64encode(f"{ID}sealed".encode()).decode()
CALLS = [("Decrypt", "KeyId", "Decrypt"), ("ReEncrypt", "SourceKeyId", "ReEncryptFrom")]


@pytest.mark.parametrize(("operation", "parameter", "action"), CALLS)
@pytest.mark.parametrize("name", ["", ID, "alias/a", f"{PREFIX}{ID}"])
def test_its_own_key(operation: str, parameter: str, action: str, name: str) -> None:
    given = {"CiphertextBlob": CIPHERTEXT, parameter: name, "DestinationKeyId": "alias/b"}
    found = required("kms", operation, given, NAMES)
    assert found
    assert (found[0].action, found[0].resource) == (f"kms:{action}", f"{PREFIX}{ID}")


@pytest.mark.parametrize(("operation", "parameter"), [each[:2] for each in CALLS])
@pytest.mark.parametrize("name", [OTHER, "alias/b", f"{PREFIX}{OTHER}", "alias/none"])
def test_another_key(operation: str, parameter: str, name: str) -> None:
    given = {"CiphertextBlob": CIPHERTEXT, parameter: name, "DestinationKeyId": "alias/b"}
    with pytest.raises(ApiError) as caught:
        required("kms", operation, given, NAMES)
    assert caught.value.code == "IncorrectKeyException"


def test_only_calls_that_decrypt_read_a_ciphertext() -> None:
    found = required("kms", "Encrypt", {"KeyId": OTHER, "CiphertextBlob": CIPHERTEXT}, NAMES)
    assert found
    assert found[0].resource == f"{PREFIX}{OTHER}"
