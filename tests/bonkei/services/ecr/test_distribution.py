"""The distribution API, after its specification, and hostile clients.

https://github.com/opencontainers/distribution-spec/blob/main/spec.md
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import tarfile
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession

from bonkei.services.ecr.errors import RegistryError
from bonkei.services.ecr.manifest import OCI_MANIFEST, read_manifest
from bonkei.services.ecr.package import PACKAGE
from bonkei.services.ecr.uploads import MOST
from tests.bonkei.services.ecr.conftest import HOST, World


@pytest.fixture
async def client(world: World) -> AsyncIterator[ClientSession]:
    pair = base64.b64encode(f"AWS:{world.password()}".encode()).decode()
    async with ClientSession(world.url, headers={"Authorization": f"Basic {pair}"}) as session:
        yield session


def sha(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


async def put_blob(client: ClientSession, content: bytes, name: str = "shop/web") -> str:
    async with client.post(
        f"/v2/{name}/blobs/uploads/?digest={sha(content)}", data=content
    ) as made:
        assert made.status == 201
    return sha(content)


def manifest_of(*layers: bytes, artifact: str = "") -> bytes:
    described = [{"mediaType": "x", "digest": sha(each), "size": len(each)} for each in layers]
    more = {"artifactType": artifact} if artifact else {}
    return json.dumps(
        {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": described[0], **more,
         "layers": described[1:]}
    ).encode()  # fmt: skip


async def put_manifest(client: ClientSession, body: bytes, to: str) -> tuple[int, str]:
    headers = {"Content-Type": OCI_MANIFEST}
    async with client.put(
        f"/v2/{to.replace(':', '/manifests/', 1)}", data=body, headers=headers
    ) as made:
        return made.status, await made.text()


async def test_an_upload_in_parts(world: World, client: ClientSession) -> None:
    async with client.post("/v2/shop/web/blobs/uploads/") as begun:
        assert begun.status == 202
        place = begun.headers["Location"]
    async with client.patch(place, data=b"hello ", headers={"Content-Range": "0-5"}) as part:
        assert (part.status, part.headers["Range"]) == (202, "0-5")
    async with client.patch(place, data=b"x", headers={"Content-Range": "9-9"}) as part:
        assert part.status == 416
    async with client.put(f"{place}?digest={sha(b'hello world')}", data=b"world") as done:
        assert done.status == 201
    async with client.head(f"/v2/shop/web/blobs/{sha(b'hello world')}") as found:
        assert (found.status, found.headers["Content-Length"]) == (200, "11")
    async with client.get(f"/v2/shop/web/blobs/{sha(b'hello world')}") as found:
        assert await found.read() == b"hello world"


async def test_a_wrong_digest_is_refused_and_leaves_nothing(
    world: World, client: ClientSession
) -> None:
    async with client.post(f"/v2/shop/web/blobs/uploads/?digest={sha(b'a')}", data=b"b") as made:
        assert made.status == 400
        assert (await made.json())["errors"][0]["code"] == "DIGEST_INVALID"
    assert list(world.registry.store.uploads.iterdir()) == []
    assert world.registry.store.blob(sha(b"b")) is None


async def test_a_manifest_needs_its_blobs(world: World, client: ClientSession) -> None:
    body = manifest_of(b"config", b"layer")
    assert (await put_manifest(client, body, "shop/web:1"))[0] == 404
    await put_blob(client, b"config")
    await put_blob(client, b"layer")
    assert (await put_manifest(client, body, "shop/web:1"))[0] == 201
    # The same manifest: no change.
    assert (await put_manifest(client, body, "shop/web:1"))[0] == 201
    assert (await put_manifest(client, manifest_of(b"config"), "shop/web:1"))[0] == 400
    async with client.get("/v2/shop/web/manifests/1") as found:
        assert await found.read() == body
        assert found.headers["Docker-Content-Digest"] == sha(body)
    async with client.get("/v2/shop/web/tags/list") as found:
        assert await found.json() == {"name": "shop/web", "tags": ["1"]}


async def test_an_acknowledged_image_survives_a_kill(world: World, client: ClientSession) -> None:
    await put_blob(client, b"config")
    body = manifest_of(b"config")
    await put_manifest(client, body, "shop/web:1")
    again = world.open()
    found = again.find(f"{HOST}/shop/web:1")
    assert found is not None
    assert found.digest == sha(body)


async def test_the_lifecycle_policy_keeps_two(world: World, client: ClientSession) -> None:
    for number in range(4):
        content = str(number).encode()
        await put_blob(client, content, "few")
        world.now += 7200
        await put_manifest(client, manifest_of(content), f"few:{number}")
    assert sorted(world.registry.contents("few").tags) == ["2", "3"]
    assert "expired 1 of its images" in world.reports[-1]


async def test_old_blobs_without_an_image_are_deleted(world: World, client: ClientSession) -> None:
    await put_blob(client, b"config")
    await put_manifest(client, manifest_of(b"config"), "shop/web:1")
    await put_blob(client, b"lost")
    world.registry.store.collect()
    assert world.registry.store.blob(sha(b"lost")) is not None  # the clock is before it
    world.now = 1e11
    world.registry.store.collect()
    assert world.registry.store.blob(sha(b"lost")) is None
    assert world.registry.store.blob(sha(b"config")) is not None


@pytest.mark.parametrize(
    "path",
    ["/v2/../../etc/passwd", "/v2/shop/web/blobs/sha256:..%2f..%2fkey", "/v2/shop/web/blobs/x",
     "/v2/_catalog", "/v2/shop/web/manifests/..%2fx"],
)  # fmt: skip
async def test_unusual_paths(client: ClientSession, path: str) -> None:
    async with client.get(path) as found:
        assert found.status in (404, 405)


@pytest.mark.parametrize("place", ["{secret}", "sha256:{secret}", "sha256:../../secret.tar"])
async def test_no_digest_leads_to_a_file_of_this_machine(
    world: World, client: ClientSession, place: str
) -> None:
    """A build may not read it; the registry would unpack it for the build's own task."""
    secret = world.home.parent / "secret.tar"
    with tarfile.open(secret, "w") as archive:
        archive.add(__file__, "key")
    digest = place.format(secret=secret)
    await put_blob(client, b"{}")
    body = json.loads(manifest_of(b"{}", b"layer"))
    body["layers"][0]["digest"] = digest
    status, said = await put_manifest(client, json.dumps(body).encode(), "shop/web:1")
    assert (status, "not a SHA-256 digest" in said) == (400, True)
    assert world.registry.store.blob(digest) is None
    query = {"mount": digest, "from": "shop/web"}
    async with client.post("/v2/shop/web/blobs/uploads/", params=query) as begun:
        assert begun.status == 202  # not mounted: its content has to come


async def test_uploads_are_bounded(world: World, client: ClientSession) -> None:
    places = []
    for _ in range(MOST + 5):
        async with client.post("/v2/shop/web/blobs/uploads/") as begun:
            places.append(begun.headers["Location"])
    assert len(list(world.registry.store.uploads.iterdir())) == MOST
    async with client.patch(places[0], data=b"x") as part:
        assert part.status == 404


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b'{"schemaVersion": 2}', b"[" * 5_000,
     b'{"schemaVersion": 2, "mediaType": "text/plain"}',
     b'{"schemaVersion": 2, "config": {"digest": "x", "size": -1}, "layers": []}'],
)  # fmt: skip
def test_malformed_manifests(body: bytes) -> None:
    with pytest.raises(RegistryError):
        read_manifest(body, OCI_MANIFEST)


async def test_a_package_cannot_leave_its_folder(world: World, client: ClientSession) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        member = tarfile.TarInfo("../../escaped")
        member.size = 1
        archive.addfile(member, io.BytesIO(b"x"))
    await put_blob(client, b"config")
    await put_blob(client, buffer.getvalue())
    body = manifest_of(b"config", buffer.getvalue(), artifact=PACKAGE)
    assert (await put_manifest(client, body, "shop/web:1"))[0] == 201
    with pytest.raises(RegistryError, match="CannotPullContainerError"):
        world.registry.files(f"{HOST}/shop/web:1")
    assert not list(world.home.rglob("escaped"))
