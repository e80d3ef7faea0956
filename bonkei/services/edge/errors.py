"""The error of a listener that cannot be opened."""

from __future__ import annotations

from collections.abc import Sequence

from bonkei.base.errors import BonkeiError


class EdgeError(BonkeiError):
    """A listener cannot be opened, or the blueprint's listeners contradict each other."""


def all_of(errors: Sequence[EdgeError]) -> EdgeError:
    """One error that names every place: who frees one port must not meet the next at each start."""
    remedies = dict.fromkeys(each.remedy for each in errors)
    return EdgeError(
        "; ".join(each.message for each in errors), remedy="; ".join(filter(None, remedies))
    )
