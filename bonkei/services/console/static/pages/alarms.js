// Alarms: their states, each with its graph, its past and its definition, and rehearsals.
import {
  Act, Ago, At, Definition, Drawer, Empty, Filter, Graph, Name, Resource, Status, Table, Waiting, classes, go, html, kept, link, useQuery, useState, useTopic, words,
} from "../lib/index.js";
import { Rehearsal } from "./alarms/rehearsal.js";
import { text } from "./alarms/text.js";
import { short } from "./metrics/number.js";

export const style = "/pages/alarms/alarms.css";

const ORDER = { ALARM: 0, INSUFFICIENT_DATA: 1, OK: 2 };

export function Page({ id }) {
  const t = words(text);
  const { data, error } = useTopic("alarms");
  const [filter, setFilter] = useQuery("filter");
  const [state, setState] = useQuery("state");
  if (!data) return html`<div class="page"><${Waiting} error=${error} /></div>`;
  const named = data.alarms.filter((alarm) => matches(alarm, filter));
  const rows = named.filter((alarm) => !state || alarm.state === state);
  return html`<div class=${classes("split", id && "open")}>
    <div class="page">
      <div class="page-head"><h1>${t("title")}</h1>
        <${States} alarms=${named} chosen=${state} choose=${setState} /><span class="grow"></span>
        <${Filter} value=${filter} onInput=${setFilter} />
        ${data.rehearsing
          ? html`<${Act} name="alarm.stop" confirm=${t("stop_text")}>${t("stop")}<//>`
          : html`<${Act} name="alarm.rehearse" body=${{ names: [] }} confirm=${t("all_text", { n: data.alarms.length })}>${t("all")}<//>`}</div>
      ${data.compression > 1 && html`<p class="note">${t("compressed", { n: data.compression, s: 60 / data.compression })}</p>`}
      ${data.not_measured.length > 0 && html`<p class="note">${t("not_measured")} <span class="mono">${data.not_measured.join(", ")}</span></p>`}
      ${data.notes.map((note) => html`<p class="note">${note}</p>`)}
      <${Rehearsal} />
      <section class="panel">${rows.length ? html`<${List} rows=${rows} chosen=${id} filter=${filter} state=${state} />` : html`<${Empty} title=${data.alarms.length ? t("no_match") : t("none")} />`}
        ${data.more > 0 && html`<p class="panel-body faint">${t("more", { n: data.more })}</p>`}</section>
    </div>
    ${id && html`<${AlarmDrawer} key=${id} name=${id} rehearsing=${data.rehearsing} onClose=${() => go("alarms", "", { filter, state })} />`}
  </div>`;
}

function matches(alarm, filter) {
  const found = `${alarm.name} ${alarm.condition} ${alarm.address} ${alarm.state}`.toLowerCase();
  return filter.toLowerCase().split(/\s+/).every((word) => found.includes(word));
}

function States({ alarms, chosen, choose }) {
  return html`<div class="row" role="group">${Object.keys(ORDER).map((name) => {
    const count = alarms.filter((alarm) => alarm.state === name).length;
    return html`<button type="button" key=${name} class=${classes("button quiet state", chosen === name && "pressed")} aria-pressed=${chosen === name}
      onClick=${() => choose(chosen === name ? "" : name)}><${Status} word=${`${count} ${name}`} kind=${count ? KIND[name] : "off"} /></button>`;
  })}</div>`;
}

const KIND = { ALARM: "bad", INSUFFICIENT_DATA: "warn", OK: "good" };

function List({ rows, chosen, filter, state }) {
  const t = words(text);
  const columns = [
    { key: "state", title: t("state"), value: (row) => ORDER[row.state], cell: (row) => html`<${Status} word=${row.state} title=${row.problem || row.reason} />${row.acknowledged_by && html` <span class="faint">${row.acknowledged_by}</span>`}` },
    { key: "name", title: t("alarm"), value: (row) => row.name, cell: (row) => html`<a href=${link("alarms", row.name, { filter, state })}><${Name} of=${row.name} /></a>` },
    { key: "condition", title: t("condition"), wide: true, value: (row) => row.condition, cell: (row) => html`<span class="mono">${row.condition}</span>${row.problem && html` <${Status} kind="warn" word=${row.problem} />`}` },
    { key: "since", title: t("since"), end: true, value: (row) => -(row.since || 0), cell: (row) => html`<${Ago} at=${row.since} />` },
  ];
  return html`<${Table} name="alarms" label=${t("title")} columns=${columns} rows=${rows} id=${(row) => row.name} sorted="state" chosen=${chosen}
    open=${(row) => go("alarms", row.name, { filter, state })} />`;
}

function AlarmDrawer({ name, rehearsing, onClose }) {
  const t = words(text);
  const { data, error } = useTopic("alarms.alarm", { name });
  const actions = html`<${Act} name="alarm.rehearse" body=${{ names: [name] }} confirm=${t("one_text", { name })}>${t("rehearse")}<//>`;
  return html`<${Drawer} title=${name} subtitle=${data?.condition} onClose=${onClose} actions=${!rehearsing && actions}>
    ${!data ? html`<${Waiting} error=${error} />` : html`
      <p class="row"><${Status} word=${data.state} /> <span class="faint"><${Ago} at=${data.since} /></span></p>
      <p class="alarm-reason">${data.problem || data.reason}</p>
      ${data.state === "ALARM" && html`<${Acknowledge} alarm=${data} />`}
      ${data.description && html`<p class="faint">${data.description}</p>`}
      ${data.graph?.times.length > 0 && html`<h3>${t("graph")}</h3><${AlarmGraph} alarm=${data} />`}
      ${data.compression > 1 && html`<p class="note">${t("compressed", { n: data.compression, s: 60 / data.compression })}</p>`}
      <h3>${t("definition")}</h3><${Definitions} alarm=${data} />
      <h3>${t("history")}</h3><${History} items=${data.history} />`}<//>`;
}

// Who works on it. The name is kept for the next alarm.
function Acknowledge({ alarm }) {
  const t = words(text);
  const [who, setWho] = useState(kept("alarms.who"));
  if (alarm.acknowledged_by) return html`<p>${t("acknowledged", { who: alarm.acknowledged_by })} <span class="faint"><${Ago} at=${alarm.acknowledged_at} /></span></p>`;
  return html`<p class="row"><label>${t("who")} <input class="field" value=${who} maxlength="80" onInput=${(event) => setWho(event.target.value)} /></label>
    ${who.trim() && html`<${Act} name="alarm.acknowledge" body=${{ name: alarm.name, who }} onDone=${() => kept("alarms.who", who)}>${t("acknowledge")}<//>`}</p>`;
}

export function AlarmGraph({ alarm }) {
  const { times, values, threshold, states } = alarm.graph;
  return html`<${Graph} times=${times} series=${[{ label: alarm.condition.split(/[ ,]/)[0], values, colour: 1, fill: true }]} height=${170} label=${`${alarm.name} ${alarm.state}`} states=${states}
    threshold=${threshold === null ? undefined : { value: threshold, label: alarm.condition.split(",")[0] }} format=${short} />`;
}

function Definitions({ alarm }) {
  const t = words(text);
  return html`<dl class="values">
    ${alarm.address && html`<div><dt>${t("resource")}</dt><dd><${Resource} address=${alarm.address} /> <${Definition} address=${alarm.address} short=${true} /></dd></div>`}
    <div><dt>${t("condition")}</dt><dd class="mono">${alarm.condition}</dd></div>
    ${(alarm.metrics || []).map((one) => html`<div key=${one.id}><dt>${t("metric")}</dt><dd><a class="mono" href=${link("metrics", one.id)}>${one.text}</a></dd></div>`)}
    ${(alarm.queries || []).map((one) => html`<div key=${one.id}><dt class="mono">${one.id}</dt><dd class="mono">${one.expression}</dd></div>`)}
    ${alarm.missing && html`<div><dt>${t("missing")}</dt><dd class="mono">${alarm.missing}</dd></div>`}
    ${Object.entries(alarm.actions).filter(([, arns]) => arns.length).map(([name, arns]) => html`<div key=${name}><dt>${t("action", { state: name })}</dt>
      <dd class="mono">${arns.map((arn) => html`<div>${arn}</div>`)}${!alarm.actions_enabled && html`<${Status} kind="warn" word=${t("disabled")} />`}</dd></div>`)}
  </dl>`;
}

function History({ items }) {
  const t = words(text);
  if (!items.length) return html`<p class="faint">${t("no_history")}</p>`;
  return html`<ol class="history">${items.map((item, index) => html`<li key=${index}>
    <${At} at=${item.at} /> <span class="faint">${t(item.kind)}</span> <span title=${item.data}>${item.summary}</span></li>`)}</ol>`;
}
