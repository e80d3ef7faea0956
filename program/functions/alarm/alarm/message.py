"""The message for Slack, as the body of an incoming webhook's request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alarm.details import Details
from alarm.events import (
    AlarmChange,
    BackupFailure,
    Event,
    PipelineFailure,
    PipelineWaits,
    Severity,
    State,
    Unrecognized,
    number,
)
from alarm.links import Link, alarm_links, approval_url, output, pipeline_url

# Slack's limits for blocks are 150 and 3000 characters; it refuses a message with a longer block.
HEADER_CHARACTERS = 150
SECTION_CHARACTERS = 2900
FACT_CHARACTERS = 250

Message = dict[str, Any]

_RED, _GREEN, _GREY, _YELLOW = "#d40e0d", "#2eb67d", "#8d8d8d", "#ecb22e"
_SIGNS = {Severity.PAGE: ("🔴", _RED), Severity.TICKET: ("🟠", "#e8912d")}
_TICKET = f"{Severity.TICKET} · "

_COMPARISONS = {
    "GreaterThanOrEqualToThreshold": "≥",
    "GreaterThanThreshold": ">",
    "LessThanThreshold": "<",
    "LessThanOrEqualToThreshold": "≤",
}

NOTHING = Details()


@dataclass(frozen=True, slots=True)
class Ways:
    """How people are told; both may be empty. `page_mention`: whom a page calls, as Slack writes
    it. `runbook_url`: the page with a section for each event; an alarm's description has its own
    link."""

    page_mention: str = ""
    runbook_url: str = ""

    def runbook(self, section: str) -> list[Link]:
        return [("What to do", f"{self.runbook_url}#{section}")] if self.runbook_url else []


def message(event: Event, details: Details = NOTHING, ways: Ways = Ways()) -> Message | None:
    """None if there is nothing to report."""
    if isinstance(event, AlarmChange):
        return _alarm(event, details, ways)
    if isinstance(event, PipelineFailure):
        return _pipeline(event, ways)
    if isinstance(event, PipelineWaits):
        return _waits(event, ways)
    if isinstance(event, BackupFailure):
        return _backup(event, ways)
    return _unrecognized(event)


def _alarm(event: AlarmChange, details: Details, ways: Ways) -> Message | None:
    if event.state is State.OK and event.old_state is not State.ALARM and not details.alarmed_at:
        # A new alarm, or one whose data came back: nothing was wrong, so nothing has recovered.
        return None
    alarm_sign, alarm_colour = _SIGNS.get(event.severity, ("🔴", _RED))
    severity = f"{event.severity} · " if event.severity else ""
    sign, word, colour = {
        State.ALARM: (alarm_sign, f"{severity}ALARM", alarm_colour),
        State.OK: ("🟢", "Recovered", _GREEN),
        State.INSUFFICIENT_DATA: ("⚪", "No data", _GREY),
    }[event.state]
    calls = event.state is State.ALARM and event.severity is Severity.PAGE and details.now is None
    if details.now is not None:  # Slack has the later message already
        sign, word, colour = "⚪", f"Late: {word}", _GREY
    facts = [_against_threshold(event), _duration(event, details)]
    where = ", ".join(f"{name} {value}" for name, value in event.dimensions)
    return _message(
        f"{sign} {word}: {event.name}",
        event.description,
        event.reason,
        [
            _later(details), *facts, where, ", ".join(event.children),
            f"{event.old_state} → {event.state}", event.region, event.account, event.at,
        ],
        alarm_links(event, details),
        colour,
        records=details.records,
        mention=ways.page_mention if calls else "",
    )  # fmt: skip


def late(sent: Message, at: str) -> Message:
    """A message that could not be posted when it was sent, which was `at`."""
    [attachment] = sent["attachments"]
    text, mention = attachment["fallback"], sent["text"].removesuffix(attachment["fallback"])
    if "Late: " not in text:
        text = f"Late: {text}"
        text = text if len(text) <= HEADER_CHARACTERS else f"{text[: HEADER_CHARACTERS - 1]}…"
    header, *others = attachment["blocks"]
    blocks = [
        header | {"text": _plain(text)},
        *others,
        {"type": "context", "elements": [_markdown(f"sent at {escape(at)}, could not be posted")]},
    ]
    told = attachment | {"fallback": text, "blocks": blocks}
    return {"text": mention + text, "attachments": [told]}


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


def _pipeline(event: PipelineFailure, ways: Ways) -> Message:
    where = " / ".join(part for part in (event.stage, event.action) if part)
    sign, colour = ("⚪", _GREY) if event.is_approval else _SIGNS[Severity.TICKET]
    failed = f"{_TICKET}Pipeline {event.state.lower()}"
    headline = f"{sign} {'Not approved' if event.is_approval else failed}"
    return _message(
        f"{headline}: {event.pipeline}",
        f"In {where}" if where else "",
        event.summary,
        [event.execution, event.region, event.account, event.at],
        [
            ("Open in CodePipeline", pipeline_url(event)), *output(event),
            *ways.runbook("pipeline-failed"),
        ],
        colour,
    )  # fmt: skip


def _waits(event: PipelineWaits, ways: Ways) -> Message:
    until = f"until {event.until}" if event.until else ""
    return _message(
        f"🟡 {_TICKET}Waits for approval: {event.pipeline}",
        "Read what it would change, then approve or reject it.",
        event.summary,
        [event.stage, event.execution, event.region, event.account, until],
        [("Open in CodePipeline", approval_url(event)), *ways.runbook("pipeline-waits")],
        _YELLOW,
    )


def _backup(event: BackupFailure, ways: Ways) -> Message:
    sign, colour = _SIGNS[Severity.TICKET]
    return _message(
        f"{sign} {_TICKET}{event.kind} failed: {event.resource.rpartition(':')[2]}",
        "",
        event.reason,
        [event.state, event.resource, event.region, event.account, event.at],
        ways.runbook("backup-failed-copy-failed"),
        colour,
    )


def _unrecognized(event: Unrecognized) -> Message:
    return _message(f"❔ {event.subject or 'Notification'}", "", event.text, [], [], _GREY)


def _message(
    header: str,
    text: str,
    quoted: str,
    facts: list[str],
    links: list[Link],
    colour: str,
    records: tuple[str, ...] = (),
    mention: str = "",
) -> Message:
    """`mention`, if not empty, calls people: in an attachment Slack would only show it."""
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
    attachment = {"color": colour, "fallback": text, "blocks": blocks}
    return {"text": f"{mention} {text}".lstrip(), "attachments": [attachment]}


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
