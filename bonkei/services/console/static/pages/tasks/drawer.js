// One task: usage over time, containers, health checks, events, its shell.
import {
  Act, Ago, At, Definition, Drawer, Graph, Name, Resource, Status, Table, Waiting, bytes, classes, html, link, useState, useTopic, words,
} from "../../lib/index.js";
import { Entries } from "./timeline.js";
import { text } from "./text.js";

const SPANS = [["minutes3", 180], ["hour", 3600], ["day", 86400]];

export function TaskDrawer({ id, ended, onClose }) {
  const t = words(text);
  const [seconds, setSeconds] = useState(180);
  const { data: live, error } = useTopic("tasks.task", { id, seconds }, !ended);
  const task = live || ended;
  const name = `${t("task")} ${id.slice(0, 8)}`;
  if (!task) return html`<${Drawer} title=${name} onClose=${onClose}><${Waiting} error=${error} /><//>`;
  const logs = html`<a class="button" href=${link("logs", "", { task: id.slice(0, 8) })}>${t("logs")}</a>`;
  const stop = live && html`<${Act} name="task.stop" body=${{ task: id }} danger confirm=${t("stop_text")} onDone=${onClose}>${t("stop")}<//>`;
  return html`<${Drawer} title=${name} subtitle=${html`<span class="mono"><${Name} of=${task.definition} /></span> · <${Name} of=${task.group} />`} onClose=${onClose} actions=${html`${logs}${stop}`}>
    ${live && html`<${Now} task=${live} /><${Usage} task=${live} seconds=${seconds} onSeconds=${setSeconds} />`}
    ${!live && html`<p class="ended-reason">${task.reason}</p>`}
    ${live && live.status === "RUNNING" && html`<h3>${t("shell")}</h3><${Command} text=${`bonkei exec ${id.slice(0, 8)} -- sh`} />`}
    <h3>${t("containers")}</h3><${Containers} task=${task} />
    ${live && live.targets.map((target) => html`<${Target} key=${target.group} target=${target} />`)}
    ${live && html`<h3>${t("events")}</h3><${Entries} entries=${live.events} />`}
    ${live && live.address && html`<h3>${t("definition")}</h3><${Definition} address=${live.address} short />`}
  <//>`;
}

function Now({ task }) {
  const t = words(text);
  return html`<dl class="facts now"><div><dt>${t("status")}</dt><dd><${Status} word=${task.status} /></dd></div>
    <div><dt>${t("health")}</dt><dd><${Status} word=${task.health} /></dd></div>
    <div><dt>${t("endpoint")}</dt><dd class="mono">${task.endpoint || "–"}</dd></div>
    <div><dt>${t("started")}</dt><dd><${Ago} at=${task.started} /></dd></div></dl>
    ${task.reason && html`<p class="ended-reason">${task.reason}</p>`}`;
}

function Usage({ task, seconds, onSeconds }) {
  const t = words(text);
  const { times, cpu, memory } = task.usage;
  return html`<h3 class="row">${t("usage")} <span class="grow"></span>${SPANS.map(([key, value]) => html`<button type="button" key=${key} class=${classes("button quiet", value === seconds && "pressed")} aria-pressed=${value === seconds} onClick=${() => onSeconds(value)}>${t(key)}</button>`)}</h3>
    <${Graph} times=${times} series=${[{ label: "CPU", values: cpu, colour: 1, fill: true }]} threshold=${task.cpu_limit ? { value: task.cpu_limit, label: `${t("limit")} ${task.cpu_limit} %` } : undefined} format=${(value) => `${value} %`} label="CPU" height=${112} />
    <${Graph} times=${times} series=${[{ label: t("memory"), values: memory, colour: 2, fill: true }]} threshold=${task.memory_limit ? { value: task.memory_limit, label: `${t("limit")} ${bytes(task.memory_limit)}` } : undefined} format=${bytes} label=${t("memory")} height=${112} />`;
}

export function Command({ text: command }) {
  const t = words(text);
  return html`<div class="command"><code class="grow">${command}</code><button type="button" class="button quiet" onClick=${() => navigator.clipboard?.writeText(command)}>${t("copy")}</button></div>`;
}

function Containers({ task }) {
  const t = words(text);
  const pids = Object.fromEntries(task.pids || []);
  const columns = [
    { key: "name", title: t("containers"), value: (one) => one.name, cell: (one) => html`<span class="mono">${one.name}</span>` },
    { key: "status", title: t("status"), value: (one) => one.status, cell: (one) => html`<${Status} word=${one.status} />` },
    { key: "health", title: t("health"), value: (one) => one.health, cell: (one) => html`<${Status} word=${one.health} />` },
    { key: "pid", title: t("process"), end: true, value: (one) => pids[one.name] ?? "", cell: (one) => pids[one.name] ?? (one.exit_code === null ? "–" : `${t("exit_code")} ${one.exit_code}`) },
    { key: "reason", title: t("reason"), wide: true, value: (one) => one.reason },
  ];
  return html`<${Table} label=${t("containers")} columns=${columns} rows=${task.containers} id=${(one) => one.name} />`;
}

function Target({ target }) {
  const t = words(text);
  const newest = [...target.checks].reverse();
  return html`<h3>${t("checks")} · <${Resource} address=${target.address}>${target.group}<//></h3>
    <ol class="check-list">${newest.slice(0, 10).map((one) => html`<li key=${one.at}><${At} at=${one.at} /> <${Status} kind=${one.passed ? "good" : "bad"} word=${one.passed ? t("passed") : t("missed")} /> <span class="faint">${one.detail || one.state}</span></li>`)}</ol>`;
}
