// One request: how it went, the calls that belong to it, why it went this way, its lines.
import {
  At, Copy, Drawer, Name, Resource, Status, Table, Waiting, bytes, classes, html, link, useTopic, words,
} from "../../lib/index.js";
import { Cause, isError } from "./cause.js";
import { Command } from "../tasks/drawer.js";
import { kindOfStatus } from "./status.js";
import { text } from "./text.js";

export function RequestDrawer({ id, onClose }) {
  const t = words(text);
  const { data, error } = useTopic("requests.one", { id });
  const title = `${t("request")} ${id}`;
  if (!data) return html`<${Drawer} title=${title} onClose=${onClose}><${Waiting} error=${error} /><//>`;
  const one = data.request;
  const failed = one.status >= 500; // its lines name the cause
  const lines = html`<h3>${t("lines")}</h3>${data.lines.length ? html`<${Lines} lines=${data.lines} />` : html`<p class="faint">${t("no_lines")}</p>`}`;
  return html`<${Drawer} title=${title} subtitle=${html`<span class="mono">${one.method} ${one.target}</span>`} onClose=${onClose}>
    ${failed && html`<${Cause} one=${one} cause=${data.cause} lines=${data.lines} />`}
    <${Went} one=${one} database=${data.database_ms} />
    ${failed && lines}
    ${data.differences.length > 0 && html`<h3>${t("differences")}</h3><ul class="plain">${data.differences.map((each) => html`<li class="note" key=${each}>${each}</li>`)}</ul>`}
    ${(data.calls.length > 0 || data.database_ms !== null) && html`<h3>${t("waterfall")}</h3><${Waterfall} one=${one} calls=${data.calls} database=${data.database_ms} />`}
    <h3>${t("steps")}</h3>
    ${data.steps.length ? html`<p class="faint">${t("now")}</p><ol class="steps">${data.steps.map((step, index) => html`<${Step} key=${index} step=${step} />`)}</ol>` : html`<p class="faint">${t("unseen")}</p>`}
    <h3>${t("terminal")}</h3><${Command} text=${`bonkei explain ${quoted(one.target)} --send`} />
    ${!failed && lines}
  <//>`;
}

function Went({ one, database }) {
  const t = words(text);
  const facts = [
    [t("status"), html`<${Status} kind=${kindOfStatus(one.status)} word=${one.status || t("left")} />`],
    [t("when"), html`<${At} at=${one.begun} millis />`],
    [t("time"), `${one.ms} ms${database === null ? "" : ` · ${t("database", { ms: tenth(database) })}`}`],
    one.cache && [t("cache"), one.cache],
    one.blocked_by && [t("blocked", { rule: "" }).trim(), one.blocked_by],
    one.task && [t("target"), html`<a class="mono" href=${link("tasks", one.task)}>${one.task.slice(0, 8)}</a>`],
    one.retries > 0 && [t("retries"), one.retries],
    [t("client"), html`<span class="mono">${one.client}</span>`],
    [t("sent"), bytes(one.sent_bytes)],
    one.received_bytes > 0 && [t("received"), bytes(one.received_bytes)],
    [t("listener"), html`<${Resource} address=${one.listener} />`],
    one.trace_id && [t("trace"), html`<span class="mono trace">${one.trace_id}</span> <${Copy} text=${one.trace_id} what=${t("trace")} />`],
  ];
  return html`<dl class="facts">${facts.filter(Boolean).map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

// The request, and what services asked each other for it, over its time; and the database's time, of
// which the lines say how long it was, but not when.
function Waterfall({ one, calls, database }) {
  const t = words(text);
  const rows = [
    { name: `${one.method} ${one.target}`, note: t("own"), begin: 0, ms: one.ms, bad: one.status >= 500 },
    ...calls.map((call) => ({ name: `${call.method} ${call.target}`, note: `${call.host} · ${call.status}`, begin: call.begin, ms: call.ms, bad: call.status >= 500, id: call.id })),
  ].sort((a, b) => a.begin - b.begin || b.ms - a.ms);
  if (database !== null) rows.push({ name: t("database_row"), note: t("in_all"), begin: 0, ms: tenth(database), sum: true });
  const end = Math.max(0.1, ...rows.map((row) => row.begin + row.ms));
  return html`<ol class="waterfall">${rows.map((row, index) => html`<li key=${index} class=${classes(row.bad && "bad", row.sum && "sum")}>
    <span class="waterfall-name mono">${row.id ? html`<a href=${link("requests", String(row.id))}>${row.name}</a>` : row.name} <span class="faint">${row.note}</span></span>
    <${Bar} from=${Math.max(0, row.begin) / end} width=${row.ms / end} />
    <span class="number waterfall-ms">${row.ms} ms</span></li>`)}</ol>`;
}

const tenth = (ms) => Math.round(ms * 10) / 10;

// Attributes, not styles: the page's policy allows no inline style.
const Bar = ({ from, width }) => html`<svg class="waterfall-bar" viewBox="0 0 1000 8" preserveAspectRatio="none" aria-hidden="true"><rect x=${(from * 1000).toFixed(1)} y="1" width=${Math.max(3, width * 1000).toFixed(1)} height="6" rx="1" /></svg>`;

// Quoted for a shell, because a stranger may have written the path.
const quoted = (word) => `'${word.replaceAll("'", "'\\''")}'`;

const LAYERS = { cloudfront: "CloudFront", web_acl: "WAF", load_balancer: "ALB", service_connect: "Service Connect" };
const MARKS = { chosen: ["good", "→"], possible: ["off", "·"], counted: ["warn", "#"], "not evaluated": ["off", "?"], "passed over": ["off", "✗"] };

function Step({ step }) {
  const t = words(text);
  const shown = step.considered.filter((one) => one.outcome !== "not asked");
  const rest = step.considered.length - shown.length;
  return html`<li class=${classes("step", step.layer)}>
    <p><span class="step-layer">${LAYERS[step.layer] || t(step.layer)}</span> ${step.text}</p>
    ${step.address && html`<p class="step-place"><${Resource} address=${step.address} /> ${step.place && html`<span class="mono faint">${step.place}</span>`}</p>`}
    ${step.values.length > 0 && html`<dl class="step-values">${step.values.map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd class="mono">${value}</dd></div>`)}</dl>`}
    ${shown.length > 0 && html`<ul class="considered">${shown.map((one) => html`<li key=${one.name} class=${one.outcome.replace(" ", "-")}>
      <span class=${classes("status", MARKS[one.outcome]?.[0])} title=${t(one.outcome.replace(" ", "_"))}><span class="symbol" aria-hidden="true">${MARKS[one.outcome]?.[1] || "·"}</span><span class="visually-hidden">${t(one.outcome.replace(" ", "_"))}</span></span>
      <b>${one.address ? html`<${Resource} address=${one.address}>${one.name}<//>` : one.name}</b> <span class="faint">${one.why}</span></li>`)}</ul>`}
    ${rest > 0 && html`<p class="faint">${t("not_asked", { n: rest })}</p>`}
  </li>`;
}

function Lines({ lines }) {
  const t = words(text);
  const columns = [
    { key: "time", title: t("when"), cell: (line) => html`<span class="mono">${line.time.slice(11, 23)}</span>` },
    { key: "log", title: t("log"), cell: (line) => html`<span class="faint"><${Name} of=${line.log} /></span>` },
    { key: "message", title: t("message"), wide: true, cell: (line) => html`<span class=${classes("mono", isError(line) && "line-error")}>${line.message}</span>${line.database_ms !== null && html` <span class="faint">${t("database", { ms: tenth(line.database_ms) })}</span>`}` },
  ];
  return html`<${Table} label=${t("lines")} columns=${columns} rows=${lines} id=${(line) => `${line.time}${line.log}${line.message}`} />`;
}
