"""`docker build`: by a container engine of this machine, or packaged.

The engine works outside of the build's own namespaces, as Docker's daemon does: the context goes
there, and the image comes back (`bonkei.services.ecr.engines.http`).
"""

from __future__ import annotations

import argparse
import json
import os
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any
from urllib.parse import urljoin

from dockerfile_parse import DockerfileParser

from bonkei.grammar.dockerfile.instructions import readable
from bonkei.services.ecr.docker.local import LocalImages
from bonkei.services.ecr.errors import RegistryError
from bonkei.services.ecr.package import context, package

_NOT_DONE = ("RUN",)
_PATIENCE = 3600.0  # seconds without a line; CodeBuild's own time-out ends a build before
_LINE = 8 * 1024 * 1024
_PROXIES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


def build(options: argparse.Namespace, images: LocalImages, names: Sequence[str]) -> None:
    """Keep what is built under `names`."""
    folder = Path(options.folder)
    if not folder.is_dir():
        raise RegistryError("UNSUPPORTED", f"unable to prepare context: path {folder} not found")
    dockerfile = Path(options.file) if options.file else folder / "Dockerfile"
    reason = _by_engine(options, folder, dockerfile, images, names)
    if reason is None:
        return
    print(f"no container engine: {reason}")
    _refuse_for_package(options)
    built = package(folder, dockerfile)
    skipped = list(_instructions(dockerfile, _NOT_DONE))
    print(f"packaged {folder} as {built.digest}")
    if skipped:
        print(
            f"not done, without a container engine: {len(skipped)} RUN instructions of "
            f"{dockerfile} (a task that runs from this image installs its requirements.txt)"
        )
    for name in names:
        images.keep(name, built)


def _refuse_for_package(options: argparse.Namespace) -> None:
    """A package is its sources: these would change what is built from them."""
    for option, value in (("--build-arg", options.build_arg), ("--target", options.target)):
        if value:
            raise RegistryError("UNSUPPORTED", f"{option} needs a container engine")


def _instructions(dockerfile: Path, wanted: tuple[str, ...]) -> Iterator[str]:
    for entry in DockerfileParser(fileobj=readable(dockerfile.read_bytes())).structure:
        if entry["instruction"] in wanted:
            yield entry["value"]


def _by_engine(
    options: argparse.Namespace,
    folder: Path,
    dockerfile: Path,
    images: LocalImages,
    names: Sequence[str],
) -> str | None:
    """Why no engine builds it; None when one has. Raises RegistryError when a step has failed."""
    url, token = os.environ.get("AWS_ENDPOINT_URL", ""), os.environ.get("MINIATURE_ENGINE", "")
    if not url or not token:
        return "none is offered to this build"
    order = json.dumps(_order(options, images, names)).encode() + b"\n"
    request = urllib.request.Request(  # noqa: S310 - the miniature's own address
        urljoin(url, "/_engine/build"),
        data=order + context(folder, dockerfile),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/octet-stream"},
    )
    try:
        with urllib.request.urlopen(request, timeout=_PATIENCE) as answer:  # noqa: S310
            return _follow(answer, images, names)
    except urllib.error.HTTPError as error:
        raise RegistryError("DENIED", f"the builder refuses: {error.read()[:500]!r}") from None
    except OSError as error:
        raise RegistryError("UNAVAILABLE", f"the builder does not answer: {error}") from None


def _order(
    options: argparse.Namespace, images: LocalImages, names: Sequence[str]
) -> dict[str, Any]:
    hosts = [name.partition("/")[0] for name in names]
    logins = [found for host in hosts if (found := images.authorization(host))]
    return {
        "pull": options.pull,
        "no_cache": options.no_cache,
        "target": options.target,
        "platform": options.platform[-1] if options.platform else "",
        "build_arguments": dict(map(_pair, options.build_arg)),
        "labels": dict(map(_pair, options.label)),
        "authorization": logins[0] if logins else "",
        "proxies": {name: os.environ[name] for name in _PROXIES if name in os.environ},
    }


def _pair(text: str) -> tuple[str, str]:
    """`NAME=VALUE`; without a value it is taken from the environment, as Docker does."""
    name, equals, value = text.partition("=")
    return name, value if equals else os.environ.get(name, "")


def _follow(answer: IO[bytes], images: LocalImages, names: Sequence[str]) -> str | None:
    """Print the lines, and keep the image that comes with them."""
    manifest = b""
    while line := answer.readline(_LINE):
        found = json.loads(line)
        if "log" in found:
            print(found["log"], flush=True)
        elif "failed" in found:
            raise RegistryError("UNKNOWN", str(found["failed"]))
        elif "packaged" in found:
            return str(found["packaged"])
        elif "image" in found:
            manifest = str(found["image"]).encode()
        elif "blob" in found:
            images.keep_blob(str(found["blob"]), answer, int(found["size"]))
    if not manifest:
        raise RegistryError("UNAVAILABLE", "the builder has ended before the image was there")
    for name in names:
        images.keep_manifest(name, manifest)
    return None
