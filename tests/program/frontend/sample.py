"""Sample situations: a company's page on a good day and on a bad one."""

from __future__ import annotations

import datetime as dt

from tests.program.frontend.fake_backend import FakeBackend, days

_COMPONENTS = (
    ("Website", "ウェブサイト", "Pages, sign-in and accounts", "ページ表示、ログイン、アカウント"),
    ("API", "API", "api.example.com, versions 1 and 2", "api.example.com(バージョン1、2)"),
    ("Payments", "決済", "Cards, bank transfer and invoices", "カード、銀行振込、請求書払い"),
    ("Notifications", "通知", "Mail, push and webhooks", "メール、プッシュ通知、Webhook"),
    ("Reports", "レポート", "Daily and monthly exports", None),
)  # fmt: skip

_INVESTIGATING = """Since 08:30 UTC most API requests are answered with errors.

We are looking for the cause."""
_IDENTIFIED = (
    "A network device failed over incorrectly. We are moving traffic to another availability zone."
)


def well() -> FakeBackend:
    backend = FakeBackend()
    for name, name_ja, text, text_ja in _COMPONENTS:
        backend.add_component(name, name_ja=name_ja, description=text, description_ja=text_ja)
    ids = list(backend.components)
    today = backend.now.date()
    backend.days[ids[0]] = days(90, today, d61=("degraded_performance", 0))
    backend.days[ids[2]] = days(
        90, today, d17=("partial_outage", 2820), d48=("under_maintenance", 0)
    )
    backend.days[ids[3]] = days(90, today, d33=("major_outage", 5400), d34=("partial_outage", 600))
    backend.days[ids[4]] = days(90, today, **{f"d{ago}": ("", 0) for ago in range(40, 90)})
    backend.add_incident(
        "Card payments declined",
        title_ja="カード決済がエラーになる",
        impact="major",
        affected={ids[2]: "partial_outage"},
        updates=(
            ("investigating", "Some card payments are declined although the card is valid."),
            ("identified", "A certificate at our payment provider has expired."),
            ("resolved", "The provider renewed the certificate. Payments succeed again."),
        ),
        started_at=backend.now - dt.timedelta(days=17, hours=3),
    )
    backend.add_incident(
        "Delayed notifications",
        impact="minor",
        affected={ids[3]: "degraded_performance"},
        updates=(
            ("investigating", "Mails arrive with a delay of up to twenty minutes."),
            ("resolved", "The queue is empty again; no mail was lost."),
        ),
        started_at=backend.now - dt.timedelta(days=33, hours=1),
    )
    backend.add_maintenance(
        "Database upgrade",
        backend.now + dt.timedelta(days=3),
        backend.now + dt.timedelta(days=3, hours=2),
        title_ja="データベースの更新",
        body="Sign-in will be unavailable for a few seconds, twice.",
        body_ja="ログインが数秒間、2回ご利用いただけなくなります。",
        components=[backend.components[ids[0]]],
    )
    return backend


def outage() -> FakeBackend:
    backend = well()
    ids = list(backend.components)
    held = {ids[1]: "major_outage", ids[0]: "partial_outage", ids[3]: "degraded_performance"}
    for identifier, status in held.items():
        backend.components[identifier]["status"] = status
        backend.days[identifier] = days(90, backend.now.date(), d0=(status, 4200))
    backend.components[ids[4]]["status"] = "under_maintenance"
    incident = backend.add_incident(
        "API requests fail in the Tokyo region",
        title_ja="東京リージョンでAPIリクエストが失敗する",
        impact="critical",
        affected=held,
        updates=(
            ("investigating", _INVESTIGATING),
            ("identified", _IDENTIFIED),
            ("monitoring", "Traffic has been moved and errors are decreasing. We keep watching."),
        ),
        started_at=backend.now - dt.timedelta(minutes=70),
    )  # fmt: skip
    incident["updates"][0]["body_ja"] = (
        "通信を切り替え、エラーは減少しています。引き続き監視します。"
    )
    incident["updates"][1]["body_ja"] = (
        "ネットワーク機器の切り替えに失敗していました。別のアベイラビリティーゾーンへ通信を移しています。"
    )
    return backend


def empty() -> FakeBackend:
    return FakeBackend()


def maintenance() -> FakeBackend:
    backend = well()
    first = next(iter(backend.components.values()))
    first["status"] = "under_maintenance"
    backend.add_maintenance(
        "Moving to new storage",
        backend.now - dt.timedelta(minutes=30),
        backend.now + dt.timedelta(hours=1),
        components=[first],
    )
    return backend


def many() -> FakeBackend:
    """As many components as a large company may have."""
    backend = FakeBackend()
    for number in range(1, 61):
        component = backend.add_component(
            f"Service {number}",
            name_ja=f"サービス{number}",
            description="" if number % 3 else "What it is for",
        )
        trouble = {} if number % 7 else {"d5": ("partial_outage", 600)}
        backend.days[component["id"]] = days(90, backend.now.date(), **trouble)
    return backend


def long() -> FakeBackend:
    """Texts of maximum length, some of them without a place to break."""
    backend = FakeBackend()
    names = ("W" * 100, "Payment processing and settlement " * 3, "https://example.com/" + "x" * 80)
    for name in names:
        component = backend.add_component(
            name, "major_outage", name_ja="決済処理" * 25, description="D" * 500
        )
        backend.days[component["id"]] = days(90, backend.now.date(), d1=("major_outage", 7200))
    backend.add_incident(
        "T" * 200,
        title_ja="障害" * 100,
        impact="critical",
        affected=dict.fromkeys(backend.components, "major_outage"),
        updates=(("investigating", "B" * 2000),),
    )
    backend.add_maintenance(
        "M" * 200,
        backend.now + dt.timedelta(days=1),
        backend.now + dt.timedelta(days=1, hours=2),
        body="x" * 900,
        components=list(backend.components.values()),
    )
    return backend
