"""Hypothesis makes its examples on any machine, however busy it is."""

from __future__ import annotations

from hypothesis import HealthCheck, settings


def test_no_example_has_to_be_made_in_time() -> None:
    assert settings.default is not None
    assert settings.default.deadline is None
    assert HealthCheck.too_slow in settings.default.suppress_health_check
