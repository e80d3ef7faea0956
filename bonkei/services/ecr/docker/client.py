"""The distribution API, as a client: push and pull.

Every registry's name leads to the miniature's own: nothing leaves this machine.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any
from urllib.parse import urljoin

from bonkei.services.ecr.docker.local import LocalImage, LocalImages
from bonkei.services.ecr.errors import RegistryError
from bonkei.services.ecr.image_config import own_architecture
from bonkei.services.ecr.manifest import MEDIA_TYPES, read_manifest
from bonkei.services.ecr.names import Reference

_PATIENCE = 600.0  # seconds; a pushed image is unpacked before the answer
_BYTES = {"Content-Type": "application/octet-stream"}


@dataclass(frozen=True, slots=True)
class Client:
    """`url`: of the miniature's AWS endpoint. `authorization`: the header of a login, or empty."""

    url: str
    authorization: str = ""

    def check(self) -> None:
        """Raises RegistryError unless the login is accepted."""
        self._ask("GET", "/v2/")

    def push(self, image: LocalImage, to: Reference) -> None:
        self.check()  # an answer to HEAD has no body for the error
        for digest, file in dict(image.blobs).items():
            if not self._has(to.name, digest):
                _, headers = self._ask("POST", f"/v2/{to.name}/blobs/uploads/")
                place = f"{headers['location']}?digest={digest}"
                size = str(file.stat().st_size)
                with file.open("rb") as content:
                    self._ask("PUT", place, content, {**_BYTES, "Content-Length": size})
        media_type = read_manifest(image.manifest, "").media_type
        place = f"/v2/{to.name}/manifests/{to.wanted}"
        self._ask("PUT", place, image.manifest, {"Content-Type": media_type})

    def pull(self, what: Reference, name: str, images: LocalImages) -> None:
        """Pull an image, and keep it under `name`; for an index, the image for this machine."""
        accept = {"Accept": ", ".join(MEDIA_TYPES)}
        manifest, _ = self._ask("GET", f"/v2/{what.name}/manifests/{what.wanted}", headers=accept)
        index = read_manifest(manifest, "")
        if index.manifests:
            own = own_architecture()
            if (fitting := index.on(own)) is None:
                raise RegistryError(
                    "MANIFEST_UNKNOWN",
                    f"no matching manifest for linux/{own} in the manifest list entries",
                )
            place = f"/v2/{what.name}/manifests/{fitting.digest}"
            manifest, _ = self._ask("GET", place, headers=accept)
        for each in read_manifest(manifest, "").blobs:
            with self._open("GET", f"/v2/{what.name}/blobs/{each.digest}") as answer:
                images.keep_blob(each.digest, answer, each.size)
        images.keep_manifest(name, manifest)

    def _has(self, name: str, digest: str) -> bool:
        try:
            self._ask("HEAD", f"/v2/{name}/blobs/{digest}")
        except RegistryError as error:
            if error.status != 404:
                raise
            return False
        return True

    def _ask(
        self,
        method: str,
        path: str,
        body: bytes | IO[bytes] | None = None,
        headers: Mapping[str, str] = {},
    ) -> tuple[bytes, Mapping[str, str]]:
        with self._open(method, path, body, headers) as answer:
            found = {name.lower(): value for name, value in answer.headers.items()}
            return answer.read(), found

    def _open(
        self,
        method: str,
        path: str,
        body: bytes | IO[bytes] | None = None,
        headers: Mapping[str, str] = {},
    ) -> Any:
        sent = {**headers, **({"Authorization": self.authorization} if self.authorization else {})}
        request = urllib.request.Request(  # noqa: S310 - the miniature's own address
            urljoin(self.url, path), data=body, headers=sent, method=method
        )
        try:
            return urllib.request.urlopen(request, timeout=_PATIENCE)  # noqa: S310
        except urllib.error.HTTPError as error:
            raise _refusal(error) from None
        except OSError as error:
            raise RegistryError(
                "UNAVAILABLE", f"the miniature's registry ({self.url}) does not answer: {error}"
            ) from None


def _refusal(error: urllib.error.HTTPError) -> RegistryError:
    try:
        [first, *_] = json.loads(error.read())["errors"]
    except (ValueError, KeyError, TypeError):
        return RegistryError("UNKNOWN", f"HTTP status {error.code}", error.code)
    return RegistryError(first["code"], first["message"], error.code)
