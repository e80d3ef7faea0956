// The time of a page, in its address (`since`, `until`): presets, the traffic of that time to drag over, and two fields.
import { classes, html } from "./ui.js";
import { Graph } from "./graph.js";
import { useLatest } from "./latest.js";
import { useQuery } from "./router.js";
import { words } from "./words.js";

const text = {
  en: { presets: "Times", all: "all", m5: "5 min", h1: "1 h", h6: "6 h", d1: "1 d", since: "From", until: "Until", step: "↑ ↓: earlier, later", traffic: "Requests over time: drag to choose a time", requests: "requests", errors: "errors (5xx)" },
  ja: { presets: "期間", all: "すべて", m5: "5 分", h1: "1 時間", h6: "6 時間", d1: "1 日", since: "開始", until: "終了", step: "↑ ↓: 前後に動かす", traffic: "リクエストの推移: ドラッグで期間を選択", requests: "リクエスト", errors: "エラー（5xx）" },
};

const PRESETS = { "": "all", "5m": "m5", "1h": "h1", "6h": "h6", "1d": "d1" };
const HOUR = 3600;

export function Times() {
  const t = words(text);
  const [since, setSince] = useQuery("since");
  const [until, setUntil] = useQuery("until");
  const begin = momentOf(since);
  const { data } = useLatest("traffic", { span: begin === undefined ? "0" : String(Math.ceil((now() - begin) / HOUR) * HOUR) });
  const choose = (from, to = "") => {
    setSince(from);
    setUntil(to);
  };
  const step = data?.period || 60;
  return html`<div class="times">
    <div class="row"><span class="row" role="group" aria-label=${t("presets")}>${Object.entries(PRESETS).map(([one, word]) => html`<button type="button" key=${one}
        class=${classes("button quiet", one === since && !until && "pressed")} aria-pressed=${one === since && !until} onClick=${() => choose(one)}>${t(word)}</button>`)}</span>
      <${Moment} label=${t("since")} hint="1h" value=${since} set=${setSince} first=${data?.times[0]} step=${step} />
      <${Moment} label=${t("until")} hint="10m" value=${until} set=${setUntil} first=${now()} step=${step} /></div>
    ${data?.requests.some(Boolean) && html`<${Graph} label=${t("traffic")} times=${data.times} height=${84} onZoom=${(from, to) => choose(iso(from), iso(to))}
      band=${(since || until) && [begin ?? data.times[0], momentOf(until) ?? now()]}
      series=${[{ label: t("requests"), values: data.requests, colour: 1, fill: true }, { label: t("errors"), values: data.errors, colour: 5 }]} />`}</div>`;
}

// A field for a time: typed, or moved by the arrows from where it is, or from `first`.
function Moment({ label, hint, value, set, first, step }) {
  const t = words(text);
  const move = (event) => {
    const steps = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!steps) return;
    event.preventDefault();
    set(iso((momentOf(value) ?? first ?? now()) + steps * step));
  };
  return html`<label class="choice">${label} <input class="field since" type="text" value=${value} placeholder=${hint} title=${t("step")}
    onInput=${(event) => set(event.target.value)} onKeyDown=${move} autocomplete="off" spellcheck=${false} /></label>`;
}

const now = () => Date.now() / 1000;
const iso = (seconds) => `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
const UNITS = { s: 1, m: 60, h: HOUR, d: 24 * HOUR };

// Unix seconds of `10m` or a date with its time; undefined for what is neither.
export function momentOf(written) {
  const ago = /^(\d+)([smhd])$/.exec(written.trim());
  const found = ago ? now() - Number(ago[1]) * UNITS[ago[2]] : Date.parse(written) / 1000;
  return Number.isNaN(found) ? undefined : found;
}
