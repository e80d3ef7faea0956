"""Viewers that wait for a fetch under way ("Simultaneous requests for the same object", Request and
response behavior for custom origins)."""

from __future__ import annotations

from collections.abc import Callable

from bonkei.services.edge.cloudfront.behavior import CompiledBehavior
from bonkei.services.edge.cloudfront.serving import serve
from bonkei.services.edge.cloudfront.stored import Stored
from bonkei.services.edge.cloudfront.viewer_response import ERROR, HIT
from bonkei.services.edge.http.exchange import Exchange
from bonkei.services.edge.http.message import Request


class Waiting:
    """A viewer that waits for another viewer's fetch. A `Flow` without a body.

    `ask` asks the origin for this viewer alone. `behavior` and `ask` belong to this viewer's
    routing; it may be newer than the fetch's.
    """

    __slots__ = ("ask", "behavior", "exchange", "request", "waiting_list")

    def __init__(
        self,
        waiting_list: WaitingList,
        behavior: CompiledBehavior,
        request: Request,
        exchange: Exchange,
        ask: Callable[[Waiting], None],
    ) -> None:
        self.waiting_list = waiting_list
        self.behavior = behavior
        self.request = request
        self.exchange = exchange
        self.ask = ask

    def upload(self, data: bytes) -> None: ...
    def uploaded(self) -> None: ...
    def pause(self) -> None: ...
    def resume(self) -> None: ...

    def cancel(self) -> None:
        self.waiting_list.leave(self)


class WaitingList:
    """The viewers that wait for one fetch, in order of arrival."""

    __slots__ = ("_waiting",)

    def __init__(self) -> None:
        self._waiting: list[Waiting] = []

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def join(
        self,
        behavior: CompiledBehavior,
        request: Request,
        exchange: Exchange,
        ask: Callable[[Waiting], None],
    ) -> Waiting:
        """Let another viewer wait for the fetch."""
        waiting = Waiting(self, behavior, request, exchange, ask)
        self._waiting.append(waiting)
        return waiting

    def leave(self, waiting: Waiting) -> None:
        """A waiting viewer has left."""
        if waiting in self._waiting:
            self._waiting.remove(waiting)

    def release(self, stored: Stored | None, now: float) -> None:
        """The fetch is over. Give all viewers its response, or let each ask the origin."""
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            if stored is not None and (stored.lifetime.ttl > 0 or stored.retry_at):
                x_cache = ERROR if stored.error else HIT
                serve(each.behavior, each.request, each.exchange, stored, x_cache, now)
            else:
                each.ask(each)
