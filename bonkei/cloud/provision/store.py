"""Steps as HTTP requests to MiniStack, which takes them unsigned from the endpoint's own room."""

from __future__ import annotations

import json
import re
from urllib.parse import urlencode

import aiohttp

from bonkei.cloud.passing import Store as Backing
from bonkei.cloud.provision.step import Call, JsonStep, QueryStep

_CODE = re.compile(r"<Code>([^<]*)</Code>")
_MESSAGE = re.compile(r"<Message>([^<]*)</Message>")
_READY = 30.0


class MiniStackStore:
    """Where the provisioner takes its steps."""

    def __init__(self, backing: Backing, account: str) -> None:
        self._backing = backing
        self._account = account

    async def take(self, call: Call, region: str) -> tuple[str, str]:
        """Code and message of the error; both empty when it succeeded."""
        if not await self._backing.wait_until_ready(_READY):
            return "ServiceUnavailable", "MiniStack does not answer"
        scope = f"{self._account}/20200101/{region}/{call.service}/aws4_request"
        headers = {
            "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"
        }
        method, resource, body = "POST", "/", ""
        if isinstance(call, JsonStep):
            headers |= {"X-Amz-Target": call.target, "Content-Type": "application/x-amz-json-1.1"}
            body = json.dumps(call.content)
        elif isinstance(call, QueryStep):
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            body = urlencode(call.parameters)
        else:
            method, resource, body = call.method, call.resource, call.body
        async with (
            aiohttp.ClientSession(trust_env=False) as session,
            session.request(
                method, f"{self._backing.url}{resource}", data=body.encode(), headers=headers
            ) as answer,
        ):
            return ("", "") if answer.status < 300 else _error(await answer.text())


def _error(text: str) -> tuple[str, str]:
    try:
        content = json.loads(text)
        return str(content["__type"]), str(content.get("message") or content.get("Message", ""))
    except (ValueError, KeyError, TypeError):
        code, message = _CODE.search(text), _MESSAGE.search(text)
        return (code[1] if code else "Unknown"), (message[1] if message else text[:200])
