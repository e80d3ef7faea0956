// What waits for an answer: the words of the approval, the plan that it is about, and the answer.
import { Confirm, Problem, act, html, language, useState, useTopic, words } from "../../lib/index.js";
import { Plan } from "./plan.js";
import { text } from "./text.js";

export function Approval({ pipeline, approval }) {
  const t = words(text);
  const lang = language.use();
  const { data } = useTopic("pipelines.plan", { pipeline, execution: approval.execution });
  const [asking, ask] = useState();
  return html`<section class="panel approval" aria-label=${t("approval", { action: approval.action })}>
    <div class="panel-head"><h2>${t("approval", { action: approval.action })}</h2><span class="mono faint">${approval.execution.slice(0, 8)}</span>
      <span class="faint">${t("expires", { when: new Date(approval.expires * 1000).toLocaleString(lang, { dateStyle: "medium", timeStyle: "short" }) })}</span><span class="grow"></span>
      <button type="button" class="button danger" onClick=${() => ask("reject")}>${t("reject")}</button>
      <button type="button" class="button primary" onClick=${() => ask("approve")}>${t("approve")}</button></div>
    <div class="panel-body">${approval.summary && html`<p class="custom">${approval.summary}</p>`}
      ${data?.plan && html`<${Plan} plan=${data.plan} />`}
      ${data && !data.plan && html`<p class="faint">${t("no_plan")}</p>`}</div>
    ${asking && html`<${Answer} pipeline=${pipeline} approval=${approval} plan=${data?.plan} verb=${asking} onClose=${() => ask()} />`}
  </section>`;
}

function Answer({ pipeline, approval, plan, verb, onClose }) {
  const t = words(text);
  const [comment, setComment] = useState("");
  const [error, fail] = useState();
  const answer = async () => {
    try {
      await act("pipeline.answer", { pipeline, run: approval.run, approved: verb === "approve", comment });
      onClose();
    } catch (failure) {
      fail(failure);
    }
  };
  return html`<${Confirm} title=${t(verb)} danger=${verb === "reject" || (plan?.counts.destroy || 0) > 0} onNo=${onClose} onYes=${answer}>
    <p>${t(`${verb}_text`, { action: approval.action, run: approval.execution.slice(0, 8) })}</p>
    ${plan?.counts.destroy > 0 && verb === "approve" && html`<p class="note">${t("destroys", { n: plan.counts.destroy })}</p>`}
    ${plan && !plan.whole && verb === "approve" && html`<p class="note">${t("not_whole")}</p>`}
    <div class="form"><label>${t("comment")} <input class="field" value=${comment} maxlength="512" onInput=${(event) => setComment(event.target.value)} /></label></div>
    ${error && html`<${Problem} error=${error} />`}<//>`;
}
