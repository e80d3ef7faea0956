// All about one resource; without an address, a list of all.
import { Empty, Filter, Resource, Table, Waiting, html, link, useOnce, useQuery, words } from "../lib/index.js";
import { Details } from "./resource/details.js";
import { text } from "./resource/text.js";

export const style = "/pages/resource/resource.css";

export function Page({ id }) {
  return id ? html`<${One} key=${id} address=${id} />` : html`<${All} />`;
}

function One({ address }) {
  const t = words(text);
  return html`<div class="page"><div class="page-head"><h1 class="address mono">${address}</h1><span class="grow"></span><a href=${link("resource")}>${t("all")}</a></div>
    <div class="resource-page"><${Details} address=${address} wide /></div></div>`;
}

function All() {
  const t = words(text);
  const { data, error } = useOnce("resource.all");
  const [filter, setFilter] = useQuery("filter");
  if (!data) return html`<div class="page"><${Waiting} error=${error} /></div>`;
  const parts = filter.toLowerCase().split(/\s+/);
  const rows = data.filter((row) => parts.every((part) => `${row.address} ${row.type}`.toLowerCase().includes(part)));
  const columns = [
    { key: "type", title: t("type"), value: (row) => row.type, cell: (row) => html`<span class="mono">${row.mode === "data" ? "data " : ""}${row.type}</span>` },
    { key: "address", title: t("address"), wide: true, value: (row) => row.address, cell: (row) => html`<${Resource} address=${row.address} />` },
  ];
  return html`<div class="page"><div class="page-head"><h1>${t("resources")}</h1><span class="about">${rows.length}</span><span class="grow"></span><${Filter} value=${filter} onInput=${setFilter} /></div>
    ${rows.length ? html`<section class="panel"><${Table} name="resources" label=${t("resources")} columns=${columns} rows=${rows} id=${(row) => row.address} open=${(row) => (location.hash = link("resource", row.address))} /></section>` : html`<${Empty} title=${t("none")} />`}</div>`;
}
