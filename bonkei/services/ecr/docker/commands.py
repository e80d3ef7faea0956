"""The commands that a buildspec types."""

from __future__ import annotations

import argparse
import base64
import json
import os
import sys
from collections.abc import Callable, Sequence
from http.client import HTTPException
from pathlib import Path
from typing import NoReturn

from bonkei.services.ecr.docker.client import Client
from bonkei.services.ecr.docker.local import LocalImages
from bonkei.services.ecr.errors import RegistryError
from bonkei.services.ecr.manifest import read_manifest
from bonkei.services.ecr.names import read_reference

_VERSION = "bonkei (it builds by this machine's container engine or packages, pushes and pulls)"


class Parser(argparse.ArgumentParser):
    """Refuses unknown options by name, as errors of the command."""

    def error(self, message: str) -> NoReturn:
        raise RegistryError(
            "UNSUPPORTED", f"{message}\nThis command is the miniature's own.\n{self.format_usage()}"
        )


def main(arguments: Sequence[str]) -> int:
    """The exit code."""
    try:
        options = _parser().parse_args(list(arguments))
        options.run(options, local_images())
    except RegistryError as error:
        print(f"docker: {error.message}", file=sys.stderr)
        return 1
    except (OSError, HTTPException) as error:
        print(f"docker: {_named(error)}", file=sys.stderr)
        return 1
    return 0


def _named(error: Exception) -> str:
    """The message of an OSError with its file; a broken connection has none."""
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f"{error.filename}: {error.strerror}"
    return str(error) or type(error).__name__


def local_images() -> LocalImages:
    return LocalImages(Path(os.environ.get("HOME") or ".") / ".bonkei-docker")


def client(images: LocalImages, host: str) -> Client:
    """Raises RegistryError when nothing says where the registry is."""
    url = os.environ.get("AWS_ENDPOINT_URL", "")
    if not url:
        raise RegistryError("UNAVAILABLE", "AWS_ENDPOINT_URL does not say where the registry is")
    return Client(url, images.authorization(host))


def _log_in(options: argparse.Namespace, images: LocalImages) -> None:
    password = sys.stdin.read().strip() if options.password_stdin else options.password or ""
    pair = base64.b64encode(f"{options.username}:{password}".encode()).decode()
    host = options.server.removeprefix("https://").strip("/")
    url = client(images, host).url
    Client(url, f"Basic {pair}").check()
    images.log_in(host, f"Basic {pair}")
    print("Login Succeeded")


def _log_out(options: argparse.Namespace, images: LocalImages) -> None:
    images.log_out(options.server.removeprefix("https://").strip("/"))
    print(f"Removing login credentials for {options.server}")


def _build(options: argparse.Namespace, images: LocalImages) -> None:
    from bonkei.services.ecr.docker.building import build  # noqa: PLC0415 - other commands do not need it

    names = [full_name(name) for name in options.tag]
    build(options, images, names)
    if options.push:
        for name in names:
            _push_one(name, images)


def _push(options: argparse.Namespace, images: LocalImages) -> None:
    _push_one(full_name(options.image), images)


def _push_one(name: str, images: LocalImages) -> None:
    reference = read_reference(name)
    image = images.find(name)
    print(f"The push refers to repository [{reference.host}/{reference.name}]")
    client(images, reference.host).push(image, reference)
    print(f"{reference.wanted}: digest: {image.digest} size: {len(image.manifest)}")


def _pull(options: argparse.Namespace, images: LocalImages) -> None:
    reference = read_reference(options.image)
    if not reference.is_ecr:
        raise RegistryError("UNSUPPORTED", f"{options.image}: only ECR's images can be pulled here")
    name = full_name(options.image)
    client(images, reference.host).pull(reference, name, images)
    print(f"Digest: {images.find(name).digest}\n{options.image}")


def _tag(options: argparse.Namespace, images: LocalImages) -> None:
    images.find(full_name(options.source))
    images.tag(full_name(options.target), images.images()[full_name(options.source)])


def _list(_options: argparse.Namespace, images: LocalImages) -> None:
    print(f"{'REPOSITORY:TAG':60} DIGEST")
    for name, digest in sorted(images.images().items()):
        print(f"{name:60} {digest[7:19]}")


def _remove(options: argparse.Namespace, images: LocalImages) -> None:
    for name in options.images:
        images.remove(full_name(name))
        print(f"Untagged: {name}")


def _inspect(options: argparse.Namespace, images: LocalImages) -> None:
    image = images.find(full_name(options.image))
    reference = read_reference(options.image)
    place = f"{reference.host}/{reference.name}" if reference.host else reference.name
    size = read_manifest(image.manifest, "").size
    tags, digests = [options.image], [f"{place}@{image.digest}"]
    found = {"Id": image.digest, "RepoTags": tags, "RepoDigests": digests, "Size": size}
    print(json.dumps([found], indent=4))


def _version(_options: argparse.Namespace, _images: LocalImages) -> None:
    print(f"Docker version {_VERSION}")


def full_name(name: str) -> str:
    """A reference with its tag. Raises RegistryError if it is not a reference."""
    reference = read_reference(name)
    return name if ":" in name.rpartition("/")[2] or reference.digest else f"{name}:latest"


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="docker", allow_abbrev=False, description=_VERSION)
    parser.add_argument("-v", "--version", action="version", version=f"Docker version {_VERSION}")
    commands = parser.add_subparsers(required=True, dest="command", parser_class=Parser)

    def add(name: str, run: Callable[..., None], help_: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=help_, allow_abbrev=False)
        made.set_defaults(run=run)
        return made

    login = add("login", _log_in, "sign in to a registry")
    login.add_argument("-u", "--username", default="AWS")
    login.add_argument("-p", "--password")
    login.add_argument("--password-stdin", action="store_true")
    login.add_argument("server")
    add("logout", _log_out, "forget a login").add_argument("server")
    _build_options(add("build", _build, "build an image, or package its sources"))
    buildx = commands.add_parser("buildx", help="as build", allow_abbrev=False)
    inner = buildx.add_subparsers(required=True, metavar="COMMAND", parser_class=Parser)
    built = inner.add_parser("build", allow_abbrev=False)
    built.set_defaults(run=_build)
    _build_options(built)
    add("push", _push, "push an image").add_argument("image")
    add("pull", _pull, "pull an image").add_argument("image")
    tag = add("tag", _tag, "give an image another name")
    tag.add_argument("source")
    tag.add_argument("target")
    add("images", _list, "list images")
    add("rmi", _remove, "remove images").add_argument("images", nargs="+")
    add("inspect", _inspect, "describe an image").add_argument("image")
    image = commands.add_parser("image", help="inspect, ls", allow_abbrev=False)
    kinds = image.add_subparsers(required=True, metavar="COMMAND", parser_class=Parser)
    described = kinds.add_parser("inspect", allow_abbrev=False)
    described.set_defaults(run=_inspect)
    described.add_argument("image")
    kinds.add_parser("ls", allow_abbrev=False).set_defaults(run=_list)
    add("version", _version, "say what this is")
    return parser


def _build_options(parser: argparse.ArgumentParser) -> None:
    """Options that change nothing about an image are accepted; all others are refused."""
    parser.add_argument("-t", "--tag", action="append", default=[])
    parser.add_argument("-f", "--file")
    parser.add_argument("--push", action="store_true")
    for flag in ("--pull", "--load", "--no-cache", "-q", "--quiet", "--rm"):
        parser.add_argument(flag, action="store_true")
    parser.add_argument("--target", default="")
    for option in ("--platform", "--label", "--build-arg"):
        parser.add_argument(option, action="append", default=[])
    for option in ("--progress", "--provenance", "--sbom", "--cache-from"):
        parser.add_argument(option, action="append")
    parser.add_argument("folder")
