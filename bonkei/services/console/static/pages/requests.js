// The recent requests, live; one opens with the reasons for its way.
import {
  Empty, Filter, Name, Problem, Status, Table, Times, Waiting, classes, duration, go, html, link, useQuery, useRef, useTopic, words,
} from "../lib/index.js";
import { RequestDrawer } from "./requests/drawer.js";
import { kindOfStatus } from "./requests/status.js";
import { text } from "./requests/text.js";

export const style = "/pages/requests/requests.css";

const STATUSES = ["", "2xx", "3xx", "4xx", "5xx"];

export function Page({ id }) {
  const t = words(text);
  const [path, setPath] = useQuery("filter");
  const [status, setStatus] = useQuery("status");
  const [client, setClient] = useQuery("client");
  const [service, setService] = useQuery("service");
  const [least, setLeast] = useQuery("least"); // milliseconds
  const [trouble, setTrouble] = useQuery("trouble");
  const [order, setOrder] = useQuery("order"); // of all that is kept, not of the rows that are shown
  const [upto, setUpto] = useQuery("upto"); // the number of a request
  const [since] = useQuery("since");
  const [until] = useQuery("until");
  const asked = { path, status, client, service, least, trouble, order, upto, since, until };
  const { data: newest, error } = useTopic("requests", asked);
  const shown = useRef(); // the last list, until the one for another filter comes: the filter stays
  if (newest) shown.current = { data: newest, by: Object.values(asked).join(" ") };
  const data = shown.current?.data;
  if (!data) return html`<div class="page">${error && html`<${Times} />`}<${Waiting} error=${error} /></div>`;
  const query = { ...asked, path: "", filter: path };
  const filtered = path || status || client || service || least || trouble || since || until;
  const last = data.rows.at(-1);
  return html`<div class=${classes("split", id && "open")}>
    <div class="page">
      <div class="page-head"><h1>${t("title")}</h1>
        <span class="about number" role="status" aria-live="off">${upto ? t("paused", { n: upto }) : t(data.left_out ? "about_left" : "about", { rate: Math.round(data.rate), kept: data.kept, left: data.left_out })}</span><span class="grow"></span>
        <button type="button" class=${classes("button", upto && "primary")} aria-pressed=${Boolean(upto)} onClick=${() => setUpto(upto ? "" : String(data.newest))}>${upto ? t("go_on") : t("pause")}</button>
        <${Filter} value=${path} onInput=${setPath} label=${t("path")} /></div>
      <div class="row request-filters" role="group" aria-label=${t("filters")}>
        ${STATUSES.map((one) => html`<button type="button" key=${one} class=${classes("button quiet", one === status && "pressed")} aria-pressed=${one === status} onClick=${() => setStatus(one)}>${one || t("any")}</button>`)}
        <button type="button" class=${classes("button", trouble && "pressed")} aria-pressed=${Boolean(trouble)} title=${t("trouble_text")} onClick=${() => setTrouble(trouble ? "" : "1")}>${t("trouble")}</button>
        <input class="field" type="search" value=${client} aria-label=${t("client")} placeholder=${t("client")} onInput=${(event) => setClient(event.target.value)} autocomplete="off" />
        <input class="field" type="search" value=${service} aria-label=${t("service")} placeholder=${t("service")} onInput=${(event) => setService(event.target.value)} autocomplete="off" />
        <input class="field" type="number" min="0" step="1" value=${least} aria-label=${t("least")} placeholder=${t("least")} onInput=${(event) => setLeast(event.target.value)} autocomplete="off" /></div>
      <${Times} />
      ${error && html`<${Problem} error=${error} />`}
      ${data.rows.length > 0
        ? html`<section class="panel"><${Requests} rows=${order ? data.rows : withGaps(data.rows)} order=${order} onSort=${setOrder} by=${shown.current.by} short=${Boolean(id)} chosen=${Number(id)} open=${(row) => go("requests", String(row.id), query)} /></section>`
        : html`<${Empty} title=${filtered ? t("none_fits") : t("none")}>${!filtered && html`<p>${t("none_text")}</p>`}${(since || until) && html`<p><a href=${link("logs", "", { log: "edge/access", since, until })}>${t("in_logs")}</a></p>`}<//>`}
      <div class="row request-pages">${data.more && !order && html`<button type="button" class="button" onClick=${() => setUpto(String(last.id - 1))}>${t("earlier")}</button>`}
        ${upto && html`<button type="button" class="button" onClick=${() => setUpto("")}>${t("newest")}</button>`}</div>
    </div>
    ${id && html`<${RequestDrawer} key=${id} id=${id} onClose=${() => go("requests", "", query)} />`}
  </div>`;
}

// Without the formatters of a locale: forty rows change four times a second.
function clock(at) {
  const date = new Date(at * 1000);
  const two = (number) => String(number).padStart(2, "0");
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

const GAP = 5; // seconds without a request

// `gap`: how long nothing came before a request. The newest is the first.
const withGaps = (rows) => rows.map((row, index) => {
  const gap = index + 1 < rows.length ? row.at - row.ms / 1000 - rows[index + 1].at : 0;
  return gap >= GAP ? { ...row, gap } : row;
});

// `short`: beside an open one there is little space.
function Requests({ rows, chosen, open, short, order, onSort, by }) {
  const t = words(text);
  const columns = [
    { key: "at", title: t("when"), cell: (row) => html`<time class="mono">${clock(row.at)}</time>${row.gap && html`<span class="gap">${t("gap", { time: duration(row.gap) })}</span>`}` },
    { key: "status", title: t("status"), cell: (row) => html`<${Status} kind=${kindOfStatus(row.status)} word=${row.status || t("left")} title=${row.blocked_by && t("blocked", { rule: row.blocked_by })} />` },
    { key: "target", title: t("path"), wide: true, cell: (row) => html`<span class="mono"><span class="faint">${row.method}</span> ${row.target}</span>` },
    { key: "ms", title: t("time"), end: true, value: (row) => row.ms, cell: (row) => `${row.ms} ms` },
    { key: "cache", title: t("cache"), cell: (row) => row.cache || html`<span class="faint">–</span>` },
    { key: "service", title: t("service"), cell: (row) => (row.service && html`<${Name} of=${row.service} />`) || (row.blocked_by ? html`<span class="faint">${t("blocked", { rule: row.blocked_by })}</span>` : html`<span class="faint">–</span>`) },
    { key: "client", title: t("client"), cell: (row) => html`<span class="mono faint">${row.client}</span>` },
  ];
  const shown = short ? columns.slice(0, 4) : columns;
  return html`<${Table} label=${t("title")} columns=${shown} rows=${rows} sorted=${order} onSort=${onSort} still=${by} chosen=${chosen} open=${open} />`;
}
