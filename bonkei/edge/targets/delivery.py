"""How a layer forwards to its targets."""

from __future__ import annotations

from dataclasses import dataclass

from bonkei.edge.http.deadlines import Deadlines
from bonkei.edge.http.message import Patience, Response


@dataclass(frozen=True, slots=True)
class Delivery:
    """How a layer forwards: what it answers when a target fails it, and how patient it is."""

    deadlines: Deadlines
    bad_gateway: Response
    unavailable: Response
    patience: Patience
    connect_retries: int = 0  # other targets to try when one cannot be connected to
