// Where a resource is written, and its evaluated values.
import { html, useState } from "./ui.js";
import { useOnce } from "./live.js";
import { words } from "./words.js";
import { Problem, Resource, Waiting } from "./small.js";

const text = {
  en: { copy: "Copy", open: "Open in the editor", copied: "Copied", values: "Evaluated values", not_simulated: "Not simulated", empty: "empty values", nowhere: "Not written in these definitions" },
  ja: { copy: "コピー", open: "エディターで開く", copied: "コピーしました", values: "評価した値", not_simulated: "再現していないもの", empty: "空の値", nowhere: "この定義には書かれていません" },
};

// `address`: in Terraform. `short`: only the place.
export function Definition({ address, short = false }) {
  const t = words(text);
  const { data, error } = useOnce("definition", { address });
  const [all, setAll] = useState(false);
  if (!data) return html`<${Waiting} error=${error} />`;
  const place = data.file
    ? html`<${Place} file=${data.file} line=${data.line} path=${data.path} />`
    : html`<span class="faint">${t("nowhere")}</span>`;
  if (short) return place;
  const empty = data.values.filter(([, value]) => isEmpty(value));
  const shown = all ? data.values : data.values.filter(([, value]) => !isEmpty(value)).map(([name, value]) => [name, compact(value)]);
  return html`<div class="definition">
    <p class="definition-place"><${Resource} address=${address} /> ${place}</p>
    ${data.error && html`<${Problem} error=${{ message: data.error }} />`}
    ${data.not_simulated.length > 0 && html`<h3>${t("not_simulated")}</h3><ul class="plain">${data.not_simulated.map(
      (one) => html`<li class="note"><b>${one.title}</b> ${one.reason}</li>`)}</ul>`}
    <h3>${t("values")}</h3>
    <${Values} values=${shown} />
    ${!all && empty.length > 0 && html`<button type="button" class="button quiet" onClick=${() => setAll(true)}>+ ${empty.length} ${t("empty")}</button>`}
  </div>`;
}

const isEmpty = (value) =>
  value === null || value === "" || value === false || (typeof value === "object" && !Object.keys(value).length);

// Leaves out empty values at any depth: the provider has a value for each argument that exists.
function compact(value) {
  if (Array.isArray(value)) return value.map(compact);
  if (value === null || typeof value !== "object") return value;
  const kept = Object.entries(value).filter(([, each]) => !isEmpty(each));
  return Object.fromEntries(kept.map(([name, each]) => [name, compact(each)]));
}

// Names and values; `values`: pairs.
export function Values({ values }) {
  return html`<dl class="values">${values.map(([name, value]) => html`<div key=${name}><dt class="mono">${name}</dt><dd class="mono"><${Value} value=${value} /></dd></div>`)}</dl>`;
}

function Value({ value }) {
  if (value === null || value === undefined) return html`<span class="faint">null</span>`;
  if (typeof value === "object") return html`<pre class="value">${JSON.stringify(value, null, 2)}</pre>`;
  const shown = String(value);
  if (/^\s*[[{]/.test(shown)) return html`<pre class="value">${pretty(shown)}</pre>`;
  return shown;
}

function pretty(shown) {
  try {
    return JSON.stringify(JSON.parse(shown), null, 2);
  } catch {
    return shown;
  }
}

// `file:line`, copied by a click. The sign beside it opens VS Code, or another editor that has its kind of address.
export function Place({ file, line, path }) {
  const t = words(text);
  const [copied, set] = useState(false);
  const copy = async () => {
    await navigator.clipboard?.writeText(`${path || file}:${line}`);
    set(true);
    setTimeout(() => set(false), 1500);
  };
  return html`<button type="button" class="place mono" title=${t("copy")} onClick=${copy}>${copied ? t("copied") : `${file}:${line}`}</button>
    ${path?.startsWith("/") && html` <a class="place" href=${encodeURI(`vscode://file${path}:${line}`)} title=${t("open")} aria-label=${t("open")}>↗</a>`}`;
}
