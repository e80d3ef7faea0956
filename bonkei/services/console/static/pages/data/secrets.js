// Parameters and secrets: masked, and shown one by one when they are asked for.
import { Confirm, Empty, Filter, Problem, Resource, Table, Waiting, act, html, useEffect, useQuery, useState, words } from "../../lib/index.js";
import { Head, useAsk } from "./parts.js";
import { text } from "./text.js";

const SECONDS = 60;

export function Secrets() {
  const t = words(text);
  const { data, error, reload } = useAsk("data.secrets", {});
  const [filter, setFilter] = useQuery("filter");
  const columns = [
    { key: "shown", title: t("name"), value: (one) => one.shown, cell: (one) => html`<span class="mono">${one.shown}</span>` },
    { key: "type", title: t("type"), value: (one) => one.type },
    { key: "value", title: t("value"), wide: true, cell: (one) => html`<${Value} secret=${one} />` },
    { key: "version", title: t("version"), end: true, value: (one) => one.version, cell: (one) => one.version ?? "" },
    { key: "address", title: t("definition"), value: (one) => one.address, cell: (one) => one.address && html`<${Resource} address=${one.address} />` },
  ];
  const rows = data?.secrets.filter((one) => one.shown.toLowerCase().includes(filter.toLowerCase()));
  return html`<div class="page"><${Head} title=${t("secrets")} kind="secrets_kind" reload=${reload}><${Filter} value=${filter} onInput=${setFilter} /><//>
    <p class="faint">${t("noted", { n: SECONDS })}</p>
    ${!data ? html`<${Waiting} error=${error} />` : html`<section class="panel">${rows.length ? html`<${Table} name="secrets" label=${t("secrets")} columns=${columns} rows=${rows} id=${(one) => `${one.kind} ${one.key}`} />` : html`<${Empty} title=${t("none")} />`}</section>`}</div>`;
}

function Value({ secret }) {
  const t = words(text);
  const [state, set] = useState({});
  useEffect(() => {
    if (state.value === undefined) return undefined;
    const timer = setTimeout(() => set({}), SECONDS * 1000);
    return () => clearTimeout(timer);
  }, [state.value]);
  const show = async () => {
    try {
      set(await act("secret.reveal", { kind: secret.kind, key: secret.key }));
    } catch (error) {
      set({ error });
    }
  };
  if (!secret.has_value) return html`<span class="faint">${t("no_value")}</span>`;
  return html`<span class="row secret">${state.value === undefined
    ? html`<span class="mono" aria-hidden="true">••••••••</span><button type="button" class="button quiet" aria-label=${`${t("show")}: ${secret.shown}`} onClick=${show}>${t("show")}</button>`
    : html`<code class="secret-value">${state.value}</code><button type="button" class="button quiet" onClick=${() => set({})}>${t("hide")}</button>`}
    ${state.error && html`<${Confirm} title=${t("failed")} onNo=${() => set({})}><${Problem} error=${state.error} /><//>`}</span>`;
}
