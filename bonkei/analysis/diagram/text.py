"""The approximate width of text in a sans-serif font, good enough to fit it into a box without
measuring."""

from __future__ import annotations

import unicodedata

_NARROW = set("iljI|.,:;'!()[]{}ftr ")
_WIDE = set("mwMW@%—")


def width(text: str, size: float) -> float:
    """The width of `text` in a font of `size`, both in the drawing's units."""
    return sum(_advance(character) for character in text) * size


def fit(text: str, size: float, limit: float) -> str:
    """The text, shortened with an ellipsis if it is wider than `limit`."""
    if width(text, size) <= limit:
        return text
    kept = text
    while kept and width(kept + "…", size) > limit:
        kept = kept[:-1]
    return kept.rstrip(" -·,") + "…"


def _advance(character: str) -> float:
    if unicodedata.east_asian_width(character) in "WF":
        return 1.0
    if character in _NARROW:
        return 0.36
    if character in _WIDE:
        return 0.9
    return 0.7 if character.isupper() else 0.6
