"""Pulls one image from a registry, by the distribution API. Everything is kept by its digest.

Source: "Pull", the OCI distribution specification.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import re
import ssl
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp

from bonkei.base.link_local import other_socket
from bonkei.services.ecr.errors import RegistryError
from bonkei.services.ecr.layers import BYTES as MOST_BYTES
from bonkei.services.ecr.manifest import (
    BYTES,
    INDEXES,
    MEDIA_TYPES,
    Descriptor,
    Manifest,
    digest_of,
    read_manifest,
)
from bonkei.services.ecr.names import Reference
from bonkei.services.ecr.store import ImageStore
from bonkei.services.ecr.uploads import Uploads

_CHUNK = 256 * 1024
_QUIET = 30.0
"""Seconds without a byte."""
_AT_ONCE = 3
_FAILURES = (aiohttp.ClientError, TimeoutError, OSError, ValueError, TypeError, AttributeError)


class Remote:
    """One registry while it is asked. `passwords`: Docker's configuration file."""

    def __init__(self, host: str, store: ImageStore, passwords: Path) -> None:
        self._host = DOCKER_HUB if host in ("", "docker.io", "index.docker.io") else host
        self._store = store
        self._uploads = Uploads(store)
        self._password = password_of(self._host, passwords)
        self._authorization = ""
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def __aenter__(self) -> Remote:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                socket_factory=other_socket, ssl=ssl.create_default_context()
            ),
            timeout=aiohttp.ClientTimeout(total=None, connect=_QUIET, sock_read=_QUIET),
            trust_env=True,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def pull(self, reference: Reference, kept: str, architecture: str) -> None:
        """Keep the image under `kept` and the reference's tag or digest. What is there already is
        not fetched again. Raises RegistryError."""
        name = reference.name
        if self._host == DOCKER_HUB and "/" not in name:
            name = f"library/{name}"
        try:
            body, manifest = await self._manifest(name, reference.wanted)
            if manifest.media_type in INDEXES:
                if (chosen := manifest.on(architecture)) is None:
                    raise RegistryError(
                        "MANIFEST_UNKNOWN", f"it has no image for linux/{architecture}"
                    )
                body, manifest = await self._manifest(name, chosen.digest)
            if manifest.size > MOST_BYTES:
                raise RegistryError("SIZE_INVALID", f"it has more than {MOST_BYTES >> 30} GiB")
            await asyncio.gather(*(self._blob(name, each) for each in {*manifest.blobs}))
        except _FAILURES as error:
            cause = getattr(error, "os_error", None) or error
            why = str(cause) or type(cause).__name__
            raise RegistryError("UNAVAILABLE", f"{self._host}: {why}") from None
        self._store.put_manifest(kept, body, manifest.media_type, reference.wanted)

    async def _manifest(self, name: str, wanted: str) -> tuple[bytes, Manifest]:
        path = f"/v2/{name}/manifests/{wanted}"
        async with await self._get(path, {"Accept": ", ".join(MEDIA_TYPES)}) as answer:
            body = await _whole(answer)
            media_type = answer.content_type
        if ":" in wanted and digest_of(body) != wanted:
            raise RegistryError("DIGEST_INVALID", f"{wanted}: the registry sent something else")
        return body, read_manifest(body, media_type)

    async def _blob(self, name: str, blob: Descriptor) -> None:
        if self._store.blob(blob.digest) is not None:
            return
        async with self._turns, await self._get(f"/v2/{name}/blobs/{blob.digest}", {}) as answer:
            upload, size = self._uploads.begin(), 0
            async for chunk in answer.content.iter_chunked(_CHUNK):
                size += len(chunk)
                if size > blob.size:
                    raise RegistryError("SIZE_INVALID", f"{blob.digest} is larger than it says")
                await asyncio.to_thread(self._uploads.append, upload, chunk)
            await asyncio.to_thread(self._uploads.finish, upload, blob.digest)

    async def _get(self, path: str, headers: Mapping[str, str]) -> aiohttp.ClientResponse:
        """An answer of 200. The first refusal is answered with a token."""
        scheme = "http" if _is_loopback(self._host) else "https"
        address = f"{scheme}://{self._host}{path}"
        for is_last in (False, True):
            own = {"Authorization": self._authorization} if self._authorization else {}
            answer = await self._session.get(address, headers={**headers, **own})
            if answer.status == 200:
                return answer
            async with answer:
                challenge = answer.headers.get("WWW-Authenticate", "")
                if answer.status == 401 and challenge and not is_last:
                    self._authorization = await authorization(
                        self._session, challenge, self._password, self._host
                    )
                    continue
                raise RegistryError("UNKNOWN", await _refusal(answer, path))
        raise AssertionError  # the last turn has returned or raised


async def _whole(answer: aiohttp.ClientResponse) -> bytes:
    body = b"".join([chunk async for chunk in answer.content.iter_chunked(_CHUNK)])
    if len(body) > BYTES:
        raise RegistryError("SIZE_INVALID", f"a manifest has {BYTES >> 20} MiB at most")
    return body


async def _refusal(answer: aiohttp.ClientResponse, path: str) -> str:
    """A registry's own words, with the status."""
    try:
        said = json.loads(await answer.content.read(10_000))["errors"][0]["message"]
    except (ValueError, KeyError, IndexError, TypeError):
        said = answer.reason or ""
    return f"{answer.url.host}: {answer.status} {said} ({path})"


def _is_loopback(host: str) -> bool:
    """As for a container engine, a registry on this machine may do without TLS."""
    name = host.rpartition(":")[0] or host
    try:
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


_PARAMETER = re.compile(r'(\w+)="([^"]*)"')
_HUB = "https://index.docker.io/v1/"
DOCKER_HUB = "registry-1.docker.io"
_LARGEST = 100_000


def password_of(host: str, file: Path) -> str:
    """The Authorization header that Docker's configuration has in `auths` for a registry; empty
    without. Its credential helpers are programs, and are not run."""
    try:
        found = json.loads(file.read_bytes())["auths"][_HUB if host == DOCKER_HUB else host]["auth"]
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    return f"Basic {found}"


async def authorization(
    session: aiohttp.ClientSession, challenge: str, password: str, host: str
) -> str:
    """The Authorization header that answers a registry's challenge ("Token Authentication
    Specification" of the distribution project). Raises RegistryError."""
    scheme, _, rest = challenge.partition(" ")
    if scheme.lower() == "basic" and password:
        return password
    asked = dict(_PARAMETER.findall(rest))
    realm = asked.pop("realm", "")
    place = urlsplit(realm)
    if scheme.lower() != "bearer" or not (place.scheme == "https" or place.netloc == host):
        raise RegistryError("UNAUTHORIZED", f"{host} wants a login: docker login {host}")
    headers: Mapping[str, str] = {"Authorization": password} if password else {}
    async with session.get(realm, params=asked, headers=headers) as answer:
        if answer.status != 200:
            raise RegistryError("UNAUTHORIZED", f"{place.netloc} answers {answer.status}")
        document = json.loads(await answer.content.read(_LARGEST))
    return f"Bearer {document.get('token') or document.get('access_token') or ''}"
