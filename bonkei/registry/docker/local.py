"""The local data of a user's `docker`: images by their names, and logins. Below
$HOME/.bonkei-docker.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from bonkei.registry.errors import RegistryError
from bonkei.registry.manifest import digest_of, read_manifest
from bonkei.registry.package import Package


class LocalImages:
    """`root` is made when something is kept."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def keep(self, name: str, built: Package) -> None:
        for digest, content in (*built.blobs, (built.digest, built.manifest)):
            self.keep_blob(digest, content)
        self.tag(name, built.digest)

    def keep_blob(self, digest: str, content: bytes) -> None:
        """RegistryError when the content has another digest."""
        if digest_of(content) != digest:
            raise RegistryError("DIGEST_INVALID", f"{digest}: the content is damaged")
        file = self._blob(digest)
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file.write_bytes(content)

    def tag(self, name: str, digest: str) -> None:
        self._write("images.json", {**self.images(), name: digest})

    def remove(self, name: str) -> None:
        self.find(name)
        self._write("images.json", {n: d for n, d in self.images().items() if n != name})

    def images(self) -> Mapping[str, str]:
        """Digest by name."""
        return self._read("images.json")

    def find(self, name: str) -> Package:
        """RegistryError in docker's words when there is none."""
        digest = self.images().get(name)
        if digest is None:
            raise RegistryError("MANIFEST_UNKNOWN", f"No such image: {name}")
        manifest = self._blob(digest).read_bytes()
        blobs = read_manifest(manifest, "").blobs
        return Package(
            manifest, tuple((each.digest, self._blob(each.digest).read_bytes()) for each in blobs)
        )

    def log_in(self, host: str, authorization: str) -> None:
        self._write("logins.json", {**self._read("logins.json"), host: authorization})

    def log_out(self, host: str) -> None:
        logins = self._read("logins.json")
        self._write("logins.json", {h: text for h, text in logins.items() if h != host})

    def authorization(self, host: str) -> str:
        """The header for a registry; empty without a login."""
        return self._read("logins.json").get(host, "")

    def _blob(self, digest: str) -> Path:
        return self._root / "blobs" / digest.removeprefix("sha256:")

    def _read(self, name: str) -> dict[str, str]:
        try:
            return dict(json.loads((self._root / name).read_text(encoding="utf-8")))
        except FileNotFoundError:
            return {}

    def _write(self, name: str, content: Mapping[str, str]) -> None:
        self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = self._root / f"{name}.{os.getpid()}"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(dict(content), file, indent=1)
        draft.replace(self._root / name)
