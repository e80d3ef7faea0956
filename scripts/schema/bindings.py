"""The TypeScript of the AWS provider's published bindings, out of their Python wheel.

The wheel carries a jsii archive; each resource type has a JavaScript file whose source map holds
the TypeScript that the generator wrote, with every attribute's flags in comments.
"""

from __future__ import annotations

import base64
import io
import json
import re
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

_SOURCE_MAP = b"//# sourceMappingURL=data:application/json;base64,"
_MODULE = re.compile(r"package/lib/([a-z0-9-]+)/(?:[\w-]+/)*[\w-]+\.js")
_WHEEL = re.compile(r"([a-z_]+)-([0-9.]+)-")


def describe(wheel: Path) -> str:
    """The name and version in a wheel's name, such as "cdktn-provider-aws 25.8.1"."""
    match = _WHEEL.match(wheel.name)
    if match is None:
        raise SystemExit(f"{wheel.name} is not the name of a wheel")
    return f"{match[1].replace('_', '-')} {match[2]}"


def modules(wheel: Path) -> Iterator[tuple[str, str]]:
    """Each module's name (such as "ecs-service") and its TypeScript, in the archive's order."""
    with zipfile.ZipFile(wheel) as outer:
        (name,) = (name for name in outer.namelist() if name.endswith(".jsii.tgz"))
        archive = io.BytesIO(outer.read(name))
    sources: dict[str, list[str]] = {}
    with tarfile.open(fileobj=archive) as inner:
        for member in inner:
            match = _MODULE.fullmatch(member.name)
            file = inner.extractfile(member) if match else None
            if match and file and (source := _typescript(file.read())):
                sources.setdefault(match[1], []).append(source)
    for module, parts in sources.items():
        yield module, "\n".join(parts)


def _typescript(javascript: bytes) -> str:
    _, found, encoded = javascript.rpartition(_SOURCE_MAP)
    if not found:
        return ""
    contents = json.loads(base64.b64decode(encoded)).get("sourcesContent") or [""]
    return str(contents[0])
