"""Loads the story into an empty database, relative to today's date."""

from __future__ import annotations

import datetime as dt
from uuid import UUID, uuid5

from backend.domain.status import ComponentStatus, IncidentStatus
from backend.domain.uptime import Interval, timeline
from backend.sample_data.story import PARTS, STORIES, WORKS, Part, Story, Work
from backend.store.database import Database, Write

AGE = dt.timedelta(days=90)
_ANYTHING = """
    SELECT id FROM components
     UNION ALL SELECT id FROM incidents UNION ALL SELECT id FROM maintenances LIMIT 1
"""
_NAMESPACE = UUID("6d1f7c1e-6f2e-5b0a-9c55-0f3e1f9f2a10")


async def load(database: Database) -> bool:
    """Load the story. False if the page has something already; then nothing is changed."""
    async with database.write(alone=True) as write:
        if await write.connection.one(_ANYTHING) is not None:
            return False
        hour = write.now.replace(minute=0, second=0, microsecond=0)
        for position, part in enumerate(PARTS):
            await _put_component(write, part, position, hour)
        for story in STORIES:
            await _put_incident(write, story, hour)
        for work in WORKS:
            await _put_maintenance(write, work, hour)
    return True


async def _put_component(write: Write, part: Part, position: int, hour: dt.datetime) -> None:
    created = hour - AGE
    windows = [
        Interval(story.parts[part.key], _start(story, hour), _end(story, hour))
        for story in STORIES
        if part.key in story.parts
    ]
    history = timeline(windows, created, write.now)
    key = _id(part.key)
    await write.connection.insert(
        "components",
        {
            "id": key,
            "name": part.name.en,
            "name_ja": part.name.ja,
            "description": part.description.en,
            "description_ja": part.description.ja,
            "position": position,
            "own_status": ComponentStatus.OPERATIONAL,
            "status": history[-1].status,
            "created_at": created,
            "updated_at": history[-1].started_at,
        },
    )
    await write.connection.insert(
        "component_status_history",
        *(
            {
                "component_id": key,
                "status": interval.status,
                "started_at": interval.started_at,
                "ended_at": interval.ended_at,
            }
            for interval in history
        ),
    )


async def _put_incident(write: Write, story: Story, hour: dt.datetime) -> None:
    key, start = _id(story.key), _start(story, hour)
    last = story.updates[-1]
    await write.connection.insert(
        "incidents",
        {
            "id": key,
            "title": story.title.en,
            "title_ja": story.title.ja,
            "impact": story.impact,
            "status": last.status,
            "started_at": start,
            "resolved_at": _end(story, hour),
            "updated_at": start + dt.timedelta(minutes=last.minutes),
        },
    )
    await write.connection.insert(
        "incident_components",
        *(
            {"incident_id": key, "component_id": _id(part), "status": status}
            for part, status in story.parts.items()
        ),
    )
    await write.connection.insert(
        "incident_updates",
        *(
            {
                "id": _id(f"{story.key} {update.minutes}"),
                "incident_id": key,
                "status": update.status,
                "body": update.body.en,
                "body_ja": update.body.ja,
                "created_at": start + dt.timedelta(minutes=update.minutes),
            }
            for update in story.updates
        ),
    )


async def _put_maintenance(write: Write, work: Work, hour: dt.datetime) -> None:
    key, start = _id(work.key), hour + dt.timedelta(hours=work.starts_in_hours)
    await write.connection.insert(
        "maintenances",
        {
            "id": key,
            "title": work.title.en,
            "title_ja": work.title.ja,
            "body": work.body.en,
            "body_ja": work.body.ja,
            "starts_at": start,
            "ends_at": start + dt.timedelta(hours=work.hours),
            "created_at": min(hour, start) - dt.timedelta(days=3),
            "updated_at": min(hour, start) - dt.timedelta(days=3),
        },
    )
    await write.connection.insert(
        "maintenance_components",
        *({"maintenance_id": key, "component_id": _id(part)} for part in work.parts),
    )


def _start(story: Story, hour: dt.datetime) -> dt.datetime:
    return hour - dt.timedelta(hours=story.hours_ago)


def _end(story: Story, hour: dt.datetime) -> dt.datetime | None:
    """The end of the story; None while it is not over."""
    last = story.updates[-1]
    if last.status is not IncidentStatus.RESOLVED:
        return None
    return _start(story, hour) + dt.timedelta(minutes=last.minutes)


def _id(key: str) -> UUID:
    return uuid5(_NAMESPACE, key)
