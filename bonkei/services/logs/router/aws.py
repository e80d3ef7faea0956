"""Calls AWS from a router: the task's credentials, Signature Version 4, and HTTP without a library,
because a router is a small process of its own."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

_READ_LIMIT = 8 * 1024 * 1024
_CONNECT = 10.0  # seconds


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    status: int
    body: bytes


async def send(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes = b"",
    *,
    seconds: float = 60.0,
) -> HttpAnswer:
    """Raises OSError (or TimeoutError) when there is no answer, or the answer is not HTTP."""
    parts = urlsplit(url)
    host = parts.hostname or "127.0.0.1"
    tls = parts.scheme == "https"
    async with asyncio.timeout(_CONNECT):
        reader, writer = await asyncio.open_connection(
            host, parts.port or (443 if tls else 80), ssl=tls or None, limit=_READ_LIMIT
        )
    try:
        async with asyncio.timeout(seconds):
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            lines = [f"{method} {path} HTTP/1.1"]
            lines += [f"{name}: {value}" for name, value in headers.items()]
            if "host" not in {name.lower() for name in headers}:
                lines.append(f"Host: {parts.netloc}")
            lines += [f"Content-Length: {len(body)}", "Connection: close", "", ""]
            writer.write("\r\n".join(lines).encode("latin-1"))
            writer.write(body)
            await writer.drain()
            return await _answer(reader)
    except (ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        raise OSError(f"{url}: the answer is not whole: {error}") from error
    finally:
        writer.close()


async def _answer(reader: asyncio.StreamReader) -> HttpAnswer:
    while True:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        status = int(head[0].split()[1])
        if status != 100:
            break
    headers = dict(_header(line) for line in head[1:] if ":" in line)
    if "chunked" in headers.get("transfer-encoding", "").lower():
        parts: list[bytes] = []
        while size := int((await reader.readline()).split(b";")[0], 16):
            parts.append(await reader.readexactly(size))
            await reader.readline()
        return HttpAnswer(status, b"".join(parts))
    if "content-length" in headers:
        return HttpAnswer(status, await reader.readexactly(int(headers["content-length"])))
    return HttpAnswer(status, await reader.read(_READ_LIMIT))


def _header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.strip().lower(), value.strip()


# The task role's credentials. They are fetched again before they expire.
#
# Source: "Container credential provider" (AWS SDKs and Tools Reference Guide).

_EARLY = 300.0  # seconds before they expire


class CredentialsError(OSError):
    """No credentials were found."""


@dataclass(frozen=True, slots=True)
class Credentials:
    access_key: str
    secret_key: str
    token: str = ""
    expires_at: float | None = None


class CredentialsProvider:
    """`environment`: AWS_CONTAINER_CREDENTIALS_FULL_URI, or static keys."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._known: Credentials | None = None

    async def get(self) -> Credentials:
        """Raises CredentialsError when there are none."""
        known = self._known
        if known is not None and (
            known.expires_at is None or time.time() < known.expires_at - _EARLY
        ):
            return known
        self._known = await self._fetch()
        return self._known

    def forget(self) -> None:
        """The known credentials were refused: forget them."""
        self._known = None

    async def _fetch(self) -> Credentials:
        told = self._environment
        url = told.get("AWS_CONTAINER_CREDENTIALS_FULL_URI")
        if not url:
            if "AWS_ACCESS_KEY_ID" in told and "AWS_SECRET_ACCESS_KEY" in told:
                return Credentials(
                    told["AWS_ACCESS_KEY_ID"],
                    told["AWS_SECRET_ACCESS_KEY"],
                    told.get("AWS_SESSION_TOKEN", ""),
                )
            raise CredentialsError("there are no credentials: the task has no role")
        headers = {"Accept": "application/json"}
        if token := told.get("AWS_CONTAINER_AUTHORIZATION_TOKEN"):
            headers["Authorization"] = token
        answer = await send("GET", url, headers, seconds=5.0)
        if answer.status != 200:
            raise CredentialsError(f"{url} answers {answer.status}")
        found = json.loads(answer.body)
        return Credentials(
            found["AccessKeyId"],
            found["SecretAccessKey"],
            found.get("Token", ""),
            datetime.fromisoformat(found["Expiration"]).timestamp(),
        )


# Signed requests.
#
# Source: "AWS Signature Version 4 for API requests" (IAM User Guide).

_ALGORITHM = "AWS4-HMAC-SHA256"


class AwsClient:
    """Calls one service in one region. `endpoint`: a URL; empty for AWS's own endpoint."""

    def __init__(
        self, service: str, region: str, endpoint: str, credentials: CredentialsProvider
    ) -> None:
        self._service = service
        self._region = region
        if endpoint and "://" not in endpoint:
            endpoint = f"https://{endpoint}"
        self._endpoint = (endpoint or f"https://{service}.{region}.amazonaws.com").rstrip("/")
        self._credentials = credentials

    async def request(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> HttpAnswer:
        """`path` is not quoted yet. Raises OSError if there is no answer."""
        credentials = await self._credentials.get()
        url = f"{self._endpoint}{quote(path, safe='/-_.~')}"
        signed = sign(
            method, url, headers, body, self._service, self._region, credentials, time.time()
        )
        answer = await send(method, url, signed, body)
        if answer.status in (401, 403):
            self._credentials.forget()
        return answer


def sign(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    service: str,
    region: str,
    credentials: Credentials,
    now: float,
) -> dict[str, str]:
    """The headers, including those of the signature."""
    moment = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
    parts = urlsplit(url)
    payload = hashlib.sha256(body).hexdigest()
    all_headers = {
        **{name.lower(): value for name, value in headers.items()},
        "host": parts.netloc,
        "x-amz-date": moment,
        "x-amz-content-sha256": payload,
    }
    if credentials.token:
        all_headers["x-amz-security-token"] = credentials.token
    names = sorted(all_headers)
    path = parts.path or "/"
    canonical = "\n".join(
        (
            method,
            path if service == "s3" else quote(path, safe="/~"),
            parts.query,
            *(f"{name}:{all_headers[name].strip()}" for name in names),
            "",
            ";".join(names),
            payload,
        )
    )
    scope = f"{moment[:8]}/{region}/{service}/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    key = f"AWS4{credentials.secret_key}".encode()
    for part in (moment[:8], region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), hashlib.sha256)
    text = f"{_ALGORITHM}\n{moment}\n{scope}\n{digest}".encode()
    signature = hmac.new(key, text, hashlib.sha256).hexdigest()
    all_headers["authorization"] = (
        f"{_ALGORITHM} Credential={credentials.access_key}/{scope}, "
        f"SignedHeaders={';'.join(names)}, Signature={signature}"
    )
    return all_headers
