"""Calls of a build's own tools to the AWS endpoint, with the build's role."""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any

from bonkei.aws_service import AwsServiceError
from bonkei.cloud.client import Address, JsonClient
from bonkei.cloud.identity.credentials import Credentials

_PATIENCE = 10.0  # seconds for the credentials


def asking(
    environment: Mapping[str, str],
) -> Callable[[str, str, Mapping[str, Any]], Mapping[str, Any]]:
    """A function of a service, a target and a content; it raises AwsServiceError. `environment`:
    the build's, with the endpoint, the region and the address of its credentials."""

    def ask(service: str, target: str, content: Mapping[str, Any]) -> Mapping[str, Any]:
        place = Address(environment["AWS_ENDPOINT_URL"], service, environment["AWS_REGION"])
        return asyncio.run(_call(_credentials(environment), place, target, content))

    return ask


async def _call(
    credentials: Credentials, place: Address, target: str, content: Mapping[str, Any]
) -> Mapping[str, Any]:
    client = JsonClient()
    try:
        return await client.call(credentials, place, target, content)
    finally:
        await client.close()


def _credentials(environment: Mapping[str, str]) -> Credentials:
    """Fetch credentials as an SDK does in a container. Without a proxy, because the address is
    on loopback.
    """
    request = urllib.request.Request(  # noqa: S310 - the miniature's own address
        environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"],
        headers={"Authorization": environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"]},
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=_PATIENCE) as answer:
            found = json.load(answer)
    except (urllib.error.URLError, OSError, ValueError) as error:
        raise AwsServiceError("ServiceUnavailable", f"no credentials: {error}", 503) from None
    return Credentials(found["AccessKeyId"], found["SecretAccessKey"], found["Token"], None)
