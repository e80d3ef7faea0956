"""Passes finished requests on: the edge calls one hook, and there are several listeners."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bonkei.services.edge.client.access import AccessHook, AccessRecord, Row


class Requests:
    """The edge's access hook. It calls all registered listeners in order."""

    def __init__(self) -> None:
        self._hooks: tuple[AccessHook, ...] = ()

    def hear(self, hook: Callable[[AccessRecord], None]) -> Callable[[], None]:
        """Call `hook` for each request from now on. It must neither block nor raise. Returns a
        function that ends this."""

        def each(rows: Sequence[Row]) -> None:
            for row in rows:
                hook(row[0].record(row))

        return self.hear_together(each)

    def hear_together(self, hook: AccessHook) -> Callable[[], None]:
        """The same for a hook that takes several requests at once, which costs less."""
        self._hooks = (*self._hooks, hook)

        def undo() -> None:
            self._hooks = tuple(each for each in self._hooks if each is not hook)

        return undo

    def __call__(self, rows: Sequence[Row]) -> None:
        for hook in self._hooks:
            hook(rows)
