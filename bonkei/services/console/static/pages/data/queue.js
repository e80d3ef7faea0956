// A queue and its messages, which are viewed without being received.
import { Ago, Empty, Status, Waiting, html, link, words } from "../../lib/index.js";
import { Content, Head, useAsk } from "./parts.js";
import { text } from "./text.js";

const PAGE = 25;
const KINDS = { visible: "good", "in flight": "busy", delayed: "off" };

export function Queue({ query }) {
  const t = words(text);
  const first = Number(query.first) || 0;
  const { data, error, reload } = useAsk("data.messages", { queue: query.name, first });
  return html`<div class="page"><${Head} title=${query.name} kind="queue" reload=${reload} />
    <p class="faint">${t("not_received")}</p>
    ${!data ? html`<${Waiting} error=${error} />` : html`<section class="panel" aria-label=${t("messages")}><div class="panel-head"><h2>${t("messages")}</h2><span class="faint">${t("of_all", { from: data.total ? first + 1 : 0, to: first + data.messages.length, n: data.total })}</span><span class="grow"></span>
      ${first > 0 && html`<a class="button" href=${link("data", "queue", { name: query.name, first: Math.max(0, first - PAGE) })}>${t("page_before")}</a>`}
      ${first + data.messages.length < data.total && html`<a class="button" href=${link("data", "queue", { name: query.name, first: first + PAGE })}>${t("next_page")}</a>`}</div>
      ${data.messages.length ? html`<ol class="messages">${data.messages.map((one) => html`<li key=${one.id}><details><summary>
        <${Status} kind=${KINDS[one.state]} word=${t(one.state.replace(" ", "_"))} /><span class="mono message-text">${one.text.split("\n")[0].slice(0, 160)}</span>
        <span class="message-when">${one.received > 0 && html`<span class="faint">${t("received", { n: one.received })}</span> `}<${Ago} at=${one.sent} /></span></summary>
        <div class="panel-body"><p class="faint mono">${one.id}${one.group && ` · ${one.group}`}</p>
          ${one.attributes.map(([name, value]) => html`<p class="mono" key=${name}><span class="faint">${name}</span> ${value}</p>`)}<${Content} content=${one} /></div></details></li>`)}</ol>` : html`<${Empty} title=${t("no_messages")} />`}</section>`}
  </div>`;
}
