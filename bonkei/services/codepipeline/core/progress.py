"""The consequences of a change, until there are no more."""

from __future__ import annotations

from dataclasses import replace

from bonkei.services.codepipeline.core.desk import Desk
from bonkei.services.codepipeline.core.quotas import KEPT
from bonkei.services.codepipeline.core.stage import enter, step
from bonkei.services.codepipeline.core.values import Execution
from bonkei.services.codepipeline.core.waiting import may_enter


def settle(desk: Desk) -> None:
    """Executions enter stages, actions start, stages and executions end."""
    while any(_move(desk, execution_id) for execution_id in _running(desk)):
        pass
    desk.book = replace(desk.book, executions=_kept(desk))


def _running(desk: Desk) -> list[str]:
    return [each.id for each in desk.book.executions if each.is_running]


def _move(desk: Desk, execution_id: str) -> bool:
    execution = desk.book.find(execution_id)
    if execution is None or not execution.is_running:
        return False
    if not execution.waiting:
        return step(desk, execution)
    stage = desk.stage(execution.waiting)
    if stage is None or not may_enter(desk.book, execution):
        return False
    enter(desk, execution, stage)
    return True


def _kept(desk: Desk) -> tuple[Execution, ...]:
    over = [each for each in desk.book.executions if not each.is_running]
    dropped = {each.id for each in over[: max(0, len(over) - KEPT)]}
    return tuple(each for each in desk.book.executions if each.id not in dropped)
