"""Text transformations of AWS WAF, as pure functions over bytes.

"Using text transformations in AWS WAF" (AWS WAF Developer Guide). A statement with a transformation
that is missing here is reported as not simulated; it is never evaluated without it.
"""

from __future__ import annotations

import base64
import hashlib
import html
import posixpath
import re
from collections.abc import Callable
from urllib.parse import unquote_to_bytes

Transformation = Callable[[bytes], bytes]

_SPACES = re.compile(rb"[ \t\n\r\f\v\xa0]+")
_UNICODE_ESCAPE = re.compile(rb"%[uU]([0-9A-Fa-f]{4})")
_COMMENT = re.compile(rb"/\*.*?(?:\*/|$)", re.DOTALL)
_CMD_DELETED = re.compile(rb"[\\\"'^]")
_CMD_SPACES_BEFORE = re.compile(rb"\s+([/(])")
_CMD_TO_SPACE = re.compile(rb"[,;\s]+")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")
_HEX = re.compile(rb"[^0-9A-Fa-f]")


def _url_decode(value: bytes) -> bytes:
    return unquote_to_bytes(value.replace(b"+", b" "))


def _url_decode_uni(value: bytes) -> bytes:
    """Like URL_DECODE, with `%uHHHH`: full-width ASCII becomes ASCII, else the low byte."""

    def decode(match: re.Match[bytes]) -> bytes:
        code = int(match[1], 16)
        if 0xFF01 <= code <= 0xFF5E:
            code -= 0xFEE0
        return bytes((code & 0xFF,))

    return _url_decode(_UNICODE_ESCAPE.sub(decode, value))


def _html_entity_decode(value: bytes) -> bytes:
    return html.unescape(value.decode("utf-8", "surrogateescape")).encode(
        "utf-8", "surrogateescape"
    )


def _cmd_line(value: bytes) -> bytes:
    value = _CMD_DELETED.sub(b"", value)
    value = _CMD_TO_SPACE.sub(b" ", value)
    return _CMD_SPACES_BEFORE.sub(rb"\1", value).lower()


def _normalize_path(value: bytes) -> bytes:
    if not value:
        return value
    normal = posixpath.normpath(re.sub(rb"/{2,}", b"/", value))
    return normal + b"/" if value.endswith(b"/") and normal != b"/" else normal


def _base64_decode(value: bytes) -> bytes:
    try:
        return base64.b64decode(value + b"=" * (-len(value) % 4), validate=True)
    except ValueError:
        return value


def _base64_decode_ext(value: bytes) -> bytes:
    kept = _NOT_BASE64.sub(b"", value)
    return base64.b64decode(kept[: len(kept) - (len(kept) % 4 == 1)] + b"===")


def _hex_decode(value: bytes) -> bytes:
    digits = _HEX.sub(b"", value)
    return bytes.fromhex(digits[: len(digits) // 2 * 2].decode())


TRANSFORMATIONS: dict[str, Transformation] = {
    "NONE": lambda value: value,
    "LOWERCASE": bytes.lower,
    "UPPERCASE": bytes.upper,
    "URL_DECODE": _url_decode,
    "URL_DECODE_UNI": _url_decode_uni,
    "COMPRESS_WHITE_SPACE": lambda value: _SPACES.sub(b" ", value),
    "REMOVE_WHITESPACE": lambda value: _SPACES.sub(b"", value),
    "TRIM": bytes.strip,
    "TRIM_LEFT": bytes.lstrip,
    "TRIM_RIGHT": bytes.rstrip,
    "HTML_ENTITY_DECODE": _html_entity_decode,
    "CMD_LINE": _cmd_line,
    "REPLACE_COMMENTS": lambda value: _COMMENT.sub(b" ", value),
    "REMOVE_NULLS": lambda value: value.replace(b"\0", b""),
    "REPLACE_NULLS": lambda value: value.replace(b"\0", b" "),
    "NORMALIZE_PATH": _normalize_path,
    "NORMALIZE_PATH_WIN": lambda value: _normalize_path(value.replace(b"\\", b"/")),
    "BASE64_DECODE": _base64_decode,
    "BASE64_DECODE_EXT": _base64_decode_ext,
    "HEX_DECODE": _hex_decode,
    "MD5": lambda value: hashlib.md5(value, usedforsecurity=False).digest(),
    "SHA256": lambda value: hashlib.sha256(value).digest(),
}


def compose(names: tuple[str, ...]) -> Transformation | None:
    """The transformations in order; None when they change nothing.

    Raises KeyError with the name of one that is not simulated.
    """
    steps = tuple(TRANSFORMATIONS[name] for name in names if name != "NONE")
    if not steps:
        return None
    if len(steps) == 1:
        return steps[0]

    def apply(value: bytes) -> bytes:
        for step in steps:
            value = step(value)
        return value

    return apply
