// Data: what buckets, queues, tables, parameters, secrets and databases hold. Nothing here changes any of it.
import { Empty, Filter, Name, Resource, Status, Table, Waiting, html, link, useQuery, useTopic, words } from "../lib/index.js";
import { Bucket } from "./data/bucket.js";
import { Database } from "./data/database.js";
import { Queue } from "./data/queue.js";
import { Secrets } from "./data/secrets.js";
import { Items } from "./data/items.js";
import { text } from "./data/text.js";

export const style = "/pages/data/data.css";

const VIEWS = { bucket: Bucket, queue: Queue, table: Items, database: Database, secrets: Secrets };

export function Page({ id, query }) {
  const View = VIEWS[id];
  return View ? html`<${View} key=${`${id} ${query.name}`} query=${query} />` : html`<${All} />`;
}

function All() {
  const t = words(text);
  const { data, error } = useTopic("data");
  const [filter, setFilter] = useQuery("filter");
  if (!data) return html`<div class="page"><div class="page-head"><h1>${t("title")}</h1></div><${Waiting} error=${error} /></div>`;
  const fits = (one) => one.name.toLowerCase().includes(filter.toLowerCase());
  const is = (kind) => (one) => link("data", kind, { name: one.name });
  const number = (key) => ({ key, title: t(key), end: true, value: (one) => one[key], cell: (one) => one[key] ?? "–" });
  return html`<div class="page">
    <div class="page-head"><h1>${t("title")}</h1><span class="about">${t("about")}</span><span class="grow"></span><${Filter} value=${filter} onInput=${setFilter} /></div>
    ${data.note && html`<p class="note">${data.note}</p>`}
    <${Group} kind="databases" rows=${data.clusters.filter(fits)} to=${is("database")} columns=${[
      { key: "status", title: t("status"), value: (one) => one.status, cell: (one) => html`<${Status} word=${one.status} />` },
      { key: "server", title: t("server"), value: (one) => one.server }, { key: "database", title: t("database"), value: (one) => one.database },
    ]} />
    <${Group} kind="buckets" rows=${data.buckets.filter(fits)} to=${is("bucket")} columns=${[{ key: "created", title: t("created"), value: (one) => one.created }]} />
    <${Group} kind="queues" rows=${data.queues.filter(fits)} to=${is("queue")} columns=${[number("visible"), number("in_flight"), number("delayed")]} />
    <${Group} kind="tables" rows=${data.tables.filter(fits)} to=${is("table")} columns=${[number("items")]} />
    <section class="panel" aria-label=${t("secrets")}><div class="panel-head"><h2><a href=${link("data", "secrets")}>${t("secrets")}</a></h2><span class="faint">${t("masked", { n: data.secrets })}</span></div></section>
  </div>`;
}

function Group({ kind, rows, columns, to }) {
  const t = words(text);
  const every = [
    { key: "name", title: t("name"), value: (one) => one.name, cell: (one) => html`<a href=${to(one)}><${Name} of=${one.name} /></a>` },
    ...columns,
    { key: "address", title: t("definition"), wide: true, value: (one) => one.address, cell: (one) => one.address ? html`<${Resource} address=${one.address} />` : html`<span class="faint">${t("by_program")}</span>` },
  ];
  return html`<section class="panel" aria-label=${t(kind)}><div class="panel-head"><h2>${t(kind)}</h2></div>
    ${rows.length ? html`<${Table} name=${`data.${kind}`} label=${t(kind)} columns=${every} rows=${rows} id=${(one) => one.name} open=${(one) => (location.hash = to(one))} />` : html`<${Empty} title=${t("none")} />`}</section>`;
}
