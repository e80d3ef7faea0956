// Terraform's plan: what it destroys first, each change with its lines, and the original text.
import { html, useState, words } from "../../lib/index.js";
import { text } from "./text.js";

const SIGNS = { create: "+", update: "~", replace: "±", destroy: "−", read: "⇐", forget: "∅", import: "←", move: "→" };

export function Plan({ plan }) {
  const t = words(text);
  const [raw, setRaw] = useState(false);
  return html`<div class="plan" role="region" aria-label=${t("plan")}>
    <div class="row"><h3>${t("plan")}</h3><${Counts} plan=${plan} /><span class="grow"></span>
      <button type="button" class="button quiet" aria-pressed=${raw} onClick=${() => setRaw(!raw)}>${raw ? t("by_resource") : t("raw")}</button></div>
    ${plan.failed && html`<p class="problem" role="alert">${t("plan_failed")}</p>`}
    ${!plan.whole && html`<p class="note">${t("not_whole")}</p>`}
    ${plan.more && html`<p class="note">${t("plan_more")}</p>`}
    ${raw ? html`<pre class="plan-raw" tabindex="0">${plan.raw}</pre>` : html`${plan.changes.map((one) => html`<${Change} key=${`${one.verb} ${one.address}`} change=${one} />`)}
      ${plan.outputs.length > 0 && html`<details class="change" open><summary><b>${t("outputs")}</b></summary><${Lines} lines=${plan.outputs} /></details>`}`}
  </div>`;
}

function Counts({ plan }) {
  const t = words(text);
  const found = ["import", "add", "change", "destroy", "forget"].filter((name) => plan.counts[name] !== undefined);
  if (!found.length) return html`<span class="faint">${t("no_changes")}</span>`;
  return html`<span class="row counts">${found.map((name) => html`<span key=${name} class=${`count-${name} ${plan.counts[name] ? "some" : ""}`}>${t(`count_${name}`, { n: plan.counts[name] })}</span>`)}</span>`;
}

function Change({ change }) {
  const t = words(text);
  const dangerous = change.verb === "destroy" || change.verb === "replace";
  return html`<details class=${`change ${change.verb}`} open=${dangerous}><summary>
      <span class="sign" aria-hidden="true">${SIGNS[change.verb]}</span> <span class="verb">${t(`verb_${change.verb}`)}</span> <span class="mono">${change.address}</span>
      ${change.note && html` <span class="faint">${change.note}</span>`}</summary>
    <${Lines} lines=${change.lines} />${change.cut > 0 && html`<p class="faint">${t("lines_cut", { n: change.cut })}</p>`}</details>`;
}

function Lines({ lines }) {
  return html`<pre class="plan-lines" tabindex="0">${lines.map(([kind, line], i) => html`<span key=${i} class=${kind}>${line}${"\n"}</span>`)}</pre>`;
}
