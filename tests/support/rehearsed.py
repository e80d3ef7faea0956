"""What a rehearsal could leave behind, seen from outside."""

from __future__ import annotations

import subprocess
from typing import Any

import psutil
from foreground import Running
from miniatures import ANSWER, BONKEI, Project

from bonkei.miniature import control
from bonkei.miniature.home import Home

BURNER = "burner.py"


def burners(miniature: Running) -> list[psutil.Process]:
    """Processes that use a processor, or hold memory, beside tasks."""
    found = []
    for process in miniature.processes():
        try:
            if any(word.endswith(BURNER) for word in process.cmdline()):
                found.append(process)
        except psutil.Error:
            continue
    return found


def suspended(miniature: Running) -> list[psutil.Process]:
    found = []
    for process in miniature.processes():
        try:
            if process.status() == psutil.STATUS_STOPPED:
                found.append(process)
        except psutil.Error:
            continue
    return found


def letters(project: Project) -> int:
    """Messages in all queues, also those that someone holds."""
    counted = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
    queues = project.client("sqs")
    total = 0
    for url in queues.list_queues().get("QueueUrls", ()):
        shown = queues.get_queue_attributes(QueueUrl=url, AttributeNames=[*counted])
        total += sum(int(shown["Attributes"][name]) for name in counted)
    return total


def as_found(miniature: Running) -> dict[str, Any]:
    """All of it, for a comparison of before and after."""
    project = miniature.project
    services = project.status()["tasks"]["services"]
    return {
        "services": sorted(
            (one["name"], one["desired_count"], one["running_count"], one["healthy_count"])
            for one in services
        ),
        "letters": letters(project),
        "burners": len(burners(miniature)),
        "suspended": len(suspended(miniature)),
    }


def in_alarm(project: Project) -> set[str]:
    """As `bonkei alarm list` says, without a process: a test that waits asks often."""
    found = control.call(Home(project.home), "alarms", limit=ANSWER)
    return {str(one["name"]) for one in found["alarms"] if one["state"] == "ALARM"}


def is_over(project: Project) -> bool:
    """Whether the rehearsal has cleaned up after itself, and another one may begin."""
    return bool(control.call(Home(project.home), "rehearsal", limit=ANSWER)["over"])


def rehearse(project: Project, *names: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*BONKEI, "alarm", "rehearse", *names],
        cwd=project.folder,
        env=project.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
