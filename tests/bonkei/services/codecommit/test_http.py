"""git over HTTP, with the real git on both sides."""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import web

from bonkei.base.aws_service import AwsServiceError, Caller
from bonkei.services.codecommit import http
from bonkei.services.codecommit.repositories import Repositories

_ME = {"GIT_AUTHOR_NAME": "me", "GIT_AUTHOR_EMAIL": "m@x"}
_ME |= {name.replace("AUTHOR", "COMMITTER"): value for name, value in _ME.items()}


ARN = "arn:aws:codecommit:eu-west-1:123456789012:app"


@dataclass
class Served:
    repositories: Repositories
    port: int
    work: Path
    denied: str = ""

    def url(self, name: str = "app", user: str = "key:secret") -> str:
        return f"http://{user}@127.0.0.1:{self.port}/v1/repos/{name}"

    async def git(self, *words: str) -> tuple[int, str]:
        """The exit code and the output."""
        done = await asyncio.to_thread(
            subprocess.run, ["git", *words], cwd=self.work, capture_output=True, text=True,
            env={**os.environ, **_ME, "GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_GLOBAL": os.devnull},
            timeout=60,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    def who(self, name: str, password: str, place: tuple[str, str], region: str) -> Caller:
        host, path = place
        if (name, password, host) != ("key", "secret", "127.0.0.1"):
            raise AwsServiceError("Refused", "the password's signature does not match")
        assert (path, region) == ("/v1/repos/app", "eu-west-1"), "the repository's region"
        return Caller("arn:me", "me", "123456789012")

    def may(self, caller: Caller, action: str, arn: str) -> str:
        return f"not authorized to perform: {action} on {arn}" if action == self.denied else ""


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    repositories = Repositories(tmp_path / "repositories", time.time)
    repositories.open()
    await repositories.create("app", ARN)
    made = Served(repositories, 0, tmp_path)

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        return await http.answer(repositories, request, made.who, made.may)

    server = web.Server(answer)
    runner = web.ServerRunner(server)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.port = runner.addresses[0][1]
    made.work = tmp_path / "work"
    made.work.mkdir()
    (made.work / "large.bin").write_bytes(os.urandom(3_000_000))
    for words in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "One"]):
        assert (await made.git(*words))[0] == 0
    yield made
    await runner.cleanup()


async def test_a_push_and_a_clone(served: Served, tmp_path: Path) -> None:
    """Above a megabyte, git sends chunks without a length."""
    code, said = await served.git("push", "-q", served.url(), "HEAD:main")
    assert code == 0, said
    code, said = await served.git("clone", "-q", served.url(), str(tmp_path / "clone"))
    assert code == 0, said
    assert (tmp_path / "clone" / "large.bin").stat().st_size == 3_000_000
    assert list(await served.repositories.branches("app")) == ["main"]


async def test_a_client_without_credentials_gets_nothing(served: Served) -> None:
    code, said = await served.git("ls-remote", f"http://127.0.0.1:{served.port}/v1/repos/app")
    assert (code, "terminal prompts disabled" in said) == (128, True)
    code, said = await served.git("ls-remote", served.url(user="key:wrong"))
    assert (code, "signature does not match" in said) == (128, True), said


async def test_a_caller_who_may_only_read_cannot_push(served: Served) -> None:
    served.denied = "codecommit:GitPush"
    code, said = await served.git("push", "-q", served.url(), "HEAD:main")
    assert (code, f"codecommit:GitPush on {ARN}" in said) == (128, True), said
    assert (await served.git("ls-remote", served.url()))[0] == 0
    served.denied = "codecommit:GitPull"
    assert (await served.git("ls-remote", served.url()))[0] == 128


async def test_a_missing_repository_is_not_found(served: Served) -> None:
    for path in ("no", "app/../../etc", "app.git/hooks"):
        code, said = await served.git("ls-remote", served.url(path))
        assert (code, "not found" in said) == (128, True), said
