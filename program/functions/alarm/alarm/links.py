"""The addresses that a message links, in AWS's console."""

from __future__ import annotations

import json
from urllib.parse import quote, urlsplit

from alarm.details import Details
from alarm.events import AlarmChange, PipelineFailure, PipelineWaits

Link = tuple[str, str]
"""Its words, and the address."""

_CONSOLES = {
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}


_CONSOLE = "console.aws.amazon.com"


def alarm_links(event: AlarmChange, details: Details) -> list[Link]:
    links = [("Open in CloudWatch", _alarm_url(event))]
    if event.metric:
        links.append(("Graph", _graph_url(event)))
    if details.log_group:
        links.append(("Logs", _logs_url(event, details)))
    return links


def _alarm_url(event: AlarmChange) -> str:
    return f"{_cloudwatch(event)}#alarmsV2:alarm/{quote(event.name, safe='')}"


def _cloudwatch(event: AlarmChange) -> str:
    partition = event.arn.split(":")[1] if event.arn.startswith("arn:") else "aws"
    host = f"{quote(event.region)}.{_CONSOLES.get(partition, _CONSOLE)}"
    return f"https://{host}/cloudwatch/home?region={quote(event.region)}"


def _graph_url(event: AlarmChange) -> str:
    """The metric as CloudWatch draws it, with three hours around the change."""
    metric = [event.namespace, event.metric, *(part for pair in event.dimensions for part in pair)]
    drawn = {
        "metrics": [metric], "region": event.region, "period": event.period,
        "stat": event.statistic or "Average",
    }  # fmt: skip
    if event.threshold is not None:
        drawn["annotations"] = {"horizontal": [{"value": event.threshold}]}
    graph = quote(json.dumps(drawn, separators=(",", ":")), safe="")
    return f"{_cloudwatch(event)}#metricsV2:graph={graph}"


def _logs_url(event: AlarmChange, details: Details) -> str:
    """The console encodes twice, the second time with $ in place of %."""
    group = quote(quote(details.log_group, safe=""), safe="").replace("%", "$")
    found = quote(quote(details.pattern, safe=""), safe="").replace("%", "$")
    return (
        f"{_cloudwatch(event)}#logsV2:log-groups/log-group/{group}/log-events$3FfilterPattern$3D"
        f"{found}"
    )


def pipeline_url(event: PipelineFailure) -> str:
    name, execution = quote(event.pipeline, safe=""), quote(event.execution, safe="")
    host = f"{quote(event.region)}.console.aws.amazon.com"
    path = f"codesuite/codepipeline/pipelines/{name}/executions/{execution}/timeline"
    return f"https://{host}/{path}?region={quote(event.region)}"


def output(event: PipelineFailure) -> list[Link]:
    """Only an address of AWS's console: a pipeline's other actions may name any."""
    is_of_aws = urlsplit(event.log).netloc.endswith(_CONSOLE)
    is_whole = event.log.startswith("https://") and not set(event.log) & set("<>| ")
    return [("Log", event.log)] if is_of_aws and is_whole else []


def approval_url(event: PipelineWaits) -> str:
    """The pipeline as it stands, where the stage has its button."""
    name, host = quote(event.pipeline, safe=""), f"{quote(event.region)}.console.aws.amazon.com"
    return (
        f"https://{host}/codesuite/codepipeline/pipelines/{name}/view?region={quote(event.region)}"
    )
