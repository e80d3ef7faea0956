"""Objects that the miniature's own parts put and get under a role."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import unquote_plus

import pytest
from aiohttp import ClientSession, web

from bonkei.base.aws_service import AwsServiceError
from bonkei.services.endpoint.identity.credentials import Credentials
from bonkei.services.endpoint.objects import Objects, require_success
from tests.bonkei.services.endpoint.rigs import KEY_ID, ROLE, Rig, arn

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


def test_an_object_is_put_and_got_as_a_role_and_encrypted_with_its_key(
    rig: Rig, tmp_path: Path
) -> None:
    sent, got = tmp_path / "sent", tmp_path / "got"
    sent.write_bytes(b"zip" * 100_000)
    key, place = arn("kms", f"key/{KEY_ID}"), ("shop", "demo/Source/a b+c")
    objects = rig.cloud.objects
    version = rig.do(objects.put(ROLE, "demo", place, sent, key))
    assert version
    assert rig.do(objects.get(ROLE, "demo", place, got, version)) == version
    assert got.read_bytes() == sent.read_bytes()
    head = rig.client("s3").head_object(Bucket="shop", Key=place[1])
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", key)


def test_refusals_of_s3_have_their_code(rig: Rig, tmp_path: Path) -> None:
    with pytest.raises(AwsServiceError) as caught:
        rig.do(rig.cloud.objects.get(ROLE, "demo", ("shop", "nothing"), tmp_path / "got"))
    assert caught.value.code == "NoSuchKey"


KEYS = [
    "../other/secret", "../../other/secret", "a/../../other/secret", "..%2fother/secret",
    "%2e%2e/other/secret", "./secret", "a/../secret", "//other/secret", "a//b", ".", "..", "a\\b",
    "a?versions", "?acl", "a#b", "a\0b", "a\nHost: x", "a=b+c&d.html", "a/%00", "\u202ea", ":",
    "@x",     "../../../../etc/hostname", "http://169.254.169.254/latest", "SECRET",
]  # fmt: skip


def test_a_key_of_any_spelling_stays_in_its_bucket(rig: Rig, tmp_path: Path) -> None:
    """An artifact's name, or the object of a source, of a stranger's definitions. It is signed as
    it is sent."""
    s3, objects, outside = rig.client("s3"), rig.cloud.objects, tmp_path / "secret"
    where = {"LocationConstraint": "eu-west-1"}
    for bucket in ("other", "hostile"):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=where)
    s3.put_object(Bucket="other", Key="secret", Body=b"hunter22")
    outside.write_bytes(b"hunter22")
    sent, got = tmp_path / "sent", tmp_path / "got"
    sent.write_bytes(b"of a stranger")
    keys = [key.replace("SECRET", str(outside)) for key in KEYS]
    for key in keys:
        rig.do(objects.put(ROLE, "demo", ("hostile", key), sent))
        rig.do(objects.get(ROLE, "demo", ("hostile", key), got))
        assert got.read_bytes() == b"of a stranger", key
    listed = s3.list_objects_v2(Bucket="hostile", EncodingType="url")["Contents"]
    assert sorted(unquote_plus(each["Key"]) for each in listed) == sorted(keys)
    assert [one["Key"] for one in s3.list_objects_v2(Bucket="other")["Contents"]] == ["secret"]
    assert outside.read_bytes() == b"hunter22"


BUCKETS = [
    "", "..", ".", "-", "127.0.0.1:80", "http://127.0.0.1", "//127.0.0.1", "@127.0.0.1", "OTHER",
    "169.254.169.254", "other?", "other#", "other%2f..", "other\0", "shop\r\nX: y", "a" * 5_000,
    "arn:aws:s3:::other", "\u202eother",
]  # fmt: skip


@pytest.mark.parametrize("bucket", BUCKETS)
def test_a_bucket_of_another_name_is_none(rig: Rig, tmp_path: Path, bucket: str) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"of a stranger")
    for call in (rig.cloud.objects.put, rig.cloud.objects.get):
        with pytest.raises(AwsServiceError):
            rig.do(call(ROLE, "demo", (bucket, "secret"), file))
    assert file.read_bytes() == b"of a stranger"


@asynccontextmanager
async def served(handler: Handler) -> AsyncIterator[str]:
    """A server of the test's own: its URL."""
    runner = web.ServerRunner(web.Server(handler))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def test_a_refusal_may_come_in_pieces() -> None:
    async def refuse(request: web.BaseRequest) -> web.StreamResponse:
        answer = web.StreamResponse(status=404)
        await answer.prepare(request)
        for piece in (b"<Error><Co", b"de>NoSuchKey</Code></Error>"):
            await answer.write(piece)
            await asyncio.sleep(0.05)
        return answer

    async with served(refuse) as url, ClientSession() as session, session.get(url) as answer:
        with pytest.raises(AwsServiceError) as caught:
            await require_success(answer)
    assert caught.value.code == "NoSuchKey"


class Busy:
    """An S3 whose first answers are these: a status and a code of an error, or a broken body. Then
    it gives and takes `content`."""

    def __init__(self, *first: tuple[int, str] | None) -> None:
        self.first = list(first)
        self.asked: list[str] = []
        self.content = b"whole"

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        self.asked.append(request.method)
        sent = await request.read()
        if not self.first:
            if request.method == "PUT":
                self.content = sent
            return web.Response(body=b"" if request.method == "PUT" else self.content)
        if (refusal := self.first.pop(0)) is None:
            broken = web.StreamResponse(headers={"content-length": "1000"})
            await broken.prepare(request)
            await broken.write(b"more than is there at the end, later")
            assert request.transport is not None
            request.transport.close()
            return broken
        status, code = refusal
        return web.Response(status=status, text=f"<Error><Code>{code}</Code></Error>")


def objects_at(url: str, waits: Sequence[float] = (0.0, 0.0)) -> Objects:
    return Objects(
        lambda *_: Credentials("AKIA", "secret"), lambda: url, lambda: "eu-west-1", waits
    )


@pytest.mark.parametrize(
    "passing",
    [
        [(503, "SlowDown"), (500, "InternalError")],
        [(400, "RequestTimeout"), (503, "ServiceUnavailable")],
        [None, None],
    ],
)
async def test_what_passes_is_tried_again(
    passing: list[tuple[int, str] | None], tmp_path: Path
) -> None:
    """ "Retry behavior", AWS SDKs and Tools Reference Guide."""
    given, got, place = tmp_path / "given", tmp_path / "got", ("shop", "key")
    given.write_bytes(b"all of it" * 10_000)
    s3 = Busy(*passing)
    async with served(s3.answer) as url:
        await objects_at(url).get("", "demo", place, got)
        assert (got.read_bytes(), s3.asked) == (b"whole", ["GET"] * 3)
        s3.first = [each for each in passing if each is not None]
        await objects_at(url).put("", "demo", place, given)
    assert s3.content == given.read_bytes()


@pytest.mark.parametrize(
    ("answers", "code", "attempts"),
    [([(503, "SlowDown")] * 9, "SlowDown", 3), ([(403, "AccessDenied")] * 9, "AccessDenied", 1)],
)
async def test_what_lasts_is_an_error(
    answers: list[tuple[int, str]], code: str, attempts: int, tmp_path: Path
) -> None:
    s3 = Busy(*answers)
    async with served(s3.answer) as url:
        with pytest.raises(AwsServiceError) as caught:
            await objects_at(url).get("", "demo", ("shop", "key"), tmp_path / "got")
    assert (caught.value.code, len(s3.asked)) == (code, attempts)


async def test_no_answer_is_an_error_of_s3(tmp_path: Path) -> None:
    async with served(Busy().answer) as url:
        pass
    with pytest.raises(AwsServiceError) as caught:
        await objects_at(url).get("", "demo", ("shop", "key"), tmp_path / "got")
    assert (caught.value.code, caught.value.status) == ("ServiceUnavailable", 503)
