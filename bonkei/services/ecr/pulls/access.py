"""Access to a registry: its tokens, and the passwords that `docker login` has kept.

Sources: "Token Authentication Specification" of the distribution project; `auths` in Docker's
configuration file. Its credential helpers are programs, and are not run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp

from bonkei.services.ecr.errors import RegistryError

_PARAMETER = re.compile(r'(\w+)="([^"]*)"')
_HUB = "https://index.docker.io/v1/"
DOCKER_HUB = "registry-1.docker.io"
_LARGEST = 100_000


def password_of(host: str, file: Path) -> str:
    """The Authorization header that Docker's configuration has for a registry; empty without."""
    try:
        found = json.loads(file.read_bytes())["auths"][_HUB if host == DOCKER_HUB else host]["auth"]
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    return f"Basic {found}"


async def authorization(
    session: aiohttp.ClientSession, challenge: str, password: str, host: str
) -> str:
    """The Authorization header that answers a registry's challenge. Raises RegistryError."""
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
