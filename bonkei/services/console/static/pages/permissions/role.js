// One role: each grant and what of it was used, the calls it has made, who may assume it.
import { Resource, Status, Table, Waiting, html, useTopic, words } from "../../lib/index.js";
import { Statement, Where } from "./parts.js";
import { text } from "./text.js";

export function Role({ name }) {
  const t = words(text);
  const { data, error } = useTopic("permissions.role", { role: name });
  if (!data) return html`<${Waiting} error=${error} />`;
  return html`<p class="mono">${data.arn}</p><p><${Resource} address=${data.address} /></p>
    <p class="faint">${t("tighten")} <code>bonkei iam tighten ${data.name}</code></p>
    <h3>${t("grants")}</h3>
    ${data.grants.length ? html`<ul class="grants">${data.grants.map((one, i) => html`<li key=${i}><${Grant} grant=${one} /></li>`)}</ul>` : html`<p class="faint">${t("no_grants")}</p>`}
    ${data.more > 0 && html`<p class="faint">${t("more", { n: data.more })}</p>`}
    <h3>${t("calls")}</h3>
    ${data.counts.length ? html`<dl class="values">${data.counts.map(([action, n]) => html`<div key=${action}><dt class="mono">${action}</dt><dd class="number">${n}</dd></div>`)}</dl>` : html`<p class="faint">${t("no_calls")}</p>`}
    ${data.boundary && html`<h3>${t("boundary")}</h3><p class="mono">${data.boundary}</p>`}
    <h3>${t("trust")}</h3>${data.trust.map((one, i) => html`<${Statement} key=${i} statement=${one} />`)}`;
}

function Grant({ grant }) {
  const t = words(text);
  const kind = grant.used.length ? "good" : grant.observed ? "off" : "warn";
  const word = grant.used.length ? t("used") : t(grant.observed ? "never_used" : "not_seen");
  return html`<p class="row"><${Status} kind=${kind} word=${word} /><b class="mono">${grant.action}</b><${Where} place=${grant.place} /></p>
    <p class="mono faint">${grant.resources.join(", ")}</p>
    ${grant.used.length > 0 && html`<details><summary class="faint">${t("used_on", { n: grant.used.length + grant.more })}</summary>
      <ul class="plain">${grant.used.map(([action, resource]) => html`<li key=${`${action} ${resource}`} class="mono">${action} ${resource}</li>`)}</ul></details>`}`;
}
