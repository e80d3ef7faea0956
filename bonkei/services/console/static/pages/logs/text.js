export const text = {
  en: {
    title: "Logs", pause: "Pause", go_on: "Go on", paused: "paused", live: "live", lost: "no answer", range: "of a time", none: "No record matches",
    searching: "Searching everything that is kept…", searched: "{n} lines searched: all that is kept of this time.", searched_part: "{n} lines searched. A search takes 10 s at most: choose one log, or a shorter time. Not searched is what is older than", more: "There are more: only the newest are shown. Filter them, or choose a shorter time.",
    pattern: "Filter pattern", choices: "Which records", source: "Log", all: "all of this machine", all_groups: "all log groups", here: "Written on this machine", groups: "Log groups", buckets: "Buckets (S3)", level: "Level", every: "every",
    stream: "Stream", task: "Task", request: "Request", time: "Time", log: "Log", message: "Message",
    query: "Query", run: "Run", saved: "Saved queries", rows: "Rows of the query", no_rows: "The query has no rows", more_rows: "There are more rows: only the first are shown.",
    read: "{rows} rows from {matched} of {scanned} events", cut: "shortened", exception: "Exception", line: "The whole line", of_request: "its lines",
  },
  ja: {
    title: "ログ", pause: "一時停止", go_on: "再開", paused: "停止中", live: "ライブ", lost: "応答なし", range: "期間指定", none: "一致する記録はありません",
    searching: "保存されているものをすべて検索中…", searched: "{n} 行を検索しました（この期間に保存されているもののすべて）。", searched_part: "{n} 行を検索しました。検索は最大 10 秒です。ログを一つに絞るか、期間を短くしてください。次の時刻より古いものは検索していません:", more: "ほかにもあります。新しいものだけを表示しています。絞り込むか、期間を短くしてください。",
    pattern: "フィルターパターン", choices: "記録の条件", source: "ログ", all: "このマシンのすべて", all_groups: "すべてのロググループ", here: "このマシンに書かれたもの", groups: "ロググループ", buckets: "バケット（S3）", level: "レベル", every: "すべて",
    stream: "ストリーム", task: "タスク", request: "リクエスト", time: "時刻", log: "ログ", message: "メッセージ",
    query: "クエリー", run: "実行", saved: "保存したクエリー", rows: "クエリーの結果", no_rows: "結果は 0 行です", more_rows: "ほかにも行があります。最初の行だけを表示しています。",
    read: "{scanned} 件のイベントのうち {matched} 件から {rows} 行", cut: "省略あり", exception: "例外", line: "行の全体", of_request: "このリクエストの行",
  },
};
