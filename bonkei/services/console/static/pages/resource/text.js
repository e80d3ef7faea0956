export const text = {
  en: {
    resources: "Resources", all: "All resources", none: "No resource's address contains that", type: "Type", address: "Address", definition: "Definition", state: "State",
    tasks: "Tasks", metrics: "Metrics of the last 3 hours", logs: "Logs", alarms: "Alarms", events: "Events", may: "What it may do", reach: "What it reaches", uses: "Uses", used_by: "Used by",
    open: "open", closed: "closed", no_metrics: "Nothing has been measured yet", aws_to_start: "AWS, to start its tasks", managed: "managed by AWS", everything: "all resources", show_all: "+ {n} more",
  },
  ja: {
    resources: "リソース", all: "すべてのリソース", none: "該当するリソースはありません", type: "種類", address: "アドレス", definition: "定義", state: "状態",
    tasks: "タスク", metrics: "直近 3 時間のメトリクス", logs: "ログ", alarms: "アラーム", events: "イベント", may: "許可されていること", reach: "通信先", uses: "参照先", used_by: "参照元",
    open: "通じる", closed: "通じない", no_metrics: "まだ何も測定していません", aws_to_start: "タスクの起動に使う AWS", managed: "AWS 管理", everything: "すべてのリソース", show_all: "+ あと {n} 件",
  },
};
