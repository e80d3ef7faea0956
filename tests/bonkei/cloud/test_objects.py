"""Objects that the miniature's own parts put and get under a role."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from aiohttp import ClientSession, web

from bonkei.aws_service import AwsServiceError
from bonkei.cloud.objects import require_success
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


async def test_a_refusal_may_come_in_pieces() -> None:
    async def refuse(request: web.BaseRequest) -> web.StreamResponse:
        answer = web.StreamResponse(status=404)
        await answer.prepare(request)
        for piece in (b"<Error><Co", b"de>NoSuchKey</Code></Error>"):
            await answer.write(piece)
            await asyncio.sleep(0.05)
        return answer

    runner = web.ServerRunner(web.Server(refuse))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    async with ClientSession() as session, session.get(url) as answer:
        with pytest.raises(AwsServiceError) as caught:
            await require_success(answer)
    await runner.cleanup()
    assert caught.value.code == "NoSuchKey"
