"""The `docker` of a build: the commands of a buildspec, against a registry."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bonkei.services.ecr.docker.local import LocalImages
from bonkei.services.ecr.image_config import own_architecture
from bonkei.services.ecr.manifest import OCI_INDEX, OCI_MANIFEST
from bonkei.services.ecr.unpacking import tidy
from scripts import scanners
from tests.bonkei.services.ecr.conftest import HOST, TOKEN, World

IMAGE = f"{HOST}/shop/web:1a2b"


class Docker:
    def __init__(self, world: World, home: Path) -> None:
        self.world, self.home = world, home

    async def __call__(
        self, *arguments: str, sends: str = "", of: str = "bonkei.services.ecr.docker"
    ) -> tuple[int, str]:
        """The exit code and the output."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", of, *arguments,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={
                **os.environ, "HOME": str(self.home), "AWS_ENDPOINT_URL": self.world.url,
                **({"MINIATURE_ENGINE": TOKEN} if self.world.engine != "none" else {}),
            },
        )  # fmt: skip
        printed, _ = await process.communicate(sends.encode())
        return process.returncode or 0, printed.decode()

    async def log_in(self) -> None:
        code, printed = await self(
            "login", "--username", "AWS", "--password-stdin", HOST, sends=self.world.password()
        )
        assert (code, printed) == (0, "Login Succeeded\n")


@pytest.fixture
def docker(world: World, tmp_path: Path) -> Docker:
    return Docker(world, tmp_path / "home")


@pytest.fixture
def program(tmp_path: Path) -> Path:
    folder = tmp_path / "program"
    (folder / "web").mkdir(parents=True)
    (folder / "Dockerfile").write_text("FROM python:3.13\nRUN pip install x\nCOPY web web\n")
    (folder / "web" / "main.py").write_text("print('hello')\n")
    (folder / "web" / "notes.log").write_text("no part of it")
    (folder / ".dockerignore").write_text("**/*.log\n")
    return folder


async def test_a_build_is_pushed_and_runs_from_its_tag(
    world: World, docker: Docker, program: Path
) -> None:
    await docker.log_in()
    code, printed = await docker("build", "--pull", "-t", IMAGE, str(program))
    assert code == 0
    assert "not done, without a container engine: 1 RUN" in printed
    code, printed = await docker("push", IMAGE)
    assert code == 0, printed
    assert f"1a2b: digest: {world.registry.digest(IMAGE)}" in printed
    assert ("ecr:PutImage", "shop/web") in world.asked
    files = world.registry.files(IMAGE)
    assert files is not None
    assert files.config is None
    assert (files.folder / "web" / "main.py").read_text() == "print('hello')\n"
    assert not (files.folder / "web" / "notes.log").exists()
    assert world.registry.files(f"{HOST}/shop/web:other") is None


async def test_the_same_sources_make_the_same_image(
    world: World, docker: Docker, program: Path
) -> None:
    await docker.log_in()
    await docker("build", "-t", IMAGE, str(program))
    (program / "web" / "main.py").touch()
    (program / "web" / "notes.log").write_text("other")
    await docker("build", "-t", "other:1", str(program))
    _, printed = await docker("image", "inspect", "other:1")
    assert json.loads(printed)[0]["Id"] == json.loads((await docker("inspect", IMAGE))[1])[0]["Id"]
    (program / "web" / "main.py").write_text("print('bye')\n")
    await docker("build", "-t", "third", str(program))
    code, _ = await docker("push", IMAGE)
    assert code == 0
    await docker("tag", "third:latest", IMAGE)
    code, printed = await docker("push", IMAGE)
    assert code == 1
    assert "cannot be overwritten because the tag is immutable" in printed


async def test_a_pushed_image_can_be_pulled(world: World, docker: Docker, program: Path) -> None:
    """Of an index, the one for this machine."""
    await docker.log_in()
    await docker("build", "-t", IMAGE, str(program))
    await docker("push", IMAGE)
    await docker("rmi", IMAGE)
    assert (await docker("inspect", IMAGE))[0] == 1
    code, printed = await docker("pull", IMAGE)
    assert code == 0
    digest = world.registry.digest(IMAGE)
    assert digest in printed
    assert (await docker("inspect", IMAGE))[0] == 0
    own = {"os": "linux", "architecture": own_architecture()}
    for tag, platform in (("index", own), ("other", {**own, "architecture": "s390x"})):
        entry = {"mediaType": OCI_MANIFEST, "digest": digest, "size": 1, "platform": platform}
        index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry]}
        world.registry.push("shop/web", json.dumps(index).encode(), OCI_INDEX, tag)
    code, printed = await docker("pull", f"{HOST}/shop/web:index")
    assert (code, digest in printed) == (0, True)
    code, printed = await docker("pull", f"{HOST}/shop/web:other")
    assert (code, "no matching manifest for linux/" in printed) == (1, True)


async def test_refusals_are_reported(world: World, docker: Docker, program: Path) -> None:
    code, printed = await docker("login", "-u", "AWS", "-p", "wrong", HOST)
    assert (code, "authorization token" in printed) == (1, True)
    await docker("build", "-t", IMAGE, str(program))
    code, printed = await docker("push", IMAGE)
    assert (code, "no basic auth credentials" in printed) == (1, True)
    await docker.log_in()
    world.denied.add("ecr:PutImage")
    code, printed = await docker("push", IMAGE)
    assert (code, "may not ecr:PutImage" in printed) == (1, True)
    await docker("tag", IMAGE, f"{HOST}/nobody:1")
    code, printed = await docker("push", f"{HOST}/nobody:1")
    assert "repository with name 'nobody' does not exist" in printed
    for unknown in (("run", "x"), ("build", "--squash", ".")):
        code, printed = await docker(*unknown)
        assert (code, "the miniature's own" in printed) == (1, True)
    code, printed = await docker("build", "-t", "x", str(program / "web"))
    assert (code, "failed to read dockerfile" in printed) == (1, True)
    world.now += 13 * 3600
    assert "has expired" in (await docker("push", IMAGE))[1]


async def test_what_the_machine_refuses_is_reported(docker: Docker) -> None:
    docker.home.write_text("no folder")
    file = docker.home / ".bonkei-docker" / "logins.json"
    code, printed = await docker("login", "-u", "AWS", "-p", docker.world.password(), HOST)
    assert (code, printed) == (1, f"docker: {file}: Not a directory\n")


async def test_commands_side_by_side_lose_no_entry(tmp_path: Path) -> None:
    images = LocalImages(tmp_path)
    hosts = [f"{number}.example.com" for number in range(40)]
    tags = [asyncio.to_thread(images.tag, f"{host}/web:1", "sha256:1") for host in hosts]
    logins = [asyncio.to_thread(images.log_in, host, "Basic x") for host in hosts]
    await asyncio.gather(*tags, *logins)
    assert [host for host in hosts if not images.authorization(host)] == []
    assert len(images.images()) == len(hosts)
    await asyncio.gather(*(asyncio.to_thread(images.log_out, host) for host in hosts[1:]))
    assert [host for host in hosts if images.authorization(host)] == hosts[:1]


async def test_old_folders_are_deleted(
    world: World, docker: Docker, program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bonkei.services.ecr.unpacking.KEPT", 2)
    await docker.log_in()
    folders = []
    for tag in "abc":
        (program / "web" / "main.py").write_text(tag)
        await docker("build", "-t", f"{HOST}/shop/web:{tag}", str(program))
        await docker("push", f"{HOST}/shop/web:{tag}")
        folder = world.registry.files(f"{HOST}/shop/web:{tag}")
        assert folder is not None
        os.utime(folder.folder, (ord(tag), ord(tag)))
        folders.append(folder.folder)
    tidy(folders[0].parent)
    assert [folder.exists() for folder in folders] == [False, True, True]


AN_AWS_KEY = "aws_access_key_id=AKIA" + "Q7RYTBW2N5XK3M4P"


async def test_trivy_scans_the_packaged_image(
    world: World, docker: Docker, program: Path, tmp_path: Path
) -> None:
    """The real Trivy, with the options of program_build.yaml."""
    scanners.install()
    trivy = shutil.which("trivy", path=scanners.environment()["PATH"]) or ""
    await docker.log_in()
    options = ("--exit-code", "1", "--severity", "HIGH,CRITICAL", "--ignore-unfixed",
               "--pkg-types", "os,library", "--scanners", "vuln,secret,misconfig")  # fmt: skip

    async def scan(image: str, *more: str) -> tuple[int, str]:
        program_ = "bonkei.services.ecr.docker.scan"
        return await docker(trivy, "image", *options, *more, image, of=program_)

    for tag, content, user in (
        ("good", "", "10001"),
        ("bad", AN_AWS_KEY, "10001"),
        ("root", "", ""),
    ):
        (program / "web" / "credentials").write_text(content)
        (program / "Dockerfile").write_text(f"FROM python:3.13\n{f'USER {user}' if user else ''}\n")
        await docker("build", "-t", f"{HOST}/shop/web:{tag}", str(program))
    await docker("push", f"{HOST}/shop/web:good")
    await docker("rmi", f"{HOST}/shop/web:good")  # the scan pulls it
    code, printed = await scan(f"{HOST}/shop/web:good")
    assert code == 0, printed
    code, printed = await scan(f"{HOST}/shop/web:bad")
    assert (code, "AWS Access Key ID" in printed) == (1, True)
    code, printed = await scan(f"{HOST}/shop/web:root")
    assert (code, "USER" in printed) == (1, True)
    code, printed = await scan(f"{HOST}/shop/web:missing")
    assert (code, "Requested image not found" in printed) == (1, True)
    code, printed = await scan(f"{HOST}/shop/web:good", "--list-all-pkgs")
    assert (code, "unrecognized arguments: --list-all-pkgs" in printed) == (1, True)


LOADED = {
    "commands": (
        "bonkei.services.ecr.docker.client",
        {"asyncio", "psutil", "bonkei.base.processes", "dockerfile_parse"},
    ),
    "scanning": (
        "bonkei.services.ecr.layout",
        {"asyncio", "psutil", "bonkei.base.processes"},
    ),
    "scan": ("bonkei.services.ecr.docker", {"bonkei.services.ecr.docker.commands", "argparse"}),
}


@pytest.mark.parametrize("module", LOADED)
def test_the_command_loads_nothing_that_it_does_not_need(module: str) -> None:
    """A release starts them many times."""
    program = f"import sys, bonkei.services.ecr.docker.{module}; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.split()
    needed, needless = LOADED[module]
    assert needed in loaded
    assert needless & {*loaded} == set()
