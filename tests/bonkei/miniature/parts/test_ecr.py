"""The folder behind a task's image: the pushed one, the working copy, or none."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import tarfile
from dataclasses import replace
from pathlib import Path

import container_engine
import pytest

from bonkei.base.aws_service import NOTHING_IS_ASKED
from bonkei.base.errors import BonkeiError
from bonkei.base.events import Bus, ServiceEvent
from bonkei.blueprint import Blueprint
from bonkei.blueprint.ecr import Repository
from bonkei.blueprint.ecs import Container, TaskDefinition
from bonkei.miniature.home import Home
from bonkei.miniature.parts.ecr import RegistryPart, RegistrySettings
from bonkei.services.ecr.engines.runs import Runs
from bonkei.services.ecr.image_config import own_architecture
from bonkei.services.ecr.manifest import (
    DOCKER_CONFIG,
    DOCKER_LAYER,
    DOCKER_MANIFEST,
    OCI_INDEX,
    OCI_MANIFEST,
    digest_of,
)
from bonkei.services.ecr.package import package
from bonkei.services.ecs import TaskError
from bonkei.services.ecs.built import BuiltFiles
from bonkei.services.ecs.images.local import local_task
from tests.bonkei.services.ecr.images import saved

ACCOUNT = "123456789012"
OTHERS = "999999999999.dkr.ecr.eu-west-1.amazonaws.com/team/app"
WEB = f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/web"


def definition(image: str) -> TaskDefinition:
    return TaskDefinition("d", "arn", "web", 1, 256, 512, (Container("web", image),))


def declared(image: str) -> Blueprint:
    arn = f"arn:aws:ecr:eu-west-1:{ACCOUNT}:repository/web"
    return Blueprint(
        repositories=(Repository("r", arn, "web", WEB),), task_definitions=(definition(image),)
    )


async def no_trivy() -> list[str]:
    raise BonkeiError("there is no Trivy")


@pytest.fixture
def rig(tmp_path: Path) -> RegistryPart:
    """The definitions name `web:unreleased`; `web:1` was pushed."""
    rig = RegistryPart(
        Home(tmp_path / "home"), NOTHING_IS_ASKED, print, Bus(), RegistrySettings(no_trivy)
    )
    rig.follow(declared(f"{WEB}:unreleased"))
    folder = tmp_path / "released"
    folder.mkdir()
    (folder / "Dockerfile").write_text('FROM x\nCMD ["released"]\n')
    built = package(folder, folder / "Dockerfile")
    for digest, content in built.blobs:
        upload = rig.registry.uploads.begin()
        rig.registry.uploads.append(upload, content)
        rig.registry.uploads.finish(upload, digest)
    rig.registry.push("web", built.manifest, OCI_MANIFEST, "1")
    return rig


def test_a_task_runs_the_source_of_its_tag(rig: RegistryPart, tmp_path: Path) -> None:
    working = tmp_path / "working"
    working.mkdir()
    (working / "Dockerfile").write_text('FROM x\nCMD ["working"]\n')

    def command(tag: str) -> tuple[str, ...]:
        task = definition(f"{WEB}:{tag}")
        local = local_task(task, {"web": working}, serving=frozenset({"web"}), built=rig.built)
        assert not local.refused, local.refused
        return local.container("web").command

    assert command("1") == ("released",)
    assert command("unreleased") == ("working",)
    assert rig.digest(f"{WEB}:1").startswith("sha256:")
    assert rig.digest(f"{WEB}:unreleased") == ""


def built(rig: RegistryPart, image: str, architecture: str) -> BuiltFiles | None:
    task = replace(definition(image), architecture=architecture)
    return rig.built(task.containers[0], task)


def push_built(rig: RegistryPart, tag: str, config: dict[str, object], message: str) -> None:
    """As a container engine's image is pushed."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        member = tarfile.TarInfo("srv/message")
        member.size = len(message)
        archive.addfile(member, io.BytesIO(message.encode()))
    layer, described = gzip.compress(buffer.getvalue()), json.dumps(config).encode()
    entries = []
    for kind, content in ((DOCKER_CONFIG, described), (DOCKER_LAYER, layer)):
        upload = rig.registry.uploads.begin()
        rig.registry.uploads.append(upload, content)
        rig.registry.uploads.finish(upload, digest_of(content))
        entries.append({"mediaType": kind, "digest": digest_of(content), "size": len(content)})
    manifest = {
        "schemaVersion": 2, "mediaType": DOCKER_MANIFEST,
        "config": entries[0], "layers": entries[1:],
    }  # fmt: skip
    rig.registry.push("web", json.dumps(manifest).encode(), DOCKER_MANIFEST, tag)


def test_a_task_of_a_built_image_enters_its_files(rig: RegistryPart, tmp_path: Path) -> None:
    """Never the working folder, and the older code for the older tag."""
    config = {"Cmd": ["serve"], "Env": ["A=b=c", "EMPTY="], "User": "7", "WorkingDir": "/srv"}
    for tag in ("old", "new"):
        push_built(rig, tag, {"os": "linux", "config": config}, tag)
    for tag in ("old", "new", "old"):
        found = built(rig, f"{WEB}:{tag}", "amd64")
        assert found is not None
        assert found.root is not None
        assert (found.folder / "srv" / "message").read_text() == tag
        assert found.root.command == ("serve",)
        assert found.root.environment == (("A", "b=c"), ("EMPTY", ""))
        assert (found.root.user, found.root.working_directory) == ("7", "/srv")


async def test_a_pushed_image_wins_over_that_of_the_settings(tmp_path: Path) -> None:
    settings = RegistrySettings(no_trivy, images={"web": saved(tmp_path / "web.tar", "settings")})
    rig = RegistryPart(Home(tmp_path / "home"), NOTHING_IS_ASKED, print, Bus(), settings)
    rig.follow(declared(f"{WEB}:2"))
    await rig.bring(pytest.fail)

    def message() -> str:
        found = built(rig, f"{WEB}:2", own_architecture())
        assert found is not None
        return (found.folder / "srv" / "message").read_text()

    assert message() == "settings"
    push_built(rig, "2", {"config": {"Cmd": ["x"]}}, "released")
    assert message() == "released"


async def test_two_families_with_one_image_run_each_its_own(tmp_path: Path) -> None:
    """A container of one name, whose image is in the registry of another account."""
    keys = ("web/app", "worker/app")
    files = [saved(tmp_path / key.replace("/", "-"), key) for key in keys]
    rig = RegistryPart(
        Home(tmp_path / "home"), NOTHING_IS_ASKED, print, Bus(),
        RegistrySettings(no_trivy, images=dict(zip(keys, files, strict=True))),
    )  # fmt: skip
    app = Container("app", f"{OTHERS}:1.2")
    tasks = [
        replace(definition(""), family=key.removesuffix("/app"), containers=(app,)) for key in keys
    ]
    rig.follow(Blueprint(task_definitions=tuple(tasks)))
    await rig.bring(pytest.fail)
    found = [rig.built(app, replace(task, architecture=own_architecture())) for task in tasks]
    texts = [(each.folder / "srv" / "message").read_text() for each in found if each]
    assert texts == [*keys]


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("127.0.0.1:1/mirror/app", "127.0.0.1:1/mirror/app:1.2"),
        ("127.0.0.1:1/mirror/app:stable", "127.0.0.1:1/mirror/app:stable"),
    ],
)
async def test_a_repository_of_another_account_is_mapped(
    tmp_path: Path, source: str, wanted: str
) -> None:
    """To the same tags of another one, unless one is named."""
    settings = RegistrySettings(no_trivy, images={OTHERS: source, "unused": "never.test/x"})
    rig = RegistryPart(Home(tmp_path / "home"), NOTHING_IS_ASKED, print, Bus(), settings)
    task = replace(definition(""), containers=(Container("app", f"{OTHERS}:1.2"),))
    rig.follow(Blueprint(task_definitions=(task,)))
    told: list[str] = []
    await rig.bring(told.append)
    assert [each.split(" cannot")[0] for each in told] == [f"app: {wanted}"]
    local = local_task(task, {}, serving=frozenset({"app"}), built=rig.built)
    assert f"CannotPullContainerError: {wanted}: " in local.refused


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"os": "linux", "architecture": "riscv64"}, "it is built for linux/riscv64"),
        ({"os": "windows"}, "it is built for windows/"),
        ({"config": {"ExposedPorts": {"x": {}}}}, "its configuration"),
        ([], "its configuration"),
    ],
)
def test_an_image_that_cannot_run_here_is_named(
    rig: RegistryPart, config: dict[str, object], said: str
) -> None:
    push_built(rig, "other", config, "x")
    with pytest.raises(TaskError, match=f"CannotPullContainerError.*{said}"):
        built(rig, f"{WEB}:other", "amd64")


def test_a_machine_without_namespaces_says_so(
    rig: RegistryPart, monkeypatch: pytest.MonkeyPatch
) -> None:
    push_built(rig, "built", {}, "x")
    monkeypatch.setattr("bonkei.miniature.parts.ecr.why_not", lambda _: "no namespaces")
    with pytest.raises(TaskError, match="cannot run its files: no namespaces") as refused:
        built(rig, f"{WEB}:built", "amd64")
    assert 'engine = "none"' in refused.value.remedy


def test_a_tag_that_was_never_pushed_cannot_be_pulled(rig: RegistryPart) -> None:
    with pytest.raises(TaskError, match=r"CannotPullContainerError.*web:2: not found"):
        built(rig, f"{WEB}:2", "amd64")
    local = local_task(definition(f"{WEB}:2"), {}, serving=frozenset({"web"}), built=rig.built)
    assert "CannotPullContainerError" in local.refused


@pytest.mark.parametrize(
    "image",
    [
        "python:3.13", "public.ecr.aws/x/y:1", "web", f"{WEB}-other:1", "169.254.169.254/latest:1",
        "127.0.0.1:PORT/web:1", "http://127.0.0.1:PORT/web", "localhost:PORT/web:1", "", "../web:1",
        "file:///etc/passwd", f"{WEB}/../../web:1", f"{WEB}:1\0", "a/" * 50_000, "\u202eweb",
        f"{WEB}@sha256:{'0' * 64}x", "registry/blobs/x", "[::1]:PORT/web:1",
    ],
)  # fmt: skip
async def test_other_registries_are_ignored(rig: RegistryPart, image: str) -> None:
    """Whatever a task definition or an `imagedefinitions.json` names is not called."""
    visits: list[object] = []
    server = await asyncio.start_server(lambda *given: visits.append(given), "127.0.0.1", 0)
    async with server:
        name = image.replace("PORT", str(server.sockets[0].getsockname()[1]))
        rig.follow(declared(name))
        await rig.bring(print)
        assert built(rig, name, "amd64") is None
        await asyncio.sleep(0)
    assert visits == []


async def test_a_push_to_a_repository_that_is_scanned_ends_in_an_event(
    rig: RegistryPart, tmp_path: Path
) -> None:
    heard: list[ServiceEvent] = []
    rig._bus.subscribe(ServiceEvent, heard.append)
    blueprint = declared(f"{WEB}:unreleased")
    [repository] = blueprint.repositories
    config = {"os": "linux", "rootfs": {"type": "layers"}}
    push_built(rig, "2", config, "not scanned")
    rig.follow(replace(blueprint, repositories=(replace(repository, scan_on_push=True),)))
    push_built(rig, "3", config, "scanned")
    while not heard:
        await asyncio.sleep(0.01)
    await rig.stop()
    [event] = heard
    assert (event.source, event.detail_type) == ("aws.ecr", "ECR Image Scan")
    assert event.resources == (repository.arn,)
    assert (event.detail["scan-status"], event.detail["image-tags"]) == ("FAILED", ["3"])
    digest = event.detail["image-digest"]
    scan = rig.scans.find("web", digest)
    assert scan is not None
    assert scan.description == "there is no Trivy"


def test_without_namespaces_an_engine_runs_what_was_built(
    tmp_path: Path, rig: RegistryPart, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where none can, the task says why, and builds package."""
    rig._why_not_rooted = "unshare: Operation not permitted"
    config = {"os": "linux", "config": {"Cmd": ["serve"]}}
    push_built(rig, "4", config, "built")
    image = f"{WEB}:4"
    with pytest.raises(TaskError) as error:
        built(rig, image, "amd64")
    assert 'Operation not permitted; no container engine runs it ([builds] engine is "none")' in (
        error.value.message
    )
    container_engine.install(tmp_path / "bin", tmp_path / "state")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")
    rig._runs = Runs("docker", tmp_path / "engine")
    found = built(rig, image, "amd64")
    assert found is not None
    assert found.engine is not None
    assert found.engine.image.endswith(f":{rig.digest(image).removeprefix('sha256:')}")
    task = local_task(definition(image), {}, serving=frozenset({"web"}), built=rig.built)
    assert task.container("web").engine == found.engine
    assert rig._make_builder()._settings.obstacle() == ""


def test_the_tasks_platform_chooses_the_image_of_an_index(rig: RegistryPart) -> None:
    """As on AWS, a platform that is missing cannot be pulled. Another processor's is named."""
    entries = []
    for number, architecture in enumerate(("amd64", "arm64")):
        config = {"os": "linux", "architecture": architecture, "config": {"Cmd": [architecture]}}
        push_built(rig, f"one-{architecture}", config, architecture)
        digest = rig.digest(f"{WEB}:one-{architecture}")
        platform = {"os": "linux", "architecture": architecture}
        size = number  # no one reads it
        entries.append({"mediaType": DOCKER_MANIFEST, "digest": digest, "size": size,
                        "platform": platform})  # fmt: skip
    for tag, listed in (("all", entries), ("one", entries[:1])):
        index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": listed}
        rig.registry.push("web", json.dumps(index).encode(), OCI_INDEX, tag)
    own = own_architecture()
    other = {"amd64": "arm64", "arm64": "amd64"}[own]
    found = built(rig, f"{WEB}:all", own)
    assert found is not None
    assert found.root is not None
    assert found.root.command == (own,)
    with pytest.raises(TaskError, match=f"it is built for linux/{other}"):
        built(rig, f"{WEB}:all", other)
    with pytest.raises(TaskError, match="descriptor matching platform 'linux/arm64'"):
        built(rig, f"{WEB}:one", "arm64")
    task = replace(definition(f"{WEB}:all"), architecture=own)
    local = local_task(task, {}, serving=frozenset({"web"}), built=rig.built)
    assert local.container("web").command == (own,)
