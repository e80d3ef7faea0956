"""The interface of a web ACL for the layers that it protects."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from bonkei.services.edge.http.message import Headers, Request, Response


class Verdict(NamedTuple):
    """`acl`: its ARN. `rule`: the name of the deciding rule, or `Default_Action`. `counted`: names
    of the rules that matched before but did not decide. `labels`: full names of the labels from all
    of them. `response`: the custom response of a block."""

    acl: str
    rule: str
    blocks: bool
    counted: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    response: Response | None = None


Inspections = tuple[tuple[Verdict, Headers], ...]
"""The decisions of the web ACLs about a request, and the headers that each one saw."""


class Firewall(Protocol):
    """A web ACL that decides about a layer's requests."""

    body_needed: int

    def check(self, request: Request) -> Verdict:
        """Decide, and count."""
