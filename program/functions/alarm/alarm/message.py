"""The message for Slack, as the body of an incoming webhook's request."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlsplit

from alarm.details import Details
from alarm.events import (
    AlarmChange,
    Event,
    PipelineFailure,
    PipelineWaits,
    State,
    Unrecognized,
    number,
)

# Slack's limits for blocks are 150 and 3000 characters; it refuses a message with a longer block.
HEADER_CHARACTERS = 150
SECTION_CHARACTERS = 2900
FACT_CHARACTERS = 250

Message = dict[str, Any]

_CONSOLES = {
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}


_CONSOLE = "console.aws.amazon.com"
_RED, _GREEN, _GREY, _YELLOW = "#d40e0d", "#2eb67d", "#8d8d8d", "#ecb22e"

_COMPARISONS = {
    "GreaterThanOrEqualToThreshold": "≥",
    "GreaterThanThreshold": ">",
    "LessThanThreshold": "<",
    "LessThanOrEqualToThreshold": "≤",
}

NOTHING = Details()


def message(event: Event, details: Details = NOTHING) -> Message | None:
    """None if there is nothing to report."""
    if isinstance(event, AlarmChange):
        return _alarm(event, details)
    if isinstance(event, PipelineFailure):
        return _pipeline(event)
    if isinstance(event, PipelineWaits):
        return _waits(event)
    return _unrecognized(event)


def _alarm(event: AlarmChange, details: Details) -> Message | None:
    if event.state is State.OK and event.old_state is not State.ALARM and not details.alarmed_at:
        # A new alarm, or one whose data came back: nothing was wrong, so nothing has recovered.
        return None
    sign, word, colour = {
        State.ALARM: ("🔴", "ALARM", _RED),
        State.OK: ("🟢", "Recovered", _GREEN),
        State.INSUFFICIENT_DATA: ("⚪", "No data", _GREY),
    }[event.state]
    if details.now is not None:  # Slack has the later message already
        sign, word, colour = "⚪", f"Late: {word}", _GREY
    facts = [_against_threshold(event), _duration(event, details)]
    where = ", ".join(f"{name} {value}" for name, value in event.dimensions)
    return _message(
        f"{sign} {word}: {event.name}",
        event.description,
        event.reason,
        [
            _later(details), *facts, where, f"{event.old_state} → {event.state}", event.region,
            event.account, event.at,
        ],
        _alarm_links(event, details),
        colour,
        records=details.records,
    )  # fmt: skip


def late(sent: Message, at: str) -> Message:
    """A message that could not be posted when it was sent, which was `at`."""
    [attachment] = sent["attachments"]
    text = sent["text"]
    if "Late: " not in text:
        text = f"Late: {text}"
        text = text if len(text) <= HEADER_CHARACTERS else f"{text[: HEADER_CHARACTERS - 1]}…"
    header, *others = attachment["blocks"]
    blocks = [
        header | {"text": _plain(text)},
        *others,
        {"type": "context", "elements": [_markdown(f"sent at {escape(at)}, could not be posted")]},
    ]
    return {"text": text, "attachments": [attachment | {"fallback": text, "blocks": blocks}]}


def _later(details: Details) -> str:
    return "" if details.now is None else f"now {details.now[0]}, since {_utc(details.now[1])}"


def _utc(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M:%S} UTC"


def _against_threshold(event: AlarmChange) -> str:
    """`ErrorRecords: 3 ≥ 1 (Sum of 60 s)`"""
    sign = _COMPARISONS.get(event.comparison)
    if event.threshold is None or sign is None:
        return ""
    if event.state is not State.ALARM:
        limit = f"{sign} {number(event.threshold)}"
        return f"{event.metric or 'value'}: {event.value or 'no value'} (alarm if {limit})"
    value = f"{event.value} {sign} {number(event.threshold)}" if event.value else ""
    over = f"({event.statistic} of {event.period} s)" if event.statistic else ""
    return f"{event.metric or 'value'}: {value} {over}".strip() if value else ""


def _duration(event: AlarmChange, details: Details) -> str:
    if details.alarmed_at is None or event.time is None:
        return ""
    seconds = max(0, int((event.time - details.alarmed_at).total_seconds()))
    minutes, hours = seconds // 60, seconds // 3600
    length = f"{seconds} s" if not minutes else f"{minutes} min"
    if hours:
        length = f"{hours} h {minutes % 60} min"
    return f"in ALARM since {_utc(details.alarmed_at)}, for {length}"


def _alarm_links(event: AlarmChange, details: Details) -> list[tuple[str, str]]:
    links = [("Open in CloudWatch", _alarm_url(event))]
    if event.metric:
        links.append(("Graph", _graph_url(event)))
    if details.log_group:
        links.append(("Logs", _logs_url(event, details)))
    return links


def _pipeline(event: PipelineFailure) -> Message:
    where = " / ".join(part for part in (event.stage, event.action) if part)
    headline = "⚪ Not approved" if event.is_approval else f"🔴 Pipeline {event.state.lower()}"
    return _message(
        f"{headline}: {event.pipeline}",
        f"In {where}" if where else "",
        event.summary,
        [event.execution, event.region, event.account, event.at],
        [("Open in CodePipeline", _pipeline_url(event)), *_output(event)],
        _GREY if event.is_approval else _RED,
    )


def _waits(event: PipelineWaits) -> Message:
    until = f"until {event.until}" if event.until else ""
    return _message(
        f"🟡 Waits for approval: {event.pipeline}",
        "Read what it would change, then approve or reject it.",
        event.summary,
        [event.stage, event.execution, event.region, event.account, until],
        [("Open in CodePipeline", _approval_url(event))],
        _YELLOW,
    )


def _unrecognized(event: Unrecognized) -> Message:
    return _message(f"❔ {event.subject or 'Notification'}", "", event.text, [], [], _GREY)


def _message(
    header: str,
    text: str,
    quoted: str,
    facts: list[str],
    links: list[tuple[str, str]],
    colour: str,
    records: tuple[str, ...] = (),
) -> Message:
    blocks: list[Message] = [
        {"type": "header", "text": _plain(_cut(header, HEADER_CHARACTERS))},
    ]
    if text:
        blocks.append({"type": "section", "text": _plain(_cut(text, SECTION_CHARACTERS))})
    if quoted:
        blocks.append({"type": "section", "text": _markdown(_quote(quoted))})
    if records:
        blocks.append({"type": "section", "text": _markdown(_quote("\n".join(records)))})
    context = [_cut(fact, FACT_CHARACTERS) for fact in facts if fact]
    for name, address in links:
        link = f"<{address}|{name}>"
        if len(" · ".join([*context, link])) <= SECTION_CHARACTERS:
            context.append(link)
    if context:
        blocks.append({"type": "context", "elements": [_markdown(" · ".join(context))]})
    text = _cut(header, HEADER_CHARACTERS)
    return {"text": text, "attachments": [{"color": colour, "fallback": text, "blocks": blocks}]}


def escape(text: str) -> str:
    """Escape Slack's control characters ("Formatting text for app surfaces", on docs.slack.dev)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _quote(text: str) -> str:
    """A code block. A backtick in the text cannot end it, and nothing in it is markup."""
    return f"```{_cut(text, SECTION_CHARACTERS).replace('`', 'ˋ')}```"


def _cut(text: str, characters: int) -> str:
    """Escaped, and at most `characters` long; an escape is not cut in two."""
    escaped = escape(text)
    if len(escaped) <= characters:
        return escaped
    result = ""
    for character in text:
        if len(result) + len(escape(character)) >= characters:
            break
        result += escape(character)
    return result + "…"


def _plain(text: str) -> Message:
    return {"type": "plain_text", "text": text, "emoji": False}


def _markdown(text: str) -> Message:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _alarm_url(event: AlarmChange) -> str:
    return f"{_cloudwatch(event)}#alarmsV2:alarm/{quote(event.name, safe='')}"


def _cloudwatch(event: AlarmChange) -> str:
    partition = event.arn.split(":")[1] if event.arn.startswith("arn:") else "aws"
    host = f"{quote(event.region)}.{_CONSOLES.get(partition, 'console.aws.amazon.com')}"
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


def _pipeline_url(event: PipelineFailure) -> str:
    name, execution = quote(event.pipeline, safe=""), quote(event.execution, safe="")
    host = f"{quote(event.region)}.console.aws.amazon.com"
    path = f"codesuite/codepipeline/pipelines/{name}/executions/{execution}/timeline"
    return f"https://{host}/{path}?region={quote(event.region)}"


def _output(event: PipelineFailure) -> list[tuple[str, str]]:
    """Only an address of AWS's console: a pipeline's other actions may name any."""
    is_of_aws = urlsplit(event.log).netloc.endswith(_CONSOLE)
    is_whole = event.log.startswith("https://") and not set(event.log) & set("<>| ")
    return [("Log", event.log)] if is_of_aws and is_whole else []


def _approval_url(event: PipelineWaits) -> str:
    """The pipeline as it stands, where the stage has its button."""
    name, host = quote(event.pipeline, safe=""), f"{quote(event.region)}.console.aws.amazon.com"
    return (
        f"https://{host}/codesuite/codepipeline/pipelines/{name}/view?region={quote(event.region)}"
    )
