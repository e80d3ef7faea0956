export const text = {
  en: {
    title: "Metrics", about: "{n} metrics", none: "Nothing has been measured yet", no_match: "No metric matches", more: "{n} more: filter them", metric: "Metric",
    namespace: "Namespace", dimensions: "Dimensions", last: "Last 30 minutes", alarms: "Alarms", at: "Latest", statistic: "Statistic", period: "Period", span: "Span",
    compressed: "Time is compressed: {n} minutes of AWS pass in one minute here.", longer: "The period is {period}: a shorter one would give too many points.",
    no_data: "There is no data in this period.", no_alarm: "No alarm watches it.", as_alarm: "Draw as the alarm sees it", s: "{n} s", min: "{n} min", h: "{n} h", d: "{n} d",
  },
  ja: {
    title: "メトリクス", about: "{n} 件", none: "まだ何も計測されていません", no_match: "一致するメトリクスはありません", more: "ほか {n} 件。絞り込んでください", metric: "メトリクス",
    namespace: "名前空間", dimensions: "ディメンション", last: "直近 30 分", alarms: "アラーム", at: "最新", statistic: "統計", period: "期間", span: "範囲",
    compressed: "時間は圧縮されています。AWS の {n} 分がここでは 1 分で過ぎます。", longer: "期間は {period} です。短いと点が多くなりすぎます。",
    no_data: "この範囲にデータはありません。", no_alarm: "見ているアラームはありません。", as_alarm: "アラームと同じ統計で描く", s: "{n} 秒", min: "{n} 分", h: "{n} 時間", d: "{n} 日",
  },
};
