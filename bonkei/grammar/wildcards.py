"""Turns texts with `*`, which stands for any characters, into regular expressions."""

from __future__ import annotations

from collections.abc import Iterable


def between_stars(parts: Iterable[str]) -> str:
    """The expression for `fullmatch` with DOTALL. `parts`: expressions of the texts between the
    stars, each of a fixed length.

    Each text is looked for at its first place, and not again (an atomic group). So the time is
    bounded by the product of the lengths, even for `a*a*a*a*b`: with `.*` alone it takes years.
    """
    first, *rest = parts
    if not rest:
        return first
    *middle, last = rest
    found = "".join(f"(?>.*?{each})" for each in middle)
    return f"{first}{found}.*{last}"
