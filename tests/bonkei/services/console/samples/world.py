"""What all samples share."""

from __future__ import annotations

from typing import Any

MARKUP = "<img src=x onerror=alert(1)><script>alert(2)</script>"
"""In a name or a reason it must stay text."""

Done = list[tuple[Any, ...]]
"""What the actions have been asked to do."""

PLACES = (
    "picture", "signals", "tasks", "resource", "requests", "faults", "pipelines", "permissions",
    "data", "logs", "metrics", "alarms", "slack", "tasks/1a7f3c05e9b444444444444444444444",
    "requests/1", "requests?upto=7", "requests?filter=nothing", "requests?since=soon",
    "logs?query=new", "logs?filter=nothing", "data/secrets", "alarms/statuspage-backend-cpu",
    "data/database?name=statuspage", "data/bucket?name=statuspage-logs",
    "pipelines/statuspage-dev-pipeline-tf", "permissions/statuspage-dev-backend",
    "resource/aws_ecs_service.app",
)  # fmt: skip
"""Each page, and what opens on some of them."""
