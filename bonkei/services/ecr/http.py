"""The distribution API: the protocol of `docker push` and `docker pull`.

Source: https://github.com/opencontainers/distribution-spec/blob/main/spec.md; how Amazon ECR asks
for permissions: "Amazon ECR actions, resources, and condition keys".
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable

from aiohttp import web

from bonkei.base.aws_service import Caller
from bonkei.services.ecr.errors import RegistryError
from bonkei.services.ecr.manifest import BYTES
from bonkei.services.ecr.names import DIGEST, NAME, TAG
from bonkei.services.ecr.registry import Registry

PREFIX = "/v2/"
_VERSION = {"Docker-Distribution-Api-Version": "registry/2.0"}
_REALM = {"WWW-Authenticate": 'Basic realm="https://ecr/",service="ecr.amazonaws.com"'}


async def answer(registry: Registry, request: web.BaseRequest) -> web.StreamResponse:
    """Answers every request below `/v2/`."""
    try:
        caller = registry.who(request.headers.get("Authorization", ""))
        handler, found = _route_of(request.method, request.path)
        return await handler(_Exchange(registry, request, caller, found))
    except RegistryError as error:
        body = {"errors": [{"code": error.code, "message": error.message}]}
        headers = _VERSION | (_REALM if error.status == 401 else {})
        return web.json_response(body, status=error.status, headers=headers)


class _Exchange:
    """One request and who sends it. `found`: the parts of its path."""

    def __init__(
        self, registry: Registry, request: web.BaseRequest, caller: Caller, found: re.Match[str]
    ) -> None:
        self._registry = registry
        self._request = request
        self._caller = caller
        self._found = found
        self._name = found.groupdict().get("name", "")

    def _permit(self, action: str) -> None:
        self._registry.permit(self._caller, action, self._name)

    async def version(self) -> web.StreamResponse:
        return web.json_response({}, headers=_VERSION)

    async def begin(self) -> web.StreamResponse:
        """Begin an upload in parts, or of a whole blob; or mount one that already exists here."""
        query = self._request.query
        self._permit("InitiateLayerUpload")
        mounted = query.get("mount", "")
        if mounted and self._registry.store.blob(mounted) is not None:
            return self._created(mounted)
        uploads = self._registry.uploads
        identifier = uploads.begin()
        if digest := query.get("digest"):
            await self._receive(identifier)
            return await self._take(identifier, digest)
        return self._accepted(identifier)

    async def append(self) -> web.StreamResponse:
        self._permit("UploadLayerPart")
        begins = self._request.headers.get("Content-Range", "").partition("-")[0]
        if begins.isdecimal() and int(begins) != self._registry.uploads.size(self._found["id"]):
            raise RegistryError("BLOB_UPLOAD_INVALID", "the parts are not in their order", 416)
        await self._receive(self._found["id"])
        return self._accepted(self._found["id"])

    async def finish(self) -> web.StreamResponse:
        self._permit("CompleteLayerUpload")
        await self._receive(self._found["id"])
        digest = self._request.query.get("digest", "")
        return await self._take(self._found["id"], digest)

    async def progress(self) -> web.StreamResponse:
        self._permit("UploadLayerPart")
        response = self._accepted(self._found["id"])
        response.set_status(204)
        return response

    async def cancel(self) -> web.StreamResponse:
        self._permit("UploadLayerPart")
        self._registry.uploads.drop(self._found["id"])
        return web.Response(status=204, headers=_VERSION)

    async def _receive(self, identifier: str) -> None:
        uploads = self._registry.uploads
        uploads.size(identifier)
        async for chunk in self._request.content.iter_any():
            uploads.append(identifier, chunk)

    async def _take(self, identifier: str, digest: str) -> web.StreamResponse:
        await asyncio.to_thread(self._registry.uploads.finish, identifier, digest)
        return self._created(digest)

    async def blob(self) -> web.StreamResponse:
        head = self._request.method == "HEAD"
        self._permit("BatchCheckLayerAvailability" if head else "GetDownloadUrlForLayer")
        file = self._registry.store.blob(self._found["digest"])
        if file is None:
            raise RegistryError("BLOB_UNKNOWN", "blob unknown to registry", 404)
        headers = {**_VERSION, "Docker-Content-Digest": self._found["digest"]}
        if head:
            return web.Response(headers={**headers, "Content-Length": str(file.stat().st_size)})
        return web.FileResponse(file, headers=headers)

    async def manifest(self) -> web.StreamResponse:
        name, wanted = self._name, self._found["wanted"]
        self._permit("BatchGetImage")
        image = self._registry.contents(name).find(wanted)
        file = self._registry.store.blob(image.digest) if image else None
        if image is None or file is None:
            raise RegistryError("MANIFEST_UNKNOWN", "Requested image not found", 404)
        headers = {
            **_VERSION, "Docker-Content-Digest": image.digest, "Content-Type": image.media_type,
        }  # fmt: skip
        if self._request.method == "HEAD":
            return web.Response(headers={**headers, "Content-Length": str(file.stat().st_size)})
        self._registry.store.note_pull(name, image.digest)
        return web.Response(body=file.read_bytes(), headers=headers)

    async def put_manifest(self) -> web.StreamResponse:
        name, wanted = self._name, self._found["wanted"]
        self._permit("PutImage")
        body = bytearray()
        async for chunk in self._request.content.iter_any():
            body += chunk
            if len(body) > BYTES:
                raise RegistryError("MANIFEST_INVALID", "the manifest is too large", 413)
        tag = "" if wanted.startswith("sha256:") else wanted
        media_type = self._request.headers.get("Content-Type", "")
        image = self._registry.push(name, bytes(body), media_type, tag)
        await asyncio.to_thread(self._registry.prepare, image)
        if not tag and image.digest != wanted:
            raise RegistryError("DIGEST_INVALID", f"the manifest's digest is {image.digest}")
        headers = {
            **_VERSION, "Docker-Content-Digest": image.digest,
            "Location": f"{PREFIX}{name}/manifests/{image.digest}",
        }  # fmt: skip
        return web.Response(status=201, headers=headers)

    async def tags(self) -> web.StreamResponse:
        self._permit("ListImages")
        tags = sorted(self._registry.contents(self._name).tags)
        after, most = self._request.query.get("last", ""), self._request.query.get("n", "")
        tags = [tag for tag in tags if tag > after]
        shown = tags[: int(most)] if most.isdecimal() else tags
        return web.json_response({"name": self._name, "tags": shown}, headers=_VERSION)

    def _accepted(self, identifier: str) -> web.Response:
        size = self._registry.uploads.size(identifier)
        headers = {
            **_VERSION, "Location": f"{PREFIX}{self._name}/blobs/uploads/{identifier}",
            "Docker-Upload-UUID": identifier, "Range": f"0-{max(size - 1, 0)}",
        }  # fmt: skip
        return web.Response(status=202, headers=headers)

    def _created(self, digest: str) -> web.Response:
        headers = {
            **_VERSION, "Docker-Content-Digest": digest,
            "Location": f"{PREFIX}{self._name}/blobs/{digest}",
        }  # fmt: skip
        return web.Response(status=201, headers=headers)


_Handler = Callable[[_Exchange], Awaitable[web.StreamResponse]]


def _route(method: str, path: str, handler: _Handler) -> tuple[str, re.Pattern[str], _Handler]:
    return method, re.compile(path), handler


_UPLOAD = rf"{PREFIX}(?P<name>{NAME})/blobs/uploads/(?P<id>[0-9a-f-]{{36}})"
_BLOB = rf"{PREFIX}(?P<name>{NAME})/blobs/(?P<digest>{DIGEST})"
_MANIFEST = rf"{PREFIX}(?P<name>{NAME})/manifests/(?P<wanted>{DIGEST}|{TAG})"
_ROUTES = (
    _route("GET", PREFIX, _Exchange.version),
    _route("POST", rf"{PREFIX}(?P<name>{NAME})/blobs/uploads/?", _Exchange.begin),
    _route("PATCH", _UPLOAD, _Exchange.append),
    _route("PUT", _UPLOAD, _Exchange.finish),
    _route("GET", _UPLOAD, _Exchange.progress),
    _route("DELETE", _UPLOAD, _Exchange.cancel),
    _route("GET", _BLOB, _Exchange.blob),
    _route("HEAD", _BLOB, _Exchange.blob),
    _route("GET", _MANIFEST, _Exchange.manifest),
    _route("HEAD", _MANIFEST, _Exchange.manifest),
    _route("PUT", _MANIFEST, _Exchange.put_manifest),
    _route("GET", rf"{PREFIX}(?P<name>{NAME})/tags/list", _Exchange.tags),
)


def _route_of(method: str, path: str) -> tuple[_Handler, re.Match[str]]:
    for wanted, expression, handler in _ROUTES:
        found = expression.fullmatch(path)
        if found is not None and method == wanted:
            return handler, found
    raise RegistryError("UNSUPPORTED", f"{method} is not supported here", 405)
