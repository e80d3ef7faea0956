"""Calls of `bonkei fault`: what they take, and what they give back."""

from __future__ import annotations

from typing import Any

import pytest

from bonkei.faults import Ask, FaultError
from bonkei.miniature.control.faults import ask_of


def test_a_call_becomes_what_is_asked_for() -> None:
    given = {"kind": "slow", "target": "web", "seconds": 5, "latency": None, "hold": True}
    assert ask_of(given) == Ask("slow", "web", 5)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "needs a kind and a target"),
        ({"kind": "melt", "target": "web"}, "'melt' is no kind"),
        ({"kind": "kill", "target": 5}, "needs a kind and a target"),
        ({"kind": "kill", "target": "web", "seconds": "5"}, "seconds is a number"),
        ({"kind": "kill", "target": "web", "percent": 1.5}, "percent is a whole number"),
        ({"kind": "refuse", "target": "aws:s3", "refusal": "no"}, "'no' is no refusal"),
        ({"kind": "fill", "target": "web", "what": "heart"}, "'heart' is no what"),
    ],
)
def test_nonsense_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(FaultError) as error:
        ask_of(given)
    assert said in error.value.message
