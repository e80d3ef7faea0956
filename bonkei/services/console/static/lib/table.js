// A table: sorted by a click on a heading, walked by the arrow keys, opened by Enter.
import { html, classes, useState } from "./ui.js";
import { kept } from "./kept.js";
import { Fresh, useStill } from "./still.js";

// `columns`: { key, title, value(row) to sort by, cell(row), end: a number's side, wide: may shrink }.
// `sorted`: the key of the first order, with a `-` in front for a falling one. `onSort(key)`: hears of another one.
// `open(row)`: by a click or Enter. `chosen`: the id of the open row. `id(row)`: unlike all others. `still`: of a table
// that is live, what its rows were chosen by: under pointer and focus no row moves until that is another.
export function Table({ name, columns, rows, id = (row) => row.id, open, chosen, label, sorted = "", onSort, still }) {
  const [order, setOrder] = useState(() => (name && kept(`sort.${name}`)) || sorted);
  const key = order.replace(/^-/, "");
  const column = columns.find((one) => one.key === key);
  const shown = column?.value ? [...rows].sort(comparing(column.value, order.startsWith("-"))) : rows;
  const sort = (one) => {
    const next = order === one.key ? `-${one.key}` : order === `-${one.key}` ? "" : one.key;
    setOrder(next);
    if (name) kept(`sort.${name}`, next);
    onSort?.(next);
  };
  const held = useStill(shown, id, still === undefined ? undefined : `${order} ${still}`);
  return html`<div class="table-frame" tabindex=${open ? undefined : 0} role=${open ? undefined : "group"} aria-label=${open ? undefined : label} ...${held.hears}><${Fresh} held=${held} /><table class=${classes("table", open && "opens")} aria-label=${label}>
    <thead><tr>${columns.map((one) => html`<th key=${one.key} scope="col" class=${classes(one.end && "end", one.wide && "wide")}
      aria-sort=${key !== one.key ? undefined : order.startsWith("-") ? "descending" : "ascending"}
      >${one.value ? html`<button type="button" class="sort" onClick=${() => sort(one)}>${one.title}</button>` : one.title}</th>`)}</tr></thead>
    <tbody>${held.rows.map((row) => html`<tr key=${id(row)} tabindex=${open ? 0 : undefined}
      class=${classes(chosen !== undefined && chosen === id(row) && "chosen")}
      onClick=${open && ((event) => event.target.closest("a, button, dialog") || getSelection().toString() || open(row))}
      onKeyDown=${open && ((event) => walk(event, () => open(row)))}>
      ${columns.map((one) => html`<td key=${one.key} data-title=${one.title || undefined} class=${classes(one.end && "end number", one.wide && "wide")}>${one.cell ? one.cell(row) : one.value(row)}</td>`)}
    </tr>`)}</tbody></table></div>`;
}

function walk(event, open) {
  if (event.target !== event.currentTarget) return;
  const row = event.currentTarget;
  const next = { ArrowDown: row.nextElementSibling, ArrowUp: row.previousElementSibling, j: row.nextElementSibling, k: row.previousElementSibling }[event.key];
  if (next) {
    event.preventDefault();
    next.focus();
  } else if (event.key === "Enter") {
    event.preventDefault();
    open();
  }
}

function comparing(value, falls) {
  return (a, b) => {
    const [one, other] = [value(a), value(b)];
    const order =
      typeof one === "number" && typeof other === "number"
        ? one - other
        : String(one ?? "").localeCompare(String(other ?? ""), undefined, { numeric: true });
    return falls ? -order : order;
  };
}
