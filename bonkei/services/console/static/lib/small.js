// Small parts: times, sizes, states, empty places, confirmations.
import { html, classes, useEffect, useRef, useState, shared } from "./ui.js";
import { Name } from "./name.js";
import { language, words } from "./words.js";
import { resource } from "./router.js";
import { useKeys } from "./keys.js";
import { act } from "./live.js";

const text = {
  en: {
    now: "now", s: "{n} s ago", m: "{n} min ago", h: "{n} h ago", d: "{n} d ago", in_s: "in {n} s", in_m: "in {n} min",
    cancel: "Cancel", working: "Working…", failed: "It did not work", loading: "Loading…", filter: "Filter",
    done: "Done", copy: "Copy: {what}", copied: "Copied",
  },
  ja: {
    now: "今", s: "{n} 秒前", m: "{n} 分前", h: "{n} 時間前", d: "{n} 日前", in_s: "{n} 秒後", in_m: "{n} 分後",
    cancel: "やめる", working: "実行中…", failed: "実行できませんでした", loading: "読み込み中…", filter: "絞り込み",
    done: "完了", copy: "コピー: {what}", copied: "コピーしました",
  },
};

// Creating a formatter takes ten times as long as using it, and a table draws a hundred each second.
const formats = {};
const exactly = (lang) => (formats[lang] ||= new Intl.DateTimeFormat(lang, { dateStyle: "medium", timeStyle: "medium" }));

const clock = shared(Date.now());
setInterval(() => document.hidden || clock.set(Date.now()), 1000);

// `at`: Unix seconds. The exact time is in its title.
export function Ago({ at }) {
  const t = words(text);
  const now = clock.use();
  const lang = language.use();
  if (at === null || at === undefined) return html`<span class="faint">–</span>`;
  const date = new Date(at * 1000);
  const exact = exactly(lang).format(date);
  return html`<time datetime=${date.toISOString()} title=${exact}>${inWords(t, now / 1000 - at)}</time>`;
}

function inWords(t, seconds) {
  if (seconds < -60) return t("in_m", { n: Math.round(-seconds / 60) });
  if (seconds < -2) return t("in_s", { n: Math.round(-seconds) });
  if (seconds < 2) return t("now");
  if (seconds < 90) return t("s", { n: Math.round(seconds) });
  if (seconds < 5400) return t("m", { n: Math.round(seconds / 60) });
  if (seconds < 129600) return t("h", { n: Math.round(seconds / 3600) });
  return t("d", { n: Math.round(seconds / 86400) });
}

// The time of day, for lists.
export function At({ at, millis = false }) {
  const lang = language.use();
  const date = new Date(at * 1000);
  const shown = date.toLocaleTimeString("en-GB") + (millis ? `.${String(date.getMilliseconds()).padStart(3, "0")}` : "");
  return html`<time class="mono" datetime=${date.toISOString()} title=${date.toLocaleString(lang)}>${shown}</time>`;
}

export function bytes(n) {
  if (n === null || n === undefined) return "–";
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let index = 0;
  let size = n;
  while (size >= 1024 && index < units.length - 1) {
    size /= 1024;
    index += 1;
  }
  return `${index && size < 10 ? size.toFixed(1) : Math.round(size)} ${units[index]}`;
}

export const Bytes = ({ n }) => html`<span class="number">${bytes(n)}</span>`;

// Seconds in a form that people read.
export function duration(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 0.001) return `${Math.round(seconds * 1e6)} µs`;
  if (seconds < 1) return `${(seconds * 1000).toFixed(seconds < 0.01 ? 1 : 0)} ms`;
  if (seconds < 90) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  return `${Math.round(seconds / 60)} min`;
}

const KINDS = {
  good: { symbol: "●" },
  busy: { symbol: "◐" },
  warn: { symbol: "▲" },
  bad: { symbol: "✕" },
  off: { symbol: "○" },
};

// A state by colour, symbol and word. `kind`: good | busy | warn | bad | off; without one, by the word.
export function Status({ kind, word, title, quiet = false }) {
  const found = kind || kindOf(word);
  return html`<span class=${classes("status", found, quiet && "quiet")} title=${title}
    ><span class="symbol" aria-hidden="true">${KINDS[found].symbol}</span>${word}</span>`;
}

const BY_WORD = {
  good: ["HEALTHY", "RUNNING", "OK", "COMPLETED", "Succeeded", "SUCCEEDED", "healthy", "available", "ready", "PRIMARY"],
  busy: ["PROVISIONING", "PENDING", "ACTIVATING", "IN_PROGRESS", "InProgress", "initial", "draining", "starting",
    "creating", "DEACTIVATING", "STOPPING", "DEPROVISIONING", "QUEUED"],
  warn: ["UNKNOWN", "INSUFFICIENT_DATA", "degraded", "ROLLBACK"],
  bad: ["UNHEALTHY", "FAILED", "Failed", "ALARM", "unhealthy", "failed", "stopped unexpectedly", "denied"],
};

export function kindOf(word) {
  return Object.keys(BY_WORD).find((kind) => BY_WORD[kind].includes(word)) || "off";
}

export const Empty = ({ title, children }) => html`<div class="empty"><p class="empty-title">${title}</p>${children}</div>`;

// A placeholder until the data comes, or the reason why it cannot.
export function Waiting({ error }) {
  const t = words(text);
  if (!error) return html`<p class="waiting">${t("loading")}</p>`;
  return html`<${Problem} error=${error} />`;
}

export const Problem = ({ error }) => html`<div class="problem" role="alert">
  <p>${error.message}</p>${error.remedy && html`<p class="remedy">${error.remedy}</p>`}</div>`;

// A resource's address in Terraform, short, as a link to all about it.
export const Resource = ({ address, children }) =>
  html`<a class="resource mono" href=${resource(address)} title=${address}>${typeof children === "string" ? html`<${Name} of=${children} />` : children || address}</a>`;

// Copies a text, such as an ARN, and says so. `what`: its name, for those who do not see the sign.
export function Copy({ text: copied, what }) {
  const t = words(text);
  const [done, set] = useState(false);
  const copy = async () => {
    await navigator.clipboard?.writeText(copied);
    set(true);
    setTimeout(() => set(false), 1500);
  };
  return html`<button type="button" class="button quiet copy" title=${t("copy", { what })} aria-label=${t("copy", { what })} onClick=${copy}>${done ? t("copied") : "⧉"}</button>`;
}

// The filter of a page: `/` goes to it. Bind it with `useQuery("filter")`.
export function Filter({ value, onInput, label }) {
  const t = words(text);
  return html`<input class="filter" data-filter type="search" value=${value} aria-label=${label || t("filter")}
    placeholder=${`${label || t("filter")}  /`} onInput=${(event) => onInput(event.target.value)}
    autocomplete="off" spellcheck=${false} />`;
}

// A button that does an action at once, and says what went wrong. `confirm`: text to agree to first.
export function Act({ name, body, children, confirm, danger = false, onDone, title }) {
  const t = words(text);
  const [state, set] = useState({});
  const run = async () => {
    set({ working: true });
    try {
      const result = await act(name, body);
      set({ done: true });
      setTimeout(() => set((now) => (now.done ? {} : now)), 2500);
      onDone?.(result);
    } catch (error) {
      set({ error });
    }
  };
  const start = () => (confirm ? set({ asking: true }) : run());
  return html`<span class="act">
    <button type="button" class=${classes("button", danger && "danger")} disabled=${state.working} title=${title}
      onClick=${start}>${state.working ? t("working") : state.done ? t("done") : children}</button>
    ${state.asking && html`<${Confirm} title=${children} danger=${danger} onNo=${() => set({})} onYes=${run}>${confirm}<//>`}
    ${state.error && html`<${Confirm} title=${t("failed")} onNo=${() => set({})}><${Problem} error=${state.error} /><//>`}
  </span>`;
}

// A question before an action; without `onYes`, only a text to read. `working`: the action runs.
export function Confirm({ title, children, danger = false, onYes, onNo, working = false }) {
  const t = words(text);
  const box = useRef();
  useEffect(() => {
    const before = document.activeElement;
    if (!box.current.open) box.current.showModal();
    return () => before?.focus?.();
  }, []);
  useKeys({ Escape: onNo }, true);
  return html`<dialog class="confirm" ref=${box} aria-label=${title} onCancel=${(event) => { event.preventDefault(); onNo(); }}>
    <h2>${title}</h2><div class="confirm-text">${children}</div>
    <div class="row end">
      <button type="button" class="button" onClick=${onNo}>${onYes ? t("cancel") : "OK"}</button>
      ${onYes && html`<button type="button" class=${classes("button primary", danger && "danger")} disabled=${working} onClick=${onYes}>${working ? t("working") : title}</button>`}
    </div></dialog>`;
}
