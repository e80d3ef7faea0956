"""Logs, metrics, alarms and the inbox."""

from __future__ import annotations

import time

from bonkei.miniature.assembly import Assembly
from bonkei.miniature.console.alarms import offer_alarms
from bonkei.miniature.console.logs import LogSources, offer_logs
from bonkei.miniature.console.metrics import offer_metrics
from bonkei.miniature.console.slack import offer_slack
from bonkei.miniature.home import Home
from bonkei.miniature.rehearsal.underway import Rehearsals
from bonkei.services.cloudwatch.alarm.evaluation import State
from bonkei.services.console import Json


def join_watching(home: Home, assembly: Assembly, rehearsals: Rehearsals) -> None:
    """Give their topics and actions to the console."""
    console = assembly.console

    def secrets() -> list[str]:
        found = [assembly.parts.vault.get(each.arn) for each in assembly.blueprint.secrets]
        return [value for value in found if value]

    logs = LogSources(home.logs, lambda: assembly.logs.store, assembly.bus, secrets)
    offer_logs(console, logs)
    offer_metrics(console, lambda: assembly.monitor.monitor, time.time)
    offer_alarms(console, lambda: assembly.monitor.monitor, rehearsals, time.time)
    offer_slack(console, lambda: assembly.functions.inbox, lambda: assembly.functions.where)


def alarms_badge(assembly: Assembly) -> Json:
    """How many are in ALARM."""
    monitor = assembly.monitor.monitor
    states = [monitor.book.state(alarm.name).value for alarm in monitor.engine.alarms]
    count = states.count(State.ALARM)
    return {"text": str(count), "kind": "bad"} if count else None
