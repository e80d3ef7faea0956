"""Objects that the miniature's own parts put and get under a role."""

from __future__ import annotations

from pathlib import Path

import pytest

from bonkei.aws_service import AwsServiceError
from tests.bonkei.cloud.rooms import KEY_ID, ROLE, Room, arn


def test_an_object_is_put_and_got_as_a_role_and_encrypted_with_its_key(
    room: Room, tmp_path: Path
) -> None:
    sent, got = tmp_path / "sent", tmp_path / "got"
    sent.write_bytes(b"zip" * 100_000)
    key, place = arn("kms", f"key/{KEY_ID}"), ("shop", "demo/Source/a b+c")
    objects = room.cloud.objects
    version = room.do(objects.put(ROLE, "demo", place, sent, key))
    assert version
    assert room.do(objects.get(ROLE, "demo", place, got, version)) == version
    assert got.read_bytes() == sent.read_bytes()
    head = room.client("s3").head_object(Bucket="shop", Key=place[1])
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", key)


def test_refusals_of_s3_have_their_code(room: Room, tmp_path: Path) -> None:
    with pytest.raises(AwsServiceError) as caught:
        room.do(room.cloud.objects.get(ROLE, "demo", ("shop", "nothing"), tmp_path / "got"))
    assert caught.value.code == "NoSuchKey"
