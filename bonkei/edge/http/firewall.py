"""A web ACL, as the layers ask it that it protects."""

from __future__ import annotations

from typing import Protocol

from bonkei.edge.http.message import Request, Response


class Firewall(Protocol):
    """A web ACL as a layer asks it: the response for a request that it blocks, else None."""

    body_needed: int

    def check(self, request: Request) -> tuple[str, Response | None] | None:
        """The name of the rule that blocks and its custom response, None to let pass."""
