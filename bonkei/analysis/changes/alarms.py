"""Which alarm goes, tells fewer people, or becomes less watchful."""

from __future__ import annotations

from collections.abc import Iterator

from bonkei.analysis.changes.finding import Finding, Risk, by_names, counterpart
from bonkei.blueprint import Blueprint
from bonkei.blueprint.cloudwatch import Alarm, CompositeAlarm


def unwatched(old: Blueprint, new: Blueprint) -> Iterator[Finding]:
    """Of every alarm that there was, what is lost."""
    now = by_names(_every(new))
    for was in _every(old):
        alarm = counterpart(now, was)
        if alarm is None:
            yield Finding(Risk.ALARM, was.address, "is gone")
            continue
        for text in _lost(was, alarm):
            yield Finding(Risk.ALARM, alarm.address, text)
        for names, when in (("alarm_actions", "rings"), ("ok_actions", "ends")):
            if fewer := set(getattr(was, names)) - set(getattr(alarm, names)):
                text = f"when it {when}, no longer tells"
                yield Finding(Risk.ALARM, alarm.address, text, tuple(sorted(fewer)))
    filters = {(each.namespace, each.metric_name) for each in new.metric_filters}
    for each in old.metric_filters:
        if (each.namespace, each.metric_name) not in filters:
            counted = (f"{each.namespace} {each.metric_name}",)
            yield Finding(Risk.ALARM, each.address, "is gone, and no longer counts", counted)


def _every(blueprint: Blueprint) -> tuple[Alarm | CompositeAlarm, ...]:
    return (*blueprint.alarms, *blueprint.composite_alarms)


def _lost(was: Alarm | CompositeAlarm, alarm: Alarm | CompositeAlarm) -> Iterator[str]:
    if was.actions_enabled and not alarm.actions_enabled:
        yield "takes no actions any more"
    if isinstance(was, CompositeAlarm) or isinstance(alarm, CompositeAlarm):
        if getattr(was, "rule", "") != getattr(alarm, "rule", ""):
            yield "has another rule"
        return
    if was.metrics() != alarm.metrics() or was.queries != alarm.queries:
        yield "watches another metric"
    if (was.comparison, was.threshold) != (alarm.comparison, alarm.threshold) and not _is_stricter(
        was, alarm
    ):
        yield f"rings at {_bound(alarm)}, no longer at {_bound(was)}"
    if alarm.datapoints_to_alarm > was.datapoints_to_alarm:
        yield f"rings after {alarm.datapoints_to_alarm} periods, not {was.datapoints_to_alarm}"
    if was.treat_missing_data == "breaching" and alarm.treat_missing_data != "breaching":
        yield "does not ring without data any more"


def _is_stricter(was: Alarm, alarm: Alarm) -> bool:
    if was.comparison != alarm.comparison or was.threshold is None or alarm.threshold is None:
        return False
    if was.comparison.startswith("Greater"):
        return alarm.threshold < was.threshold
    return was.comparison.startswith("Less") and alarm.threshold > was.threshold


def _bound(alarm: Alarm) -> str:
    return f"{alarm.comparison} {'a band' if alarm.threshold is None else f'{alarm.threshold:g}'}"
