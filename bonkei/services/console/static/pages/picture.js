// The declared architecture, live: health of each node, requests on each arrow, closed ways.
import { Empty, Resource, Status, Waiting, classes, go, html, link, useOnce, useState, useTopic, words } from "../lib/index.js";
import { Scene } from "./picture/scene.js";
import { NodeDrawer } from "./picture/drawer.js";
import { text } from "./picture/text.js";

export const style = ["/pages/picture/picture.css", "/pages/resource/resource.css"];

export function Page({ id, query }) {
  const t = words(text);
  const name = query.name || "";
  const { data: picture, error } = useOnce("picture", { name });
  const { data: live, stale } = useTopic("picture.live");
  const { data: overview } = useTopic("overview");
  if (!picture) return html`<div class="page"><${Waiting} error=${error} /></div>`;
  const { scene, tabs } = picture;
  if (!scene) return html`<${Starting} overview=${overview} />`;
  const chosen = scene.cards.find((card) => card.id === id);
  return html`<div class=${classes("split picture", chosen && "open")}>
    <div class="page picture-page">
      <div class="page-head"><h1>${t("title")}</h1>
        <nav class="tabs" aria-label=${t("pictures")}>${tabs.map((tab) => html`<a key=${tab.name} href=${link("picture", "", { name: tab.name })} class=${classes("tab", tab.name === scene.name && "here")} aria-current=${tab.name === scene.name ? "true" : undefined}>${t(`diagram_${tab.name}`) === `diagram_${tab.name}` ? tab.title : t(`diagram_${tab.name}`)}</a>`)}</nav>
        <span class="grow"></span>${live && html`<${Flowing} live=${live} />`}</div>
      ${overview?.state === "starting" && html`<${Lines} lines=${overview.lines} />`}
      <${Scene} scene=${scene} live=${stale ? undefined : live} chosen=${id} onOpen=${(card) => go("picture", card.id, { name })} />
      ${live && html`<${Notes} live=${live} gaps=${picture.not_simulated} />`}
    </div>
    ${chosen && html`<${NodeDrawer} key=${id} card=${chosen} health=${live?.nodes[id]} arrows=${arrowsOf(scene, live, id)} onClose=${() => go("picture", "", { name })} />`}
  </div>`;
}

function arrowsOf(scene, live, id) {
  const titles = Object.fromEntries(scene.cards.map((card) => [card.id, card.title]));
  const rates = live?.arrows || [];
  return scene.lines
    .filter((line) => line.source === id || line.target === id)
    .map((line) => ({ ...line, rate: rates.find((one) => one.source === line.source && one.target === line.target), from: titles[line.source], to: titles[line.target] }));
}

// What viewers send now, and how it ends.
function Flowing({ live }) {
  const t = words(text);
  const first = live.arrows.filter((one) => one.source === "viewers");
  const rate = first.reduce((sum, one) => sum + one.rate, 0);
  const errors = first.reduce((sum, one) => sum + one.errors, 0);
  return html`<span class="flowing number">${t("rate", { n: rate.toFixed(1) })}${errors > 0 && html` <${Status} kind="bad" word=${t("errors", { n: errors.toFixed(1) })} />`}</span>`;
}

// The messages of the start, until there is anything to draw.
function Starting({ overview }) {
  const t = words(text);
  if (overview?.state !== "starting") return html`<${Empty} title=${t("nothing")} />`;
  return html`<div class="page"><div class="page-head"><h1>${t("starting")}</h1></div><${Lines} lines=${overview.lines} /></div>`;
}

const Lines = ({ lines }) => html`<pre class="panel panel-body start-lines" role="log">${lines.filter((line) => !line.startsWith("Console:")).join("\n")}</pre>`;

function Notes({ live, gaps }) {
  const t = words(text);
  const [all, setAll] = useState(false);
  const missing = gaps.filter((one) => one.category !== "declarative");
  const declarative = gaps.filter((one) => one.category === "declarative");
  const shown = all ? [...missing, ...declarative] : missing;
  return html`<div class="picture-notes">
    <section class="panel"><div class="panel-head"><h2>${t("enforced")}</h2><${Status} kind=${live.enforce === "on" ? "good" : live.enforce === "report" ? "warn" : "off"} word=${t(`enforce_${live.enforce}`)} /></div>
      <div class="panel-body">${live.closed.length === 0
        ? html`<p class="faint">${t("all_open")}</p>`
        : html`<ul class="closed">${live.closed.map((one) => html`<li key=${one.source + one.target}><${Status} kind="bad" word=${`${one.source} → ${one.target}`} /><p class="faint">${one.why}</p></li>`)}</ul>`}</div></section>
    <section class="panel"><div class="panel-head"><h2>${t("not_simulated")}</h2><span class="faint">${t("kinds", { n: missing.length })}</span><span class="grow"></span>
      <button type="button" class="button quiet" aria-expanded=${all} onClick=${() => setAll(!all)}>${all ? t("fewer") : t("declarative", { n: declarative.length })}</button></div>
      <div class="panel-body"><ul class="missing">${shown.map((one) => html`<li key=${one.kind + one.address + one.reason}><span class="mono">${one.kind}</span>${one.count > 1 && html` <span class="faint">×${one.count}</span>`} ${one.address && html`<${Resource} address=${one.address} />`}<p class="faint">${one.reason}</p></li>`)}</ul></div></section>
  </div>`;
}
