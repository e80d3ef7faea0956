"""git over HTTP: `http://ENDPOINT/v1/repos/NAME`, by git's own `http-backend`.

https://git-scm.com/docs/git-http-backend, https://git-scm.com/docs/http-protocol. Only the smart
protocol is served, as in CodeCommit.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Callable
from contextlib import suppress

from aiohttp import web

from bonkei.base.arn import Arn
from bonkei.base.aws_service import AwsServiceError, Caller
from bonkei.services.codecommit.git import end_group, environment, start
from bonkei.services.codecommit.repositories import Repositories, Repository

Who = Callable[[str, str, tuple[str, str], str], Caller]
"""The caller with a name and a password, for a host, a path and a region. Raises
AwsServiceError."""
May = Callable[[Caller, str, str], str]
"""Why a caller may not do an action on a repository's ARN; empty if it may."""

_PATH = re.compile(
    r"(/v1/repos/(?P<name>[\w.-]{1,100}?)(?:\.git)?/?)/"
    r"(?P<rest>info/refs|git-upload-pack|git-receive-pack)"
)
_CHUNK = 1 << 16
_SECONDS = 900.0
_MOMENT = 5.0  # seconds for git to end after its answer
_HEAD = 16_384


async def answer(
    repositories: Repositories, request: web.BaseRequest, who: Who, may: May
) -> web.StreamResponse:
    """git's answer, or a refusal that git prints."""
    found = _PATH.fullmatch(request.path)
    if found is None:
        return _refusal(404, "no such path: git speaks to /v1/repos/NAME")
    name, rest = found["name"], found["rest"]
    try:
        repository = repositories.find(name)
        caller = _caller(request, who, Arn.of(repository.arn).region)
    except AwsServiceError as error:
        if error.code == "RepositoryDoesNotExistException":
            return _refusal(404, error.message)
        return _refusal(403, error.message)
    if caller is None:
        return web.Response(
            status=401, text="sign in\n", headers={"WWW-Authenticate": 'Basic realm="CodeCommit"'}
        )
    pushes = "git-receive-pack" in (rest, request.query.get("service", ""))
    action = "codecommit:GitPush" if pushes else "codecommit:GitPull"
    if denial := may(caller, action, repository.arn):
        return _refusal(403, denial)
    return await _run(repository, request, rest)


def _caller(request: web.BaseRequest, who: Who, region: str) -> Caller | None:
    """None without a name and a password. Raises AwsServiceError."""
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "basic":
        return None
    with suppress(binascii.Error, UnicodeDecodeError):
        name, _, password = base64.b64decode(given, validate=True).decode().partition(":")
        found = _PATH.fullmatch(request.path)
        path = found[1].rstrip("/") if found is not None else request.path
        return who(name, password, (request.host.partition(":")[0], path), region)
    return None


async def _run(repository: Repository, request: web.BaseRequest, rest: str) -> web.StreamResponse:
    variables = _variables(repository, request, rest)
    process = await start(
        "http-backend", variables=variables, stdin=PIPE, stderr=DEVNULL, limit=_CHUNK
    )
    assert process.stdin is not None  # noqa: S101 - both are pipes
    assert process.stdout is not None  # noqa: S101
    feeding = asyncio.create_task(_feed(request, process.stdin))
    try:
        async with asyncio.timeout(_SECONDS):
            status, headers = _head(await process.stdout.readuntil(b"\r\n\r\n"))
            response = web.StreamResponse(status=status, headers=headers)
            await response.prepare(request)
            while chunk := await process.stdout.read(_CHUNK):
                await response.write(chunk)
            await response.write_eof()
            with suppress(TimeoutError):
                async with asyncio.timeout(_MOMENT):
                    await process.wait()
            return response
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
        return _refusal(500, "git http-backend has not answered")
    finally:
        feeding.cancel()
        await asyncio.gather(feeding, return_exceptions=True)
        if process.returncode is None:
            end_group(process)


async def _feed(request: web.BaseRequest, into: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        async for chunk in request.content.iter_chunked(_CHUNK):
            into.write(chunk)
            await into.drain()
    into.close()


def _variables(repository: Repository, request: web.BaseRequest, rest: str) -> dict[str, str]:
    headers = request.headers
    variables = {
        "GIT_PROJECT_ROOT": str(repository.directory.parent),
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": f"/{repository.directory.name}/{rest}",
        "REQUEST_METHOD": request.method,
        "QUERY_STRING": request.query_string,
        "CONTENT_TYPE": headers.get("Content-Type", ""),
        "REMOTE_ADDR": "127.0.0.1",
        "REMOTE_USER": "codecommit",
    }
    for name, variable in (
        ("Content-Length", "CONTENT_LENGTH"),
        ("Content-Encoding", "HTTP_CONTENT_ENCODING"),
        ("Git-Protocol", "GIT_PROTOCOL"),
    ):
        if value := headers.get(name):
            variables[variable] = value
    return {**environment(), **variables}


def _head(text: bytes) -> tuple[int, dict[str, str]]:
    """The status and the headers of a CGI program's answer."""
    status, headers = 200, {}
    for line in text[:_HEAD].decode("latin-1").split("\r\n"):
        name, found, value = line.partition(":")
        if found and name.lower() == "status":
            status = int(value.split()[0])
        elif found:
            headers[name] = value.strip()
    return status, headers


def _refusal(status: int, why: str) -> web.Response:
    return web.Response(status=status, text=f"{why}\n")
