"""Gives Trivy an image that this docker has built or pulled: as files below the logins' folder."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from bonkei.services.ecr.docker.commands import Parser, client, full_name, local_images
from bonkei.services.ecr.docker.local import LocalImage, LocalImages
from bonkei.services.ecr.errors import RegistryError
from bonkei.services.ecr.layout import write_layout
from bonkei.services.ecr.manifest import read_manifest
from bonkei.services.ecr.names import read_reference
from bonkei.services.ecr.package import PACKAGE
from bonkei.services.ecr.unpacking import extract

_NO_DATABASE = "failed to download vulnerability DB"
_WITH_VALUE = (
    "--exit-code", "--severity", "--pkg-types", "--vuln-type", "--format", "--output", "--timeout",
    "--ignorefile", "--cache-dir", "--config", "--ignore-status",
)  # fmt: skip
_FLAGS = ("--ignore-unfixed", "--quiet", "--no-progress", "--debug", "--skip-db-update")
_SCANNERS = "vuln,secret"  # Trivy's own default for an image


def scan(trivy: str, arguments: Sequence[str]) -> int:
    """The exit code: Trivy's, or 1. `arguments`: those after `image`."""
    try:
        return _scan(trivy, _options(arguments))
    except RegistryError as error:
        print(f"trivy: {error.message}", file=sys.stderr)
        return 1


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = Parser(prog="trivy image", allow_abbrev=False)
    for option in _WITH_VALUE:
        parser.add_argument(option)
    for flag in _FLAGS:
        parser.add_argument(flag, action="store_true")
    parser.add_argument("--scanners", default=_SCANNERS)
    parser.add_argument("image")
    return parser.parse_args(list(arguments))


def _scan(trivy: str, options: argparse.Namespace) -> int:
    given = vars(options)
    passed = []
    for option in _WITH_VALUE:
        if (value := given[option.strip("-").replace("-", "_")]) is not None:
            passed += [option, value]
    passed += [flag for flag in _FLAGS if given[flag.strip("-").replace("-", "_")]]
    images = local_images()
    image = _find(options.image, images)
    with TemporaryDirectory(prefix="image-", dir=images.root) as folder:
        if read_manifest(image.manifest, "").artifact_type == PACKAGE:
            _unpack(image, Path(folder))
            what = ["filesystem", folder]
        else:
            write_layout(image.manifest, dict(image.blobs), Path(folder))
            what = ["image", "--input", folder]
        return _run(trivy, passed, options.scanners.split(","), what)


def _run(trivy: str, passed: Sequence[str], scanners: Sequence[str], what: Sequence[str]) -> int:
    command = [trivy, what[0], *passed, "--scanners", ",".join(scanners), *what[1:]]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
    print(done.stderr, end="", file=sys.stderr)
    others = [each for each in scanners if each != "vuln"]
    if not done.returncode or _NO_DATABASE not in done.stderr or not others:
        return done.returncode
    print(
        "NOT SCANNED: known vulnerabilities of packages. Trivy's database is not available here. "
        f"On AWS they are scanned. Scanned here: {', '.join(others)}.",
        file=sys.stderr,
        flush=True,
    )
    return _run(trivy, passed, others, what)


def _find(name: str, images: LocalImages) -> LocalImage:
    """Find the image among the user's images, or else in the registry, as Trivy does."""
    if full_name(name) in images.images():
        return images.find(full_name(name))
    reference = read_reference(name)
    client(images, reference.host).pull(reference, full_name(name), images)
    return images.find(full_name(name))


def _unpack(image: LocalImage, folder: Path) -> None:
    for _, layer in image.blobs[1:]:
        try:
            with layer.open("rb") as content:
                extract(content, folder)
        except (tarfile.TarError, OSError) as error:
            raise RegistryError("MANIFEST_INVALID", f"{image.digest}: {error}") from None
