"""The way of executions:
https://docs.aws.amazon.com/codepipeline/latest/userguide/concepts-how-it-works.html
"""

from __future__ import annotations

from pipeline_books import Table, build, pipeline, refused, source

from bonkei.blueprint.codepipeline import Stage
from bonkei.services.codepipeline.core import answers, commands
from bonkei.services.codepipeline.core.structure import restructure
from bonkei.services.codepipeline.core.values import AbandonAction


def test_an_execution_passes_its_stages_and_reports_it() -> None:
    table = Table(pipeline())
    id_ = table.start()
    table.through(id_, "Source", "Build", "Deploy")
    assert table.execution(id_).status == "Succeeded"
    assert table.states(id_)[:5] == [
        "pipeline STARTED",
        "Source STARTED",
        "Source/Source STARTED",
        "Source/Source SUCCEEDED",
        "Source SUCCEEDED",
    ]
    assert table.states(id_)[-1] == "pipeline SUCCEEDED"


def test_a_stage_processes_one_execution_and_the_next_waits_for_it() -> None:
    """Rules 1 and 2: "the stage is locked", "subsequent executions wait"."""
    table = Table(pipeline())
    first = table.start()
    table.through(first, "Source")
    second = table.start()
    table.through(second, "Source")
    assert table.execution(second).waiting == "Build"
    table.through(first, "Build")
    assert table.execution(second).waiting == ""
    assert table.action(second, "Build", "Build").status == "InProgress"


def test_a_waiting_execution_is_superseded_by_a_more_recent_one() -> None:
    """Rule 3, with its own example: execution 2 awaits the locked stage, and 3 overtakes it."""
    table = Table(pipeline())
    first = table.start()
    table.through(first, "Source")
    second = table.start()
    table.through(second, "Source")
    third = table.start()
    table.through(third, "Source")
    assert table.execution(second).status == "Superseded"
    assert table.execution(first).status == "InProgress", "only superseded between stages"
    table.through(first, "Build")
    assert table.action(third, "Build", "Build").status == "InProgress"
    assert table.execution(second).stage_run("Build") is None
    assert "pipeline SUPERSEDED" in table.states(second)


def test_queued_executions_enter_in_the_order_of_their_arrival() -> None:
    table = Table(pipeline(mode="QUEUED"))
    ids = [table.start() for _ in range(4)]
    for id_ in ids:
        table.through(id_, "Source")
    waiting = [each for each in ids if table.execution(each).waiting == "Build"]
    assert waiting == ids[1:]
    for id_ in ids:
        table.through(id_, "Build", "Deploy")
    assert [table.execution(each).status for each in ids] == ["Succeeded"] * 4


def test_parallel_executions_do_not_wait() -> None:
    table = Table(pipeline(mode="PARALLEL"))
    ids = [table.start() for _ in range(3)]
    assert len(table.running()) == 3
    table.through(ids[2], "Source", "Build", "Deploy")
    assert table.execution(ids[2]).status == "Succeeded"


def test_a_failure_releases_the_lock_on_the_stage() -> None:
    """ "A failure releases the lock on the stage". After another execution has entered, no retry
    is possible.
    """
    table = Table(pipeline())
    first, second = table.start(), table.start()
    table.finish(first, "Source", ok=False, error_message="no such branch")
    assert table.execution(first).status == "Failed"
    assert "no such branch" in table.execution(first).summary
    assert table.action(second, "Source", "Source").status == "InProgress"
    code = refused(table, commands.retry("Source", first, "FAILED_ACTIONS"))
    assert code == "NotLatestPipelineExecutionException"


def test_actions_of_one_run_order_run_side_by_side_and_the_stage_waits_for_all() -> None:
    stage = Stage("Build", (build("a"), build("b"), build("c", run_order=2)))
    table = Table(pipeline(Stage("Source", (source(),)), stage))
    id_ = table.start()
    table.through(id_, "Source")
    assert {table.name_of(each.action_id) for each in table.running()} == {"a", "b"}
    table.finish(id_, "Build", "a", ok=False)
    assert table.execution(id_).status == "InProgress", "b still runs"
    table.finish(id_, "Build", "b")
    assert table.execution(id_).status == "Failed"
    assert table.stage(id_, "Build").latest("c") is None


def test_a_retry_repeats_the_failed_actions_or_all() -> None:
    """https://docs.aws.amazon.com/codepipeline/latest/userguide/actions-retry.html"""
    stage = Stage("Build", (build("a"), build("b")))
    for mode, again in (("FAILED_ACTIONS", {"b"}), ("ALL_ACTIONS", {"a", "b"})):
        table = Table(pipeline(Stage("Source", (source(),)), stage))
        id_ = table.start()
        table.through(id_, "Source")
        table.finish(id_, "Build", "a")
        table.finish(id_, "Build", "b", ok=False)
        table.do(commands.retry("Build", id_, mode))
        assert {table.name_of(each.action_id) for each in table.running()} == again
        for name in again:
            table.finish(id_, "Build", name)
        assert table.execution(id_).status == "Succeeded"
        assert table.execution(id_).attempt == 2
        assert "pipeline RESUMED" in table.states(id_)


def test_a_failed_action_is_retried_while_others_are_still_in_progress() -> None:
    stage = Stage("Build", (build("a"), build("b")))
    table = Table(pipeline(Stage("Source", (source(),)), stage))
    id_ = table.start()
    table.through(id_, "Source")
    table.finish(id_, "Build", "a", ok=False)
    table.do(commands.retry("Build", id_, "FAILED_ACTIONS"))
    assert {table.name_of(each.action_id) for each in table.running()} == {"a", "b"}


def test_an_action_that_has_not_failed_is_not_retried() -> None:
    table = Table(pipeline())
    id_ = table.start()
    retried = commands.retry("Source", id_, "FAILED_ACTIONS")
    assert refused(table, retried) == "StageNotRetryableException"
    nowhere = commands.retry("Nowhere", id_, "FAILED_ACTIONS")
    assert refused(table, nowhere) == "StageNotFoundException"


def test_stop_and_wait_lets_actions_complete_and_starts_none() -> None:
    """ "All in-progress action executions are allowed to complete, and subsequent actions are not
    started". Afterwards the stage can be retried."""
    table = Table(pipeline())
    id_ = table.start()
    table.through(id_, "Source")
    table.do(commands.stop(id_, "a bug", abandon=False))
    assert table.execution(id_).status == "Stopping"
    waits = commands.stop(id_, "", abandon=False)
    assert refused(table, waits) == "DuplicatedStopRequestException"
    table.finish(id_, "Build")
    assert table.action(id_, "Build", "Build").status == "Succeeded"
    assert table.execution(id_).status == "Stopped"
    assert table.stage(id_, "Build").status == "Stopped"
    assert table.execution(id_).stage_run("Deploy") is None
    stopped = commands.stop(id_, "", abandon=True)
    assert refused(table, stopped) == "PipelineExecutionNotStoppableException"


def test_stop_and_abandon_ignores_running_actions() -> None:
    """A Stopping execution may be abandoned, too. A late result changes nothing."""
    table = Table(pipeline())
    id_ = table.start()
    table.through(id_, "Source")
    table.do(commands.stop(id_, "", abandon=False))
    table.do(commands.stop(id_, "", abandon=True))
    abandoned = table.action(id_, "Build", "Build")
    assert (abandoned.status, table.execution(id_).status) == ("Abandoned", "Stopped")
    assert AbandonAction(abandoned.id) in table.effects
    before = table.book
    table.do(answers.finish(abandoned.id, answers.Finished(True)))
    assert table.book == before
    table.do(commands.retry("Build", id_, "FAILED_ACTIONS"))
    table.through(id_, "Build", "Deploy")
    assert table.execution(id_).status == "Succeeded"


def test_a_waiting_execution_stops_at_once() -> None:
    table = Table(pipeline())
    first, second = table.start(), table.start()
    table.do(commands.stop(second, "not needed", abandon=False))
    assert table.execution(second).status == "Stopped"
    assert table.execution(first).status == "InProgress"


def test_a_disabled_transition_stops_all_executions_until_it_is_enabled() -> None:
    """ "When a disabled transition is re-enabled, the latest execution enters the stage"."""
    table = Table(pipeline())
    table.do(commands.disable("Deploy", "a freeze", "arn:person"))
    ids = [table.start()]
    table.through(ids[0], "Source", "Build")
    ids.append(table.start())
    table.through(ids[1], "Source", "Build")
    assert [table.execution(each).status for each in ids] == ["Superseded", "InProgress"]
    table.do(commands.enable("Deploy"))
    assert table.action(ids[1], "Deploy", "Deploy").status == "InProgress"


def test_the_same_token_starts_one_execution() -> None:
    table = Table(pipeline())
    assert table.start(token="once") == table.start(token="once")
    assert len(table.book.executions) == 1


def test_a_new_definition_cancels_running_executions() -> None:
    table = Table(pipeline())
    first, second = table.start(), table.start()
    table.do(restructure("2"))
    assert [table.execution(each).status for each in (first, second)] == ["Cancelled"] * 2
    assert table.book.version == 2
    assert "pipeline CANCELED" in table.states(first)


def test_an_artifacts_key_is_shortened_as_codepipeline_does() -> None:
    from bonkei.services.codepipeline.core.stage import artifact_key

    key = artifact_key("statuspage-production-pipeline-program", "SourceArtifact", "a1b2c3d4e5")
    assert key == "statuspage-productio/SourceArti/a1b2c3d"
