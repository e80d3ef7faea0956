"""The newest incidents and maintenance as an Atom feed (RFC 4287)."""

from __future__ import annotations

import datetime as dt
import uuid
from xml.etree import ElementTree as ET

from frontend.api.model import Incident, Maintenance
from frontend.language import Language, catalogue, format_moment
from frontend.web.writer import Writer

_ATOM = "http://www.w3.org/2005/Atom"
_NAMESPACE = uuid.UUID("1f3c0a5e-7c53-4d0b-9d5e-6f0a4b6f2c11")
_NEVER = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MEDIA_TYPE = "application/atom+xml; charset=utf-8"

ET.register_namespace("", _ATOM)


def atom(
    incidents: tuple[Incident, ...],
    maintenances: tuple[Maintenance, ...],
    language: Language,
    *,
    origin: str,
    site_name: str,
) -> str:
    """`origin` makes the links absolute; without it they are relative to the feed's own address."""
    feed = ET.Element(f"{{{_ATOM}}}feed", {"xml:lang": language.value})
    t = catalogue(language)
    path = language.path("/feed.atom")
    _add(feed, "id", f"urn:uuid:{uuid.uuid5(_NAMESPACE, origin + path)}")
    _add(feed, "title", t("feed.title", site=site_name))
    told: list[Incident | Maintenance] = [*incidents, *maintenances]
    told.sort(key=lambda one: one.updated_at, reverse=True)
    newest = max((one.updated_at for one in told), default=_NEVER)
    _add(feed, "updated", _rfc3339(newest))
    _add(_add(feed, "author"), "name", site_name)
    _add(feed, "link", rel="self", type="application/atom+xml", href=origin + path)
    _add(feed, "link", rel="alternate", type="text/html", href=origin + language.path("/"))
    for one in told:
        if isinstance(one, Incident):
            _incident(feed, one, language, origin)
        else:
            _maintenance(feed, one, language, origin)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(feed, encoding="unicode")


def _entry(
    feed: ET.Element, one: Incident | Maintenance, published: dt.datetime, title: str, href: str
) -> ET.Element:
    entry = _add(feed, "entry")
    _add(entry, "id", f"urn:uuid:{one.id}")
    _add(entry, "title", _legal(title))
    _add(entry, "published", _rfc3339(published))
    _add(entry, "updated", _rfc3339(one.updated_at))
    _add(entry, "link", rel="alternate", type="text/html", href=href)
    return entry


def _maintenance(
    feed: ET.Element, maintenance: Maintenance, language: Language, origin: str
) -> None:
    t, write = catalogue(language), Writer(language)
    title = t("feed.maintenance", title=write.plain(maintenance.title, maintenance.title_ja))
    href = origin + language.path(f"/maintenance/{maintenance.id}")
    entry = _entry(feed, maintenance, maintenance.created_at, title, href)
    _add(entry, "category", term="maintenance", label=t("maintenance.title"))
    times = (maintenance.starts_at, maintenance.ends_at)
    window = " – ".join(format_moment(language, moment) for moment in times)
    words = write.plain(maintenance.body, maintenance.body_ja)
    _add(entry, "content", _legal(f"{window}\n\n{words}"), type="text")


def _incident(feed: ET.Element, incident: Incident, language: Language, origin: str) -> None:
    t, write = catalogue(language), Writer(language)
    title = write.plain(incident.title, incident.title_ja)
    href = origin + language.path(f"/incidents/{incident.id}")
    entry = _entry(feed, incident, incident.started_at, title, href)
    _add(entry, "category", term=incident.impact.value, label=t(f"impact.{incident.impact}"))
    lines = []
    for update in incident.updates:
        head = f"{t(f'incident_status.{update.status}')} – "
        head += format_moment(language, update.created_at)
        lines.append(f"{head}\n{write.plain(update.body, update.body_ja)}")
    _add(entry, "content", _legal("\n\n".join(lines)), type="text")


def _add(parent: ET.Element, tag: str, text: str | None = None, **attributes: str) -> ET.Element:
    element = ET.SubElement(parent, f"{{{_ATOM}}}{tag}", attributes)
    element.text = text
    return element


def _rfc3339(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _legal(text: str) -> str:
    """Without the characters that XML 1.0 cannot carry at all."""
    return "".join(
        c for c in text
        if c in "\t\n\r" or " " <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c >= "\U00010000"
    )  # fmt: skip
