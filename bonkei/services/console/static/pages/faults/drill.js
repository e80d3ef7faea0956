// Drills: start one, watch it, read what visitors noticed.
import { Act, Empty, Graph, Status, html, useTopic, words } from "../../lib/index.js";
import { text } from "./text.js";

export function Drills({ files }) {
  const t = words(text);
  const { data } = useTopic("faults.drill");
  const drill = data?.drill;
  const goes = drill && !drill.over;
  return html`<section class="panel" aria-label=${t("drills")}><div class="panel-head"><h2>${t("drills")}</h2><span class="faint">${t("drills_about")}</span></div>
    ${files.length ? html`<ul class="plain drill-files">${files.map((file) => html`<li key=${file} class="row"><span class="mono grow">${file}</span>
      ${!goes && html`<${Act} name="drill.start" body=${{ file }} confirm=${t("run_text", { file })}>${t("run")}<//>`}</li>`)}</ul>`
    : html`<${Empty} title=${t("no_drills")} />`}
    ${drill && html`<${Drill} drill=${drill} />`}
  </section>`;
}

function Drill({ drill }) {
  const t = words(text);
  const report = drill.report;
  return html`<div class="panel-body drill">
    <div class="row"><h3>${drill.name}</h3> <${State} drill=${drill} /><span class="grow"></span>
      ${!drill.over && html`<${Act} name="drill.end">${t("break_off")}<//>`}</div>
    ${!drill.over && html`<progress max=${drill.seconds} value=${drill.elapsed} aria-label=${drill.name}></progress>`}
    ${drill.series.length > 1 && html`<${Series} drill=${drill} />`}
    <${Phases} phases=${report.phases} />
    <ul class="plain">
      ${report.faults.map((one) => html`<li><span class="number">${one.begins.toFixed(0)} s</span> <${Status} kind=${one.problem ? "bad" : "warn"} word=${one.words} /> <span class="faint">${one.problem || one.touches.join(", ")}</span></li>`)}
      ${report.alarms.map((one) => html`<li><span class="number">${one.at.toFixed(0)} s</span> <${Status} kind="bad" word="ALARM" /> <a href=${`#/alarms/${encodeURIComponent(one.name)}`}>${one.name}</a> ${one.ok !== null && html`<span class="faint">OK ${one.ok.toFixed(0)} s</span>`}</li>`)}
      ${Object.entries(report.failures).map(([why, n]) => html`<li class="faint">${t("failed_with", { n, why })}</li>`)}
    </ul>
    ${drill.over && html`<p><strong>${recovered(t, report)}</strong></p>`}
    ${drill.over && html`<ul class="plain">${report.verdicts.map((one) => html`<li><${Status} kind=${one.met ? "good" : "bad"} word=${one.what} /> <span class="faint">${one.wanted}</span> ${one.found}</li>`)}</ul>`}
  </div>`;
}

function State({ drill }) {
  const t = words(text);
  if (!drill.over) return html`<${Status} kind="busy" word=${t("goes_on", { n: Math.round(drill.elapsed), of: drill.seconds })} />`;
  const { broken_off: broken, met } = drill.report;
  return broken ? html`<${Status} kind="off" word=${t("broken_off", { why: broken })} />` : html`<${Status} kind=${met ? "good" : "bad"} word=${t(met ? "met" : "not_met")} />`;
}

function Series({ drill }) {
  const t = words(text);
  const column = (index) => drill.series.map((row) => row[index]);
  const times = drill.series.map((row) => drill.at + row[0]);
  return html`<div class="drill-graphs">
    <div><h4>${t("requests")}</h4><${Graph} label=${t("requests")} times=${times} unit="/s" series=${[
      { label: t("requests"), values: column(1), colour: 1 }, { label: t("failed"), values: column(2), colour: 6, fill: true }]} /></div>
    <div><h4>${t("latency")}</h4><${Graph} label=${t("latency")} times=${times} unit=" ms" series=${[
      { label: "50 %", values: column(3), colour: 2 }, { label: "95 %", values: column(4), colour: 3 }]} /></div>
  </div>`;
}

function Phases({ phases }) {
  const t = words(text);
  const ms = (value) => (value === null ? "–" : `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`);
  const share = (one) => (one.requests ? ` (${((one.failed / one.requests) * 100).toFixed(1)} %)` : "");
  return html`<div class="table-frame" tabindex="0" role="group" aria-label=${t("noticed")}><table class="table" aria-label=${t("noticed")}>
    <thead><tr><th scope="col">${t("noticed")}</th>${["requests", "failed"].map((key) => html`<th scope="col" class="end">${t(key)}</th>`)}
      ${["50 %", "95 %", "99 %"].map((one) => html`<th scope="col" class="end">${one}</th>`)}</tr></thead>
    <tbody>${phases.map((one) => html`<tr key=${one.name}><th scope="row">${t(one.name)}</th><td class="end number">${one.requests}</td>
      <td class="end number">${one.failed}${share(one)}</td>${[one.p50, one.p95, one.p99].map((value) => html`<td class="end number">${ms(value)}</td>`)}</tr>`)}</tbody>
  </table></div>`;
}

function recovered(t, report) {
  if (!report.disturbed) return t("nothing_noticed");
  if (report.recovery === null) return t("not_recovered", { n: report.disturbed });
  return t("recovered", { n: report.disturbed, s: report.recovery.toFixed(0) });
}
