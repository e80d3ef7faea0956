// Every page, in the order of the navigation. A page is loaded when it is first opened.
//
// `path`: of `#/path`. `letter`: `g` and this letter go there. `group`: a heading of the
// navigation, see `groups`. `load`: the module, with `Page` and perhaps `style`, a sheet of its own.
export const pages = [
  { path: "picture", letter: "p", group: "system", title: { en: "Architecture", ja: "アーキテクチャ" }, load: () => import("./picture.js") },
  { path: "signals", letter: "v", group: "system", title: { en: "Signals", ja: "シグナル" }, load: () => import("./signals.js") },
  { path: "tasks", letter: "t", group: "system", title: { en: "Tasks", ja: "タスク" }, load: () => import("./tasks.js") },
  { path: "resource", letter: "o", group: "system", title: { en: "Resources", ja: "リソース" }, load: () => import("./resource.js") },
  { path: "requests", letter: "r", group: "traffic", title: { en: "Requests", ja: "リクエスト" }, load: () => import("./requests.js") },
  { path: "faults", letter: "f", group: "traffic", title: { en: "Faults", ja: "障害" }, load: () => import("./faults.js") },
  { path: "pipelines", letter: "i", group: "change", title: { en: "Pipelines", ja: "パイプライン" }, load: () => import("./pipelines.js") },
  { path: "permissions", letter: "e", group: "change", title: { en: "Permissions", ja: "権限" }, load: () => import("./permissions.js") },
  { path: "data", letter: "d", group: "change", title: { en: "Data", ja: "データ" }, load: () => import("./data.js") },
  { path: "logs", letter: "l", group: "watch", title: { en: "Logs", ja: "ログ" }, load: () => import("./logs.js") },
  { path: "metrics", letter: "m", group: "watch", title: { en: "Metrics", ja: "メトリクス" }, load: () => import("./metrics.js") },
  { path: "alarms", letter: "a", group: "watch", title: { en: "Alarms", ja: "アラーム" }, load: () => import("./alarms.js") },
  { path: "slack", letter: "s", group: "watch", title: { en: "Slack", ja: "Slack" }, load: () => import("./slack.js") },
];

export const groups = {
  system: { en: "System", ja: "システム" },
  traffic: { en: "Traffic", ja: "トラフィック" },
  watch: { en: "Watch", ja: "監視" },
  change: { en: "Change", ja: "変更" },
};
