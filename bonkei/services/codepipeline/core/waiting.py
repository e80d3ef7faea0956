"""Between stages: which executions wait, are superseded, and may enter.

"How pipeline executions work",
https://docs.aws.amazon.com/codepipeline/latest/userguide/concepts-how-it-works.html:
- A stage is locked while it processes an execution. In the mode PARALLEL there are no locks.
- SUPERSEDED: an execution that waits is superseded by a more recent one that arrives there.
- QUEUED: waiting executions enter in the order in which they have reached the stage.
- A disabled transition lets no execution in. They wait, and are superseded, as at a locked stage.
"""

from __future__ import annotations

from dataclasses import replace

from bonkei.services.codepipeline.core.desk import Desk
from bonkei.services.codepipeline.core.values import Book, Execution


def arrive(desk: Desk, execution: Execution, stage: str) -> None:
    """Let it wait before a stage, unless a more recent execution already does."""
    arrivals = desk.book.arrivals + 1
    desk.book = replace(desk.book, arrivals=arrivals)
    execution = desk.put(replace(execution, waiting=stage, arrived=arrivals))
    if execution.mode != "SUPERSEDED":
        return
    *older, _newest = sorted(waiting(desk.book, stage), key=lambda each: each.number)
    for each in older:
        desk.end(each, "Superseded", f"superseded before stage {stage}")


def may_enter(book: Book, execution: Execution) -> bool:
    """Whether the stage that it waits for accepts it now."""
    stage = execution.waiting
    if book.transition(stage) is not None:
        return False
    if execution.mode == "PARALLEL":
        return True
    first = min(waiting(book, stage), key=lambda each: each.arrived)
    return first.id == execution.id and not is_locked(book, stage)


def is_locked(book: Book, stage: str) -> bool:
    """Whether an execution is in the stage."""
    return any(
        each.is_running and not each.waiting and each.stage is not None and each.stage.name == stage
        for each in book.executions
    )


def waiting(book: Book, stage: str) -> tuple[Execution, ...]:
    """The executions that wait before a stage, in the order of their starts."""
    return tuple(each for each in book.executions if each.is_running and each.waiting == stage)
