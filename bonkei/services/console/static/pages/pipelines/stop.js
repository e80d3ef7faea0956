// Stops a run: after the actions under way, or at once.
import { Confirm, Problem, act, html, useState, words } from "../../lib/index.js";
import { text } from "./text.js";

export function Stop({ pipeline, run }) {
  const t = words(text);
  const [state, set] = useState({});
  const [reason, setReason] = useState("");
  const [abandon, setAbandon] = useState(false);
  const stop = async () => {
    try {
      await act("pipeline.stop", { pipeline, execution: run.id, reason, abandon });
      set({});
    } catch (error) {
      set({ asking: true, error });
    }
  };
  return html`<button type="button" class="button danger" onClick=${() => set({ asking: true })}>${t("stop")}</button>
    ${state.asking && html`<${Confirm} title=${t("stop")} danger=${true} onNo=${() => set({})} onYes=${stop}>
      <div class="form"><label>${t("reason")} <input class="field" value=${reason} maxlength="200" onInput=${(event) => setReason(event.target.value)} /></label>
      <label class="row"><input type="checkbox" checked=${abandon} onChange=${(event) => setAbandon(event.target.checked)} /> ${t("abandon")}</label></div>
      ${state.error && html`<${Problem} error=${state.error} />`}<//>`}`;
}
