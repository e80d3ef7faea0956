// The history: deployments with reasons, tasks, targets, scaling decisions.
import { Ago, At, Empty, Name, Status, Waiting, html, link, useTopic, words } from "../../lib/index.js";
import { text } from "./text.js";

export function Timeline({ query, filter = "" }) {
  const { data, error } = useTopic("tasks.timeline", query);
  if (!data) return html`<${Waiting} error=${error} />`;
  return html`<${Entries} entries=${data} filter=${filter} />`;
}

export function Entries({ entries, filter = "" }) {
  const t = words(text);
  const wanted = filter.toLowerCase();
  const shown = entries.filter((one) => !wanted || `${one.service} ${one.task} ${one.word} ${one.reason} ${one.about}`.toLowerCase().includes(wanted));
  if (!shown.length) return html`<${Empty} title=${t("no_events")} />`;
  const names = { deployment: t("deployment"), task: t("task"), target: t("target"), scaling: t("scaling_kind") };
  return html`<ol class="timeline">${shown.map((one) => html`<li key=${one.number} class=${one.tone}>
    <span class="timeline-at"><${At} at=${one.at} /></span>
    <span class="timeline-kind faint">${names[one.kind]}</span>
    <${Status} kind=${one.tone} word=${one.word} />
    <span class="timeline-about">${one.service && html`<b><${Name} of=${one.service} /></b> `}${one.task && html`<a class="mono" href=${link("tasks", one.task)}>${one.task.slice(0, 8)}</a> `}${one.about && html`<span class="mono faint"><${Name} of=${one.about} /></span>`}</span>
    <span class="timeline-reason">${one.reason}</span>
    <span class="faint timeline-ago"><${Ago} at=${one.at} /></span></li>`)}</ol>`;
}
