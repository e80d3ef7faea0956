// Tasks and deployments: services, their tasks over time, and what has happened to them.
import {
  Act, Ago, Confirm, Empty, Filter, Name, Problem, Resource, Spark, Status, Table, Waiting, act, bytes, classes, go, html, link, useQuery, useState, useTopic, words,
} from "../lib/index.js";
import { TaskDrawer } from "./tasks/drawer.js";
import { Timeline } from "./tasks/timeline.js";
import { text } from "./tasks/text.js";

export const style = "/pages/tasks/tasks.css";

export function Page({ id }) {
  const t = words(text);
  const { data, error } = useTopic("tasks");
  const [filter, setFilter] = useQuery("filter");
  if (!data) return html`<div class="page"><${Waiting} error=${error} /></div>`;
  const wanted = (task) => matches(task, filter);
  const alone = data.tasks.filter((task) => !task.service && wanted(task));
  return html`<div class=${classes("split", id && "open")}>
    <div class="page">
      <div class="page-head"><h1>${t("title")}</h1>
        <span class="about">${t("about", { tasks: data.tasks.length, services: data.services.length })}</span><span class="grow"></span>
        <${Filter} value=${filter} onInput=${setFilter} /></div>
      ${data.notes.length > 0 && html`<ul class="notes">${data.notes.map((note) => html`<li class="note"><b><${Name} of=${note.subject} /></b> ${note.text}</li>`)}</ul>`}
      ${!data.started && html`<${Empty} title=${t("not_started")} />`}
      ${data.services.map((service) => html`<${Service} key=${service.name} service=${service} chosen=${id} tasks=${data.tasks.filter((task) => task.service === service.name && wanted(task))} filter=${filter} />`)}
      ${alone.length > 0 && html`<section class="panel"><div class="panel-head"><h2>${t("alone")}</h2></div><${Tasks} tasks=${alone} filter=${filter} chosen=${id} label=${t("alone")} /></section>`}
      ${data.stopped.length > 0 && html`<section class="panel"><div class="panel-head"><h2>${t("ended")}</h2></div><${Ended} tasks=${data.stopped.filter(wanted)} /></section>`}
      <section class="panel"><div class="panel-head"><h2>${t("timeline")}</h2></div><${Timeline} query=${{}} filter=${filter} /></section>
    </div>
    ${id && html`<${TaskDrawer} key=${id} id=${id} ended=${data.stopped.find((task) => task.id === id)} onClose=${() => go("tasks", "", { filter })} />`}
  </div>`;
}

function matches(task, filter) {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const text = `${task.id} ${task.group} ${task.definition} ${task.status} ${task.health} ${task.endpoint} ${task.reason}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

function Service({ service, tasks, chosen, filter }) {
  const t = words(text);
  const kind = service.refused || service.failure || service.healthy < service.desired ? (service.healthy ? "warn" : "bad") : "good";
  return html`<section class="panel" aria-label=${service.name}>
    <div class="panel-head service-head">
      <h2><${Resource} address=${service.address}>${service.name}<//></h2>
      <${Status} kind=${service.desired === 0 ? "off" : kind} word=${t("healthy", { healthy: service.healthy, desired: service.desired })} />
      ${service.pending > 0 && html`<${Status} kind="busy" word=${t("pending", { n: service.pending })} />`}
      <span class="grow"></span>
      ${service.scaling && html`<span class="faint">${t("scaling", service.scaling)} ${service.scaling.policies.map((one) => `· ${metric(one)} `)}</span>`}
      <${Scale} service=${service} />
      <${Act} name="service.restart" body=${{ service: service.name }} confirm=${t("restart_text", { name: service.name })}>${t("restart")}<//>
    </div>
    ${(service.refused || service.failure) && html`<div class="panel-body"><${Problem} error=${{ message: service.refused || service.failure }} /></div>`}
    <${Deployments} deployments=${service.deployments} />
    <${Tasks} tasks=${tasks} filter=${filter} chosen=${chosen} label=${service.name} />
  </section>`;
}

const metric = (policy) => `${policy.metric.replace(/^ECSServiceAverage|^ALB/, "") || "metric"} ${policy.target}`;

function Deployments({ deployments }) {
  const t = words(text);
  return html`<ol class="deployments" aria-label=${t("deployments")}>${deployments.map((one) => html`<li key=${one.id}>
    <${Status} word=${one.rollout_state} /> <span class="mono"><${Name} of=${one.task_definition} /></span>
    <span class="faint">${one.status === "PRIMARY" ? "" : one.status} ${t("deployed", { running: one.running_count })}${one.failed_tasks > 0 ? ` · ${t("failed_tasks", { n: one.failed_tasks })}` : ""}${one.traffic ? ` · ${one.traffic}` : ""}</span>
    ${one.reason && html`<span class=${one.rollout_state === "COMPLETED" ? "faint" : "reason"}>${one.rollout_state === "COMPLETED" ? `${t("earlier")}: ` : ""}${one.reason}</span>`}
  </li>`)}</ol>`;
}

function Tasks({ tasks, chosen, label, filter }) {
  const t = words(text);
  const columns = [
    { key: "status", title: t("status"), value: (task) => task.status, cell: (task) => html`<${Status} word=${task.status} />` },
    { key: "id", title: t("task"), value: (task) => task.id, cell: (task) => html`<a class="mono" href=${link("tasks", task.id)}>${task.id.slice(0, 8)}</a>` },
    { key: "definition", title: t("definition"), value: (task) => task.definition, cell: (task) => html`<span class="mono faint"><${Name} of=${task.definition} /></span>` },
    { key: "health", title: t("health"), value: (task) => task.health, cell: (task) => html`<span class="row health"><${Status} word=${task.health} /><${Checks} checks=${task.checks} /></span>` },
    { key: "cpu", title: "CPU", end: true, value: (task) => task.cpu, cell: (task) => html`<span class="usage"><${Spark} values=${task.cpu_line} max=${Math.max(task.cpu_limit, ...task.cpu_line)} /><span>${task.cpu.toFixed(1)} %</span></span>` },
    { key: "memory", title: t("memory"), end: true, value: (task) => task.memory, cell: (task) => html`<span class="usage"><${Spark} kind="second" values=${task.memory_line} max=${task.memory_limit || undefined} /><span>${bytes(task.memory)}</span></span>` },
    { key: "endpoint", title: t("endpoint"), value: (task) => task.endpoint, cell: (task) => html`<span class="mono">${task.endpoint}</span>` },
    { key: "started", title: t("started"), end: true, value: (task) => -(task.started || Infinity), cell: (task) => html`<${Ago} at=${task.started} />` },
  ];
  return html`<${Table} name="tasks" label=${label} columns=${columns} rows=${tasks} chosen=${chosen} open=${(task) => go("tasks", task.id)} />`;
}

// The last health checks, the oldest first.
export function Checks({ checks }) {
  if (!checks.length) return null;
  const passed = checks.filter((one) => one.passed).length;
  return html`<span class="checks" role="img" aria-label=${`${passed}/${checks.length}`} title=${checks.filter((one) => one.detail).map((one) => one.detail).at(-1)}>${checks.map((one) => html`<i key=${one.at} class=${one.passed ? "passed" : "missed"}></i>`)}</span>`;
}

function Ended({ tasks }) {
  const t = words(text);
  const columns = [
    { key: "id", title: t("task"), cell: (task) => html`<a class="mono" href=${link("tasks", task.id)}>${task.id.slice(0, 8)}</a>` },
    { key: "definition", title: t("definition"), cell: (task) => html`<span class="mono faint"><${Name} of=${task.definition} /></span>` },
    { key: "by", title: t("started_by"), cell: (task) => html`<span class="mono faint"><${Name} of=${task.started_by} /></span>` },
    { key: "codes", title: t("exit_codes"), cell: (task) => html`<span class="mono">${Object.entries(task.exit_codes).map(([name, code]) => `${name} ${code ?? "–"}`).join(", ")}</span>` },
    { key: "reason", title: t("reason"), wide: true, cell: (task) => html`${task.failed && html`<${Status} kind="bad" word=${t("failed")} /> `}${task.reason}` },
    { key: "stopped", title: t("stopped"), end: true, value: (task) => -(task.stopped || 0), cell: (task) => html`<${Ago} at=${task.stopped} />` },
  ];
  return html`<${Table} name="ended" label=${t("ended")} columns=${columns} rows=${tasks} open=${(task) => go("tasks", task.id)} />`;
}

function Scale({ service }) {
  const t = words(text);
  const [asking, ask] = useState(false);
  const [count, setCount] = useState(service.desired);
  const [error, fail] = useState();
  const [working, work] = useState(false);
  const scale = async () => {
    work(true);
    try {
      await act("service.scale", { service: service.name, count });
      ask(false);
    } catch (failure) {
      fail(failure);
    }
    work(false);
  };
  return html`<button type="button" class="button" onClick=${() => { setCount(service.desired); fail(); ask(true); }}>${t("scale")}</button>
    ${asking && html`<${Confirm} title=${t("scale")} working=${working} onNo=${() => ask(false)} onYes=${scale}>
      <label class="row">${t("scale_text", { name: service.name })} <input class="field count" type="number" min=${service.scaling?.min ?? 0} max=${service.scaling?.max ?? 100} value=${count} onInput=${(event) => setCount(event.target.valueAsNumber)} /></label>
      ${error && html`<${Problem} error=${error} />`}<//>`}`;
}
