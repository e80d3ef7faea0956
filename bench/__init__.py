"""Measurements, apart from the tests: they say how fast, not whether it works."""
