"""The commands of the measurements. Tests do not check their results."""

from __future__ import annotations

import pytest

from bench.__main__ import MEASUREMENTS, main


def test_help_names_the_measurements(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--help"])
    shown = "".join(capsys.readouterr().out.split())  # a name may be wrapped at its hyphen
    assert end.value.code == 0
    assert all(name in shown for name in MEASUREMENTS)


def test_a_measurement_that_does_not_exist_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["edgy"])
    assert end.value.code != 0
    assert "no measurement is called edgy: terraform, start, idle" in capsys.readouterr().err
