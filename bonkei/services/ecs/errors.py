"""The error of a task definition that cannot become processes."""

from __future__ import annotations

from bonkei.base.errors import BonkeiError


class TaskError(BonkeiError):
    """A container cannot be prepared or started. `message` names it; `remedy` is the next step."""
