"""The calls of CodePipeline's API. Changes of a pipeline's structure, custom actions and webhooks
are not simulated: the endpoint refuses them by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bonkei.base.aws_service import AwsCall, AwsService, AwsServiceError, Operations
from bonkei.base.paging import page_of
from bonkei.services.codepipeline.api.declaration import declaration
from bonkei.services.codepipeline.api.history import actions, detail, succeeded_in, summary
from bonkei.services.codepipeline.api.state import pipeline_state
from bonkei.services.codepipeline.core import answers, commands
from bonkei.services.codepipeline.core.commands import Command
from bonkei.services.codepipeline.core.values import Finished, Override
from bonkei.services.codepipeline.pipelines import Pipelines


def service(pipelines: Pipelines) -> AwsService:
    """The endpoint's service `codepipeline`."""
    return Operations.of(_Descriptions(pipelines), _Changes(pipelines), _Jobs(pipelines))


class _Descriptions:
    def __init__(self, pipelines: Pipelines) -> None:
        self._pipelines = pipelines

    async def get_pipeline(self, call: AwsCall) -> Mapping[str, Any]:
        name = call.parameters["name"]
        pipeline, book = self._pipelines.pipeline(name), self._pipelines.book(name)
        return {
            "pipeline": declaration(pipeline, book.version),
            "metadata": {
                "pipelineArn": pipeline.arn,
                "created": book.created,
                "updated": book.updated,
            },
        }

    async def get_pipeline_state(self, call: AwsCall) -> Mapping[str, Any]:
        name = call.parameters["name"]
        return pipeline_state(self._pipelines.pipeline(name), self._pipelines.book(name))

    async def get_pipeline_execution(self, call: AwsCall) -> Mapping[str, Any]:
        name, id_ = call.parameters["pipelineName"], call.parameters["pipelineExecutionId"]
        found = self._pipelines.book(name).find(id_)
        if found is None:
            raise _no_execution(name, id_)
        return {"pipelineExecution": detail(self._pipelines.pipeline(name), found)}

    async def list_pipelines(self, call: AwsCall) -> Mapping[str, Any]:
        shown = []
        for each in self._pipelines.all:
            book = self._pipelines.book(each.name)
            about = {
                "name": each.name,
                "version": book.version,
                "pipelineType": each.type,
                "executionMode": each.execution_mode,
                "created": book.created,
                "updated": book.updated,
            }
            shown.append(about)
        return _page(call, "pipelines", shown, 1_000)

    async def list_pipeline_executions(self, call: AwsCall) -> Mapping[str, Any]:
        given = call.parameters
        wanted = given.get("filter", {}).get("succeededInStage", {}).get("stageName", "")
        book = self._pipelines.book(given["pipelineName"])
        found = [summary(each) for each in succeeded_in(book, wanted)]
        return _page(call, "pipelineExecutionSummaries", found, 100)

    async def list_action_executions(self, call: AwsCall) -> Mapping[str, Any]:
        name, given = call.parameters["pipelineName"], call.parameters.get("filter", {})
        latest = given.get("latestInPipelineExecution", {})
        id_ = given.get("pipelineExecutionId") or latest.get("pipelineExecutionId")
        book = self._pipelines.book(name)
        chosen = [each for each in book.executions if not id_ or each.id == id_]
        if id_ and not chosen:
            raise _no_execution(name, id_)
        only = bool(latest) and latest.get("startTimeRange", "Latest") == "Latest"
        found = actions(self._pipelines.pipeline(name), chosen, latest=only)
        return _page(call, "actionExecutionDetails", found, 100)


class _Changes:
    def __init__(self, pipelines: Pipelines) -> None:
        self._pipelines = pipelines

    async def start_pipeline_execution(self, call: AwsCall) -> Mapping[str, Any]:
        given = call.parameters
        rule = call.caller.acts_for if ":events:" in call.caller.acts_for else ""
        begun = commands.start(
            "CloudWatchEvent" if rule else "StartPipelineExecution",
            rule or call.caller.arn,
            tuple((each["name"], each["value"]) for each in given.get("variables", ())),
            tuple(
                Override(each["actionName"], each["revisionType"], each["revisionValue"])
                for each in given.get("sourceRevisions", ())
            ),
            given.get("clientRequestToken", ""),
        )
        return {"pipelineExecutionId": self._pipelines.do(given["name"], begun)}

    async def stop_pipeline_execution(self, call: AwsCall) -> Mapping[str, Any]:
        given = call.parameters
        stopped = commands.stop(
            given["pipelineExecutionId"],
            given.get("reason", ""),
            abandon=given.get("abandon", False),
        )
        return self._done(call, stopped)

    async def retry_stage_execution(self, call: AwsCall) -> Mapping[str, Any]:
        given = call.parameters
        again = commands.retry(given["stageName"], given["pipelineExecutionId"], given["retryMode"])
        return self._done(call, again)

    async def rollback_stage(self, call: AwsCall) -> Mapping[str, Any]:
        given = call.parameters
        back = commands.rollback(given["stageName"], given["targetPipelineExecutionId"])
        return self._done(call, back)

    async def put_approval_result(self, call: AwsCall) -> Mapping[str, Any]:
        given, result = call.parameters, call.parameters["result"]
        answer = answers.approve(
            given["stageName"],
            given["actionName"],
            given["token"],
            approved=result["status"] == "Approved",
            said=result["summary"],
            by=call.caller.arn,
        )
        self._done(call, answer)
        return {"approvedAt": call.time}

    async def disable_stage_transition(self, call: AwsCall) -> Mapping[str, Any]:
        given = call.parameters
        self._done(call, commands.disable(_inbound(given), given["reason"], call.caller.arn))
        return {}

    async def enable_stage_transition(self, call: AwsCall) -> Mapping[str, Any]:
        self._done(call, commands.enable(_inbound(call.parameters)))
        return {}

    def _done(self, call: AwsCall, command: Command) -> Mapping[str, Any]:
        name = call.parameters["pipelineName"]
        return {"pipelineExecutionId": self._pipelines.do(name, command)}


class _Jobs:
    def __init__(self, pipelines: Pipelines) -> None:
        self._pipelines = pipelines

    async def put_job_success_result(self, call: AwsCall) -> Mapping[str, Any]:
        given = call.parameters
        if given.get("continuationToken"):
            raise AwsServiceError(
                "ValidationException", "continuationToken is not simulated: a job answers once"
            )
        about = given.get("executionDetails", {})
        finished = Finished(
            succeeded=True,
            summary=about.get("summary", ""),
            external_id=about.get("externalExecutionId", ""),
            variables=tuple(sorted(given.get("outputVariables", {}).items())),
        )
        self._pipelines.finish_job(given["jobId"], finished)
        return {}

    async def put_job_failure_result(self, call: AwsCall) -> Mapping[str, Any]:
        about = call.parameters["failureDetails"]
        finished = Finished(
            succeeded=False,
            external_id=about.get("externalExecutionId", ""),
            error_code=about["type"],
            error_message=about["message"],
        )
        self._pipelines.finish_job(call.parameters["jobId"], finished)
        return {}


def _inbound(given: Mapping[str, Any]) -> str:
    if given["transitionType"] != "Inbound":
        raise AwsServiceError(
            "ValidationException", "Only inbound transitions can be disabled and enabled"
        )
    return str(given["stageName"])


def _no_execution(pipeline: str, id_: str) -> AwsServiceError:
    return AwsServiceError(
        "PipelineExecutionNotFoundException", f"The pipeline {pipeline} has no execution {id_}"
    )


def _page(
    call: AwsCall, name: str, found: Sequence[Mapping[str, Any]], size: int
) -> Mapping[str, Any]:
    return page_of(call, name, found, size, "InvalidNextTokenException")
