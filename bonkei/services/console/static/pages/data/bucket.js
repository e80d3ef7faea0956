// A bucket: folders and objects by the page, and the beginning of an object.
import { Act, Bytes, Drawer, Empty, Table, Values, Waiting, classes, html, link, words } from "../../lib/index.js";
import { Content, Head, useAsk } from "./parts.js";
import { text } from "./text.js";

export function Bucket({ query }) {
  const t = words(text);
  const { name, prefix = "", following = "", object = "" } = query;
  const { data, error, reload } = useAsk("data.objects", { bucket: name, prefix, following });
  const here = (more) => link("data", "bucket", { name, prefix, following, ...more });
  return html`<div class=${classes("split", object && "open")}><div class="page">
    <${Head} title=${name} kind="bucket" reload=${reload} />
    <p class="row path">${prefix && html`<a href=${link("data", "bucket", { name })}>${t("top")}</a><span class="mono">${data?.prefix}</span>`}</p>
    ${!data ? html`<${Waiting} error=${error} />` : html`<section class="panel" aria-label=${t("objects")}>
      ${data.prefixes.length + data.objects.length ? html`<${Objects} data=${data} here=${here} name=${name} chosen=${object} />` : html`<${Empty} title=${t("no_objects")} />`}
      ${data.following && html`<div class="panel-body"><a class="button" href=${here({ following: data.following, object: "" })}>${t("next_page")}</a></div>`}</section>`}
  </div>${object && html`<${OneObject} key=${object} bucket=${name} object=${object} onClose=${() => (location.hash = here({ object: "" }))} />`}</div>`;
}

function Objects({ data, here, name, chosen }) {
  const t = words(text);
  const rows = [...data.prefixes.map((one) => ({ ...one, folder: true })), ...data.objects];
  const to = (one) => (one.folder ? link("data", "bucket", { name, prefix: one.key }) : here({ object: one.key }));
  const columns = [
    { key: "key", title: t("key"), wide: true, value: (one) => one.shown, cell: (one) => html`<a class="mono" href=${to(one)}>${one.folder ? "▸ " : ""}${one.shown}</a>` },
    { key: "size", title: t("size"), end: true, value: (one) => one.size ?? -1, cell: (one) => one.folder ? "" : html`<${Bytes} n=${one.size} />` },
    { key: "changed", title: t("changed"), value: (one) => one.changed || "", cell: (one) => one.changed || "" },
  ];
  return html`<${Table} label=${t("objects")} columns=${columns} rows=${rows} id=${(one) => one.key} chosen=${chosen} open=${(one) => (location.hash = to(one))} />`;
}

function OneObject({ bucket, object, onClose }) {
  const t = words(text);
  const { data, error } = useAsk("data.object", { bucket, key: object });
  return html`<${Drawer} title=${data ? data.shown : t("object")} onClose=${onClose} actions=${data?.download && html`<${Act} name="data.download" body=${{ bucket, key: object }} onDone=${save}>${t("download")}<//>`}>
    ${!data ? html`<${Waiting} error=${error} />` : html`<${Values} values=${[[t("size"), data.size.toLocaleString()], ...data.headers]} /><h3>${t("content")}</h3><${Content} content=${data} />`}<//>`;
}

// Always as a download: the browser never displays it.
function save({ name, content }) {
  const bytes = Uint8Array.from(atob(content), (one) => one.charCodeAt(0));
  const address = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" }));
  const anchor = Object.assign(document.createElement("a"), { href: address, download: name });
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
