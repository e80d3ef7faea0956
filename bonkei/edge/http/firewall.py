"""A web ACL, as seen by the layers that it protects."""

from __future__ import annotations

from typing import Protocol

from bonkei.edge.http.message import Request, Response


class Firewall(Protocol):
    """A web ACL that decides about a layer's requests."""

    body_needed: int

    def check(self, request: Request) -> tuple[str, Response | None] | None:
        """The name of the rule that blocks and its custom response, None to let pass."""
