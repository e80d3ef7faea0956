"""The distribution, as its fetches see it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from bonkei.services.edge.cloudfront.behavior import CompiledBehavior
from bonkei.services.edge.cloudfront.cache import Cache
from bonkei.services.edge.cloudfront.error_page import CustomErrors
from bonkei.services.edge.cloudfront.freshness import Lifetime
from bonkei.services.edge.cloudfront.stored import Key
from bonkei.services.edge.http.exchange import Exchange, Flow
from bonkei.services.edge.http.message import Request, Sink


class FetchContext(Protocol):
    """The calls that a fetch makes to its distribution."""

    cache: Cache
    errors: CustomErrors
    now: Callable[[], float]

    def ask(
        self, behavior: CompiledBehavior, request: Request, exchange: Exchange | None, sink: Sink
    ) -> Flow | None:
        """Send a request to the behavior's origin."""

    def replace(
        self,
        status: int,
        behavior: CompiledBehavior,
        request: Request,
        exchange: Exchange,
        key: Key | None,
        lifetime: Lifetime | None,
    ) -> None:
        """Answer with the custom error page."""
