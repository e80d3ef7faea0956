"""Events as CloudWatch and CodePipeline send them, and CloudWatch's recorded answers."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

RECORDED = Path(__file__).parent / "events"


def recorded(name: str, **members: Any) -> str:
    return json.dumps(json.loads((RECORDED / f"{name}.json").read_text()) | members)


def texts(sent: dict[str, Any]) -> str:
    return json.dumps(sent, ensure_ascii=False)


class CloudWatch:
    """`call_aws` with recorded answers. `history` has (minutes before the change, from, to),
    newest first. With `failing`, nothing can be looked up. `page`: how many records, matching or
    empty, one answer has looked at.
    """

    def __init__(
        self,
        *history: tuple[float, str, str],
        records: tuple[str, ...] = (),
        failing: bool = False,
        page: int = 10_000,
    ) -> None:
        self.history = history
        self.records = records
        self.page = page
        self.failing = failing
        self.asked: list[str] = []
        self.regions: set[str] = set()

    def __call__(
        self, service: str, operation: str, region: str, **parameters: Any
    ) -> dict[str, Any]:
        self.asked.append(operation)
        self.regions.add(region)
        if self.failing:
            raise PermissionError(operation)
        if operation == "describe_alarm_history":
            end = parameters["EndDate"] - timedelta(seconds=1)
            items = [
                {
                    "Timestamp": end - timedelta(minutes=minutes),
                    "HistorySummary": f"Alarm updated from {old} to {new}",
                }
                for minutes, old, new in self.history
            ]
            return {"AlarmHistoryItems": items}
        if operation == "describe_metric_filters":
            assert parameters == {
                "metricName": "ErrorRecords",
                "metricNamespace": "status-prod/backend",
            }
            found = {"logGroupName": "/status/backend", "filterPattern": '{ $.level = "ERROR" }'}
            return {"metricFilters": [found]}
        assert operation == "filter_log_events"
        assert parameters["endTime"] - parameters["startTime"] == 180_000
        events = [{"timestamp": n, "message": text} for n, text in enumerate(self.records) if text]
        begin = int(parameters.get("nextToken", 0))
        end = begin + self.page
        found = [event for event in events if begin <= event["timestamp"] < end]
        return {"events": found} | ({"nextToken": str(end)} if end < len(self.records) else {})
