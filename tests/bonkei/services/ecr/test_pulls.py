"""Images from elsewhere: of a registry that wants a token, of our own one, and of archives."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web

from bonkei.services.ecr.errors import RegistryError
from bonkei.services.ecr.image_config import own_architecture
from bonkei.services.ecr.manifest import (
    DOCKER_MANIFEST,
    OCI_MANIFEST,
    digest_of,
)
from bonkei.services.ecr.names import read_reference
from bonkei.services.ecr.pulls.outside import OutsideImages, Source
from bonkei.services.ecr.pulls.remote import Remote
from bonkei.services.ecr.store import ImageStore
from tests.bonkei.services.ecr.conftest import World
from tests.bonkei.services.ecr.images import CONFIG, archive, image, index_of, layout, saved


@dataclass
class Hub:
    """A registry as Docker Hub: it gives a token to anyone, and its blobs lie elsewhere."""

    host: str = ""
    realm: str = ""
    blobs: str = ""
    answers: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def has(self, tag: str, body: bytes, blobs: Mapping[str, bytes]) -> None:
        for name in (tag, digest_of(body)):
            self.answers[f"/v2/team/web/manifests/{name}"] = body
        self.answers |= {f"/elsewhere/{digest}": content for digest, content in blobs.items()}

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        self.asked.append(request.path)
        if request.path == "/token":
            assert request.query["scope"] == "repository:team/web:pull"
            return web.json_response({"token": "t"})
        if request.path.startswith("/v2/"):
            if request.headers.get("Authorization") != "Bearer t":
                realm = self.realm or f"http://{self.host}/token"
                challenge = f'Bearer realm="{realm}",scope="repository:team/web:pull"'
                return web.Response(status=401, headers={"WWW-Authenticate": challenge})
            if "/blobs/" in request.path:
                place = f"{self.blobs}/elsewhere/{request.path.rpartition('/')[2]}"
                return web.Response(status=307, headers={"Location": place})
        body = self.answers.get(request.path)
        if body is None:
            said = {"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]}
            return web.json_response(said, status=404)
        return web.Response(body=body)


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    hub = Hub()
    runner = web.ServerRunner(web.Server(hub.answer))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    hub.host = f"127.0.0.1:{runner.addresses[0][1]}"
    yield hub
    await runner.cleanup()


def message(images: OutsideImages, source: Source) -> str:
    return (images.files(source, "").folder / "srv" / "message").read_text()


async def test_a_tag_is_asked_for_each_time_and_nothing_is_fetched_twice(
    hub: Hub, tmp_path: Path
) -> None:
    said: list[str] = []
    own, body = own_architecture(), image("one")
    hub.has("1", index_of(**{own: body[0], "s390x": image("other")[0]}), {})
    hub.has("one", *body)
    source, images = f"{hub.host}/team/web:1", OutsideImages(tmp_path)
    with pytest.raises(RegistryError, match="has not been fetched yet"):
        images.files(source, "")
    await images.bring({source: ["web"]}, said.append)
    assert message(images, source) == "one"
    assert hub.asked.count("/token") == 1
    hub.asked.clear()
    await images.bring({source: ["web"]}, said.append)
    assert not [path for path in hub.asked if "/blobs/" in path]
    hub.has("1", *image("two"))
    await images.bring({source: ["web"]}, said.append)
    assert (message(images, source), said) == ("two", [])
    hub.answers.clear()
    await images.bring({source: ["web"]}, said.append)
    assert message(OutsideImages(tmp_path), source) == "two"
    [told] = said
    assert "manifest unknown" in told
    assert "the image of before is run" in told


async def test_an_image_by_its_digest_is_not_asked_for_again(hub: Hub, tmp_path: Path) -> None:
    body, blobs = image("one")
    hub.has("1", body, blobs)
    source, images = f"{hub.host}/team/web@{digest_of(body)}", OutsideImages(tmp_path)
    await images.bring({source: ["web"]}, print)
    hub.asked.clear()
    await images.bring({source: ["web"]}, print)
    assert (message(images, source), hub.asked) == ("one", [])


@pytest.mark.parametrize(
    ("seed", "said"),
    [
        (lambda hub: hub.answers.clear(), "404 manifest unknown"),
        (lambda hub: hub.has("1", b"{}", {}), "schemaVersion"),
        (lambda hub: hub.has("1", b" " * 4_194_305, {}), "4 MiB"),
        (lambda hub: hub.has("1", index_of(s390x=image("x")[0]), {}), "no image for linux/"),
        # The manifest of an index is another one than it names.
        (lambda hub: hub.has("1", index_of(**{own_architecture(): image("x")[0]}), {})
         or hub.answers.update({f"/v2/team/web/manifests/{digest_of(image('x')[0])}": b"{}"}),
         "something else"),
        (lambda hub: hub.answers.update({f"/elsewhere/{digest_of(CONFIG)}": CONFIG[:-1] + b"]"}),
         "did not match"),
        (lambda hub: hub.answers.update({f"/elsewhere/{digest_of(CONFIG)}": CONFIG + b" "}),
         "larger than it says"),
        (lambda hub: hub.answers.pop(f"/elsewhere/{digest_of(CONFIG)}"), "404"),
        # A registry may not send for a token where a machine finds its own credentials, or to
        # another host without TLS.
        (lambda hub: setattr(hub, "realm", "http://169.254.169.254/token"), "wants a login"),
        (lambda hub: setattr(hub, "realm", "https://169.254.169.254/token"), "metadata"),
        # The same for its blobs.
        (lambda hub: setattr(hub, "blobs", "http://169.254.169.254"), "metadata"),
        (lambda hub: setattr(hub, "blobs", "http://[::ffff:169.254.169.254]"), "metadata"),
        (lambda hub: setattr(hub, "blobs", "file://"), "cannot be fetched"),
    ],
)  # fmt: skip
async def test_a_bad_registry_is_named_and_nothing_runs(
    hub: Hub, tmp_path: Path, seed: object, said: str
) -> None:
    hub.has("1", *image("one"))
    assert callable(seed)
    seed(hub)
    told: list[str] = []
    source, images = f"{hub.host}/team/web:1", OutsideImages(tmp_path)
    await images.bring({source: ["web"]}, told.append)
    assert said in told[0]
    assert "it is not run" in told[0]
    with pytest.raises(RegistryError, match="CannotPullContainerError"):
        images.files(source, "")


@pytest.mark.parametrize("source", ["127.0.0.1:1/web", "localhost:1/web:2", "no good"])
async def test_a_registry_that_does_not_answer_is_named(source: str, tmp_path: Path) -> None:
    told: list[str] = []
    await OutsideImages(tmp_path).bring({source: ["web"]}, told.append)
    assert told[0].startswith(f"web: {source} cannot be fetched (")


async def test_a_private_registry_gets_the_password_of_docker_login(
    world: World, tmp_path: Path
) -> None:
    """The registry is our own one."""
    body, blobs = image("private")
    for digest, content in blobs.items():
        upload = world.registry.uploads.begin()
        world.registry.uploads.append(upload, content)
        world.registry.uploads.finish(upload, digest)
    world.registry.push("shop/web", body, DOCKER_MANIFEST, "1")
    host = world.url.removeprefix("http://")
    store, passwords = ImageStore(tmp_path / "store"), tmp_path / "config.json"
    store.open()
    for password, is_let_in in (("", False), ("wrong", False), (world.password(), True)):
        auth = base64.b64encode(f"AWS:{password}".encode()).decode()
        passwords.write_text(json.dumps({"auths": {host: {"auth": auth}} if password else {}}))
        refused = pytest.raises(RegistryError, match=r"docker login|401|expired")
        async with Remote(host, store, passwords) as remote:
            with nullcontext() if is_let_in else refused:
                await remote.pull(read_reference(f"{host}/shop/web:1"), "kept", "amd64")
    assert store.contents("kept").find("1")


@pytest.mark.parametrize("write", [saved, layout, lambda *a: layout(*a, nested=True)])
async def test_an_archive_is_read_again_when_it_has_changed(write: object, tmp_path: Path) -> None:
    assert callable(write)
    file = tmp_path / "web.tar"
    images = OutsideImages(tmp_path / "home")
    for text in ("first", "second, longer"):
        write(file, text)
        await images.bring({file: ["web"]}, pytest.fail)
        assert message(images, file) == text


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ({}, "index.json"),
        ({"index.json": b"{}"}, "manifests"),
        ({"manifest.json": b"[]"}, "archive"),
        ({"index.json": index_of(s390x=image("x")[0])}, "blobs/sha256/"),
    ],
)
async def test_a_bad_archive_is_named(
    entries: Mapping[str, bytes], said: str, tmp_path: Path
) -> None:
    file: Source = archive(tmp_path / "web.tar", entries)
    told: list[str] = []
    await OutsideImages(tmp_path / "home").bring({file: ["web"]}, told.append)
    assert said in told[0]
    assert OCI_MANIFEST not in told[0]


@pytest.mark.parametrize("name", ["shop/web", "shop/web__v2", "a--b/c.d_e"])
def test_names_are_parted_as_ecr_parts_them(name: str) -> None:
    found = read_reference(f"{name}:1")
    assert (found.name, found.tag) == (name, "1")
    with pytest.raises(RegistryError):
        read_reference(f"{name}..x:1")
