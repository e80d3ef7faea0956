// The form that begins a fault. Only what a kind and a target can have is offered.
import { Problem, act, html, shortened, useState, words } from "../../lib/index.js";
import { text } from "./text.js";

const KINDS = ["kill", "freeze", "slow", "refuse", "fill"];
const WHATS = { database: ["connections"] };
const REFUSALS = ["internal", "throttle", "unavailable"];

export function Begin({ targets }) {
  const t = words(text);
  const [asked, set] = useState({ kind: "slow", seconds: 30, latency: 500, refusal: "internal" });
  const [state, say] = useState({});
  const change = (name) => (event) => {
    const { type, value, valueAsNumber } = event.target;
    set({ ...asked, [name]: type === "number" ? valueAsNumber : value });
  };
  const possible = targets.filter((one) => one.faults.includes(asked.kind));
  const target = possible.find((one) => one.target === asked.target) || possible.find((one) => one.kind === "service") || possible[0];
  const whats = WHATS[target?.kind] || ["memory", "disk", "processor"];
  const what = whats.includes(asked.what) ? asked.what : whats[0];
  const begin = async (event) => {
    event.preventDefault();
    say({ working: true });
    try {
      await act("fault.start", bodyOf(asked, target, what));
      say({});
    } catch (error) {
      say({ error });
    }
  };
  if (!target) return html`<p class="panel-body faint">${t("nothing")}</p>`;
  return html`<form class="panel-body begin" onSubmit=${begin}>
    <${Choice} label=${t("kind")} value=${asked.kind} values=${KINDS} words=${(one) => t(one)} onChange=${change("kind")} />
    <label>${t("target")}<select class="field" aria-label=${t("target")} value=${target.target} onChange=${change("target")}>
      ${possible.map((one) => html`<option key=${one.target} value=${one.target} selected=${one === target}>${shortened(named(one))}</option>`)}</select></label>
    <${Amount} label=${t("for")} unit="s" value=${asked.seconds} min=${1} max=${3600} onInput=${change("seconds")} />
    ${asked.kind === "slow" && html`<${Amount} label=${t("latency")} unit="ms" value=${asked.latency} min=${1} max=${60000} onInput=${change("latency")} />`}
    ${asked.kind === "refuse" && target.kind === "aws" && html`<${Choice} label=${t("refusal")} value=${asked.refusal} values=${REFUSALS} onChange=${change("refusal")} />`}
    ${asked.kind === "fill" && html`<${Choice} label=${t("what")} value=${what} values=${whats} words=${(one) => t(one)} onChange=${change("what")} />`}
    <button type="submit" class="button" disabled=${state.working}>${t("begin")}</button>
    ${state.error && html`<${Problem} error=${state.error} />`}
  </form>`;
}

const named = (one) => (one.kind === "task" ? `task:${one.name.slice(0, 8)}` : one.target) + (one.about ? ` (${one.about})` : "");

function bodyOf(asked, target, what) {
  const body = { kind: asked.kind, target: target.target, seconds: asked.seconds };
  if (asked.kind === "slow") body.latency = asked.latency / 1000;
  if (asked.kind === "refuse" && target.kind === "aws") body.refusal = asked.refusal;
  if (asked.kind === "fill") body.what = what;
  return body;
}

const Choice = ({ label, value, values, words: say = String, onChange }) => html`<label>${label}<select class="field" aria-label=${label} value=${value} onChange=${onChange}>
  ${values.map((one) => html`<option key=${one} value=${one} selected=${one === value}>${say(one)}</option>`)}</select></label>`;

const Amount = ({ label, unit, value, min, max, onInput }) => html`<label>${label} (${unit})<input class="field amount" aria-label=${`${label} (${unit})`} type="number" required
  value=${value} min=${min} max=${max} onInput=${onInput} /></label>`;
