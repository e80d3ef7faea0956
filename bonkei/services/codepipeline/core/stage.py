"""One execution in one stage: its conditions, its actions by their run order, and its end."""

from __future__ import annotations

from dataclasses import replace

from bonkei.blueprint.codepipeline import Condition, PipelineAction, Stage
from bonkei.services.codepipeline.core.conditions import conclude, evaluate
from bonkei.services.codepipeline.core.desk import Desk
from bonkei.services.codepipeline.core.quotas import CONFIGURATION_BYTES, KEPT, time_out
from bonkei.services.codepipeline.core.rollback import roll_back
from bonkei.services.codepipeline.core.values import (
    ActionRun,
    ConditionRun,
    Execution,
    StageRun,
    StartAction,
    StoredArtifact,
)
from bonkei.services.codepipeline.core.variables import UnresolvedError, resolve, resolve_all
from bonkei.services.codepipeline.core.waiting import arrive, may_enter


def enter(desk: Desk, execution: Execution, stage: Stage) -> None:
    """The execution locks the stage, unless a condition skips it."""
    run = StageRun(stage.name, "InProgress", desk.now, desk.now)
    _look_before_entry(desk, desk.put_stage(replace(execution, waiting=""), run), stage)


def _look_before_entry(desk: Desk, execution: Execution, stage: Stage) -> None:
    execution, unmet = _judge(desk, execution, stage.before_entry, "before_entry")
    run = execution.here
    if run.pending:
        return
    if unmet is not None and unmet[0].result == "SKIP":
        execution = desk.put_stage(execution, replace(run, status="Skipped"))
        _go_on(desk, execution)
        return
    desk.say("STARTED", execution, stage.name)
    if unmet is not None:
        _fail(desk, execution, stage, f"before entry: {unmet[1].summary}", with_conditions=False)


def step(desk: Desk, execution: Execution) -> bool:
    """Advance in the present stage. False if nothing follows."""
    run = execution.here
    stage = desk.stage(run.name)
    if execution.status == "Stopping":
        return _stop_when_idle(desk, execution, run)
    if stage is None:  # a changed declaration has cancelled it: this cannot happen
        return False
    if run.pending:
        return _go_on_judging(desk, execution, stage, run)
    for order in sorted({action.run_order for action in stage.actions}):
        actions = [action for action in stage.actions if action.run_order == order]
        due = [a for a in actions if run.latest(a.name) is None or a.name in run.again]
        if due:
            for action in due:
                _start(desk, execution.id, action)
            return True
        states = [latest.status for a in actions if (latest := run.latest(a.name)) is not None]
        if "InProgress" in states:
            return False
        if any(state != "Succeeded" for state in states):
            _fail(desk, execution, stage, _failures(run, actions))
            return True
    _succeed(desk, execution, stage)
    return True


def _go_on_judging(desk: Desk, execution: Execution, stage: Stage, run: StageRun) -> bool:
    """Continue after a check. False while another one is under way."""
    checks = {check.id: check.status for check in run.checks}
    if any(checks.get(rule.run_id) == "InProgress" for rule in run.conditions[-1].rules):
        return False
    match run.pending:
        case "before_entry":
            _look_before_entry(desk, execution, stage)
        case "on_success":
            _succeed(desk, execution, stage)
        case _:
            _fail(desk, execution, stage, run.summary)
    return True


def _start(desk: Desk, execution_id: str, action: PipelineAction) -> None:
    found = desk.book.find(execution_id)
    assert found is not None  # noqa: S101 - the caller has it from the book
    run, problem = found.here, ""
    configuration, lines, environment = action.configuration, action.commands, action.environment
    try:
        configuration = resolve_all(action.configuration, found)
        lines = tuple(resolve(line, found) for line in action.commands)
        environment = tuple((n, resolve(value, found), kind) for n, value, kind in environment)
    except UnresolvedError as error:
        problem = error.message
    known = {artifact.name: artifact for artifact in found.artifacts}
    if missing := [name for name in action.inputs if name not in known]:
        problem = f"No artifact {', '.join(missing)} in this execution"
    if sum(len(value) for _, value in configuration) > CONFIGURATION_BYTES:
        problem = f"The resolved configuration is larger than {CONFIGURATION_BYTES} bytes"
    started = ActionRun(
        id=desk.mint(),
        name=action.name,
        status="Failed" if problem else "InProgress",
        started=desk.now,
        updated=desk.now,
        expires=desk.now + time_out(action),
        configuration=configuration,
        inputs=tuple(known[name] for name in action.inputs if name in known),
        outputs=tuple(_output(desk, name) for name in action.outputs),
        token=desk.mint() if action.category == "Approval" else "",
        error_code="ConfigurationError" if problem else "",
        error_message=problem,
        commands=lines,
        environment=environment,
    )
    again = tuple(name for name in run.again if name != action.name)
    run = replace(run, actions=(*run.actions, started), again=again)
    found = desk.put_stage(found, run)
    desk.say("STARTED", found, run.name, started)
    if problem:
        desk.say("FAILED", found, run.name, started)
    else:
        desk.effects.append(StartAction(found.id, run.name, started.id))


def _output(desk: Desk, name: str) -> StoredArtifact:
    pipeline = desk.pipeline
    bucket = pipeline.artifact_buckets[0] if pipeline.artifact_buckets else ""
    key = artifact_key(pipeline.name, name, desk.mint().replace("-", ""))
    return StoredArtifact(name, bucket, key)


def _stop_when_idle(desk: Desk, execution: Execution, run: StageRun) -> bool:
    if any(action.status == "InProgress" for action in run.all_runs):
        return False
    execution = desk.put_stage(execution, replace(run, status="Stopped", pending=""))
    desk.say("STOPPED", execution, run.name)
    desk.end(execution, "Stopped", execution.stop_reason)
    return True


def _succeed(desk: Desk, execution: Execution, stage: Stage) -> None:
    execution, unmet = _judge(desk, execution, stage.on_success, "on_success")
    if execution.here.pending:
        return
    if unmet is not None:
        _fail(desk, execution, stage, f"on success: {unmet[1].summary}", with_conditions=False)
        if unmet[0].result == "ROLLBACK":
            roll_back(desk, execution.id, stage.name)
        return
    execution = desk.put_stage(execution, replace(execution.here, status="Succeeded"))
    desk.say("SUCCEEDED", execution, stage.name)
    _go_on(desk, execution)


def _go_on(desk: Desk, execution: Execution) -> None:
    """Leave a stage: move to the next one, or end. A rollback has only one stage."""
    names = [stage.name for stage in desk.pipeline.stages]
    place = names.index(execution.here.name)
    if execution.type == "ROLLBACK" or place + 1 == len(names):
        desk.end(execution, "Succeeded")
    else:
        arrive(desk, execution, names[place + 1])


def _fail(
    desk: Desk, execution: Execution, stage: Stage, summary: str, *, with_conditions: bool = True
) -> None:
    """The stage fails. So does the execution, unless a first automatic retry follows."""
    result, run = "", execution.here
    if with_conditions and stage.on_failure is not None:
        execution, result = _result_of_failure(desk, execution, stage)
        run = execution.here
        if run.pending:
            desk.put_stage(execution, replace(run, summary=summary))
            return
    if result == "RETRY" and run.automatic_retries == 0 and stage.on_failure is not None:
        names = to_repeat(stage, run, stage.on_failure.retry_mode)
        again = replace(run, again=names, automatic_retries=1)
        desk.say("RESUMED", desk.put_stage(execution, again), stage.name)
        return
    execution = desk.put_stage(execution, replace(run, status="Failed", summary=summary))
    desk.say("FAILED", execution, stage.name)
    execution = desk.end(execution, "Failed", f"stage {stage.name}: {summary}")
    if result == "ROLLBACK":
        roll_back(desk, execution.id, stage.name)


def _result_of_failure(desk: Desk, execution: Execution, stage: Stage) -> tuple[Execution, str]:
    """With conditions, the result of the first one that is met; without conditions, the declared
    result."""
    declared = stage.on_failure
    assert declared is not None  # noqa: S101 - the caller has looked
    if not declared.conditions:
        return execution, declared.result
    execution, found = _judge(desk, execution, declared.conditions, "on_failure", wanted=True)
    return execution, found[0].result if found is not None else "FAIL"


def to_repeat(stage: Stage, run: StageRun, mode: str) -> tuple[str, ...]:
    """The actions that a retry repeats: all of them, or those without success."""
    return tuple(
        action.name
        for action in stage.actions
        if (latest := run.latest(action.name)) is not None
        and (mode == "ALL_ACTIONS" or latest.status in ("Failed", "Abandoned"))
    )


def _judge(
    desk: Desk,
    execution: Execution,
    conditions: tuple[Condition, ...],
    place: str,
    *,
    wanted: bool = False,
) -> tuple[Execution, tuple[Condition, ConditionRun] | None]:
    """The first condition that is not met; `wanted`: the first one that is. Its stage is `pending`
    while a rule asks another service; this continues then.
    """
    run = execution.here
    number, asked = (run.met, True) if run.pending == place else (0, False)
    while number < len(conditions):
        condition = conditions[number]
        execution = (
            conclude(desk, execution) if asked else evaluate(desk, execution, condition, place)
        )
        run, asked = execution.here, False
        judged = run.conditions[-1]
        if judged.status == "InProgress":
            return desk.put_stage(execution, replace(run, pending=place, met=number)), None
        if (judged.status == "Succeeded") is wanted:
            return desk.put_stage(execution, replace(run, pending="", met=0)), (condition, judged)
        number += 1
    return desk.put_stage(execution, replace(execution.here, pending="", met=0)), None


def _failures(run: StageRun, actions: list[PipelineAction]) -> str:
    said = []
    for action in actions:
        latest = run.latest(action.name)
        if latest is not None and latest.status != "Succeeded":
            said.append(f"{action.name}: {latest.error_message or latest.summary or latest.status}")
    return "; ".join(said)


_PIPELINE, _ARTIFACT, _RANDOM = 20, 10, 7


def artifact_key(pipeline: str, artifact: str, random: str) -> str:
    """A key with names shortened as CodePipeline does: `PipelineName20/Artifact10/random7`."""
    return f"{pipeline[:_PIPELINE]}/{artifact[:_ARTIFACT]}/{random[:_RANDOM]}"


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
