"""The message for Slack, as the body of an incoming webhook's request."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from alarm.events import AlarmChange, Event, PipelineFailure, PipelineWaits, State, Unrecognized

# Slack's limits for blocks are 150 and 3000 characters; it refuses a message with a longer block.
HEADER_CHARACTERS = 150
SECTION_CHARACTERS = 2900

Message = dict[str, Any]

_CONSOLES = {
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}


def message(event: Event) -> Message | None:
    """None if there is nothing to report."""
    if isinstance(event, AlarmChange):
        return _alarm(event)
    if isinstance(event, PipelineFailure):
        return _pipeline(event)
    if isinstance(event, PipelineWaits):
        return _waits(event)
    return _unrecognized(event)


def _alarm(event: AlarmChange) -> Message | None:
    if event.state is State.OK and event.old_state is not State.ALARM:
        # A new alarm, or one whose data came back: nothing was wrong, so nothing has recovered.
        return None
    sign, word = {
        State.ALARM: ("🔴", "ALARM"),
        State.OK: ("🟢", "Recovered"),
        State.INSUFFICIENT_DATA: ("⚪", "No data"),
    }[event.state]
    return _message(
        f"{sign} {word}: {event.name}",
        event.description,
        event.reason,
        [f"{event.old_state} → {event.state}", event.region, event.account, event.at],
        ("Open in CloudWatch", _alarm_url(event)),
    )


def _pipeline(event: PipelineFailure) -> Message:
    where = " / ".join(part for part in (event.stage, event.action) if part)
    return _message(
        f"🔴 Pipeline {event.state.lower()}: {event.pipeline}",
        f"In {where}" if where else "",
        event.summary,
        [event.execution, event.region, event.account, event.at],
        ("Open in CodePipeline", _pipeline_url(event)),
    )


def _waits(event: PipelineWaits) -> Message:
    until = f"until {event.until}" if event.until else ""
    return _message(
        f"🟡 Waits for approval: {event.pipeline}",
        "Read what it would change, then approve or reject it.",
        event.summary,
        [event.stage, event.execution, event.region, event.account, until],
        ("Open in CodePipeline", _approval_url(event)),
    )


def _unrecognized(event: Unrecognized) -> Message:
    return _message(f"❔ {event.subject or 'Notification'}", "", event.text, [], None)


def _message(
    header: str, text: str, quoted: str, facts: list[str], link: tuple[str, str] | None
) -> Message:
    blocks: list[Message] = [
        {"type": "header", "text": _plain(_cut(header, HEADER_CHARACTERS))},
    ]
    if text:
        blocks.append({"type": "section", "text": _plain(_cut(text, SECTION_CHARACTERS))})
    if quoted:
        blocks.append({"type": "section", "text": _markdown(_quote(quoted))})
    context = [escape(fact) for fact in facts if fact]
    if link is not None:
        context.append(f"<{link[1]}|{link[0]}>")
    if context:
        blocks.append({"type": "context", "elements": [_markdown(" · ".join(context))]})
    return {"text": escape(header), "blocks": blocks}


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
    partition = event.arn.split(":")[1] if event.arn.startswith("arn:") else "aws"
    host = f"{quote(event.region)}.{_CONSOLES.get(partition, 'console.aws.amazon.com')}"
    name = quote(event.name, safe="")
    return f"https://{host}/cloudwatch/home?region={quote(event.region)}#alarmsV2:alarm/{name}"


def _pipeline_url(event: PipelineFailure) -> str:
    name, execution = quote(event.pipeline, safe=""), quote(event.execution, safe="")
    host = f"{quote(event.region)}.console.aws.amazon.com"
    path = f"codesuite/codepipeline/pipelines/{name}/executions/{execution}/timeline"
    return f"https://{host}/{path}?region={quote(event.region)}"


def _approval_url(event: PipelineWaits) -> str:
    """The pipeline as it stands, where the stage has its button."""
    name, host = quote(event.pipeline, safe=""), f"{quote(event.region)}.console.aws.amazon.com"
    return (
        f"https://{host}/codesuite/codepipeline/pipelines/{name}/view?region={quote(event.region)}"
    )
