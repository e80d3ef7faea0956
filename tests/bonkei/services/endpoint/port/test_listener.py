"""The endpoint's port: TLS beside HTTP, and a bound on connections."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from aiohttp import web
from cryptography.x509 import load_pem_x509_certificate

from bonkei.services.endpoint.errors import CloudError
from bonkei.services.endpoint.port.certificate import DAYS, ca_file, load_tls
from bonkei.services.endpoint.port.listener import Listener
from bonkei.services.endpoint.settings import CloudSettings, Limits

LIMIT = 40
DAY = 86_400.0


@pytest.fixture
async def listener(tmp_path: Path) -> AsyncIterator[Listener]:
    async def serve(request: web.BaseRequest) -> web.Response:
        assert listener.connections <= LIMIT
        if request.path == "/slow":
            await asyncio.sleep(0.5)
        if request.path == "/long":
            await is_over.wait()
        return web.Response(text=request.path)

    reports, is_over = list[str](), asyncio.Event()
    listener = Listener(serve, reports.append, Limits(LIMIT))
    listener.start(0)
    listener.tls = load_tls(tmp_path)
    yield listener
    is_over.set()
    await listener.stop()
    assert reports == []


async def test_http_and_https_on_one_port(listener: Listener, tmp_path: Path) -> None:
    trusting = ssl.create_default_context(cafile=ca_file(tmp_path))
    for host in ("127.0.0.1", "localhost"):
        async with httpx.AsyncClient(verify=trusting, timeout=60) as client:
            for scheme in ("http", "https"):
                url = f"{scheme}://{host}:{listener.port}/{scheme}"
                assert (await client.get(url)).text == f"/{scheme}"
    async with httpx.AsyncClient(timeout=60) as client:
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            await client.get(f"https://127.0.0.1:{listener.port}/")


async def test_the_certificate_has_the_names_of_buckets(listener: Listener, tmp_path: Path) -> None:
    trusting = ssl.create_default_context(cafile=ca_file(tmp_path))
    for name in ("shop.s3.localhost", "127.0.0.1"):
        _, writer = await asyncio.open_connection(
            "127.0.0.1", listener.port, ssl=trusting, server_hostname=name
        )
        writer.close()
        await writer.wait_closed()
    with pytest.raises(ssl.SSLCertVerificationError):
        await asyncio.open_connection(
            "127.0.0.1", listener.port, ssl=trusting, server_hostname="example.com"
        )


async def test_connections_are_bounded_and_answers_are_not_cut(listener: Listener) -> None:
    """Idle connections make room for new ones. Calls in progress get their answers."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    async with httpx.AsyncClient(limits=limits, timeout=60) as client:
        url = f"http://127.0.0.1:{listener.port}"
        slow = [asyncio.create_task(client.get(f"{url}/slow")) for _ in range(LIMIT // 2)]
        idle = [await asyncio.open_connection("127.0.0.1", listener.port) for _ in range(LIMIT)]
        for _, writer in idle:
            writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        quiet = [await asyncio.open_connection("127.0.0.1", listener.port) for _ in range(LIMIT)]
        many = [client.get(url) for _ in range(4 * LIMIT)]
        answers = [*await asyncio.gather(*many), *await asyncio.gather(*slow)]
        assert {answer.status_code for answer in answers} == {200}
        for _, writer in (*idle, *quiet):
            writer.close()


async def test_a_connection_counts_once(listener: Listener) -> None:
    """Also while it goes from the one list to the other."""
    most = 0
    opened = [await asyncio.open_connection("127.0.0.1", listener.port) for _ in range(LIMIT - 1)]
    for _, writer in opened:
        writer.write(b"GET /long HTTP/1.1\r\nHost: a\r\n\r\n")
    async with asyncio.timeout(60):
        while listener._opening or listener.connections < LIMIT - 1:
            most = max(most, listener.connections)
            await asyncio.sleep(0)
    assert most == LIMIT - 1
    for _, writer in opened:
        writer.close()


async def test_a_client_may_be_late_where_the_machine_stands_still(listener: Listener) -> None:
    """All other places are taken, so that who sends nothing loses its own."""
    opened = [await asyncio.open_connection("127.0.0.1", listener.port) for _ in range(LIMIT)]
    for _, writer in opened[1:]:
        writer.write(b"GET /long HTTP/1.1\r\nHost: a\r\n\r\n")
    async with asyncio.timeout(60):
        while listener.connections < LIMIT:
            await asyncio.sleep(0)
    for _ in range(4):
        time.sleep(0.1)
        await asyncio.sleep(0)
    reader, late = opened[0]
    late.write(b"GET /late HTTP/1.1\r\nHost: a\r\n\r\n")
    assert await asyncio.wait_for(reader.read(12), 60) == b"HTTP/1.1 200"
    for _, writer in opened:
        writer.close()


async def test_clients_that_send_nothing_or_garbage(listener: Listener) -> None:
    quiet = socket.create_connection(("127.0.0.1", listener.port))
    gone = socket.create_connection(("127.0.0.1", listener.port))
    gone.close()
    reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
    writer.write(b"\x16\x03\x01nonsense" + b"\0" * 100)
    await writer.drain()
    assert await asyncio.wait_for(reader.read(100), 60) is not None
    writer.close()
    async with httpx.AsyncClient(timeout=60) as client:
        assert (await client.get(f"http://127.0.0.1:{listener.port}/x")).text == "/x"
    quiet.close()


async def test_a_port_that_is_taken(listener: Listener) -> None:
    async def serve(_: web.BaseRequest) -> web.Response:
        return web.Response()

    second = Listener(serve, lambda _: None, Limits())
    with pytest.raises(CloudError, match="cannot listen") as caught:
        second.start(listener.port)
    assert "BONKEI_CLOUD_PORT" in caught.value.remedy


def test_a_certificate_is_kept_until_it_expires_or_is_damaged(tmp_path: Path) -> None:
    directory, now = tmp_path / "tls", time.time()

    def made() -> bytes:
        return (directory / "certificate.pem").read_bytes()

    load_tls(directory, now)
    first = made()
    for pem in (first, ca_file(directory).read_bytes()):
        read = load_pem_x509_certificate(pem)
        assert read.not_valid_before_utc.timestamp() <= now - DAY, "as long as it is used"
        assert read.not_valid_after_utc - read.not_valid_before_utc == timedelta(days=DAYS)
    assert {file.stat().st_mode & 0o777 for file in directory.iterdir()} == {0o600}
    load_tls(directory, now + (DAYS - 31) * DAY)
    assert made() == first
    later = now + (DAYS - 29) * DAY
    load_tls(directory, later)
    second = made()
    assert second != first
    os.truncate(directory / "key.pem", 10)
    load_tls(directory, later)
    assert made() != second
    ca_file(directory).unlink()
    load_tls(directory, later)
    assert ca_file(directory).exists()


def test_the_library_that_makes_a_certificate_is_not_loaded_for_good(tmp_path: Path) -> None:
    program = (
        "import pathlib, sys; from bonkei.services.endpoint.port.certificate import load_tls;"
        "load_tls(pathlib.Path(sys.argv[1])); print('cryptography' in sys.modules)"
    )
    shown = subprocess.run(
        [sys.executable, "-c", program, tmp_path], capture_output=True, text=True, check=True
    )
    assert shown.stdout == "False\n"
    assert ca_file(tmp_path).exists()


def test_a_certificate_that_cannot_be_made_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    with pytest.raises(OSError, match="exit code 1"):
        load_tls(tmp_path)
    assert not ca_file(tmp_path).exists()


@pytest.mark.parametrize(("files", "connections"), [(65_535, 1_024), (1_024, 256), (16, 8)])
def test_connections_leave_files_for_others(tmp_path: Path, files: int, connections: int) -> None:
    assert CloudSettings(tmp_path, "1", open_files=files).limits.connections == connections
