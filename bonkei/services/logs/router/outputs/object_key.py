"""An object's key from `s3_key_format`. Source: pipeline/outputs/s3."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_TAG = re.compile(r"\$TAG(?:\[(\d)\])?")


def make_key(
    format: str,  # noqa: A002
    tag: str,
    created: float,
    delimiters: str,
    picked: str,
    *,
    index: int = 0,
    add_suffix: bool = True,
) -> str:
    """An object's key, without the slash before it."""
    parts = [part for part in re.split(f"[{re.escape(delimiters)}]", tag) if part]
    has_uuid = "$UUID" in format

    def of_tag(match: re.Match[str]) -> str:
        if match[1] is None:
            return tag
        return parts[int(match[1])] if int(match[1]) < len(parts) else ""

    key = datetime.fromtimestamp(created, UTC).strftime(format)
    key = _TAG.sub(of_tag, key).replace("$UUID", picked).replace("$INDEX", str(index))
    if not has_uuid and add_suffix:
        key += f"-object{picked}"
    return key.lstrip("/")
