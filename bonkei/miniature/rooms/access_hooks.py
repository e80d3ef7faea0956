"""Passes finished requests on: the edge calls one hook, and there are several listeners."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bonkei.edge.client.access import AccessHook, AccessRecord


class Requests:
    """The edge's access hook: calls all that have asked, in their order."""

    def __init__(self) -> None:
        self._hooks: tuple[AccessHook, ...] = ()

    def hear(self, hook: Callable[[AccessRecord], None]) -> Callable[[], None]:
        """Call it for each request from now on; it must neither block nor raise. Returns the undo,
        for a listener that is only needed for a while.
        """

        def each(records: Sequence[AccessRecord]) -> None:
            for record in records:
                hook(record)

        return self.hear_together(each)

    def hear_together(self, hook: AccessHook) -> Callable[[], None]:
        """The same for a hook that takes several requests at once, which costs less."""
        self._hooks = (*self._hooks, hook)

        def undo() -> None:
            self._hooks = tuple(each for each in self._hooks if each is not hook)

        return undo

    def __call__(self, records: Sequence[AccessRecord]) -> None:
        for hook in self._hooks:
            hook(records)
