"""The calls of CodePipeline's API. Changes of a pipeline's structure, custom actions and webhooks
are not simulated: the endpoint refuses them by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bonkei.base.aws_service import AwsCall, AwsService, AwsServiceError, Operations
from bonkei.base.paging import page
from bonkei.services.codepipeline.api.declaration import declaration
from bonkei.services.codepipeline.api.history import actions, detail, succeeded_in, summary
from bonkei.services.codepipeline.api.state import pipeline_state
from bonkei.services.codepipeline.core import answers, commands
from bonkei.services.codepipeline.core.values import Finished, Override, Pairs
from bonkei.services.codepipeline.pipelines import Pipelines


def service(pipelines: Pipelines) -> AwsService:
    """The endpoint's service `codepipeline`."""
    return Operations(
        {
            **_looks(pipelines),
            **_lists(pipelines),
            **_executions(pipelines),
            **_stages(pipelines),
            **_jobs(pipelines),
        }
    )


def _looks(pipelines: Pipelines) -> dict[str, Any]:
    async def get(call: AwsCall) -> Mapping[str, Any]:
        name = str(call.parameters["name"])
        pipeline, book = pipelines.pipeline(name), pipelines.book(name)
        return {
            "pipeline": declaration(pipeline, book.version),
            "metadata": {
                "pipelineArn": pipeline.arn,
                "created": book.created,
                "updated": book.updated,
            },
        }

    async def state(call: AwsCall) -> Mapping[str, Any]:
        name = str(call.parameters["name"])
        return pipeline_state(pipelines.pipeline(name), pipelines.book(name))

    async def execution(call: AwsCall) -> Mapping[str, Any]:
        name, id_ = (
            str(call.parameters["pipelineName"]),
            str(call.parameters["pipelineExecutionId"]),
        )
        found = pipelines.book(name).find(id_)
        if found is None:
            raise _no_execution(name, id_)
        return {"pipelineExecution": detail(pipelines.pipeline(name), found)}

    return {"GetPipeline": get, "GetPipelineState": state, "GetPipelineExecution": execution}


def _lists(pipelines: Pipelines) -> dict[str, Any]:
    async def list_pipelines(call: AwsCall) -> Mapping[str, Any]:
        shown = []
        for each in pipelines.all:
            book = pipelines.book(each.name)
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

    async def executions(call: AwsCall) -> Mapping[str, Any]:
        name = str(call.parameters["pipelineName"])
        wanted = call.parameters.get("filter", {}).get("succeededInStage", {}).get("stageName", "")
        found = [summary(each) for each in succeeded_in(pipelines.book(name), wanted)]
        return _page(call, "pipelineExecutionSummaries", found, 100)

    async def action_executions(call: AwsCall) -> Mapping[str, Any]:
        name, given = str(call.parameters["pipelineName"]), call.parameters.get("filter", {})
        latest = given.get("latestInPipelineExecution", {})
        id_ = str(given.get("pipelineExecutionId") or latest.get("pipelineExecutionId") or "")
        book = pipelines.book(name)
        chosen = [each for each in book.executions if not id_ or each.id == id_]
        if id_ and not chosen:
            raise _no_execution(name, id_)
        only = bool(latest) and latest.get("startTimeRange", "Latest") == "Latest"
        found = actions(pipelines.pipeline(name), chosen, latest=only)
        return _page(call, "actionExecutionDetails", found, 100)

    return {
        "ListPipelines": list_pipelines,
        "ListPipelineExecutions": executions,
        "ListActionExecutions": action_executions,
    }


def _executions(pipelines: Pipelines) -> dict[str, Any]:
    async def start(call: AwsCall) -> Mapping[str, Any]:
        given = call.parameters
        rule = call.caller.acts_for if ":events:" in call.caller.acts_for else ""
        begun = commands.start(
            "CloudWatchEvent" if rule else "StartPipelineExecution",
            rule or call.caller.arn,
            _pairs(given.get("variables", ())),
            tuple(
                Override(each["actionName"], each["revisionType"], each["revisionValue"])
                for each in given.get("sourceRevisions", ())
            ),
            str(given.get("clientRequestToken", "")),
        )
        return {"pipelineExecutionId": pipelines.do(str(given["name"]), begun)}

    async def stop(call: AwsCall) -> Mapping[str, Any]:
        given = call.parameters
        abandon = bool(given.get("abandon", False))
        stopped = commands.stop(
            str(given["pipelineExecutionId"]), str(given.get("reason", "")), abandon=abandon
        )
        return {"pipelineExecutionId": pipelines.do(str(given["pipelineName"]), stopped)}

    return {"StartPipelineExecution": start, "StopPipelineExecution": stop}


def _stages(pipelines: Pipelines) -> dict[str, Any]:
    async def retry(call: AwsCall) -> Mapping[str, Any]:
        given = call.parameters
        again = commands.retry(
            str(given["stageName"]), str(given["pipelineExecutionId"]), str(given["retryMode"])
        )
        return {"pipelineExecutionId": pipelines.do(str(given["pipelineName"]), again)}

    async def rollback(call: AwsCall) -> Mapping[str, Any]:
        given = call.parameters
        target = str(given["targetPipelineExecutionId"])
        back = commands.rollback(str(given["stageName"]), target)
        return {"pipelineExecutionId": pipelines.do(str(given["pipelineName"]), back)}

    async def approve(call: AwsCall) -> Mapping[str, Any]:
        given, result = call.parameters, call.parameters["result"]
        answer = answers.approve(
            str(given["stageName"]),
            str(given["actionName"]),
            str(given["token"]),
            approved=result["status"] == "Approved",
            said=str(result.get("summary", "")),
            by=call.caller.arn,
        )
        pipelines.do(str(given["pipelineName"]), answer)
        return {"approvedAt": call.time}

    async def disable(call: AwsCall) -> Mapping[str, Any]:
        given = call.parameters
        closed = commands.disable(_inbound(given), str(given.get("reason", "")), call.caller.arn)
        pipelines.do(str(given["pipelineName"]), closed)
        return {}

    async def enable(call: AwsCall) -> Mapping[str, Any]:
        pipelines.do(
            str(call.parameters["pipelineName"]), commands.enable(_inbound(call.parameters))
        )
        return {}

    return {
        "RetryStageExecution": retry,
        "RollbackStage": rollback,
        "PutApprovalResult": approve,
        "DisableStageTransition": disable,
        "EnableStageTransition": enable,
    }


def _jobs(pipelines: Pipelines) -> dict[str, Any]:
    async def success(call: AwsCall) -> Mapping[str, Any]:
        given = call.parameters
        if given.get("continuationToken"):
            raise AwsServiceError(
                "ValidationException", "continuationToken is not simulated: a job answers once"
            )
        about = given.get("executionDetails", {})
        variables = {str(k): str(v) for k, v in given.get("outputVariables", {}).items()}
        finished = Finished(
            succeeded=True,
            summary=str(about.get("summary", "")),
            external_id=str(about.get("externalExecutionId", "")),
            variables=tuple(sorted(variables.items())),
        )
        pipelines.finish_job(str(given["jobId"]), finished)
        return {}

    async def failure(call: AwsCall) -> Mapping[str, Any]:
        about = call.parameters["failureDetails"]
        finished = Finished(
            succeeded=False,
            external_id=str(about.get("externalExecutionId", "")),
            error_code=str(about["type"]),
            error_message=str(about["message"]),
        )
        pipelines.finish_job(str(call.parameters["jobId"]), finished)
        return {}

    return {"PutJobSuccessResult": success, "PutJobFailureResult": failure}


def _inbound(given: Mapping[str, Any]) -> str:
    if given["transitionType"] != "Inbound":
        raise AwsServiceError(
            "ValidationException", "Only inbound transitions can be disabled and enabled"
        )
    return str(given["stageName"])


def _pairs(given: Sequence[Mapping[str, Any]]) -> Pairs:
    return tuple((str(each["name"]), str(each["value"])) for each in given)


def _no_execution(pipeline: str, id_: str) -> AwsServiceError:
    return AwsServiceError(
        "PipelineExecutionNotFoundException", f"The pipeline {pipeline} has no execution {id_}"
    )


def _page(
    call: AwsCall, name: str, found: Sequence[Mapping[str, Any]], most: int
) -> Mapping[str, Any]:
    size = min(most, int(call.parameters.get("maxResults") or most))
    shown, rest = page(found, call.parameters.get("nextToken"), size, "InvalidNextTokenException")
    return {name: shown, "nextToken": rest}
