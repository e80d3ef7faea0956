// Small parts of the permissions' page.
import { Place, Resource, html, words } from "../../lib/index.js";
import { text } from "./text.js";

// Where a policy is written; AWS's own are nowhere.
export function Where({ place }) {
  const t = words(text);
  if (!place.file) return html`<span class="mono faint">${place.address || t("aws")}</span>`;
  return html`<span class="row"><${Place} file=${place.file} line=${place.line} /><${Resource} address=${place.address} /></span>`;
}

const LISTS = ["actions", "not_actions", "resources", "not_resources", "principals", "not_principals", "conditions"];

export function Statement({ statement }) {
  const t = words(text);
  return html`<div class="statement"><p class="row"><b class=${statement.effect === "Deny" ? "reason" : ""}>${statement.effect}</b>
      ${statement.sid && html`<span class="mono">${statement.sid}</span>`}<${Where} place=${statement.place} /></p>
    <dl class="values">${LISTS.filter((name) => statement[name]).map((name) => html`<div key=${name}><dt>${t(name)}</dt><dd class="mono">${statement[name].join(", ")}</dd></div>`)}</dl></div>`;
}
