"""What can go wrong between a task definition and its processes."""

from __future__ import annotations

from bonkei.errors import BonkeiError


class TaskError(BonkeiError):
    """A container cannot be prepared or started; `message` names it, `remedy` says what to do."""
