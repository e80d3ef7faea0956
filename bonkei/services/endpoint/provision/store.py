"""Steps as HTTP requests to MiniStack. It takes them unsigned from the endpoint's own service."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote
from xml.etree import ElementTree as ET

from bonkei.services.endpoint.backing.connections import Body, StoreConnections
from bonkei.services.endpoint.backing.dialects.s3 import encoded_listing
from bonkei.services.endpoint.backing.passing import OWN_HOST
from bonkei.services.endpoint.backing.passing import Store as Backing
from bonkei.services.endpoint.provision.step import Call, EmptyStep, JsonStep, S3Step

_CODE = re.compile(r"<Code>([^<]*)</Code>")
_MESSAGE = re.compile(r"<Message>([^<]*)</Message>")
_UNCHECKED = "AWS4-HMAC-SHA256 Credential={}, SignedHeaders=host, Signature=0"
_READY = 30.0
_PIECE = 64 * 1024


class MiniStackStore:
    """The provisioner takes its steps here. `definitions`: the folder with the files of objects."""

    def __init__(self, backing: Backing, account: str, definitions: Path) -> None:
        self._backing = backing
        self._account = account
        self._definitions = definitions
        self._connections = StoreConnections()

    async def __aenter__(self) -> MiniStackStore:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._connections.close()

    async def take(self, call: Call, region: str) -> tuple[str, str]:
        """Code and message of the error; both empty when it succeeded."""
        if isinstance(call, EmptyStep):
            return await self._empty(call, region)
        try:
            status, text = await self._send(call, region)
        except FileNotFoundError as error:
            return "NoSuchFile", f"{error.filename} is not there"
        return ("", "") if status < 300 else _error(status, text)

    async def _send(self, call: JsonStep | S3Step, region: str) -> tuple[int, str]:
        if not await self._backing.wait_until_ready(_READY):
            return 503, _unavailable("MiniStack does not answer")
        scope = f"{self._account}/20200101/{region}/{call.service}/aws4_request"
        headers = {
            "Host": OWN_HOST,
            "X-Bonkei-Unkept": "1",  # a snapshot follows when all is made
            "Authorization": _UNCHECKED.format(scope),
        }
        method, resource = "POST", "/"
        body: Body
        if isinstance(call, JsonStep):
            headers |= {"X-Amz-Target": call.target, "Content-Type": "application/x-amz-json-1.1"}
            body = json.dumps(call.content).encode()
        else:
            method, resource = call.method, call.resource
            headers |= dict(call.headers)
            if call.source:
                file = self._definitions / call.source
                headers["Content-Length"] = str(file.stat().st_size)
                body = _pieces(file)
            else:
                body = base64.b64decode(call.base64) if call.base64 else call.body.encode()
        head = [f"{method} {resource} HTTP/1.1", *(f"{name}: {headers[name]}" for name in headers)]
        self._backing.begin_call()
        try:
            answer = await self._connections.ask(
                self._backing.connect, head, body, bodiless=method == "HEAD"
            )
            try:
                return answer.status, (await answer.read()).decode("utf-8", "replace")
            finally:
                answer.end()
        except (ConnectionError, TimeoutError, EOFError) as error:
            return 503, _unavailable(type(error).__name__)
        finally:
            self._backing.end_call()

    async def _empty(self, step: EmptyStep, region: str) -> tuple[str, str]:
        async for path in self._versions(step, region):
            bypass = (("x-amz-bypass-governance-retention", "true"),)
            code, message = await self.take(S3Step("DELETE", path, headers=bypass), region)
            if code:
                return code, message
        return "", ""

    async def _versions(self, step: EmptyStep, region: str) -> AsyncIterator[str]:
        """The versions, a page at a time; deleted ones are not on the next page."""
        before: list[str] = []
        while True:
            listing = S3Step("GET", f"/{step.bucket}?versions&prefix={quote(step.key, safe='')}")
            status, text = await self._send(listing, region)
            found = list(_listed(text, step)) if status < 300 else []
            if not found or found == before:
                return
            for path in found:
                yield path
            before = found


async def _pieces(file: Path) -> AsyncIterator[bytes]:
    with file.open("rb") as content:
        while piece := await asyncio.to_thread(content.read, _PIECE):
            yield piece


def _listed(text: str, step: EmptyStep) -> Iterator[str]:
    encoded = encoded_listing(text.encode())
    for element in ET.fromstring(encoded):  # noqa: S314 - it is MiniStack's own
        values = {child.tag.rpartition("}")[2]: child.text or "" for child in element}
        if not element.tag.endswith(("}Version", "}DeleteMarker")):
            continue
        if step.key in ("", unquote(values["Key"])):
            version = quote(values["VersionId"], safe="")
            yield f"/{step.bucket}/{values['Key']}?versionId={version}"


def _unavailable(message: str) -> str:
    return f"<Code>ServiceUnavailable</Code><Message>{message}</Message>"


def _error(status: int, text: str) -> tuple[str, str]:
    try:
        content: Any = json.loads(text)
        return str(content["__type"]), str(content.get("message") or content.get("Message", ""))
    except (ValueError, KeyError, TypeError):
        code, message = _CODE.search(text), _MESSAGE.search(text)
        return (code[1] if code else str(status)), (message[1] if message else text[:200])
