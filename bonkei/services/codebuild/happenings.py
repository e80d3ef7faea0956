"""The events of builds for EventBridge: pure.

"Build notifications input format reference",
https://docs.aws.amazon.com/codebuild/latest/userguide/sample-build-notifications-ref.html
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from bonkei.base.events import ServiceEvent
from bonkei.blueprint.codebuild import BuildProject
from bonkei.services.codebuild.values import Build, BuildPhase

_SOURCE = "aws.codebuild"


def events(
    before: Build | None, after: Build, project: BuildProject | None, now: float
) -> Iterator[ServiceEvent]:
    """The events of one change: phases that have ended since, and a new status of the build."""
    known = {phase.name for phase in before.phases if phase.status} if before else set()
    for phase in after.phases:
        if phase.status and phase.name not in known:
            yield _event(after, "CodeBuild Build Phase Change", _of_phase(after, phase), now)
    if before is None or before.status != after.status:
        detail = {
            "build-status": after.status,
            "project-name": after.request.project,
            "build-id": after.arn,
            "current-phase": after.phase,
            "current-phase-context": "[: ]",
            "version": "1",
            "additional-information": _more(after, project),
        }
        yield _event(after, "CodeBuild Build State Change", detail, now)


def _of_phase(build: Build, phase: BuildPhase) -> dict[str, Any]:
    return {
        "completed-phase": phase.name,
        "completed-phase-status": phase.status,
        "completed-phase-context": f"[{phase.code}: {phase.message}]",
        "completed-phase-duration-seconds": int(phase.end - phase.start),
        "completed-phase-start": _moment(phase.start),
        "completed-phase-end": _moment(phase.end),
        "project-name": build.request.project,
        "build-id": build.arn,
        "version": "1",
    }


def _more(build: Build, project: BuildProject | None) -> dict[str, Any]:
    found: dict[str, Any] = {
        "build-complete": build.is_over,
        "build-number": build.number,
        "initiator": build.request.initiator,
        "build-start-time": _moment(build.start),
        "logs": {"group-name": build.log_group, "stream-name": build.log_stream},
        "phases": [
            {
                "phase-type": phase.name,
                **({"phase-status": phase.status} if phase.status else {}),
                "start-time": _moment(phase.start),
                **({"phase-context": [f"{phase.code}: {phase.message}"]} if phase.code else {}),
            }
            for phase in build.phases
        ],
    }
    if project is not None:
        found |= {
            "timeout-in-minutes": project.timeout,
            "source": {"type": project.source.type, "buildspec": project.buildspec},
            "environment": {
                "image": project.image,
                "privileged-mode": project.privileged,
                "compute-type": project.compute_type,
                "type": project.environment_type,
            },
        }
    return found


def _event(build: Build, kind: str, detail: dict[str, Any], now: float) -> ServiceEvent:
    return ServiceEvent(_SOURCE, kind, (build.arn,), detail, now)


def _moment(time: float) -> str:
    """A time in CodeBuild's form: `Sep 1, 2017 4:12:29 PM`."""
    moment = datetime.fromtimestamp(time, UTC)
    hour = moment.strftime("%I").lstrip("0")
    return f"{moment:%b} {moment.day}, {moment.year} {hour}:{moment:%M:%S %p}"
