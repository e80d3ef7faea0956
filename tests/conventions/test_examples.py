"""Hypothesis makes its examples on any machine, however busy it is, and reads no source."""

from __future__ import annotations

import sys

from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers

from bonkei.base.errors import BonkeiError


def test_no_example_has_to_be_made_in_time() -> None:
    assert settings.default is not None
    assert settings.default.deadline is None
    assert HealthCheck.too_slow in settings.default.suppress_health_check


def test_no_module_is_read_for_its_constants() -> None:
    """pytest's plugin of Hypothesis has asked for those of all modules after the collection."""
    assert BonkeiError.__module__ in sys.modules
    assert len(providers._get_local_constants()) == 0
