// One node of the picture: how it is, its ways, and all about its resource.
import { Drawer, Status, html, resource, words } from "../../lib/index.js";
import { Details } from "../resource/details.js";
import { text } from "./text.js";

export function NodeDrawer({ card, health, arrows, onClose }) {
  const t = words(text);
  const isResource = /^(module\.|aws_)/.test(card.id) && !card.id.includes(" ");
  const whole = isResource && html`<a class="button" href=${resource(card.id)}>${t("whole")}</a>`;
  return html`<${Drawer} title=${card.title} subtitle=${card.lines.join(" · ")} onClose=${onClose} actions=${whole}>
    ${health && html`<p class="row node-health"><${Status} kind=${health.tone} word=${health.word} /><span class="faint">${health.detail}</span></p>`}
    ${arrows.length > 0 && html`<h3>${t("ways")}</h3><ul class="ways">${arrows.map((one) => html`<li key=${one.source + one.target} class="row"><span>${one.from} → ${one.to}</span><span class="faint">${one.label}</span><span class="grow"></span>
      ${one.rate ? html`<${Status} kind=${one.rate.errors > 0 ? "bad" : "good"} word=${t("per_second", { n: one.rate.rate.toFixed(1) })} />` : ""}</li>`)}</ul>`}
    ${isResource && html`<${Details} address=${card.id} />`}
  <//>`;
}
