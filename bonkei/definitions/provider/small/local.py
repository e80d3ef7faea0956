"""The provider hashicorp/local (version 2.5), for real: files beside the definitions.

A relative name is below the mirror that Terraform works in, so the definitions stay as they are.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from collections.abc import Sequence
from pathlib import Path

from bonkei.definitions.provider.addresses import VERSIONS
from bonkei.definitions.provider.behaviour import (
    Context,
    DataSource,
    Problem,
    Refused,
    ResourceBehaviour,
)
from bonkei.definitions.provider.provider import Provider, assemble
from bonkei.definitions.provider.schema import Block, ProviderSchema, computed, optional, required
from bonkei.definitions.provider.values import UNKNOWN, Object, given

ADDRESS = "registry.terraform.io/hashicorp/local"

_DIGESTS = ("md5", "sha1", "sha256", "base64sha256", "sha512", "base64sha512")
_OUTPUTS = {"id": computed(), **{f"content_{name}": computed() for name in _DIGESTS}}
_MODES = ("file_permission", "directory_permission")


def provider() -> Provider:
    """The provider: `local_file` and `local_sensitive_file`, to write and to read."""
    return assemble(
        Provider(
            schema=ProviderSchema(
                ADDRESS,
                VERSIONS[ADDRESS],
                resources={
                    "local_file": _file_block("sensitive_content"),
                    "local_sensitive_file": _file_block(sensitive=True),
                },
                data_sources={
                    "local_file": _read_block(sensitive=False),
                    "local_sensitive_file": _read_block(sensitive=True),
                },
            ),
            resources={
                "local_file": _behaviour("0777", "sensitive_content"),
                "local_sensitive_file": _behaviour("0700"),
            },
            data_sources={
                name: DataSource(read=_read) for name in ("local_file", "local_sensitive_file")
            },
        )
    )


def _file_block(*more: str, sensitive: bool = False) -> Block:
    return Block(
        {
            "filename": required(),
            "source": optional(),
            "content": optional(sensitive=sensitive),
            "content_base64": optional(sensitive=sensitive),
            **{name: optional(sensitive=True) for name in more},
            **{name: optional() for name in _MODES},
            **_OUTPUTS,
        }
    )


def _read_block(*, sensitive: bool) -> Block:
    contents = {name: computed(sensitive=sensitive) for name in ("content", "content_base64")}
    return Block({"filename": required(), **contents, **_OUTPUTS})


def _behaviour(mode: str, *more: str) -> ResourceBehaviour:
    sources = ("content", "content_base64", "source", *more)

    def problems(config: Object) -> Sequence[Problem]:
        found = [name for name in sources if config.get(name) is not None]
        unsure = any(config.get(name) is UNKNOWN for name in sources)
        if len(found) == 1 or (found and unsure):
            return ()
        detail = f"Give exactly one of {', '.join(sources)}; there are {len(found)}."
        return [Problem((), "Invalid content of a file", detail)]

    def write(_: Object, state: Object, __: Context) -> None:
        target = Path(str(state["filename"]))
        modes = [_mode(state, name) for name in _MODES]
        target.parent.mkdir(parents=True, exist_ok=True, mode=modes[1])
        draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
        draft.write_bytes(_content(state))
        draft.chmod(modes[0])
        draft.replace(target)  # never through a link into the definitions

    def remove(state: Object, _: Context) -> None:
        Path(str(state["filename"])).unlink(missing_ok=True)

    return ResourceBehaviour(
        validate=problems,
        argument_defaults=dict.fromkeys(_MODES, mode),
        mint=lambda planned, _: _digests(_content(planned)),
        force_new=frozenset({"filename", *sources, *_MODES}),
        after_apply=write,
        after_destroy=remove,
    )


def _mode(state: Object, argument: str) -> int:
    text = str(state[argument])
    try:
        return int(text, 8)
    except ValueError:
        detail = f'"{text}" is not an octal file mode such as "0644".'
        raise Refused("Invalid file mode", detail, (argument,)) from None


def _content(arguments: Object) -> bytes:
    if given(source := arguments.get("source")):
        return _bytes_of(Path(str(source)), "source")
    if given(encoded := arguments.get("content_base64")):
        try:
            return base64.b64decode(str(encoded), validate=True)
        except binascii.Error:
            detail = "content_base64 is not in Base64."
            raise Refused("Invalid content", detail, ("content_base64",)) from None
    return str(arguments.get("content") or arguments.get("sensitive_content") or "").encode()


def _bytes_of(path: Path, argument: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        detail = f"{path}: {error.strerror}."
        raise Refused("A file that cannot be read", detail, (argument,)) from None


def _read(config: Object, _: Context) -> Object:
    data = _bytes_of(Path(str(config["filename"])), "filename")
    return {
        "content": data.decode(errors="replace"),
        "content_base64": base64.b64encode(data).decode(),
        **_digests(data),
    }


def _digests(data: bytes) -> Object:
    sha256, sha512 = hashlib.sha256(data), hashlib.sha512(data)
    sha1 = hashlib.sha1(data, usedforsecurity=False).hexdigest()
    return {
        "id": sha1,
        "content_md5": hashlib.md5(data, usedforsecurity=False).hexdigest(),
        "content_sha1": sha1,
        "content_sha256": sha256.hexdigest(),
        "content_base64sha256": base64.b64encode(sha256.digest()).decode(),
        "content_sha512": sha512.hexdigest(),
        "content_base64sha512": base64.b64encode(sha512.digest()).decode(),
    }
