// Whether a role may do something: the decision, the statement behind it, and related statements.
import { Problem, Status, ask, go, html, place, shortened, useEffect, useState, words } from "../../lib/index.js";
import { Statement, Where } from "./parts.js";
import { text } from "./text.js";

export function Ask({ roles }) {
  const t = words(text);
  const { query } = place.use();
  const [given, set] = useState({ role: query.role || roles[0]?.name || "", action: query.action || "", on: query.on || "", context: query.context || "" });
  const [state, see] = useState({});
  const change = (name) => (event) => set({ ...given, [name]: event.target.value });
  useEffect(() => {
    if (!query.role || !query.action) return;
    set({ role: query.role, action: query.action, on: query.on || "", context: query.context || "" });
    see({ asked: true });
    ask("permissions.ask", { role: query.role, action: query.action, resource: query.on || "*", context: query.context })
      .then((answer) => see({ answer }), (error) => see({ error }));
  }, [query.role, query.action, query.on, query.context]);
  const submit = (event) => {
    event.preventDefault();
    see({});
    const { role, ...rest } = given;
    go("permissions", "", { filter: query.filter, role: role || roles[0]?.name, ...rest });
  };
  return html`<section class="panel" aria-label=${t("question")}><div class="panel-head"><h2>${t("question")}</h2></div>
    <form class="panel-body ask" onSubmit=${submit}>
      <label>${t("role")} <select class="field" value=${given.role} onChange=${change("role")}>${roles.map((one) => html`<option key=${one.arn} value=${one.name}>${shortened(one.name)}</option>`)}</select></label>
      <label>${t("action")} <input class="field mono" required value=${given.action} placeholder="s3:GetObject" onInput=${change("action")} autocomplete="off" spellcheck=${false} /></label>
      <label class="ask-on">${t("resource")} <input class="field mono" value=${given.on} placeholder="arn:aws:s3:::bucket/key" onInput=${change("on")} autocomplete="off" spellcheck=${false} /></label>
      <details class="ask-context" open=${Boolean(given.context)}><summary>${t("context")}</summary>
        <textarea class="field mono" rows="2" aria-label=${t("context")} placeholder="aws:SourceIp=10.0.0.1" onInput=${change("context")} value=${given.context}></textarea></details>
      <button class="button primary" type="submit">${t("ask")}</button>
    </form>
    ${state.error && html`<div class="panel-body"><${Problem} error=${state.error} /></div>`}
    ${state.answer && html`<${Answer} answer=${state.answer} />`}
  </section>`;
}

function Answer({ answer }) {
  const t = words(text);
  const word = answer.unknown.length ? "unknown" : answer.allowed ? "allowed" : answer.explicit ? "denied_explicitly" : "not_allowed";
  const kind = { unknown: "warn", allowed: "good", denied_explicitly: "bad", not_allowed: "bad" }[word];
  return html`<div class="panel-body answer" role="status">
    <p class="row"><${Status} kind=${kind} word=${t(word)} /><span class="faint">${answer.reason}</span></p>
    ${answer.unknown.map((one) => html`<p class="note mono" key=${one}>${one}</p>`)}
    ${answer.message && html`<p>${answer.message}</p>`}
    ${answer.statement && html`<h3>${t("decides")}</h3><${Statement} statement=${answer.statement} />`}
    ${answer.absent_keys.length > 0 && html`<p class="faint">${t("absent", { keys: answer.absent_keys.join(", ") })}</p>`}
    ${!answer.allowed && answer.near.length > 0 && html`<h3>${t("near")}</h3>${answer.near.map((one, i) => html`<${Statement} key=${i} statement=${one} />`)}`}
    ${!answer.allowed && !answer.statement && answer.looked_at.length > 0 && html`<h3>${t("looked_at")}</h3>
      <ul class="plain">${answer.looked_at.map((one) => html`<li key=${one.address}><${Where} place=${one} /></li>`)}</ul>`}
  </div>`;
}
