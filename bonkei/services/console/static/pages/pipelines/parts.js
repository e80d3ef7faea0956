// Small parts of the pipelines' pages.
import { Status, duration, html, useEffect, useState, words } from "../../lib/index.js";
import { text } from "./text.js";

const KINDS = {
  Succeeded: "good", InProgress: "busy", Stopping: "busy", Failed: "bad", Cancelled: "warn", Abandoned: "warn",
  Stopped: "warn", Superseded: "off", Skipped: "off", Approved: "good", Rejected: "bad",
};

// For `Status`: the word that CodePipeline has, and its kind.
export const statusOf = (t, word, waits = false) =>
  waits ? { kind: "warn", word: t("waiting") } : { kind: KINDS[word] || "off", word: word || t("not_yet") };

// How long something took, or has taken so far.
export function Elapsed({ from, to }) {
  const [now, tick] = useState(Date.now() / 1000);
  const running = from && !to;
  useEffect(() => {
    if (!running) return undefined;
    const timer = setInterval(() => tick(Date.now() / 1000), 1000);
    return () => clearInterval(timer);
  }, [running]);
  return from ? html`<span class="number">${duration(Math.max(0, (to || now) - from))}</span>` : null;
}

export function StageChips({ stages }) {
  const t = words(text);
  return html`<ol class="chips" aria-label=${t("stages")}>${stages.map((one) => html`<li key=${one.name}>
    <span class="chip-name">${one.name}</span> <${Status} ...${statusOf(t, one.status)} quiet=${true} /></li>`)}</ol>`;
}

// A text of many lines: the first one, and the rest when it is opened.
export function Words({ value, kind = "" }) {
  if (!value) return null;
  const [first, ...rest] = value.split("\n");
  if (!rest.length && first.length < 180) return html`<span class=${kind}>${first}</span>`;
  return html`<details class=${`words ${kind}`}><summary>${first.slice(0, 180)}</summary><pre>${value}</pre></details>`;
}
