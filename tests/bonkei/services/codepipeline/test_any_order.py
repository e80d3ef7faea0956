"""Properties of every pipeline, with any events in any order."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from pipeline_books import Table, approval, build, pipeline, source

from bonkei.base.aws_service import AwsServiceError
from bonkei.blueprint.codepipeline import OnFailure, Stage
from bonkei.services.codepipeline.core import answers, commands
from bonkei.services.codepipeline.core.structure import restructure
from bonkei.services.codepipeline.core.values import Changed, Execution, Finished

STAGES = (
    Stage("Source", (source(),)),
    Stage("Build", (build("a"), build("b"), build("c", run_order=2))),
    Stage("Approve", (approval(),)),
    Stage("Deploy", (build("Deploy"),), on_failure=OnFailure("ROLLBACK")),
)
NAMES = [stage.name for stage in STAGES]

_stage = st.sampled_from(NAMES)
_index = st.integers(0, 7)
MOVES = st.one_of(
    st.tuples(st.just("start")),
    st.tuples(st.just("finish"), _index, st.sampled_from([True, True, False])),
    st.tuples(st.just("stop"), _index, st.booleans()),
    st.tuples(st.just("retry"), _index, st.sampled_from(["FAILED_ACTIONS", "ALL_ACTIONS"])),
    st.tuples(st.just("rollback"), _index, _stage),
    st.tuples(st.just("disable"), _stage),
    st.tuples(st.just("enable"), _stage),
    st.tuples(st.just("wait"), st.sampled_from([60.0, 700_000.0])),
    st.tuples(st.just("restructure"), st.integers(0, 99)),
)


def move(table: Table, step: tuple[object, ...]) -> None:
    executions = table.book.executions
    match step:
        case ("start",):
            table.start()
        case ("finish", int(index), bool(ok)) if running := table.running():
            table.do(answers.finish(running[index % len(running)].action_id, Finished(ok)))
        case ("stop", int(index), bool(abandon)) if executions:
            table.do(commands.stop(executions[index % len(executions)].id, "", abandon=abandon))
        case ("retry", int(index), str(mode)) if executions:
            chosen = executions[index % len(executions)]
            stage = chosen.stage.name if chosen.stage is not None else "Source"
            table.do(commands.retry(stage, chosen.id, mode))
        case ("rollback", int(index), str(stage)) if executions:
            table.do(commands.rollback(stage, executions[index % len(executions)].id))
        case ("disable", str(stage)):
            table.do(commands.disable(stage, "", ""))
        case ("enable", str(stage)):
            table.do(commands.enable(stage))
        case ("wait", float(seconds)):
            table.now += seconds
            table.do(answers.tick())
        case ("restructure", int(number)) if number == 0:
            table.do(restructure(str(len(table.effects))))


def holds(table: Table, mode: str) -> None:
    running = [each for each in table.book.executions if each.is_running]
    for name in NAMES:
        inside = [each.id for each in running if _is_in(each, name)]
        assert mode == "PARALLEL" or len(inside) <= 1, f"{name} runs {inside}"
        waiting = [each for each in running if each.waiting == name]
        if mode == "SUPERSEDED":
            assert len(waiting) <= 1, f"{len(waiting)} wait before {name}"
        if waiting and not inside:
            assert table.book.transition(name) is not None, f"nobody lets them into {name}"
    for each in running:
        if not each.waiting:
            assert each.stage is not None
            assert any(a.status == "InProgress" for a in each.stage.actions), "it waits for nothing"
    for each in table.book.executions:
        if not each.is_running:
            assert all(a.status != "InProgress" for s in each.stages for a in s.actions)


def _is_in(execution: Execution, stage: str) -> bool:
    run = execution.stage
    return not execution.waiting and run is not None and run.name == stage


def no_execution_does_anything_after_it_was_superseded(table: Table) -> None:
    over: set[str] = set()
    for effect in table.effects:
        if isinstance(effect, Changed):
            assert effect.execution_id not in over, f"{effect} after it was superseded"
            if effect.state in ("SUPERSEDED", "CANCELED") and not effect.stage:
                over.add(effect.execution_id)


@settings(max_examples=150)
@given(
    st.sampled_from(["SUPERSEDED", "QUEUED", "PARALLEL"]), st.lists(MOVES, min_size=25, max_size=60)
)
def test_invariants_of_a_pipeline(mode: str, steps: list[tuple[object, ...]]) -> None:
    table = Table(pipeline(*STAGES, mode=mode))
    for step in steps:
        try:
            move(table, step)
        except AwsServiceError:
            continue
        finally:
            holds(table, mode)
    no_execution_does_anything_after_it_was_superseded(table)


@settings(max_examples=60)
@given(st.sampled_from(["SUPERSEDED", "QUEUED", "PARALLEL"]), st.lists(MOVES, max_size=40))
def test_every_execution_ends_when_actions_end_and_transitions_are_open(
    mode: str, steps: list[tuple[object, ...]]
) -> None:
    table = Table(pipeline(*STAGES, mode=mode))
    for step in steps:
        try:
            move(table, step)
        except AwsServiceError:
            continue
    for name in NAMES:
        table.do(commands.enable(name))
    for _ in range(5_000):
        running = table.running()
        if not running:
            break
        table.do(answers.finish(running[0].action_id, Finished(True)))
    assert [each.status for each in table.book.executions if each.is_running] == []


@settings(max_examples=60)
@given(st.lists(MOVES, min_size=20, max_size=50))
def test_queued_executions_do_not_overtake(steps: list[tuple[object, ...]]) -> None:
    """Two executions enter a stage for the first time in the order of their arrival."""
    table = Table(pipeline(*STAGES, mode="QUEUED"))
    for step in steps:
        try:
            move(table, step)
        except AwsServiceError:
            continue
    standard = [each for each in table.book.executions if each.type == "STANDARD"]
    first_stage = [each for each in standard if each.stage_run("Source") is not None]
    entered = [run.entered for each in first_stage if (run := each.stage_run("Source")) is not None]
    assert entered == sorted(entered)
