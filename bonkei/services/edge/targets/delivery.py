"""How a layer forwards to its targets."""

from __future__ import annotations

from dataclasses import dataclass

from bonkei.services.edge.http.deadlines import Deadlines
from bonkei.services.edge.http.message import Patience, Response


@dataclass(frozen=True, slots=True)
class Delivery:
    """A layer's settings for forwarding: its answers for failing targets, and its time-outs."""

    deadlines: Deadlines
    bad_gateway: Response
    unavailable: Response
    patience: Patience
    connect_retries: int = 0  # further targets to try after a failed connection
