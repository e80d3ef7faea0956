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

Answer = Callable[["Exchange", re.Match[str]], Awaitable[web.StreamResponse]]


class Exchange:
    """One request and who sends it."""

    def __init__(self, registry: Registry, request: web.BaseRequest, caller: Caller) -> None:
        self.registry = registry
        self.request = request
        self.caller = caller

    def permit(self, action: str, name: str) -> None:
        self.registry.permit(self.caller, action, name)


async def answer(registry: Registry, request: web.BaseRequest) -> web.StreamResponse:
    """Answers every request below `/v2/`."""
    try:
        caller = registry.who(request.headers.get("Authorization", ""))
        handler, found = _route_of(request.method, request.path)
        return await handler(Exchange(registry, request, caller), found)
    except RegistryError as error:
        body = {"errors": [{"code": error.code, "message": error.message}]}
        headers = _VERSION | (_REALM if error.status == 401 else {})
        return web.json_response(body, status=error.status, headers=headers)


def _route_of(method: str, path: str) -> tuple[Answer, re.Match[str]]:
    for wanted, expression, handler in _ROUTES:
        found = expression.fullmatch(path)
        if found is not None and method == wanted:
            return handler, found
    raise RegistryError("UNSUPPORTED", f"{method} is not supported here", 405)


async def _version(_exchange: Exchange, _found: re.Match[str]) -> web.StreamResponse:
    return web.json_response({}, headers=_VERSION)


async def _begin(exchange: Exchange, found: re.Match[str]) -> web.StreamResponse:
    """Begin an upload in parts, or of a whole blob; or mount a blob that already exists here."""
    name, query = found["name"], exchange.request.query
    exchange.permit("InitiateLayerUpload", name)
    mounted = query.get("mount", "")
    if mounted and exchange.registry.store.blob(mounted) is not None:
        return _created(name, mounted)
    uploads = exchange.registry.uploads
    identifier = uploads.begin()
    if digest := query.get("digest"):
        await _receive(exchange, identifier)
        return await _take(exchange, name, identifier, digest)
    return _accepted(exchange, name, identifier)


async def _append(exchange: Exchange, found: re.Match[str]) -> web.StreamResponse:
    exchange.permit("UploadLayerPart", found["name"])
    begins = exchange.request.headers.get("Content-Range", "").partition("-")[0]
    if begins.isdecimal() and int(begins) != exchange.registry.uploads.size(found["id"]):
        raise RegistryError("BLOB_UPLOAD_INVALID", "the parts are not in their order", 416)
    await _receive(exchange, found["id"])
    return _accepted(exchange, found["name"], found["id"])


async def _finish(exchange: Exchange, found: re.Match[str]) -> web.StreamResponse:
    exchange.permit("CompleteLayerUpload", found["name"])
    await _receive(exchange, found["id"])
    digest = exchange.request.query.get("digest", "")
    return await _take(exchange, found["name"], found["id"], digest)


async def _progress(exchange: Exchange, found: re.Match[str]) -> web.StreamResponse:
    exchange.permit("UploadLayerPart", found["name"])
    response = _accepted(exchange, found["name"], found["id"])
    response.set_status(204)
    return response


async def _cancel(exchange: Exchange, found: re.Match[str]) -> web.StreamResponse:
    exchange.permit("UploadLayerPart", found["name"])
    exchange.registry.uploads.drop(found["id"])
    return web.Response(status=204, headers=_VERSION)


async def _receive(exchange: Exchange, identifier: str) -> None:
    uploads = exchange.registry.uploads
    uploads.size(identifier)
    async for chunk in exchange.request.content.iter_any():
        uploads.append(identifier, chunk)


async def _take(exchange: Exchange, name: str, identifier: str, digest: str) -> web.StreamResponse:
    await asyncio.to_thread(exchange.registry.uploads.finish, identifier, digest)
    return _created(name, digest)


async def _blob(exchange: Exchange, found: re.Match[str]) -> web.StreamResponse:
    head = exchange.request.method == "HEAD"
    exchange.permit(
        "BatchCheckLayerAvailability" if head else "GetDownloadUrlForLayer", found["name"]
    )
    file = exchange.registry.store.blob(found["digest"])
    if file is None:
        raise RegistryError("BLOB_UNKNOWN", "blob unknown to registry", 404)
    headers = {**_VERSION, "Docker-Content-Digest": found["digest"]}
    if head:
        return web.Response(headers={**headers, "Content-Length": str(file.stat().st_size)})
    return web.FileResponse(file, headers=headers)


async def _manifest(exchange: Exchange, found: re.Match[str]) -> web.StreamResponse:
    name, wanted = found["name"], found["wanted"]
    exchange.permit("BatchGetImage", name)
    image = exchange.registry.contents(name).find(wanted)
    file = exchange.registry.store.blob(image.digest) if image else None
    if image is None or file is None:
        raise RegistryError("MANIFEST_UNKNOWN", "Requested image not found", 404)
    headers = {
        **_VERSION, "Docker-Content-Digest": image.digest, "Content-Type": image.media_type,
    }  # fmt: skip
    if exchange.request.method == "HEAD":
        return web.Response(headers={**headers, "Content-Length": str(file.stat().st_size)})
    exchange.registry.store.note_pull(name, image.digest)
    return web.Response(body=file.read_bytes(), headers=headers)


async def _put_manifest(exchange: Exchange, found: re.Match[str]) -> web.StreamResponse:
    name, wanted = found["name"], found["wanted"]
    exchange.permit("PutImage", name)
    body = bytearray()
    async for chunk in exchange.request.content.iter_any():
        body += chunk
        if len(body) > BYTES:
            raise RegistryError("MANIFEST_INVALID", "the manifest is too large", 413)
    tag = "" if wanted.startswith("sha256:") else wanted
    media_type = exchange.request.headers.get("Content-Type", "")
    image = exchange.registry.push(name, bytes(body), media_type, tag)
    await asyncio.to_thread(exchange.registry.prepare, image)
    if not tag and image.digest != wanted:
        raise RegistryError("DIGEST_INVALID", f"the manifest's digest is {image.digest}")
    headers = {
        **_VERSION, "Docker-Content-Digest": image.digest,
        "Location": f"{PREFIX}{name}/manifests/{image.digest}",
    }  # fmt: skip
    return web.Response(status=201, headers=headers)


async def _tags(exchange: Exchange, found: re.Match[str]) -> web.StreamResponse:
    exchange.permit("ListImages", found["name"])
    tags = sorted(exchange.registry.contents(found["name"]).tags)
    after, most = exchange.request.query.get("last", ""), exchange.request.query.get("n", "")
    tags = [tag for tag in tags if tag > after]
    shown = tags[: int(most)] if most.isdecimal() else tags
    return web.json_response({"name": found["name"], "tags": shown}, headers=_VERSION)


def _accepted(exchange: Exchange, name: str, identifier: str) -> web.Response:
    size = exchange.registry.uploads.size(identifier)
    headers = {
        **_VERSION, "Location": f"{PREFIX}{name}/blobs/uploads/{identifier}",
        "Docker-Upload-UUID": identifier, "Range": f"0-{max(size - 1, 0)}",
    }  # fmt: skip
    return web.Response(status=202, headers=headers)


def _created(name: str, digest: str) -> web.Response:
    headers = {
        **_VERSION, "Docker-Content-Digest": digest, "Location": f"{PREFIX}{name}/blobs/{digest}",
    }  # fmt: skip
    return web.Response(status=201, headers=headers)


def _route(method: str, path: str, handler: Answer) -> tuple[str, re.Pattern[str], Answer]:
    return method, re.compile(path), handler


_UPLOAD = rf"{PREFIX}(?P<name>{NAME})/blobs/uploads/(?P<id>[0-9a-f-]{{36}})"
_BLOB = rf"{PREFIX}(?P<name>{NAME})/blobs/(?P<digest>{DIGEST})"
_MANIFEST = rf"{PREFIX}(?P<name>{NAME})/manifests/(?P<wanted>{DIGEST}|{TAG})"
_ROUTES = (
    _route("GET", PREFIX, _version),
    _route("POST", rf"{PREFIX}(?P<name>{NAME})/blobs/uploads/?", _begin),
    _route("PATCH", _UPLOAD, _append),
    _route("PUT", _UPLOAD, _finish),
    _route("GET", _UPLOAD, _progress),
    _route("DELETE", _UPLOAD, _cancel),
    _route("GET", _BLOB, _blob),
    _route("HEAD", _BLOB, _blob),
    _route("GET", _MANIFEST, _manifest),
    _route("HEAD", _MANIFEST, _manifest),
    _route("PUT", _MANIFEST, _put_manifest),
    _route("GET", rf"{PREFIX}(?P<name>{NAME})/tags/list", _tags),
)
