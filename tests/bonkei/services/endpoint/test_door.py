"""MiniStack is reached through the endpoint only, and it has the services behind it only."""

from __future__ import annotations

import asyncio
import json
import os
import time

import over_http
import psutil
import pytest

from tests.bonkei.services.endpoint.rigs import Rig

SIGNED = "AWS4-HMAC-SHA256 Credential=1/20200101/eu-west-1/{}/aws4_request, SignedHeaders=host, {}"
FUNCTION = {"FunctionName": "f", "Runtime": "python3.12", "Handler": "f.f", "Role": "r"}
CORS = {"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["https://a.example"]}]}


def told(rig: Rig, method: str, path: str, body: str = "", **headers: str) -> bytes:
    """The answer over a connection as Bonkei's own."""
    sent = {"host": "127.0.0.1", "connection": "close", "content-length": str(len(body))} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items())]

    async def ask() -> bytes:
        reader, writer = await rig.cloud.store.connect()
        writer.write("\r\n".join([*lines, "", body]).encode())
        try:
            return await reader.read()
        finally:
            writer.close()

    return rig.do(ask())


def test_its_process_listens_nowhere(rig: Rig) -> None:
    process = psutil.Process(rig.cloud.store.pid)
    assert process.net_connections(kind="inet") == []
    names = {each.laddr for each in process.net_connections(kind="unix") if each.laddr}
    assert names == set()


@pytest.mark.parametrize("service", ["lambda", "s3", "ec2", "cloudformation", ""])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/2015-03-31/functions"),
        ("POST", "/2015-03-31/functions"),
        ("GET", "/v2/_catalog"),
        ("GET", "/iceberg/v1/config"),
        ("GET", "/_localstack/health"),
        ("GET", "/_ministack/health"),
        ("POST", "/_ministack/reset"),
        ("POST", "/_ministack/eks-auth/x"),
        ("POST", "/_ministack/config"),
    ],
)
def test_it_has_the_services_behind_the_endpoint_only(
    rig: Rig, service: str, method: str, path: str
) -> None:
    given = {"authorization": SIGNED.format(service, "Signature=0")} if service else {}
    answer = told(rig, method, path, json.dumps(FUNCTION) if method == "POST" else "", **given)
    assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 404 ", b"HTTP/1.1 405 ")), answer
    assert b"access-control-" not in answer.lower()


def test_a_page_of_another_origin_reads_what_the_bucket_says(rig: Rig) -> None:
    s3 = rig.client("s3")
    s3.put_object(Bucket="shop", Key="page", Body=b"data")
    url = s3.generate_presigned_url("get_object", {"Bucket": "shop", "Key": "page"})

    def allowed(origin: str) -> dict[str, str]:
        answer = over_http.get(url, headers={"Origin": origin}, timeout=60)
        assert answer.status_code == 200
        return {k: v for k, v in answer.headers.items() if k.startswith("access-control-")}

    assert allowed("https://a.example") == {}
    s3.put_bucket_cors(Bucket="shop", CORSConfiguration=CORS)
    try:
        found = allowed("https://a.example")
        assert found["access-control-allow-origin"] == "https://a.example"
        assert allowed("https://b.example") == {}
    finally:
        s3.delete_bucket_cors(Bucket="shop")
    listed = over_http.get(f"{rig.url}/shop", headers={"Origin": "https://a.example"}, timeout=60)
    assert not any(name.startswith("access-control-") for name in listed.headers)


def test_it_ends_with_its_last_caller(rig: Rig) -> None:
    """As when the miniature is killed: no one could call it any more."""
    store = rig.cloud.store
    before = psutil.Process(store.pid)
    assert store._channel is not None
    rig.loop.call_soon_threadsafe(store._channel.close)
    assert before.wait(60) is not None or not before.is_running()
    deadline = time.monotonic() + 60
    while store.pid in (before.pid, None):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert rig.client("s3").list_objects_v2(Bucket="shop")["Name"] == "shop"


def test_no_descriptor_is_left_of_a_connection(rig: Rig) -> None:
    """Of neither process, whether the caller has waited for it or not."""

    def held() -> tuple[int, int]:
        theirs = psutil.Process(rig.cloud.store.pid)
        return psutil.Process(os.getpid()).num_fds(), theirs.num_fds()

    def until(most: tuple[int, int]) -> None:
        deadline = time.monotonic() + 60
        while any(now > then for now, then in zip(held(), most, strict=True)):
            assert time.monotonic() < deadline, (held(), most)
            time.sleep(0.05)

    async def give_up() -> None:
        task = asyncio.create_task(rig.cloud.store.connect())
        await asyncio.sleep(0)
        task.cancel()

    told(rig, "GET", "/")
    before = held()
    for _ in range(20):
        told(rig, "GET", "/")
        rig.do(give_up())
    until(before)
