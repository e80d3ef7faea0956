// A query of Logs Insights: written or saved, run on request, its rows as a table.
import { Empty, Problem, Table, Waiting, ask, html, useEffect, useQuery, useState, words } from "../../lib/index.js";
import { text } from "./text.js";

const FIRST = "fields @timestamp, @message\n| sort @timestamp desc\n| limit 20";

export function Queries({ saved, asked }) {
  const t = words(text);
  const [query, setQuery] = useQuery("query");
  const [draft, write] = useState(query === "new" ? FIRST : query);
  const [found, set] = useState({});
  const [times, again] = useState(0);
  useEffect(() => {
    if (query === "new") return undefined;
    let gone = false;
    set({ busy: true });
    ask("logs.query", { query, group: asked.group, since: asked.since, until: asked.until }).then(
      (data) => gone || set({ data }),
      (error) => gone || set({ error }),
    );
    return () => (gone = true);
  }, [query, asked.group, asked.since, asked.until, times]);
  const run = () => {
    setQuery(draft);
    again(times + 1);
  };
  const choose = (name) => {
    const one = saved.find((each) => each.name === name);
    if (one) write(one.query);
  };
  return html`<form class="query" onSubmit=${(event) => { event.preventDefault(); run(); }}>
      <textarea class="field mono" rows=${Math.min(12, draft.split("\n").length + 1)} aria-label=${t("query")} spellcheck=${false} value=${draft}
        onInput=${(event) => write(event.target.value)} onKeyDown=${(event) => event.key === "Enter" && (event.ctrlKey || event.metaKey) && run()}></textarea>
      <div class="row"><button type="submit" class="button primary">${t("run")}</button>
        ${saved.length > 0 && html`<label class="choice">${t("saved")} <select class="field" value="" onChange=${(event) => choose(event.target.value)}>
          <option value=""></option>${saved.map((one) => html`<option key=${one.name} value=${one.name}>${one.name}</option>`)}</select></label>`}
        ${found.data && html`<span class="faint">${t("read", { rows: found.data.rows.length, matched: found.data.matched, scanned: found.data.scanned })}</span>`}</div>
    </form>
    ${found.error && html`<${Problem} error=${found.error} />`}
    ${found.busy && html`<${Waiting} />`}
    ${found.data && html`<section class="panel">${found.data.rows.length ? html`<${Rows} data=${found.data} />` : html`<${Empty} title=${t("no_rows")} />`}
      ${found.data.more && html`<p class="panel-body faint">${t("more_rows")}</p>`}</section>`}`;
}

const isNumber = (value) => value !== "" && !Number.isNaN(Number(value));

function Rows({ data }) {
  const t = words(text);
  const columns = data.columns.map((title, at) => {
    const number = data.rows.every((cells) => isNumber(cells[at]) || cells[at] === "");
    return {
      key: title, title, end: number, wide: title === "@message",
      value: (row) => (number && row.cells[at] !== "" ? Number(row.cells[at]) : row.cells[at]),
      cell: (row) => html`<span class="mono">${row.cells[at]}</span>`,
    };
  });
  const rows = data.rows.map((cells, id) => ({ id, cells }));
  return html`<${Table} label=${t("rows")} columns=${columns} rows=${rows} />`;
}
