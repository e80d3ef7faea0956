export const text = {
  en: {
    title: "Data", about: "read only", databases: "Databases", buckets: "Buckets", queues: "Queues", tables: "Tables", secrets: "Parameters and secrets", secrets_kind: "masked", masked: "{n}, masked until one is asked for",
    name: "Name", definition: "Definition", by_program: "made by a program", none: "None", status: "Status", server: "Server", database: "Database", created: "Created", visible: "visible", in_flight: "in flight", delayed: "delayed", items: "Items",
    reload: "Read again", bucket: "Bucket", queue: "Queue", table: "Table", top: "all of it", objects: "Objects", no_objects: "Nothing is stored here", next_page: "Next page", page_before: "Page before", first_page: "First page", key: "Key", size: "Size", changed: "Changed",
    object: "Object", download: "Download", content: "Content", binary: "Not text: the first bytes.", cut: "The beginning of {size}.", characters: "{n} characters",
    messages: "Messages", not_received: "Messages are only viewed, not received: their counts and time-outs do not change.", of_all: "{from}–{to} of {n}", received: "received {n} times", no_messages: "The queue is empty", no_items: "The table is empty", more_attributes: "and {n} more attributes",
    noted: "A value is shown for {n} s, and the miniature's log notes that it was.", type: "Type", value: "Value", version: "Version", show: "Show", hide: "Hide", no_value: "no value", failed: "It did not work",
    schema: "Schema", kind: "Kind", rows_estimated: "Rows (estimated)", tables_of: "Tables and views", more: "and {n} more", rows: "Rows", rows_from: "{from}–{to}", seconds: "{n} s", no_rows: "No row",
    query: "Query", query_text: "Runs in a read-only transaction, as a role that can only read; 3 s and 200 rows at most. Ctrl+Enter runs it.", run: "Run", working: "Working…", answered: "{n} rows", more_rows: "There are more rows.",
  },
  ja: {
    title: "データ", about: "読み取り専用", databases: "データベース", buckets: "バケット", queues: "キュー", tables: "テーブル", secrets: "パラメータとシークレット", secrets_kind: "伏せ字", masked: "{n} 件。求めるまで値は伏せてあります",
    name: "名前", definition: "定義", by_program: "プログラムが作成", none: "ありません", status: "状態", server: "サーバー", database: "データベース", created: "作成", visible: "受信可能", in_flight: "処理中", delayed: "遅延中", items: "項目",
    reload: "読み直す", bucket: "バケット", queue: "キュー", table: "テーブル", top: "先頭へ", objects: "オブジェクト", no_objects: "何もありません", next_page: "次のページ", page_before: "前のページ", first_page: "最初のページ", key: "キー", size: "サイズ", changed: "更新",
    object: "オブジェクト", download: "ダウンロード", content: "内容", binary: "テキストではないため、先頭のバイトを表示しています。", cut: "{size} の先頭です。", characters: "{n} 文字",
    messages: "メッセージ", not_received: "受信せずに見ています。受信回数や可視性タイムアウトは変わりません。", of_all: "{n} 件中 {from}–{to}", received: "受信 {n} 回", no_messages: "キューは空です", no_items: "テーブルは空です", more_attributes: "ほかに属性 {n} 個",
    noted: "値は {n} 秒だけ表示し、表示したことを盆景のログに残します。", type: "種類", value: "値", version: "バージョン", show: "表示", hide: "隠す", no_value: "値なし", failed: "実行できませんでした",
    schema: "スキーマ", kind: "種類", rows_estimated: "行数(推定)", tables_of: "テーブルとビュー", more: "ほかに {n} 件", rows: "行", rows_from: "{from}–{to}", seconds: "{n} 秒", no_rows: "行はありません",
    query: "クエリ", query_text: "読み取り専用トランザクションで、読み取りしかできないロールが実行します。最長 3 秒、最大 200 行。Ctrl+Enter で実行。", run: "実行", working: "実行中…", answered: "{n} 行", more_rows: "ほかにも行があります。",
  },
};
