"""Foreign texts, such as those of a log, an object or a row. They are bounded and made safe.

The page inserts them as text, so their markup has no effect. Other characters could still mislead
the eye: control characters, and those that reverse the direction of text ("Trojan Source",
CVE-2021-42574). Here they become visible escapes.
"""

from __future__ import annotations

import base64
import re

from bonkei.services.console.values import ConsoleError, Json

LONGEST = 20_000
"""Characters of one value on a page."""
_MISLEADING = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
_ALSO_LINES = re.compile(f"{_MISLEADING.pattern[:-1]}\t\n]")


def visible(text: str, most: int = LONGEST) -> str:
    """The beginning of a text of many lines."""
    return _MISLEADING.sub(_escape, text[:most])


def label(text: str, most: int = 1_000) -> str:
    """The beginning of a name, in one line."""
    return _ALSO_LINES.sub(_escape, text[:most])


def named(text: str) -> dict[str, Json]:
    """A name in two forms: as it is shown, and as it is sent back. The latter has the bytes of its
    UTF-8, so any name survives the way through a page."""
    return {"shown": label(text), "key": encode(text)}


def encode(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode("utf-8", "surrogatepass")).decode()


def decode(key: str) -> str:
    """The original name. Raises ConsoleError if `encode` has not made the text."""
    try:
        return base64.urlsafe_b64decode(key.encode()).decode("utf-8", "surrogatepass")
    except ValueError:
        raise ConsoleError("the page names nothing", remedy="reload the page") from None


def content(data: bytes, size: int, most: int = LONGEST) -> dict[str, Json]:
    """The visible part of an object or a message. `size`: of the whole. Bytes that are not text are
    shown as a dump."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        # The part may end within a character.
        is_cut = error.start >= len(data) - 3 and len(data) < size
        text = data[: error.start].decode() if is_cut else ""
        if not is_cut:
            return {"text": _dump(data[:2_048]), "binary": True, "size": size, "more": size > 2_048}
    if "\0" in text:
        return {"text": _dump(data[:2_048]), "binary": True, "size": size, "more": size > 2_048}
    return {
        "text": visible(text, most),
        "binary": False,
        "size": size,
        "more": len(text) > most or len(data) < size,
    }


def _dump(data: bytes) -> str:
    """The bytes in the form of `hexdump -C`."""
    lines = []
    for at in range(0, len(data), 16):
        part = data[at : at + 16]
        shown = "".join(chr(each) if 32 <= each < 127 else "." for each in part)
        lines.append(f"{at:08x}  {part.hex(' '):<47}  {shown}")
    return "\n".join(lines)


def _escape(found: re.Match[str]) -> str:
    number = ord(found[0])
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"
