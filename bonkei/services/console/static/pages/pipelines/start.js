// Starts a run of the working copy's commit, or of the branch's.
import { Confirm, Problem, act, go, html, useState, words } from "../../lib/index.js";
import { text } from "./text.js";

export function Start({ pipeline }) {
  const t = words(text);
  const [state, set] = useState({});
  const [copy, setCopy] = useState(true);
  const start = async () => {
    set({ asking: true, working: true });
    try {
      const done = await act("pipeline.start", { pipeline: pipeline.name, working_copy: pipeline.from_commit && copy });
      set(done.notes.length ? { notes: done.notes } : {});
      go("pipelines", pipeline.name, { run: done.execution });
    } catch (error) {
      set({ asking: true, error });
    }
  };
  return html`<button type="button" class="button" onClick=${() => set({ asking: true })}>${t("start")}</button>
    ${state.asking && html`<${Confirm} title=${state.working ? t("working") : t("start")} onNo=${() => set({})} onYes=${state.working ? undefined : start}>
      <p>${t("start_text", { name: pipeline.name })}</p>
      ${pipeline.from_commit && html`<fieldset class="choice"><legend class="visually-hidden">${t("source")}</legend>
        <label class="row"><input type="radio" name="source" checked=${copy} onChange=${() => setCopy(true)} /> ${t("working_copy")}</label>
        <label class="row"><input type="radio" name="source" checked=${!copy} onChange=${() => setCopy(false)} /> ${t("branch")}</label></fieldset>`}
      ${state.error && html`<${Problem} error=${state.error} />`}<//>`}
    ${state.notes && html`<${Confirm} title=${t("started")} onNo=${() => set({})}><ul class="plain">${state.notes.map((note) => html`<li>${note}</li>`)}</ul><//>`}`;
}
