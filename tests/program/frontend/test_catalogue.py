"""Both languages have the same messages, and the pages use only messages of the catalogue."""

from __future__ import annotations

import datetime as dt
import re
from itertools import pairwise
from pathlib import Path

import frontend
import pytest
from frontend.api.model import (
    ComponentStatus,
    Impact,
    IncidentStatus,
    Indicator,
    MaintenanceStatus,
    Scope,
)
from frontend.language import (
    Language,
    catalogue,
    format_duration,
    format_moment,
    language_of,
    preferred,
)
from frontend.web.writer import Writer
from hypothesis import given
from hypothesis import strategies as st

SOURCES = Path(frontend.__file__).parent
ENGLISH, JAPANESE = catalogue(Language.ENGLISH), catalogue(Language.JAPANESE)


def test_both_languages_have_all_messages() -> None:
    """An English count has the form `one`. Japanese has no singular, so it needs no counterpart."""
    singular = {name for name in ENGLISH.messages if name.endswith(".one")}
    assert {name.removesuffix("one") + "other" for name in singular} <= ENGLISH.messages.keys()
    assert ENGLISH.messages.keys() - singular == JAPANESE.messages.keys()


def test_both_languages_use_the_same_values() -> None:
    def values(text: str) -> set[str]:
        return set(re.findall(r"\{(\w+)\}", text))

    for name, japanese in JAPANESE.messages.items():
        english = ENGLISH.messages[name]
        assert values(english) == values(japanese), name
        assert english.strip(), name
        assert japanese.strip(), name


def _used_names() -> set[str]:
    """Names in templates and code: `t('a.b')`, `Fault("a.b")`, `label="a.b"`."""
    texts = [path.read_text() for path in SOURCES.rglob("*.html")]
    texts += [path.read_text() for path in SOURCES.rglob("*.py")]
    names = {
        name
        for text in texts
        for name in re.findall(r"""["']([a-z_]+(?:\.[a-z_0-9-]+)+)["']""", text)
    }
    names |= {"skip"}
    return names


# Names that are composed at run time.
_COMPOSED = {
    *(f"component_status.{one}" for one in ComponentStatus),
    *(f"incident_status.{one}" for one in IncidentStatus),
    *(f"maintenance_status.{one}" for one in MaintenanceStatus),
    *(f"impact.{one}" for one in Impact),
    *(f"overall.{one}" for one in [*Indicator, "empty"]),
    *(f"overall.about.{one}" for one in [*Indicator, "empty"]),
    *(f"nav.{one}" for one in ("status", "history", "maintenance")),
    *(f"admin.nav.{one}" for one in ("overview", "incidents", "components", "maintenance")),
    *(f"admin.nav.{one}" for one in ("people", "keys", "audit")),
    *(f"scope.{'_'.join(reversed(one.split(':')))}" for one in Scope),
    *(f"audit.by.{one}" for one in ("administrator", "api_key", "command")),
}
_COMPOSED_PREFIXES = ("error.", "form.", "problem.", "audit_action.", "audit_member.")


def test_every_message_is_used_and_every_used_message_exists() -> None:
    plain = {re.sub(r"\.(one|other)$", "", name) for name in ENGLISH.messages}
    roots = {name.split(".")[0] for name in plain}
    used = {name for name in _used_names() if name.split(".")[0] in roots}
    used = {name for name in used if not name.endswith((".html", ".svg", ".css", ".js"))}
    assert plain >= _COMPOSED
    assert {name for name in used if name not in plain and not _is_code(name)} == set()
    unused = plain - used - _COMPOSED
    assert {name for name in unused if not name.startswith(_COMPOSED_PREFIXES)} == set()


def _is_code(name: str) -> bool:
    return name == "form.fields"


@pytest.mark.parametrize(
    ("path", "language"),
    [("/", "en"), ("/ja", "ja"), ("/ja/", "ja"), ("/ja/history", "ja"), ("/japan", "en")],
)
def test_the_language_is_in_the_path(path: str, language: str) -> None:
    assert language_of(path) == language


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("ja", "ja"),
        ("ja-JP,en;q=0.8", "ja"),
        ("fr,en;q=0.5,ja;q=0.1", "en"),
        ("*", "en"),
    ],
)
def test_the_language_that_a_browser_prefers(header: str, language: str) -> None:
    assert preferred(header) == language


def test_japanese_has_japanese_punctuation() -> None:
    for name, message in catalogue(Language.JAPANESE).messages.items():
        assert not re.search(r"[,;:!?()]", re.sub(r"{\w+}", "", message)), name


def test_moments_and_durations() -> None:
    moment = dt.datetime(2026, 3, 4, 23, 5, tzinfo=dt.timezone(dt.timedelta(hours=9)))
    assert format_moment(Language.ENGLISH, moment) == "4 March 2026, 14:05 UTC"
    assert format_moment(Language.JAPANESE, moment) == "2026年3月4日 14:05 UTC"
    assert format_duration(Language.ENGLISH, 2 * 3600 + 5 * 60) == "2 h 5 min"
    assert format_duration(Language.JAPANESE, 26 * 3600 + 59 * 60) == "1日2時間"
    assert format_duration(Language.ENGLISH, 3) == "1 min"


@given(st.floats(min_value=0, max_value=100, allow_nan=False))
def test_a_percentage_is_never_rounded_up(share: float) -> None:
    shown = float(Writer(Language.ENGLISH).percent(share).removesuffix("%"))
    assert shown <= share
    assert share - shown < 0.0101


@given(st.lists(st.floats(min_value=0, max_value=100), min_size=2, max_size=5))
def test_percentages_keep_their_order(shares: list[float]) -> None:
    shown = [
        float(Writer(Language.ENGLISH).percent(one).removesuffix("%")) for one in sorted(shares)
    ]
    assert all(a <= b for a, b in pairwise(shown))
