"""What the edge makes for each request."""

from __future__ import annotations

import pytest

from bonkei.services.edge.http.exchange import Exchange
from bonkei.services.edge.http.message import Request
from bonkei.services.edge.targets.dispatch import Dispatch


@pytest.mark.parametrize("made", [Request, Exchange, Dispatch])
def test_no_object_has_a_dictionary_of_its_own(made: type) -> None:
    """Whether Python makes one would depend on what the first thirty requests have set."""
    assert not hasattr(made.__new__(made), "__dict__")
