"""Images that a real container engine builds: built, pushed, unpacked, and run from."""

from __future__ import annotations

import asyncio
import json
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path

import aiohttp
import container_engine
import pytest

from bonkei.services.ecr.engines.bases import base_images, rename_images
from bonkei.services.ecr.engines.probe import Discovery, small_program
from bonkei.services.ecr.engines.storage import remove_storage
from bonkei.services.ecr.engines.values import Engine, NotBuilt
from bonkei.services.ecr.running import Runner
from scripts import scanners
from tests.bonkei.services.ecr.conftest import HOST, TOKEN, World
from tests.bonkei.services.ecr.test_docker import AN_AWS_KEY, Docker

IMAGE = f"{HOST}/shop/web:1a2b"
ENGINES = ["buildah", *(name for name in ("podman",) if shutil.which(name))]
FOUND: dict[str, Engine | NotBuilt] = {}
"""What the first test of an engine has found: each look takes seconds."""


@pytest.fixture(scope="module")
def engine_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("engine")


@pytest.fixture(params=["buildah"])
def engine(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    name = str(request.param)
    if name == "double":
        container_engine.install(tmp_path / "bin", tmp_path / "state")
        monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")
        return "docker"
    if not shutil.which(name):
        pytest.skip(f"{name} is not installed: `apt-get install {name}`")
    return name


@pytest.fixture
async def docker(world: World, engine: str, engine_home: Path, tmp_path: Path) -> Docker:
    world.engine, world.engine_home = engine, engine_home
    if engine in FOUND:
        world.builder._found = FOUND[engine]
        world.builder._runner.start()
    FOUND[engine] = found = await world.builder.engine()
    if isinstance(found, NotBuilt):
        pytest.skip(f"it cannot build here: {found.reason}")
    docker = Docker(world, tmp_path / "home")
    await docker.log_in()
    return docker


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A Dockerfile whose image has one program and a shell's worth of settings."""
    folder = tmp_path / "program"
    folder.mkdir()
    (folder / "probe").write_bytes(small_program() or b"")
    (folder / "probe").chmod(0o755)
    (folder / "message").write_text("one")
    (folder / "Dockerfile").write_text(
        'FROM scratch AS base\nARG COLOUR=red\nENV GREETING="a b" COLOUR=$COLOUR\n'
        "COPY probe /bin/probe\n"
        'FROM base\nCOPY --chown=10001:10001 message /srv/\nUSER 10001\nRUN ["/bin/probe"]\n'
        'WORKDIR /srv\nEXPOSE 8000\nCMD ["probe"]\n'
    )
    return folder


@pytest.mark.parametrize("engine", ENGINES, indirect=True)
async def test_an_image_is_built_pushed_and_unpacked(
    world: World, docker: Docker, program: Path, engine: str
) -> None:
    code, printed = await docker("build", "--build-arg", "COLOUR=blue", "-t", IMAGE, str(program))
    assert code == 0, printed
    assert f"built by {engine}" in printed
    code, printed = await docker("push", IMAGE)
    assert code == 0, printed
    files = world.registry.files(IMAGE)
    assert files is not None
    assert files.config is not None
    assert (files.folder / "srv" / "message").read_text() == "one"
    assert not (files.folder / "Dockerfile").exists()
    assert dict(files.config.environment)["COLOUR"] == "blue"
    assert dict(files.config.environment)["GREETING"] == "a b"
    assert files.config.user == "10001"
    assert files.config.working_directory == "/srv"
    assert files.config.command == ("probe",)
    assert files.config.exposed_ports == (8000,)
    digest = json.loads((await docker("inspect", IMAGE))[1])[0]["Id"]
    assert world.registry.digest(IMAGE) == digest
    (program / "message").write_text("two")
    code, printed = await docker("build", "-t", IMAGE, str(program))
    assert code == 0, printed
    code, printed = await docker("push", IMAGE)
    assert (code, "the tag is immutable" in printed) == (1, True)
    assert [each.name for each in (world.engine_home / "work").glob("build-*")] == []


async def test_a_step_that_fails_fails_the_build(docker: Docker, program: Path) -> None:
    (program / "Dockerfile").write_text(
        'FROM scratch\nCOPY probe /bin/probe\nRUN ["/bin/missing"]\n'
    )
    code, printed = await docker("build", "-t", IMAGE, str(program))
    assert code == 1
    assert "/bin/missing" in printed
    assert "packaged" not in printed


async def test_a_base_that_cannot_be_had_fails_or_is_packaged(
    world: World, docker: Docker, program: Path
) -> None:
    """It fails where bonkei.toml names the engine."""
    tries = []

    def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tries.append(writer)
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        base = f"127.0.0.1:{server.sockets[0].getsockname()[1]}/nothing:1"
        (program / "Dockerfile").write_text(f"FROM {base}\n")
        code, printed = await docker("build", "-t", IMAGE, str(program))
    assert code == 1
    assert f"could not get {base}" in printed
    assert len(tries) == 2, "the second one a second later: nobody waits for a third"
    (program / "Dockerfile").write_text('FROM 127.0.0.1:1/nothing:1\nRUN x\nCMD ["x"]\n')
    world.builder._settings = replace(world.builder._settings, wanted="auto")
    code, printed = await docker("build", "-t", IMAGE, str(program))
    assert code == 0
    assert "no container engine: buildah could not get 127.0.0.1:1/nothing:1" in printed
    assert "not done, without a container engine: 1 RUN" in printed
    code, printed = await docker("build", "--target", "x", "-t", IMAGE, str(program))
    assert (code, "--target needs a container engine" in printed) == (1, True)


async def test_trivy_scans_what_was_built(docker: Docker, program: Path) -> None:
    """The real Trivy finds a secret in a layer, which a later layer hides."""
    scanners.install()
    trivy = shutil.which("trivy", path=scanners.environment()["PATH"]) or ""
    options = ("--exit-code", "1", "--scanners", "vuln,secret", "--ignore-unfixed")
    scan = partial(docker, trivy, "image", *options, of="bonkei.services.ecr.docker.scan")
    await docker("build", "-t", IMAGE, str(program))
    code, printed = await scan(IMAGE)
    assert code == 0, printed
    (program / "credentials").write_text(AN_AWS_KEY)
    with (program / "Dockerfile").open("a") as dockerfile:
        dockerfile.write("COPY credentials /srv/credentials\n")
    await docker("build", "-t", "found:1", str(program))
    code, printed = await scan("found:1")
    assert (code, "AWS Access Key ID" in printed) == (1, True)


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        ("none", '[builds] engine is "none"'),
        ("docker", "docker"),
    ],
)
async def test_without_an_engine_the_reason_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted: str, reason: str
) -> None:
    """A docker whose daemon does not answer is as good as none."""
    broken = tmp_path / "bin" / "docker"
    broken.parent.mkdir()
    broken.write_text("#!/bin/sh\necho Cannot connect to the Docker daemon >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", f"{broken.parent}:/usr/bin:/bin")
    runner = Runner(tmp_path / "processes")
    runner.start()
    found = await Discovery(wanted, tmp_path / "engine", runner).find()
    runner.stop()
    assert isinstance(found, NotBuilt)
    assert reason in found.reason


async def test_tasks_that_could_not_run_are_not_built_for(world: World) -> None:
    world.engine, world.obstacle = "auto", "namespaces are Linux's"
    found = await world.builder.engine()
    assert isinstance(found, NotBuilt)
    assert "tasks could not run from its image: namespaces are Linux's" in found.reason


async def test_only_privileged_builds_may_use_it(
    world: World, docker: Docker, program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with aiohttp.ClientSession() as session:
        place = f"{world.url}/_engine/build"
        async with session.post(place, headers={"Authorization": "Bearer other"}) as answer:
            assert answer.status == 403
        headers = {"Authorization": f"Bearer {TOKEN}"}
        for body in (b"", b"no json\n", b"[]\n", b"{}\nno archive"):
            async with session.post(place, headers=headers, data=body) as answer:
                assert "failed" in (await answer.text()).splitlines()[-1], body


def test_the_bases_of_a_dockerfile(tmp_path: Path) -> None:
    file = tmp_path / "Dockerfile"
    file.write_text(
        "ARG TAG=3.13\nARG REGISTRY\nARG NOTHING\nFROM python:${TAG} AS base\n"
        "FROM base AS tools\nFROM scratch\nFROM $REGISTRY/web:1\nFROM $NOTHING/web\n"
        "COPY --from=base /a /\nCOPY --from=0 /a /\nCOPY --from=busybox:1 /a /\n"
        "RUN --mount=type=bind,from=alpine:3,target=/x --mount=from=tools,target=/y ls\n"
    )
    found = base_images(file, {"REGISTRY": HOST})
    assert found == ("python:3.13", f"{HOST}/web:1", "busybox:1", "alpine:3")


def test_the_bases_of_a_dockerfile_get_other_names(tmp_path: Path) -> None:
    file = tmp_path / "Dockerfile"
    file.write_text(
        f"# {HOST}/web:1\nARG IMAGE={HOST}/web:1\nFROM --platform=linux/amd64 \\\n"
        f"  ${{IMAGE}} AS web\nFROM {HOST}/web:1\nCOPY --from={HOST}/web:1 /a /\n"
        f"RUN --mount=from={HOST}/web:1,target=/x \\\n  echo {HOST}/web:1\nFROM {HOST}/web:10\n"
    )
    rename_images(file, {}, {f"{HOST}/web:1": "near/web:1"})
    assert file.read_text() == (
        f"# {HOST}/web:1\nARG IMAGE={HOST}/web:1\nFROM --platform=linux/amd64 near/web:1 AS web\n"
        "FROM near/web:1\nCOPY --from=near/web:1 /a /\n"
        f"RUN --mount=from=near/web:1,target=/x \\\n  echo {HOST}/web:1\nFROM {HOST}/web:10\n"
    )


def test_here_documents_and_other_bytes_name_no_bases(tmp_path: Path) -> None:
    file = tmp_path / "Dockerfile"
    head, query = b"# caf\xe9\x0c \nFROM ", b"RUN psql <<EOF\nSELECT *\nFROM users\nEOF\n"
    file.write_bytes(head + b"alpine\n" + query + b"COPY --from=alpine /a /\n")
    assert base_images(file, {}) == ("alpine",)
    rename_images(file, {}, {"alpine": "near", "users": "far"})
    assert file.read_bytes() == head + b"near\n" + query + b"COPY --from=near /a /\n"


@pytest.mark.parametrize("engine", [*ENGINES, "double"], indirect=True)
async def test_bases_of_the_own_registry(
    world: World, docker: Docker, program: Path, engine: str
) -> None:
    """By a tag, by a build's argument, and by a digest; the newest of a tag that has moved."""
    base = f"{HOST}/few"
    (program / "Dockerfile").write_text("FROM scratch\nCOPY message /srv/\n")
    for text in ("one", "two"):
        (program / "message").write_text(text)
        code, printed = await docker("build", "-t", f"{base}:latest", "--push", str(program))
        assert code == 0, printed
        folder = program.parent / text
        folder.mkdir()
        (folder / "Dockerfile").write_text(
            f"ARG BASE\nFROM $BASE\nFROM {base}:latest\n"
            f"COPY --from={base}@{world.registry.digest(f'{base}:latest')} /srv/message /more\n"
        )
        image = f"{HOST}/shop/web:{text}"
        options = ("--build-arg", f"BASE={base}:latest", "-t", image, "--push")
        code, printed = await docker("build", *options, str(folder))
        assert code == 0, printed
        files = world.registry.files(image)
        assert files is not None
        assert (files.folder / "srv" / "message").read_text() == text
        assert (files.folder / "more").read_text() == text
    world.denied.add("ecr:BatchGetImage")
    code, printed = await docker("build", "-t", "x", str(folder))
    assert code == 1
    assert f"could not get {base}:latest" in printed


def test_files_of_other_users_are_removed_by_the_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, storage = tmp_path / "bin" / "buildah", tmp_path / "engine" / "buildah-rootless-vfs"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\ntest "$1" = unshare && shift && exec "$@"\n')
    program.chmod(0o755)
    storage.mkdir(parents=True)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")

    def refuse(_folder: Path) -> None:
        raise PermissionError

    with monkeypatch.context() as patch:
        patch.setattr("bonkei.services.ecr.engines.storage.shutil.rmtree", refuse)
        remove_storage(storage.parent)
    assert not storage.exists()
