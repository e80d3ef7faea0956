// The four signals of each service over the last hour. Each worst value leads to the rows behind it.
import { Empty, Name, Spark, Waiting, classes, duration, html, link, useTopic, words } from "../lib/index.js";
import { short } from "./metrics/number.js";
import { text } from "./signals/text.js";

export const style = "/pages/signals/signals.css";

const SIGNALS = ["traffic", "errors", "latency", "saturation"];

export function Page() {
  const t = words(text);
  const { data, error } = useTopic("signals");
  if (!data) return html`<div class="page"><h1 class="visually-hidden">${t("title")}</h1><${Waiting} error=${error} /></div>`;
  return html`<div class="page">
    <div class="page-head"><h1>${t("title")}</h1><span class="about">${t("about")}</span></div>
    ${data.rows.length === 0 && html`<${Empty} title=${t("none")} />`}
    ${data.rows.map((row) => html`<section class="panel" key=${row.kind + row.name} aria-label=${row.name}>
      <div class="panel-head"><h2><${Name} of=${row.name} /></h2><span class="faint">${t(row.kind)}</span></div>
      <dl class="signals">${SIGNALS.map((name) => html`<${Signal} key=${name} name=${name} row=${row} begin=${data.begin} />`)}</dl></section>`)}
  </div>`;
}

function Signal({ name, row, begin }) {
  const t = words(text);
  const signal = row[name];
  if (!signal) return html`<div class="signal"><dt>${t(name)}</dt><dd class="faint">${t("unmeasured")}</dd></div>`;
  const minute = begin + 60 * signal.at;
  return html`<div class="signal"><dt><a href=${link("metrics", signal.id)} title=${`${signal.metric} ${signal.statistic}`}>${t(name)}</a></dt>
    <dd><a class=${classes("worst number", kindOfValue(name, signal))} href=${rowsBehind(name, row, minute, signal.worst > 0)}>${shown(signal)}</a>
      <span class="faint">${signal.worst > 0 ? t(signal.metric in text.en ? signal.metric : name + "_at", { time: clock(minute) }) : t("quiet")}</span>
      <${Spark} values=${signal.line} width=${220} height=${36} kind=${name === "errors" ? "errors" : ""} /></dd></div>`;
}

const clock = (at) => new Date(at * 1000).toTimeString().slice(0, 5);

function shown({ worst, unit }) {
  if (worst === null) return "–";
  return unit === "Seconds" ? duration(worst) : unit === "Percent" ? `${short(Math.round(worst * 10) / 10)} %` : short(worst);
}

function kindOfValue(name, { worst }) {
  if (name === "errors" && worst > 0) return "bad";
  return name === "saturation" && worst >= 80 ? "warn" : "";
}

// The requests of the worst minute, or of the hour; of a service its tasks, of a database the metric.
function rowsBehind(name, row, minute, isKnown) {
  if (name === "saturation") return row.kind === "service" ? link("tasks", "", { filter: row.name }) : link("metrics", row.saturation.id);
  const iso = (seconds) => `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
  const time = isKnown ? { since: iso(minute), until: iso(minute + 60) } : { since: "1h" };
  const which = { errors: { status: "5xx" }, latency: { order: "-ms" } }[name];
  return link("requests", "", { service: row.group, ...which, ...time });
}
