// Permissions: what was denied and why, what each role uses of what it is granted, and any question.
import { Drawer, Empty, Filter, Name, Status, Table, Waiting, classes, go, html, link, useQuery, useTopic, words } from "../lib/index.js";
import { Ask } from "./permissions/ask.js";
import { Denied } from "./permissions/denied.js";
import { Role } from "./permissions/role.js";
import { text } from "./permissions/text.js";

export const style = "/pages/permissions/permissions.css";

export function Page({ id }) {
  const t = words(text);
  const { data, error } = useTopic("permissions");
  const [filter, setFilter] = useQuery("filter");
  if (!data) return html`<div class="page"><div class="page-head"><h1>${t("title")}</h1></div><${Waiting} error=${error} /></div>`;
  const fits = (value) => value.toLowerCase().includes(filter.toLowerCase());
  const denied = data.denied.filter((one) => fits(`${one.who} ${one.action} ${one.resource} ${one.why}`));
  const roles = data.roles.filter((one) => fits(`${one.name} ${one.address}`));
  return html`<div class=${classes("split", id && "open")}><div class="page">
    <div class="page-head"><h1>${t("title")}</h1><span class="about">${t(`enforce_${data.enforce}`)}</span><span class="grow"></span>
      <${Filter} value=${filter} onInput=${setFilter} /></div>
    ${data.undecided.map((one) => html`<p class="note" key=${one}>${one}</p>`)}
    <${Ask} roles=${data.roles} />
    <section class="panel" aria-label=${t("denied")}><div class="panel-head"><h2>${t("denied")}</h2>
      ${data.more > 0 && html`<span class="faint">${t("more", { n: data.more })}</span>`}</div>
      ${denied.length ? html`<${Denied} calls=${denied} />` : html`<${Empty} title=${t(data.denied.length ? "no_match" : "nothing_denied")} />`}</section>
    <section class="panel" aria-label=${t("roles")}><div class="panel-head"><h2>${t("roles")}</h2></div><${Roles} roles=${roles} chosen=${id} /></section>
  </div>${id && html`<${Drawer} key=${id} title=${id} onClose=${() => go("permissions", "", { filter })}><${Role} name=${id} /><//>`}</div>`;
}

function Roles({ roles, chosen }) {
  const t = words(text);
  const columns = [
    { key: "name", title: t("role"), value: (one) => one.name, cell: (one) => html`<a href=${link("permissions", one.name)}><${Name} of=${one.name} /></a>` },
    { key: "calls", title: t("calls"), end: true, value: (one) => one.calls },
    { key: "denied", title: t("denied_count"), end: true, value: (one) => one.denied, cell: (one) => one.denied ? html`<${Status} kind="bad" word=${String(one.denied)} />` : "0" },
    { key: "grants", title: t("grants"), end: true, value: (one) => one.grants },
    { key: "used", title: t("used"), end: true, value: (one) => one.used },
    { key: "unused", title: t("unused"), end: true, value: (one) => one.unused },
    { key: "unseen", title: t("unseen"), end: true, value: (one) => one.unseen },
    { key: "address", title: t("definition"), wide: true, value: (one) => one.address, cell: (one) => html`<span class="mono faint">${one.address}</span>` },
  ];
  return html`<${Table} name="roles" label=${t("roles")} columns=${columns} rows=${roles} id=${(one) => one.name} chosen=${chosen} open=${(one) => go("permissions", one.name)} />`;
}
