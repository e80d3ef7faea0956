export const text = {
  en: {
    title: "Tasks", about: "{tasks} tasks of {services} services", not_started: "No task has been started yet", alone: "Standalone tasks",
    ended: "Ended", timeline: "Timeline", healthy: "{healthy} of {desired} healthy", pending: "{n} pending", scaling: "auto scaling {min}–{max}",
    restart: "Restart", restart_text: "New tasks of {name} take over when they are healthy, then the old ones stop. No request is dropped.",
    scale: "Scale", scale_text: "Number of tasks of {name}", deployments: "Deployments", deployed: "{running} running", failed_tasks: "{n} failed",
    earlier: "earlier", status: "Status", task: "Task", definition: "Task definition", health: "Health", memory: "Memory", endpoint: "Endpoint",
    started: "Started", reason: "Reason", stopped: "Ended", exit_codes: "Exit codes", started_by: "Started by", failed: "failed", stop: "Stop", stop_text: "The task gets SIGTERM, then SIGKILL after its stopTimeout. Its service replaces it.",
    shell: "A shell in its environment", usage: "Usage", minutes3: "3 min", hour: "1 h", day: "24 h", limit: "reserved", containers: "Containers", checks: "Health checks",
    events: "Events", target: "Target", passed: "passed", missed: "failed", no_events: "Nothing has happened yet", when: "When", what: "What", about_what: "Of", nothing: "No usage yet",
    deployment: "deployment", scaling_kind: "scaling", logs: "Logs", copy: "Copy", exit_code: "Exit code", process: "Process",
  },
  ja: {
    title: "タスク", about: "{services} サービスの {tasks} タスク", not_started: "まだタスクは起動していません", alone: "単独のタスク",
    ended: "終了したタスク", timeline: "タイムライン", healthy: "{desired} 中 {healthy} が正常", pending: "起動待ち {n}", scaling: "オートスケーリング {min}–{max}",
    restart: "再起動", restart_text: "{name} の新しいタスクが正常になってから古いタスクを止めます。リクエストは失われません。",
    scale: "台数", scale_text: "{name} のタスク数", deployments: "デプロイ", deployed: "実行中 {running}", failed_tasks: "失敗 {n}",
    earlier: "以前", status: "状態", task: "タスク", definition: "タスク定義", health: "ヘルス", memory: "メモリ", endpoint: "エンドポイント",
    started: "起動", reason: "理由", stopped: "終了", exit_codes: "終了コード", started_by: "起動元", failed: "失敗", stop: "停止", stop_text: "SIGTERM を送り、stopTimeout の後に SIGKILL を送ります。サービスが代わりのタスクを起動します。",
    shell: "このタスクの環境でシェルを開く", usage: "使用量", minutes3: "3 分", hour: "1 時間", day: "24 時間", limit: "予約", containers: "コンテナ", checks: "ヘルスチェック",
    events: "イベント", target: "ターゲット", passed: "成功", missed: "失敗", no_events: "まだ何も起きていません", when: "時刻", what: "内容", about_what: "対象", nothing: "使用量はまだありません",
    deployment: "デプロイ", scaling_kind: "スケーリング", logs: "ログ", copy: "コピー", exit_code: "終了コード", process: "プロセス",
  },
};
