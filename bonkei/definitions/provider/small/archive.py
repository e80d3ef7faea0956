"""The provider hashicorp/archive, for real: `archive_file` writes a zip whose bytes depend on its
contents only.

As in HashiCorp's provider (version 2.7), files are in order of their names and dated 2049-01-01,
so an unchanged directory gives an unchanged hash; modes come from the files unless
`output_file_mode` says otherwise. Only type "zip" is made.
"""

from __future__ import annotations

import base64
import hashlib
import io
import os
import secrets
import stat
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from bonkei.definitions.provider.addresses import VERSIONS
from bonkei.definitions.provider.behaviour import (
    Context,
    DataSource,
    Problem,
    Refused,
    ResourceBehaviour,
)
from bonkei.definitions.provider.provider import Provider
from bonkei.definitions.provider.schema import Attribute, Block, NestedBlock, ProviderSchema
from bonkei.definitions.provider.values import UNKNOWN, Object, given

ADDRESS = "registry.terraform.io/hashicorp/archive"

_DATE = (2049, 1, 1, 0, 0, 0)
_SOURCES = ("source_dir", "source_file", "source_content", "source")


def provider() -> Provider:
    """The provider: `archive_file` as a data source and as a resource."""
    return Provider(
        schema=ProviderSchema(
            ADDRESS,
            VERSIONS[ADDRESS],
            resources={"archive_file": _BLOCK},
            data_sources={"archive_file": _BLOCK},
        ),
        resources={
            "archive_file": ResourceBehaviour(
                validate=_problems,
                mint=_archive,
                force_new=frozenset(
                    {name for name, a in _BLOCK.attributes.items() if not a.computed} | {"source"}
                ),
            )
        },
        data_sources={"archive_file": DataSource(validate=_problems, read=_archive)},
    )


def _output(type_: Any = "string") -> Attribute:
    return Attribute(type_, computed=True)


def _argument(type_: Any = "string", *, required: bool = False) -> Attribute:
    return Attribute(type_, required=required, optional=not required)


_BLOCK = Block(
    attributes={
        "type": _argument(required=True),
        "output_path": _argument(required=True),
        "source_dir": _argument(),
        "source_file": _argument(),
        "source_content": _argument(),
        "source_content_filename": _argument(),
        "excludes": _argument(["set", "string"]),
        "exclude_symlink_directories": _argument("bool"),
        "output_file_mode": _argument(),
        "id": _output(),
        "output_size": _output("number"),
        "output_md5": _output(),
        "output_sha": _output(),
        "output_sha256": _output(),
        "output_sha512": _output(),
        "output_base64sha256": _output(),
        "output_base64sha512": _output(),
    },
    blocks={
        "source": NestedBlock(
            "set",
            Block({"content": _argument(required=True), "filename": _argument(required=True)}),
        )
    },
)


def _problems(config: Object) -> Sequence[Problem]:
    found: list[Problem] = []
    kind = config.get("type")
    if given(kind) and kind != "zip":
        found.append(Problem(("type",), f'Archive type "{kind}" is not supported', 'Use "zip".'))
    named = [name for name in _SOURCES if config.get(name) is UNKNOWN or config.get(name)]
    # One that is not known yet may turn out to be null.
    if len(named) != 1 and not any(config.get(name) is UNKNOWN for name in _SOURCES):
        detail = f"Give exactly one of {', '.join(_SOURCES)}; there are {len(named)}."
        found.append(Problem((), "Invalid archive source", detail))
    mode = config.get("output_file_mode")
    if given(mode) and not _is_octal(mode):
        detail = f'"{mode}" is not an octal file mode such as "0644".'
        found.append(Problem(("output_file_mode",), "Invalid file mode", detail))
    return found


def _is_octal(text: str) -> bool:
    return bool(text) and all(digit in "01234567" for digit in text)


def _archive(config: Object, _: Context) -> Object:
    data = zip_bytes(config)
    target = Path(config["output_path"])
    if not target.is_file() or target.read_bytes() != data:
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
        draft.write_bytes(data)
        draft.replace(target)  # never through a link into the definitions
    sha1, sha256, sha512 = (hashlib.new(name, data) for name in ("sha1", "sha256", "sha512"))
    return {
        "id": sha1.hexdigest(),
        "output_size": len(data),
        "output_md5": hashlib.md5(data, usedforsecurity=False).hexdigest(),
        "output_sha": sha1.hexdigest(),
        "output_sha256": sha256.hexdigest(),
        "output_sha512": sha512.hexdigest(),
        "output_base64sha256": base64.b64encode(sha256.digest()).decode(),
        "output_base64sha512": base64.b64encode(sha512.digest()).decode(),
    }


def zip_bytes(config: Object) -> bytes:
    """The zip that an `archive_file` configuration describes."""
    forced = config.get("output_file_mode")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, content, mode in sorted(_contents(config)):
            entry = zipfile.ZipInfo(name, _DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, on every system, for the same bytes everywhere
            permissions = int(forced, 8) if forced else mode
            entry.external_attr = (stat.S_IFREG | permissions) << 16
            archive.writestr(entry, content)
    return buffer.getvalue()


def _contents(config: Object) -> Iterator[tuple[str, bytes, int]]:
    """Name in the archive, content and permissions of each file."""
    if config.get("source_dir"):
        yield from _directory(config)
    elif config.get("source_file"):
        path = Path(config["source_file"])
        if not path.is_file():
            raise Refused("Missing source file", f"{path} is not a file.", ("source_file",))
        yield path.name, path.read_bytes(), _permissions(path)
    elif config.get("source_content") is not None:
        name = config.get("source_content_filename")
        if not name:
            detail = "source_content needs source_content_filename, its name in the archive."
            raise Refused("Missing file name", detail, ("source_content",))
        yield name, config["source_content"].encode(), 0o644
    else:
        for source in config.get("source") or ():
            yield source["filename"], source["content"].encode(), 0o644


def _directory(config: Object) -> Iterator[tuple[str, bytes, int]]:
    root = Path(config["source_dir"])
    if not root.is_dir():
        raise Refused("Missing source directory", f"{root} is not a directory.", ("source_dir",))
    excluded = [pattern.strip("/") for pattern in config.get("excludes") or ()]
    follow = not config.get("exclude_symlink_directories")
    for folder, folders, files in os.walk(root, followlinks=follow):
        folders.sort()
        for file in files:
            path = Path(folder, file)
            name = path.relative_to(root).as_posix()
            if _is_excluded(name, excluded):
                continue
            with suppress(FileNotFoundError):  # an editor's file, or a link that leads nowhere
                content = path.read_bytes(), _permissions(path)
                yield name, *content


def _is_excluded(name: str, patterns: Sequence[str]) -> bool:
    """Whether a file, or a directory it is in, matches a pattern ("**" crosses directories)."""
    parts = name.split("/")
    prefixes = ["/".join(parts[: end + 1]) for end in range(len(parts))]
    return any(_matches(prefix, pattern) for prefix in prefixes for pattern in patterns)


def _matches(name: str, pattern: str) -> bool:
    return _match_parts(name.split("/"), pattern.split("/"))


def _match_parts(names: Sequence[str], patterns: Sequence[str]) -> bool:
    if not patterns:
        return not names
    if patterns[0] == "**":
        return any(_match_parts(names[skip:], patterns[1:]) for skip in range(len(names) + 1))
    return bool(names) and fnmatch(names[0], patterns[0]) and _match_parts(names[1:], patterns[1:])


def _permissions(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)
