// A database: its tables by the page, and questions. PostgreSQL itself refuses everything that would change data.
import { Bytes, Empty, Filter, Problem, Table, Waiting, act, html, link, useQuery, useState, words } from "../../lib/index.js";
import { Cell, Head, useAsk } from "./parts.js";
import { text } from "./text.js";

const PAGE = 50;

export function Database({ query }) {
  return query.relation ? html`<${Relation} key=${`${query.schema} ${query.relation}`} query=${query} />` : html`<${Relations} query=${query} />`;
}

function Relations({ query }) {
  const t = words(text);
  const { data, error, reload } = useAsk("data.relations", { cluster: query.name });
  const [filter, setFilter] = useQuery("filter");
  const to = (one) => link("data", "database", { name: query.name, schema: one.schema.key, relation: one.name.key, shown: `${one.schema.shown}.${one.name.shown}` });
  const columns = [
    { key: "schema", title: t("schema"), value: (one) => one.schema.shown },
    { key: "name", title: t("name"), wide: true, value: (one) => one.name.shown, cell: (one) => html`<a class="mono" href=${to(one)}>${one.name.shown}</a>` },
    { key: "kind", title: t("kind"), value: (one) => one.kind },
    { key: "rows", title: t("rows_estimated"), end: true, value: (one) => one.rows, cell: (one) => one.rows === null ? "–" : one.rows.toLocaleString() },
    { key: "size", title: t("size"), end: true, value: (one) => one.size, cell: (one) => html`<${Bytes} n=${one.size} />` },
  ];
  const rows = data?.relations.filter((one) => `${one.schema.shown}.${one.name.shown}`.toLowerCase().includes(filter.toLowerCase()));
  return html`<div class="page"><${Head} title=${query.name} kind="database" reload=${reload}><${Filter} value=${filter} onInput=${setFilter} /><//>
    <${Ask} cluster=${query.name} />
    ${!data ? html`<${Waiting} error=${error} />` : html`<section class="panel" aria-label=${t("tables_of")}><div class="panel-head"><h2>${t("tables_of")}</h2>${data.more > 0 && html`<span class="faint">${t("more", { n: data.more })}</span>`}</div>
      ${rows.length ? html`<${Table} name="relations" label=${t("tables_of")} columns=${columns} rows=${rows} id=${(one) => `${one.schema.key} ${one.name.key}`} open=${(one) => (location.hash = to(one))} />` : html`<${Empty} title=${t("none")} />`}</section>`}</div>`;
}

function Relation({ query }) {
  const t = words(text);
  const offset = Number(query.offset) || 0;
  const { data, error, reload } = useAsk("data.rows", { cluster: query.name, schema: query.schema, table: query.relation, offset });
  const page = (next) => link("data", "database", { ...query, offset: next || "" });
  return html`<div class="page"><${Head} title=${query.shown || t("table")} kind="database" reload=${reload}><a href=${link("data", "database", { name: query.name })}>${query.name}</a><//>
    ${!data ? html`<${Waiting} error=${error} />` : html`<section class="panel" aria-label=${t("rows")}><div class="panel-head"><h2>${t("rows")}</h2>
      <span class="faint">${t("rows_from", { from: data.rows.length ? offset + 1 : 0, to: offset + data.rows.length })} · ${t("seconds", { n: data.seconds })}</span><span class="grow"></span>
      ${offset > 0 && html`<a class="button" href=${page(Math.max(0, offset - PAGE))}>${t("page_before")}</a>`}${data.more && html`<a class="button" href=${page(offset + PAGE)}>${t("next_page")}</a>`}</div><${Answer} answer=${data} /></section>`}</div>`;
}

function Ask({ cluster }) {
  const t = words(text);
  const [statement, set] = useState("");
  const [state, see] = useState({});
  const run = async (event) => {
    event.preventDefault();
    see({ working: true });
    try {
      see({ answer: await act("data.query", { cluster, statement }) });
    } catch (error) {
      see({ error });
    }
  };
  const keys = (event) => (event.ctrlKey || event.metaKey) && event.key === "Enter" && run(event);
  return html`<section class="panel" aria-label=${t("query")}><form class="panel-body query" onSubmit=${run}>
      <label>${t("query")} <textarea class="field mono" rows="3" required value=${statement} placeholder="SELECT …" spellcheck=${false} onInput=${(event) => set(event.target.value)} onKeyDown=${keys}></textarea></label>
      <div class="row"><button class="button primary" type="submit" disabled=${state.working}>${state.working ? t("working") : t("run")}</button><span class="faint">${t("query_text")}</span></div></form>
    ${state.error && html`<div class="panel-body"><${Problem} error=${state.error} /></div>`}
    ${state.answer && html`<div role="status"><p class="panel-body faint">${t("answered", { n: state.answer.rows.length })} · ${t("seconds", { n: state.answer.seconds })}</p><${Answer} answer=${state.answer} />${state.answer.more && !state.answer.note && html`<p class="panel-body faint">${t("more_rows")}</p>`}</div>`}</section>`;
}

function Answer({ answer }) {
  const t = words(text);
  if (!answer.columns.length) return html`${answer.note && html`<p class="note">${answer.note}</p>`}<${Empty} title=${t("no_rows")} />`;
  const rows = answer.rows.map((cells, i) => ({ id: i, cells }));
  const columns = answer.columns.map((one, i) => ({
    key: String(i), title: html`<span class="mono">${one.key ? "⚷ " : ""}${one.name}</span>${one.type && html` <span class="faint">${one.type}</span>`}`,
    cell: (row) => html`<${Cell} value=${row.cells[i] === null ? null : row.cells[i][0]} length=${row.cells[i]?.[1] || 0} />`,
  }));
  return html`${answer.note && html`<p class="note">${answer.note}</p>`}<div class="rows" tabindex="0" role="group" aria-label=${t("rows")}><${Table} label=${t("rows")} columns=${columns} rows=${rows} /></div>`;
}
