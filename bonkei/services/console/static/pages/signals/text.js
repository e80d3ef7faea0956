export const text = {
  en: {
    title: "Signals", about: "the worst minute of the last hour: a click shows its rows", none: "Nothing has been measured yet", unmeasured: "not measured of it", quiet: "in no minute",
    traffic: "Traffic", errors: "Errors (5xx)", latency: "Latency (p99)", saturation: "Saturation", load_balancer: "load balancer", service: "service", database: "database",
    traffic_at: "requests in the minute from {time}", errors_at: "in the minute from {time}", latency_at: "in the minute from {time}", CPUUtilization: "CPU, in the minute from {time}", MemoryUtilization: "memory, in the minute from {time}",
  },
  ja: {
    title: "シグナル", about: "直近 1 時間で最も悪い 1 分。クリックするとその行を表示", none: "まだ何も計測されていません", unmeasured: "計測対象外", quiet: "該当なし",
    traffic: "トラフィック", errors: "エラー（5xx）", latency: "レイテンシー（p99）", saturation: "飽和度", load_balancer: "ロードバランサー", service: "サービス", database: "データベース",
    traffic_at: "件（{time} からの 1 分）", errors_at: "件（{time} からの 1 分）", latency_at: "{time} からの 1 分", CPUUtilization: "CPU（{time} からの 1 分）", MemoryUtilization: "メモリ（{time} からの 1 分）",
  },
};
