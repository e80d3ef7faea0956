"""The events and the approval's message, as the function that posts to Slack reads them."""

from __future__ import annotations

import json
from typing import Any

from alarm.events import PipelineFailure, PipelineWaits, parse
from pipeline_books import Table, approval, pipeline, source

from bonkei.blueprint.codepipeline import Stage
from bonkei.services.codepipeline.actions.approval import notification
from bonkei.services.codepipeline.core.values import Changed
from bonkei.services.codepipeline.events import event
from bonkei.services.codepipeline.runners import ActionWork

STAGES = (Stage("Source", (source(),)), Stage("Approve", (approval(),)))


def envelope(table: Table, changed: Changed) -> str:
    """The event in EventBridge's form."""
    found = event(table.pipeline, table.book, changed, table.now)
    assert found is not None
    _, _, _, region, account, _ = found.resources[0].split(":")
    return json.dumps(
        {
            "source": found.source, "detail-type": found.detail_type, "detail": found.detail,
            "account": account, "region": region, "time": "2026-01-01T00:00:00Z",
            "resources": list(found.resources),
        }
    )  # fmt: skip


def of(table: Table, level: str, state: str) -> str:
    """The last event of a level with this state."""
    changes = [each for each in table.effects if isinstance(each, Changed)]
    levels = {"Pipeline": lambda c: not c.stage, "Action": lambda c: bool(c.action_id)}
    fit = [each for each in changes if levels[level](each) and each.state == state]
    return envelope(table, fit[-1])


def test_a_failed_pipeline_is_a_failure_for_the_function() -> None:
    table = Table(pipeline(*STAGES))
    id_ = table.start()
    table.finish(id_, "Source", ok=False, error_code="JobFailed", error_message="no branch main")
    found = parse(of(table, "Pipeline", "FAILED"))
    assert isinstance(found, PipelineFailure)
    assert (found.pipeline, found.execution, found.state) == ("demo", id_, "FAILED")
    assert (found.account, found.region) == ("123456789012", "ap-northeast-1")
    action = parse(of(table, "Action", "FAILED"))
    assert isinstance(action, PipelineFailure)
    assert (action.stage, action.action, action.summary) == ("Source", "Source", "no branch main")


def test_a_waiting_approval_is_an_approval_for_the_function() -> None:
    table = Table(pipeline(*STAGES))
    id_ = table.start()
    table.through(id_, "Source")
    found = parse(of(table, "Action", "STARTED"))
    assert isinstance(found, PipelineWaits)
    assert (found.pipeline, found.execution, found.stage) == ("demo", id_, "Approve")


def test_an_approvals_message_is_an_approval_for_the_function() -> None:
    settings = (("CustomData", "1 to add"), ("ExternalEntityLink", "https://log"))
    stages = (STAGES[0], Stage("Approve", (approval(configuration=settings),)))
    table = Table(pipeline(*stages))
    id_ = table.start()
    table.through(id_, "Source")
    run = table.action(id_, "Approve", "Approve")

    def note(*_: Any) -> None:
        pass

    work = ActionWork(table.pipeline, stages[1].actions[0], run, id_, "Approve", None, note)
    message = notification(work)
    found = parse(json.dumps(message))
    assert isinstance(found, PipelineWaits)
    assert (found.stage, found.summary, found.region) == ("Approve", "1 to add", "ap-northeast-1")
    assert json.loads(json.dumps(message))["approval"]["externalEntityLink"] == "https://log"
