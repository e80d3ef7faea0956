export const text = {
  en: {
    title: "Requests", about: "{rate} a second, {kept} kept", about_left: "{rate} a second, {kept} kept, {left} only counted", path: "Path", status: "Status", client: "Client", service: "Service", when: "When",
    method: "Method", time: "Time", cache: "Cache", target: "Target", pause: "Pause", go_on: "Go on", paused: "Paused at request {n}", earlier: "Earlier", newest: "Newest",
    none: "No request yet", none_text: "Recording began when this page was opened. What came before is in the logs.", none_fits: "No request matches the filter", in_logs: "The access log of this time",
    request: "Request", left: "the client left", blocked: "blocked by {rule}", steps: "Why it went this way", now: "How the edge decides now, with its present cache and the present health of targets.",
    differences: "It was decided differently then", not_asked: "{n} more not asked", waterfall: "Parts", own: "this request", lines: "Lines", no_lines: "No line names this request",
    database: "{ms} ms in the database", retries: "Retries", trace: "Trace", listener: "Listener", sent: "Sent", received: "Received", log: "Log", level: "Level", message: "Message",
    cause: "Cause", no_cause: "No line, and nothing that the edge or ECS says, names a cause", task: "Task", tasks_of: "Tasks of {name}", cause_lines: "Log lines around it",
    database_row: "Database", in_all: "in all", trouble: "Failed and slow", trouble_text: "5xx, and from one second on: the last 500 are always kept", gap: "{time} without one before",
    any: "any", least: "At least ms", filters: "Filters", unseen: "This request came to a listener that is gone", terminal: "In the terminal", chosen: "chosen", possible: "possible", counted: "counted", not_evaluated: "not evaluated", passed_over: "passed over", spans_more: "{n} more spans",
  },
  ja: {
    title: "リクエスト", about: "毎秒 {rate} 件、{kept} 件を保持", about_left: "毎秒 {rate} 件、{kept} 件を保持、{left} 件は数えただけ", path: "パス", status: "ステータス", client: "クライアント", service: "サービス", when: "時刻",
    method: "メソッド", time: "時間", cache: "キャッシュ", target: "ターゲット", pause: "一時停止", go_on: "再開", paused: "リクエスト {n} で停止中", earlier: "前へ", newest: "最新へ",
    none: "まだリクエストはありません", none_text: "記録はこのページを開いたときに始まりました。それより前はログにあります。", none_fits: "フィルターに合うリクエストはありません", in_logs: "この期間のアクセスログ",
    request: "リクエスト", left: "クライアントが切断", blocked: "{rule} がブロック", steps: "この経路になった理由", now: "今のキャッシュとターゲットの状態で、エッジが今下す判断です。",
    differences: "そのときは別の経路でした", not_asked: "ほか {n} 件は調べていません", waterfall: "内訳", own: "このリクエスト", lines: "ログ", no_lines: "このリクエストを示す行はありません",
    database: "データベースで {ms} ms", retries: "再試行", trace: "トレース", listener: "リスナー", sent: "送信", received: "受信", log: "ログ", level: "レベル", message: "メッセージ",
    cause: "原因", no_cause: "原因を示すログの行はなく、エッジと ECS からの説明もありません", task: "タスク", tasks_of: "{name} のタスク", cause_lines: "前後のログ",
    database_row: "データベース", in_all: "合計", trouble: "失敗と遅延", trouble_text: "5xx と 1 秒以上のもの。最近の 500 件は必ず残ります", gap: "この前に {time} の空白",
    any: "すべて", least: "最短 ms", filters: "フィルター", unseen: "このリクエストのリスナーはもうありません", terminal: "ターミナルでは", chosen: "選択", possible: "候補", counted: "カウント", not_evaluated: "評価なし", passed_over: "不一致", spans_more: "ほか {n} 件のスパン",
  },
};
