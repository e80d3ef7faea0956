"""A push as CodeCommit's event: pure."""

from __future__ import annotations

import time

from bonkei.base.events import ServiceEvent
from bonkei.services.codecommit.hook import NOTHING, Push
from bonkei.services.codecommit.repositories import Repositories

_EVENTS = {(True, False): "referenceCreated", (False, True): "referenceDeleted"}


def event_of(repositories: Repositories, push: Push) -> ServiceEvent:
    """ "CodeCommit Repository State Change",
    https://docs.aws.amazon.com/codecommit/latest/userguide/monitoring-events.html"""
    found = repositories.find(push.repository)
    kind = "branch" if push.is_branch else "tag"
    short = push.reference.split("/", 2)[-1]
    key = (push.before == NOTHING, push.after == NOTHING)
    detail = {
        "event": _EVENTS.get(key, "referenceUpdated"),
        "repositoryName": found.name,
        "repositoryId": found.id,
        "referenceType": kind,
        "referenceName": short,
        "referenceFullName": push.reference,
        "commitId": push.after,
        "oldCommitId": push.before,
    }
    return ServiceEvent(
        "aws.codecommit", "CodeCommit Repository State Change", (found.arn,), detail, time.time()
    )
