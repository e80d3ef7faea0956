export const text = {
  en: {
    title: "Logs", pause: "Pause", go_on: "Go on", paused: "paused", live: "live", lost: "no answer", range: "of a time", none: "No record matches",
    none_text: "Live shows recent records. From searches further back.", more: "There are more: only the newest are shown. Filter them, or choose a shorter time.",
    pattern: "Filter pattern", choices: "Which records", source: "Log", all: "all of this machine", all_groups: "all log groups", here: "Written on this machine", groups: "Log groups", level: "Level", every: "every",
    stream: "Stream", task: "Task", request: "Request", since: "From", until: "Until", time: "Time", log: "Log", message: "Message",
    presets: "Times", all_time: "any time", last_5m: "5 min", last_1h: "1 h", last_6h: "6 h",
    query: "Query", run: "Run", saved: "Saved queries", rows: "Rows of the query", no_rows: "The query has no rows", more_rows: "There are more rows: only the first are shown.",
    read: "{rows} rows from {matched} of {scanned} events", cut: "shortened", exception: "Exception", line: "The whole line", of_request: "its lines",
  },
  ja: {
    title: "ログ", pause: "一時停止", go_on: "再開", paused: "停止中", live: "ライブ", lost: "応答なし", range: "期間指定", none: "一致する記録はありません",
    none_text: "ライブでは最近の記録だけを見ます。「開始」を指定すると、さらに過去を検索します。", more: "ほかにもあります。新しいものだけを表示しています。絞り込むか、期間を短くしてください。",
    pattern: "フィルターパターン", choices: "記録の条件", source: "ログ", all: "このマシンのすべて", all_groups: "すべてのロググループ", here: "このマシンに書かれたもの", groups: "ロググループ", level: "レベル", every: "すべて",
    stream: "ストリーム", task: "タスク", request: "リクエスト", since: "開始", until: "終了", time: "時刻", log: "ログ", message: "メッセージ",
    presets: "期間", all_time: "すべて", last_5m: "5 分", last_1h: "1 時間", last_6h: "6 時間",
    query: "クエリー", run: "実行", saved: "保存したクエリー", rows: "クエリーの結果", no_rows: "結果は 0 行です", more_rows: "ほかにも行があります。最初の行だけを表示しています。",
    read: "{scanned} 件のイベントのうち {matched} 件から {rows} 行", cut: "省略あり", exception: "例外", line: "行の全体", of_request: "このリクエストの行",
  },
};
