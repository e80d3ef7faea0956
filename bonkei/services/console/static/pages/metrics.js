// Metrics: by namespace and dimension, each over time with the alarms that look at it.
import {
  Ago, Drawer, Empty, Filter, Graph, Name, Spark, Status, Table, Waiting, classes, go, html, link, useLatest, useQuery, words,
} from "../lib/index.js";
import { short } from "./metrics/number.js";
import { text } from "./metrics/text.js";

export const style = "/pages/metrics/metrics.css";

const STATISTICS = ["Average", "Sum", "Minimum", "Maximum", "SampleCount", "p50", "p90", "p99"];
const PERIODS = [1, 10, 60, 300, 3600];
const SPANS = [300, 900, 3600, 10800, 21600, 86400, 604800];

export function Page({ id }) {
  const t = words(text);
  const [filter, setFilter] = useQuery("filter");
  const [namespace, setNamespace] = useQuery("namespace");
  const { data, error } = useLatest("metrics", { filter, namespace });
  if (!data) return html`<div class="page"><h1 class="visually-hidden">${t("title")}</h1><${Waiting} error=${error} /></div>`;
  return html`<div class=${classes("split", id && "open")}>
    <div class="page">
      <div class="page-head"><h1>${t("title")}</h1><span class="about">${t("about", { n: data.total })}</span><span class="grow"></span>
        <${Filter} value=${filter} onInput=${setFilter} /></div>
      ${data.compression > 1 && html`<p class="note">${t("compressed", { n: data.compression })}</p>`}
      <div class="row namespaces" role="group" aria-label=${t("namespace")}>${data.namespaces.map((one) => html`<button type="button" key=${one.name}
        class=${classes("button quiet", namespace === one.name && "pressed")} aria-pressed=${namespace === one.name}
        onClick=${() => setNamespace(namespace === one.name ? "" : one.name)}>${one.name} <span class="faint number">${one.count}</span></button>`)}</div>
      <section class="panel">${data.metrics.length ? html`<${List} rows=${data.metrics} chosen=${id} query=${{ filter, namespace }} />`
        : html`<${Empty} title=${data.total ? t("no_match") : t("none")} />`}
        ${data.more > 0 && html`<p class="panel-body faint">${t("more", { n: data.more })}</p>`}</section>
    </div>
    ${id && html`<${MetricDrawer} key=${id} id=${id} onClose=${() => go("metrics", "", { filter, namespace })} />`}
  </div>`;
}

const dimensions = (row) => row.dimensions.map(([name, value]) => `${name}=${value}`).join(", ");

function List({ rows, chosen, query }) {
  const t = words(text);
  const columns = [
    { key: "name", title: t("metric"), value: (row) => row.name, cell: (row) => html`<a href=${link("metrics", row.id, query)}>${row.name}</a><br /><span class="faint">${row.namespace}</span>` },
    { key: "dimensions", title: t("dimensions"), wide: true, value: dimensions, cell: (row) => html`<span class="mono"><${Name} of=${dimensions(row)} /></span>` },
    { key: "last", title: t("last"), end: true, value: (row) => row.last ?? -Infinity, cell: (row) => html`<span class="usage"><${Spark} values=${row.line} /><span>${short(row.last)} ${unit(row.unit)}</span></span>` },
    { key: "alarms", title: t("alarms"), value: (row) => row.alarms.length, cell: (row) => row.alarms.map((one) => html`<a key=${one.name} class="alarm-link" href=${link("alarms", one.name)} title=${one.name}><${Status} word=${one.state} /></a>`) },
    { key: "at", title: t("at"), end: true, value: (row) => -(row.at || 0), cell: (row) => html`<${Ago} at=${row.at} />` },
  ];
  return html`<${Table} name="metrics" label=${t("title")} columns=${columns} rows=${rows} chosen=${chosen} open=${(row) => go("metrics", row.id, query)} />`;
}

const unit = (name) => ({ Percent: "%", Seconds: "s", Milliseconds: "ms", Bytes: "B", Count: "", None: "" })[name] ?? name;

function MetricDrawer({ id, onClose }) {
  const t = words(text);
  const [statistic, setStatistic] = useQuery("statistic");
  const [period, setPeriod] = useQuery("period", "60");
  const [seconds, setSeconds] = useQuery("seconds", "3600");
  const { data, error } = useLatest("metrics.graph", { id, statistic, period, seconds });
  const title = data?.name || nameOf(id);
  return html`<${Drawer} title=${title} subtitle=${data && html`<${Name} of=${`${data.namespace}  ${dimensions(data)}`} />`} onClose=${onClose}>
    <div class="row choices">
      <${Choice} label=${t("statistic")} value=${statistic || data?.statistic || "Average"} set=${setStatistic} options=${withOwn(STATISTICS, statistic || data?.statistic).map((one) => [one, one])} />
      <${Choice} label=${t("period")} value=${period} set=${setPeriod} options=${withOwn(PERIODS.map(String), period).map((one) => [one, span(t, Number(one))])} />
      <${Choice} label=${t("span")} value=${seconds} set=${setSeconds} options=${withOwn(SPANS.map(String), seconds).map((one) => [one, span(t, Number(one))])} />
    </div>
    ${!data ? html`<${Waiting} error=${error} />` : html`
      <${MetricGraph} data=${data} />
      ${data.period !== Number(period) && html`<p class="faint">${t("longer", { period: span(t, data.period) })}</p>`}
      ${data.values.every((value) => value === null) && html`<p class="faint">${t("no_data")}</p>`}
      <h3>${t("alarms")}</h3>
      ${data.alarms.length ? html`<ul class="plain">${data.alarms.map((one) => html`<li key=${one.name} class="row"><${Status} word=${one.state} />
        <a href=${link("alarms", one.name)}><${Name} of=${one.name} /></a><span class="mono faint">${one.statistic} ${SIGNS[one.comparison] || one.comparison} ${one.threshold ?? "–"}, ${one.period} s</span>
        ${!one.applies && html`<button type="button" class="button quiet" onClick=${() => { setStatistic(one.statistic); setPeriod(String(one.period)); }}>${t("as_alarm")}</button>`}</li>`)}</ul>`
        : html`<p class="faint">${t("no_alarm")}</p>`}`}<//>`;
}

const SIGNS = { GreaterThanOrEqualToThreshold: "≥", GreaterThanThreshold: ">", LessThanThreshold: "<", LessThanOrEqualToThreshold: "≤" };

// The threshold of the first alarm that looks at what is drawn.
function MetricGraph({ data }) {
  const alarm = data.alarms.find((one) => one.applies && one.threshold !== null);
  const label = alarm && `${SIGNS[alarm.comparison] || ""} ${short(alarm.threshold)} ${alarm.name}: ${alarm.state}`;
  return html`<${Graph} times=${data.times} series=${[{ label: data.statistic, values: data.values, colour: 1, fill: true }]} height=${220} states=${alarm?.states}
    label=${`${data.name} ${data.statistic}${alarm ? ` ${alarm.state}` : ""}`} threshold=${alarm && { value: alarm.threshold, label }} format=${(value) => `${short(value)} ${unit(data.unit)}`} />`;
}

function Choice({ label, value, set, options }) {
  return html`<label class="row choice">${label} <select class="field" value=${value} onChange=${(event) => set(event.target.value)}>
    ${options.map(([key, shown]) => html`<option key=${key} value=${key} selected=${key === value}>${shown}</option>`)}</select></label>`;
}

const withOwn = (list, own) => (own && !list.includes(own) ? [own, ...list] : list);

function span(t, seconds) {
  if (seconds < 60) return t("s", { n: seconds });
  if (seconds < 3600) return t("min", { n: seconds / 60 });
  return seconds < 86400 ? t("h", { n: seconds / 3600 }) : t("d", { n: seconds / 86400 });
}

function nameOf(id) {
  try {
    return String(JSON.parse(id)[1]);
  } catch {
    return id;
  }
}
