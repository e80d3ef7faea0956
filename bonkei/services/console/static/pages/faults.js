// Faults: what is broken on purpose and for how long, and drills that show what visitors notice.
import { Act, At, Empty, Status, Table, Waiting, duration, html, useTopic, words } from "../lib/index.js";
import { Begin } from "./faults/begin.js";
import { Drills } from "./faults/drill.js";
import { text } from "./faults/text.js";

export const style = "/pages/faults/faults.css";

export function Page() {
  const t = words(text);
  const { data, error } = useTopic("faults");
  if (!data) return html`<div class="page"><${Waiting} error=${error} /></div>`;
  return html`<div class="page">
    <div class="page-head"><h1>${t("title")}</h1><span class="about">${t("about")}</span><span class="grow"></span>
      ${data.active.length > 0 && html`<${Act} name="fault.end" body=${{ all: true }}>${t("end_all")}<//>`}</div>
    <section class="panel" aria-label=${t("lasting")}><div class="panel-head"><h2>${t("lasting")}</h2></div>
      ${data.active.length ? html`<${Lasting} faults=${data.active} />` : html`<${Empty} title=${t("none")} />`}</section>
    <section class="panel" aria-label=${t("begin")}><div class="panel-head"><h2>${t("begin")}</h2></div>
      <${Begin} targets=${data.targets} /></section>
    <${Drills} files=${data.drills} />
    ${data.past.length > 0 && html`<section class="panel" aria-label=${t("past")}><div class="panel-head"><h2>${t("past")}</h2></div><${Past} faults=${data.past} /></section>`}
  </div>`;
}

function Lasting({ faults }) {
  const t = words(text);
  const columns = [
    { key: "words", title: t("fault"), cell: (one) => html`<${Status} kind="warn" word=${one.words} />` },
    { key: "touches", title: t("touches"), wide: true, cell: (one) => one.touches.join(", ") || t("nothing") },
    { key: "left", title: t("left"), end: true, value: (one) => one.left, cell: (one) => html`<span class="left">
      <progress max=${one.seconds} value=${one.left} aria-label=${t("left")}></progress> ${t("seconds", { n: Math.ceil(one.left) })}</span>` },
    { key: "end", title: t("end"), end: true, cell: (one) => html`<${Act} name="fault.end" body=${{ id: one.id }}>${t("end")}<//>` },
  ];
  return html`<${Table} name="faults" label=${t("lasting")} columns=${columns} rows=${faults} />`;
}

function Past({ faults }) {
  const t = words(text);
  const columns = [
    { key: "at", title: t("at"), cell: (one) => html`<${At} at=${one.at} />` },
    { key: "words", title: t("fault"), cell: (one) => one.words },
    { key: "touches", title: t("touches"), wide: true, cell: (one) => html`<span class="faint">${one.touches.join(", ")}</span>` },
    { key: "seconds", title: t("lasted"), end: true, value: (one) => one.seconds, cell: (one) => duration(one.seconds) },
    { key: "ended", title: t("why"), cell: (one) => html`<span class="faint">${one.ended}</span>` },
  ];
  return html`<${Table} name="faults.past" label=${t("past")} columns=${columns} rows=${faults} />`;
}
