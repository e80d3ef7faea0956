"""Runs operations, one phase after another. Each phase is written to disk before the next one."""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from bonkei.base.background import Background
from bonkei.base.errors import BonkeiError
from bonkei.definitions.cloudformation.resources.kind import TypedValues
from bonkei.definitions.cloudformation.stacks.conflicts import (
    Name,
    already_exists,
    conflicts,
    names_of,
)
from bonkei.definitions.cloudformation.stacks.operation import begin, conclude, prepare
from bonkei.definitions.cloudformation.stacks.refusals import invalid, without_owner
from bonkei.definitions.cloudformation.stacks.store import MOST_DELETED, Store
from bonkei.definitions.cloudformation.stacks.values import (
    Stack,
    StackEvent,
    StackResource,
    Target,
    address_of,
)

_BEGUN = frozenset({"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS"})
_PATIENCE = 5.0  # seconds
_PAUSE = 5.0  # seconds, until a full disk is tried again


@dataclass(frozen=True, slots=True)
class Failed:
    """A resource that could not be created or removed. `subject` is its address
    ("STACK.LOGICALID"), or a kind and a physical name ("bucket logs"). It is empty for a failure of
    the whole."""

    subject: str
    reason: str


class World(Protocol):
    """The surroundings of stacks."""

    async def follow(self) -> Sequence[Failed]:
        """Let the miniature run the present resources of the stacks."""
        ...

    async def elsewhere(self) -> Sequence[TypedValues]:
        """The resources outside stacks."""
        ...

    async def exists(self, name: Name) -> bool:
        """Whether something with that name exists although nothing declares it, because it was
        created by hand."""
        ...


class Stacks:
    """All stacks. `resume` continues interrupted operations. Call it once the miniature can
    follow."""

    def __init__(
        self,
        store: Store,
        world: World,
        on_event: Callable[[Stack, StackEvent], None] = lambda *_: None,
        clock: Callable[[], float] = time.time,
        report: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._store = store
        self._world = world
        self._on_event = on_event
        self._clock = clock
        self._report = report
        self._by_id = {stack.id: stack for stack in store.load()}
        self._one_at_a_time = asyncio.Lock()
        self._running = Background()

    def all(self, region: str) -> Sequence[Stack]:
        """List the stacks of a region, including deleted ones, the oldest first."""
        return [stack for stack in self._by_id.values() if stack.region == region]

    def everywhere(self) -> Sequence[Stack]:
        return list(self._by_id.values())

    def get(self, identifier: str) -> Stack | None:
        return self._by_id.get(identifier)

    def put(self, stack: Stack) -> None:
        """Keep a stack. It is on disk when this returns."""
        known = self._by_id.get(stack.id)
        self._store.put(stack)
        self._by_id[stack.id] = stack
        before = {event.id for event in known.events} if known is not None else set()
        for event in stack.events:
            if event.id not in before:
                self._on_event(stack, event)
        self._forget_the_oldest()

    def forget(self, stack: Stack) -> None:
        self._store.forget(stack)
        self._by_id.pop(stack.id, None)

    def release(self, kind: str, names: Collection[str]) -> None:
        """Forget a retained resource that has been deleted. `kind` is its type in Terraform. Its
        physical id is one of the names."""
        for stack in self.everywhere():
            left = tuple(
                each
                for each in stack.retained
                if not each.state or each.state[0][0] != kind or not _is_named(each, names)
            )
            if len(left) < len(stack.retained):
                self.put(replace(stack, retained=left))

    async def operate(self, stack: Stack, status: str, target: Target | None = None) -> None:
        """Begin an operation. It is on disk before anything is done, and continues by itself. This
        returns at its end, or after a few seconds. AWS answers sooner, but its command would then
        ask again only after half a minute."""
        begun = begin(stack, status, self._clock(), target)
        self.put(begun)
        await asyncio.wait({self._go_on(begun.id)}, timeout=_PATIENCE)

    def resume(self) -> None:
        """Continue the operations that a stop has interrupted."""
        for stack in self._by_id.values():
            if stack.in_progress:
                self._go_on(stack.id)

    async def idle(self) -> None:
        """Wait until no operation runs."""
        while self._running:
            await asyncio.gather(*self._running, return_exceptions=True)

    async def stop(self) -> None:
        """Interrupt running operations; `resume` continues them."""
        await self._running.stop()

    def _go_on(self, identifier: str) -> asyncio.Task[None]:
        return self._running.start(self._run(identifier))

    async def _run(self, identifier: str) -> None:
        async with self._one_at_a_time:
            while (stack := self._by_id[identifier]).in_progress:
                try:
                    await self._phase(stack)
                except OSError as error:  # a full disk: nothing is lost, and it continues
                    self._report(f"the stack {stack.name} waits: {error}")
                    await asyncio.sleep(_PAUSE)

    async def _phase(self, stack: Stack) -> None:
        prepared = prepare(stack, await self._faults(stack), self._clock())
        self.put(prepared)
        failed = await self._follow()
        self.put(conclude(prepared, _blame(failed, stack, prepared), self._clock()))

    async def _follow(self) -> Sequence[Failed]:
        try:
            return await self._world.follow()
        except BonkeiError as error:
            return [Failed("", error.message)]
        except Exception as error:  # a bug in the miniature must not leave a stack in progress
            self._report(f"following the stacks failed\n{traceback.format_exc()}")
            return [Failed("", f"Internal Failure: {error!r}")]

    async def _faults(self, stack: Stack) -> Mapping[str, str]:
        """The resources of an operation's target that cannot be created. Empty during a rollback
        and at the end."""
        if stack.status not in ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS"):
            return {}
        wrong = {each.logical_id: each.reason for each in stack.wanted.resources if each.reason}
        before = {each.logical_id: each.state for each in stack.previous.resources}
        new = [one for one in stack.wanted.resources if before.get(one.logical_id) != one.state]
        refused = await asyncio.to_thread(invalid, new)
        try:
            elsewhere = await self._world.elsewhere()
        except BonkeiError as error:
            return dict.fromkeys((each.logical_id for each in new), error.message)
        stacks = self.everywhere()
        return {
            **conflicts(stack, stacks, names_of(elsewhere)),
            **await self._made_by_hand(stack, new),
            **{
                name: refusal
                for name, (refusal, owner) in without_owner(new, stacks, elsewhere).items()
                if owner is None or not await self._world.exists(owner)
            },
            **refused,
            **wrong,
        }

    async def _made_by_hand(self, stack: Stack, new: Sequence[StackResource]) -> Mapping[str, str]:
        """Resources that this operation began before a stop are not checked, because the operation
        itself created them."""
        before = {each.logical_id: each.generation for each in stack.previous.resources}
        begun = {each.logical_id for each in stack.resources if each.status in _BEGUN}
        return {
            each.logical_id: already_exists(each.type, each.physical_id)
            for each in new
            if before.get(each.logical_id) != each.generation and each.logical_id not in begun
            for name in names_of(each.state)
            if await self._world.exists(name)
        }

    def _forget_the_oldest(self) -> None:
        """A deleted stack is not forgotten if it left something."""
        gone = [one for one in self._by_id.values() if one.gone and not one.retained]
        for stack in sorted(gone, key=lambda one: one.deleted)[:-MOST_DELETED]:
            self.forget(stack)


def _blame(failed: Sequence[Failed], before: Stack, stack: Stack) -> Mapping[str, str]:
    """Assign each failure to the logical id of the stack's own resource. The key "" has the reason
    why the miniature did not follow."""
    found: dict[str, str] = {one.subject: one.reason for one in failed if not one.subject}
    for each in (*before.leaving, *before.resources, *stack.resources):
        for one in failed:
            if _is_about(one.subject, each, stack):
                found[each.logical_id] = one.reason
    return found


def _is_about(subject: str, each: StackResource, stack: Stack) -> bool:
    if subject in ("", address_of(stack, each)):
        return True
    kind, _, name = subject.partition(" ")
    is_kind = each.type.lower().endswith(f"::{kind}")
    return is_kind and name in (each.physical_id, each.physical_id.rpartition(":")[2])


def _is_named(each: StackResource, names: Collection[str]) -> bool:
    ends = {each.physical_id, each.physical_id.rpartition(":")[2].rpartition("/")[2]}
    return bool(ends & set(names))
