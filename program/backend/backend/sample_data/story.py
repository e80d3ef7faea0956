"""The events of the 90 days: times are hours before now, rounded down to the hour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from backend.domain.status import ComponentStatus, Impact, IncidentStatus

INVESTIGATING = IncidentStatus.INVESTIGATING
IDENTIFIED = IncidentStatus.IDENTIFIED
MONITORING = IncidentStatus.MONITORING
RESOLVED = IncidentStatus.RESOLVED

DEGRADED = ComponentStatus.DEGRADED_PERFORMANCE
PARTIAL = ComponentStatus.PARTIAL_OUTAGE
MAJOR = ComponentStatus.MAJOR_OUTAGE


@dataclass(frozen=True, slots=True)
class Text:
    en: str
    ja: str


@dataclass(frozen=True, slots=True)
class Part:
    key: str
    name: Text
    description: Text


@dataclass(frozen=True, slots=True)
class Update:
    minutes: int  # after the incident's start
    status: IncidentStatus
    body: Text


@dataclass(frozen=True, slots=True)
class Story:
    key: str
    hours_ago: float
    title: Text
    impact: Impact
    parts: Mapping[str, ComponentStatus]
    updates: tuple[Update, ...]


@dataclass(frozen=True, slots=True)
class Work:
    key: str
    starts_in_hours: float
    hours: float
    title: Text
    body: Text
    parts: tuple[str, ...]


PARTS = (
    Part("web", Text("Web application", "Webアプリケーション"),
         Text("Pages and sign-in for customers", "お客様向けの画面とログイン")),
    Part("api", Text("API", "API"),
         Text("Programs' access, at api.example.com", "プログラムからの利用（api.example.com）")),
    Part("payments", Text("Payments", "決済"),
         Text("Cards, bank transfers and refunds", "カード、銀行振込、返金")),
    Part("notifications", Text("Notifications", "通知"),
         Text("E-mail, SMS and webhooks", "メール、SMS、Webhook")),
    Part("reports", Text("Reports", "レポート"),
         Text("Daily summaries and exports", "日次集計とエクスポート")),
    Part("storage", Text("File storage", "ファイル保存"),
         Text("Uploads and downloads", "アップロードとダウンロード")),
)  # fmt: skip

STORIES = (
    Story(
        "slow-e-mail", 2,
        Text("E-mail notifications are delayed", "メール通知の遅延"), Impact.MINOR,
        {"notifications": DEGRADED},
        (
            Update(0, INVESTIGATING, Text(
                "E-mails are being sent, but arrive up to 20 minutes late. SMS and webhooks are "
                "not affected. We are looking for the cause.",
                "メールの到着に最大20分の遅れが発生しています。SMSとWebhookには影響ありません。"
                "原因を調査しています。")),
            Update(35, IDENTIFIED, Text(
                "Our mail provider is limiting how fast we may send. We are moving part of the "
                "traffic to a second provider.",
                "メール配信事業者側で送信速度が制限されています。一部を別の事業者へ切り替えています。")),
            Update(80, MONITORING, Text(
                "Half of all e-mails now leave through the second provider and the queue is "
                "getting shorter. We keep watching it.",
                "半数のメールを別の事業者から送信しており、滞留は減少しています。引き続き監視します。")),
        ),
    ),
    Story(
        "payments-errors", 9 * 24 + 5,
        Text("Card payments failing", "カード決済の失敗"), Impact.CRITICAL,
        {"payments": MAJOR, "web": DEGRADED},
        (
            Update(0, INVESTIGATING, Text(
                "Most card payments fail. Bank transfers work. We are investigating.",
                "カード決済の大半が失敗しています。銀行振込は利用できます。調査中です。")),
            Update(12, IDENTIFIED, Text(
                "A certificate used towards the card network has expired. A new one is being "
                "installed.",
                "カードネットワークとの接続に使う証明書の期限切れが原因です。更新作業中です。")),
            Update(31, MONITORING, Text(
                "The new certificate is in place and payments go through again.",
                "証明書の更新が完了し、決済は成功しています。")),
            Update(64, RESOLVED, Text(
                "Payments have worked normally for half an hour. No payment was taken twice. "
                "Certificates' expiry is now watched by an alarm.",
                "30分間正常に動作しています。二重請求はありません。証明書の期限を監視対象に加えました。")),
        ),
    ),
    Story(
        "api-latency", 23 * 24 + 14,
        Text("Slow answers from the API", "APIの応答遅延"), Impact.MINOR,
        {"api": DEGRADED},
        (
            Update(0, INVESTIGATING, Text(
                "One in ten requests takes longer than three seconds.",
                "リクエストの約1割で応答に3秒以上かかっています。")),
            Update(55, RESOLVED, Text(
                "A query that had lost its index has it again.",
                "索引が使われなくなっていた問合せを修正しました。")),
        ),
    ),
    Story(
        "zone-outage", 41 * 24 + 3,
        Text("Loss of one availability zone", "アベイラビリティーゾーンの障害"), Impact.MAJOR,
        {"web": PARTIAL, "api": PARTIAL, "storage": DEGRADED},
        (
            Update(0, INVESTIGATING, Text(
                "Some requests to the web application and the API fail.",
                "WebアプリケーションとAPIの一部のリクエストが失敗しています。")),
            Update(9, IDENTIFIED, Text(
                "One of our three data centres is unreachable. Traffic is being moved to the other "
                "two.",
                "3つのデータセンターのうち1つに到達できません。残る2つへ切り替えています。")),
            Update(22, MONITORING, Text(
                "All traffic goes to the two others; errors have stopped.",
                "切り替えが完了し、エラーは止まりました。")),
            Update(145, RESOLVED, Text(
                "The third data centre is back in service.",
                "3つ目のデータセンターが復旧しました。")),
        ),
    ),
    Story(
        "late-reports", 58 * 24 + 20,
        Text("Daily reports are late", "日次レポートの遅延"), Impact.MINOR,
        {"reports": PARTIAL},
        (
            Update(0, IDENTIFIED, Text(
                "Last night's reports are not ready yet; the job that makes them is running again.",
                "昨夜のレポートが未完成です。作成処理を再実行しています。")),
            Update(190, RESOLVED, Text(
                "All reports are ready.", "すべてのレポートが完成しました。")),
        ),
    ),
    Story(
        "uploads", 77 * 24 + 9,
        Text("Uploads of large files fail", "大容量ファイルのアップロード失敗"), Impact.MINOR,
        {"storage": PARTIAL},
        (
            Update(0, INVESTIGATING, Text(
                "Uploads above 100 MB are cut off.", "100 MBを超えるアップロードが中断されます。")),
            Update(40, RESOLVED, Text(
                "A limit set too low in yesterday's release has been corrected.",
                "昨日のリリースで低く設定された上限を修正しました。")),
        ),
    ),
)  # fmt: skip

WORKS = (
    Work("database-upgrade", 75, 2, Text("Database upgrade", "データベースの更新"), Text(
        "Payments are unavailable for some minutes within this window.",
        "この時間帯に数分間、決済を利用できません。"), ("payments",)),
    Work("network", -30 * 24, 1.5, Text("Network maintenance", "ネットワーク保守"), Text(
        "No interruption is expected.", "停止の予定はありません。"), ("web", "api")),
)  # fmt: skip
