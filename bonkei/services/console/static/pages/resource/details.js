// A resource's details: in a drawer of the picture, and on its own page.
import {
  Ago, Copy, Definition, Empty, Graph, Name, Resource, Status, Waiting, bytes, classes, html, link, useState, useTopic, words,
} from "../../lib/index.js";
import { Entries } from "../tasks/timeline.js";
import { text } from "./text.js";

export function Details({ address, wide = false }) {
  const t = words(text);
  const { data, error } = useTopic("resource", { address });
  if (!data) return html`<${Waiting} error=${error} />`;
  return html`<div class=${classes("details", wide && "wide")}>
    <${Part} wide=${wide} title=${t("definition")}>${data.arn && html`<p class="row"><span class="mono resource">${data.arn}</span><${Copy} text=${data.arn} what="ARN" /></p>`}<${Definition} address=${address} /><//>
    <div class="details-rest">
    ${wide && data.health && html`<${Part} wide=${wide} title=${t("state")}><p class="row"><${Status} kind=${data.health.tone} word=${data.health.word} /><span class="faint">${data.health.detail}</span></p><//>`}
    ${data.tasks.length > 0 && html`<${Part} wide=${wide} title=${t("tasks")}><ul class="plain">${data.tasks.map((task) => html`<li key=${task.id} class="row"><${Status} word=${task.status} /><a class="mono" href=${link("tasks", task.id)}>${task.id.slice(0, 8)}</a><${Status} word=${task.health} /><span class="faint"><${Ago} at=${task.started} /></span></li>`)}</ul><//>`}
    <${Metrics} address=${address} wide=${wide} />
    ${data.alarms.length > 0 && html`<${Part} wide=${wide} title=${t("alarms")}><ul class="plain">${data.alarms.map((alarm) => html`<li key=${alarm.name} class="row" title=${alarm.reason}><${Status} word=${alarm.state} /><a href=${link("alarms", alarm.name)}><${Name} of=${alarm.name} /></a></li>`)}</ul><//>`}
    ${data.log_groups.length > 0 && html`<${Part} wide=${wide} title=${t("logs")}><ul class="plain">${data.log_groups.map((group) => html`<li key=${group.name}><a class="mono" href=${link("logs", "", { group: group.name })}><${Name} of=${group.name} /></a></li>`)}</ul><//>`}
    ${data.reach.length > 0 && html`<${Part} wide=${wide} title=${t("reach")}><ul class="plain">${data.reach.map((way) => html`<li key=${way.to}><span class="row"><${Status} kind=${way.why ? "bad" : "good"} word=${way.why ? t("closed") : t("open")} />
      ${way.address ? html`<${Resource} address=${way.address}>${way.to}<//>` : t("aws_to_start")}</span>${way.why && html`<p class="faint">${way.why}</p>`}</li>`)}</ul><//>`}
    ${data.roles.length > 0 && html`<${Part} wide=${wide} title=${t("may")}>${data.roles.map((role) => html`<${Role} key=${role.address} role=${role} />`)}<//>`}
    ${data.events.length > 0 && html`<${Part} wide=${wide} title=${t("events")}><${Entries} entries=${data.events} /><//>`}
    ${data.uses.length > 0 && html`<${Part} wide=${wide} title=${t("uses")}><${Related} list=${data.uses} /><//>`}
    ${data.used_by.length > 0 && html`<${Part} wide=${wide} title=${t("used_by")}><${Related} list=${data.used_by} /><//>`}
    </div></div>`;
}

// A page's parts are below its h1, a drawer's below its h2.
const Part = ({ title, wide, children }) => html`<section class="part">${wide ? html`<h2 class="part-title">${title}</h2>` : html`<h3>${title}</h3>`}${children}</section>`;

function Metrics({ address, wide }) {
  const t = words(text);
  const { data } = useTopic("resource.metrics", { address });
  if (!data?.length) return null;
  return html`<${Part} wide=${wide} title=${t("metrics")}><div class="metrics">${data.map((one) => html`<figure key=${one.namespace + one.name}><figcaption>${one.name} <span class="faint">${one.statistic}</span></figcaption>
    <${Graph} times=${one.times} series=${[{ label: one.name, values: one.values, colour: 1, fill: true }]} format=${format(one.unit)} label=${one.name} height=${96} /></figure>`)}</div><//>`;
}

function format(unit) {
  if (unit === "Bytes") return bytes;
  if (unit === "Percent") return (value) => `${Number(value.toFixed(1))} %`;
  if (unit === "Seconds") return (value) => (value < 1 ? `${Number((value * 1000).toFixed(1))} ms` : `${Number(value.toFixed(2))} s`);
  return (value) => Number(value.toFixed(2)).toLocaleString("en");
}

function Role({ role }) {
  const t = words(text);
  return html`<div class="role"><p><${Resource} address=${role.address}>${role.name}<//></p><ul class="statements">${role.statements.map((one) => html`<li key=${one.address + one.sid + one.actions} class=${one.effect === "Deny" ? "deny" : ""}>
    <span class="mono actions">${one.effect === "Deny" ? "Deny " : ""}${one.actions.join(", ")}</span><span class="mono faint">${one.resources.join(", ")}</span>
    ${one.conditions.length > 0 && html`<span class="mono faint">${one.conditions.join(" · ")}</span>`}</li>`)}
    ${role.managed.map((arn) => html`<li key=${arn}><span class="mono">${arn.split("/").at(-1)}</span> <span class="faint">${t("managed")}</span></li>`)}</ul></div>`;
}

function Related({ list }) {
  const t = words(text);
  const [all, set] = useState(false);
  const shown = all ? list : list.slice(0, 12);
  return html`<ul class="related">${shown.map((one) => html`<li key=${one.address}><span class="faint mono">${one.type.replace(/^aws_/, "")}</span> <${Resource} address=${one.address}>${one.name}<//></li>`)}</ul>
    ${shown.length < list.length && html`<button type="button" class="button quiet" onClick=${() => set(true)}>${t("show_all", { n: list.length - shown.length })}</button>`}`;
}
