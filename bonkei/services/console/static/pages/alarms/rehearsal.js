// The progress of a rehearsal, and the result of the last one.
import { At, Name, Status, duration, html, link, useState, useTopic, words } from "../../lib/index.js";
import { text } from "./text.js";

export function Rehearsal() {
  const t = words(text);
  const { data } = useTopic("alarms.rehearsal");
  const [closed, close] = useState(false);
  if (!data || (closed && data.over)) return null;
  const share = data.total ? data.done / data.total : 0;
  return html`<section class="panel" aria-label=${t("rehearsal")}>
    <div class="panel-head"><h2>${t("rehearsal")}</h2>
      <${Status} kind=${data.over ? (data.good === data.total ? "good" : "bad") : "busy"} word=${t("both_ways", { good: data.good, total: data.total })} />
      <span class="grow"></span>${data.over && html`<button type="button" class="button quiet" onClick=${() => close(true)} aria-label=${t("close")}>✕</button>`}</div>
    <progress class="rehearsed" max="1" value=${share} aria-label=${t("rehearsal")}></progress>
    ${!data.over && html`<p class="panel-body faint">${t("quick")}</p>`}
    <details class="panel-body" open=${true}><summary>${t("results")}</summary>
      <ul class="results">${data.results.map((one) => html`<${Result} key=${one.name} one=${one} over=${data.over} />`)}</ul></details>
  </section>`;
}

function Result({ one, over }) {
  const t = words(text);
  const [kind, word] = one.problem ? ["bad", t("failed")] : one.not_shown ? ["warn", t("unshown")] : one.both_ways ? ["good", t("done")]
    : over ? ["bad", t("cut")] : one.alarm_at ? ["busy", "ALARM"] : ["off", t("waits")];
  return html`<li><${Status} kind=${kind} word=${word} />
    <a href=${one.kind === "alarm" ? link("alarms", one.name) : undefined}><${Name} of=${one.name} /></a>
    <span class="times">${one.alarm_at && html`<${At} at=${one.alarm_at} />`}${one.ok_at && html` → <${At} at=${one.ok_at} />`}</span>
    <span class="cause">${one.cause && html`<b>${one.injected ? t("injected") : t("real")}</b> ${one.cause}`}${one.problem && html` <span class="bad-text">${one.problem}</span>`}${one.not_shown && html` <span>${t("unshown")}: ${one.not_shown}</span>`}
      ${one.slack.map((said) => html`<div class="faint">Slack ${t("later", { time: duration(said.after) })}: ${said.text}</div>`)}</span></li>`;
}
