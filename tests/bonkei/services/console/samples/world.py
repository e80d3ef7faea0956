"""What all samples share."""

from __future__ import annotations

from typing import Any

MARKUP = "<img src=x onerror=alert(1)><script>alert(2)</script>"
"""In a name or a reason it must stay text."""

Done = list[tuple[Any, ...]]
"""What the actions have been asked to do."""
