export const text = {
  en: {
    title: "Alarms", alarm: "Alarm", state: "State", condition: "Condition", since: "Since", none: "No alarms are defined", no_match: "No alarm matches",
    more: "{n} more", compressed: "Time is compressed: {n} minutes of AWS pass in one minute here, so a period of a minute takes {s} s.", not_measured: "Not measured here",
    graph: "Graph", definition: "Definition", history: "History", no_history: "Nothing has happened yet", resource: "Resource", metric: "Metric", missing: "Missing data",
    action: "On {state}", disabled: "its actions are not enabled", StateUpdate: "state", ConfigurationUpdate: "settings", Action: "action",
    rehearse: "Rehearse", all: "Rehearse all", stop: "Stop the rehearsal", rehearsal: "Rehearsal", results: "Results",
    one_text: "Provokes {name} by a real cause if there is one here, waits for ALARM and for OK, and restores everything. Meanwhile it really disturbs what it needs: tasks may be suspended or killed, and messages go to Slack.",
    all_text: "Provokes each of {n} alarms, in up to three minutes. Tasks are really suspended and killed meanwhile, the database is really kept busy, and messages go to Slack. Afterwards everything is restored.",
    stop_text: "It stops now, and everything returns to its previous state.", quick: "While alarms are rehearsed, a period takes a second, or a few.",
    both_ways: "{good} of {total} both ways", done: "both ways", unshown: "not shown", failed: "failed", cut: "broken off", waits: "not yet", injected: "injected:", real: "real:", later: "{time} later", close: "Close",
  },
  ja: {
    title: "アラーム", alarm: "アラーム", state: "状態", condition: "条件", since: "変化", none: "定義にアラームはありません", no_match: "一致するアラームはありません",
    more: "ほか {n} 件", compressed: "時間は圧縮されています。AWS の {n} 分がここでは 1 分で過ぎ、1 分の期間は {s} 秒です。", not_measured: "ここで計測されていないメトリクス:",
    graph: "グラフ", definition: "定義", history: "履歴", no_history: "まだ何も起きていません", resource: "リソース", metric: "メトリクス", missing: "欠落データ",
    action: "{state} のとき", disabled: "アクションは無効です", StateUpdate: "状態", ConfigurationUpdate: "設定", Action: "アクション",
    rehearse: "リハーサル", all: "すべてリハーサル", stop: "リハーサルを止める", rehearsal: "リハーサル", results: "結果",
    one_text: "{name} を、ここにあれば本物の原因で起こし、ALARM と OK を待ってから、すべて元に戻します。その間は対象が実際に影響を受けます。タスクの一時停止や強制終了があり、Slack にメッセージが届きます。",
    all_text: "{n} 個のアラームを最大 3 分で順に起こします。その間はタスクが実際に止められ、データベースにも実際に負荷がかかり、Slack にメッセージが届きます。終わればすべて元に戻ります。",
    stop_text: "実行中の原因を終わらせ、すべて元に戻します。", quick: "リハーサル中は、1 つの期間が 1 秒から数秒になります。",
    both_ways: "{total} 中 {good} が往復", done: "往復", unshown: "未確認", failed: "失敗", cut: "中断", waits: "未実施", injected: "注入:", real: "実際の原因:", later: "{time} 後", close: "閉じる",
  },
};
