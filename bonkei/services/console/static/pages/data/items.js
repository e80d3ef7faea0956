// A table of DynamoDB: its items by the page.
import { Empty, Waiting, html, link, words } from "../../lib/index.js";
import { Cell, Head, useAsk } from "./parts.js";
import { text } from "./text.js";

export function Items({ query }) {
  const t = words(text);
  const { data, error, reload } = useAsk("data.items", { table: query.name, following: query.following });
  return html`<div class="page"><${Head} title=${query.name} kind="table" reload=${reload} />
    ${!data ? html`<${Waiting} error=${error} />` : html`<section class="panel" aria-label=${t("items")}><div class="panel-head"><h2>${t("items")}</h2><span class="grow"></span>
      ${query.following && html`<a class="button" href=${link("data", "table", { name: query.name })}>${t("first_page")}</a>`}
      ${data.following && html`<a class="button" href=${link("data", "table", { name: query.name, following: data.following })}>${t("next_page")}</a>`}</div>
      ${data.items.length ? html`<ol class="items">${data.items.map((item, i) => html`<li key=${i}><dl class="values">${item.values.map(([name, kind, value, length]) => html`<div key=${name}><dt class="mono">${name} <span class="faint">${kind}</span></dt><dd class="mono"><${Cell} value=${value} length=${length} /></dd></div>`)}</dl>
        ${item.more > 0 && html`<p class="faint">${t("more_attributes", { n: item.more })}</p>`}</li>`)}</ol>` : html`<${Empty} title=${t("no_items")} />`}</section>`}
  </div>`;
}
