// Denied calls, grouped: why, the policies that were searched, and what would allow them.
import { Ago, Name, Status, html, link, words } from "../../lib/index.js";
import { Where } from "./parts.js";
import { text } from "./text.js";

export function Denied({ calls }) {
  const t = words(text);
  return html`<ul class="denied">${calls.map((one) => html`<li key=${`${one.role} ${one.caller} ${one.action} ${one.resource} ${one.why}`}>
    <details><summary><${Status} kind=${one.enforced ? "bad" : "warn"} word=${t(one.enforced ? "was_denied" : "would_be_denied")} />
      <b><${Name} of=${one.who} /></b> <span class="mono">${one.action}</span> <span class="mono faint resource-name">${one.resource}</span>
      <span class="denied-when">${one.count > 1 && html`<span class="number">${t("times", { n: one.count })}</span> `}<${Ago} at=${one.last} /></span></summary>
      <div class="denied-why"><p>${one.why}</p><p class="faint">${one.message}</p>
        ${one.places.length > 0 && html`<h3>${t("looked_at")}</h3><ul class="plain">${one.places.map((place) => html`<li key=${place.address}><${Where} place=${place} /></li>`)}</ul>`}
        ${one.absent_keys.length > 0 && html`<p class="faint">${t("absent", { keys: one.absent_keys.join(", ") })}</p>`}
        ${one.would_allow && html`<h3>${t("would_allow")}</h3><pre class="command">${one.would_allow}</pre>`}
        ${one.role && !one.network && html`<p><a href=${link("permissions", "", { role: one.role.split("/").pop(), action: one.action, on: one.resource })}>${t("ask_again")}</a></p>`}
      </div></details></li>`)}</ul>`;
}
