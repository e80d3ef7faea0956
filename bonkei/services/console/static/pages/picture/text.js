export const text = {
  en: {
    title: "Architecture", pictures: "Pictures", rate: "{n} requests/s", errors: "{n} errors/s", nothing: "Nothing is defined", starting: "Starting",
    enforced: "Permissions and network", enforce_on: "enforced as AWS would", enforce_report: "only reported", enforce_off: "not looked at", all_open: "No declared way is closed.",
    not_simulated: "Not simulated", kinds: "{n} parts", declarative: "+ {n} that AWS alone enforces", fewer: "Fewer", open_page: "Open", ways: "Ways", per_second: "{n}/s",
    diagram_system: "System", diagram_logging: "Logging", diagram_monitoring: "Monitoring", whole: "All of it", no_flow: "no requests now",
  },
  ja: {
    title: "アーキテクチャ", pictures: "図", rate: "{n} リクエスト/秒", errors: "{n} エラー/秒", nothing: "何も定義されていません", starting: "起動中",
    enforced: "権限とネットワーク", enforce_on: "AWS と同じように適用", enforce_report: "記録のみ", enforce_off: "評価しない", all_open: "定義された経路はすべて通じます。",
    not_simulated: "再現していないもの", kinds: "{n} 件", declarative: "+ AWS だけが適用するもの {n} 件", fewer: "減らす", open_page: "開く", ways: "経路", per_second: "{n}/秒",
    diagram_system: "システム", diagram_logging: "ログ", diagram_monitoring: "監視", whole: "すべて", no_flow: "今はリクエストなし",
  },
};
