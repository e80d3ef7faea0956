// Logs: records of this machine, of log groups and of buckets. What a filter or a time chooses is searched in all that is kept.
import { At, Empty, Filter, Name, Problem, Status, Table, Times, Waiting, classes, go, html, link, place, shortened, useQuery, useRef, useState, words } from "../lib/index.js";
import { Queries } from "./logs/query.js";
import { RecordDrawer } from "./logs/record.js";
import { Searched, useRecords } from "./logs/records.js";
import { text } from "./logs/text.js";

export const style = "/pages/logs/logs.css";

const LEVELS = ["DEBUG", "INFO", "WARNING", "ERROR", "FATAL"];
const NAMES = ["query", "group", "bucket", "log", "stream", "task", "level", "request", "filter", "since", "until"];

export function Page({ id }) {
  const t = words(text);
  const { query } = place.use();
  const asked = Object.fromEntries(NAMES.map((name) => [name, query[name] || ""]));
  const [, setQuery] = useQuery("query");
  const asks = Boolean(asked.query);
  const [paused, pause] = useState(false);
  const { records, live, past, follows } = useRecords(asked, paused, asks);
  const error = past.error || (follows && live.error);
  const opened = useRef(); // also when so many newer ones have come that it is no longer listed
  opened.current = records?.find((one) => String(one.id) === id) || opened.current;
  const chosen = id && String(opened.current?.id) === id ? opened.current : undefined;
  return html`<div class=${classes("split", chosen && "open")}>
    <div class="page">
      <div class="page-head"><h1>${t("title")}</h1>
        <button type="button" class=${classes("button", asks && "pressed")} aria-pressed=${asks} onClick=${() => setQuery(asks ? "" : "new")}>${t("query")}</button>
        ${follows && html`<button type="button" class=${classes("button", paused && "pressed")} aria-pressed=${paused} onClick=${() => pause(!paused)}>${paused ? t("go_on") : t("pause")}</button>`}
        ${!asks && html`<${Status} kind=${!follows || paused ? "off" : live.stale ? "bad" : "busy"} word=${!follows ? t("range") : paused ? t("paused") : live.stale ? t("lost") : t("live")} />`}
        <span class="grow"></span>${!asks && html`<${Pattern} />`}</div>
      <${Choices} sources=${live.data} asks=${asks} />
      <${Times} />
      ${asks && html`<${Queries} saved=${live.data?.saved || []} asked=${asked} />`}
      ${!asks && error && html`<${Problem} error=${error} />`}
      ${!asks && !records && !error && html`<${Waiting} />`}
      ${!asks && records && html`<${Searched} past=${past} />
        <section class="panel">${records.length ? html`<${Records} records=${records} by=${follows ? live.by : undefined} chosen=${chosen?.id} query=${query} />` : html`<${Empty} title=${t("none")} />`}
        ${past.data?.more && html`<p class="panel-body faint">${t("more")}</p>`}</section>`}
    </div>
    ${chosen && html`<${RecordDrawer} key=${chosen.id} record=${chosen} onClose=${() => go("logs", "", query)} />`}
  </div>`;
}

function Pattern() {
  const t = words(text);
  const [filter, setFilter] = useQuery("filter");
  return html`<${Filter} value=${filter} onInput=${setFilter} label=${t("pattern")} />`;
}

function Choices({ sources, asks }) {
  const t = words(text);
  const [group, setGroup] = useQuery("group");
  const [bucket, setBucket] = useQuery("bucket");
  const [log, setLog] = useQuery("log");
  const [level, setLevel] = useQuery("level");
  const value = group ? `group:${group}` : bucket ? `bucket:${bucket}` : log ? `log:${log}` : "";
  const choose = (found) => {
    const [kind, name] = [found.split(":", 1)[0], found.slice(found.indexOf(":") + 1)];
    setGroup(kind === "group" ? name : "");
    setBucket(kind === "bucket" ? name : "");
    setLog(kind === "log" ? name : "");
  };
  const options = (kind, names, own) => withOwn(names || [], own).map((name) => html`<option key=${name} value=${`${kind}:${name}`} selected=${value === `${kind}:${name}`}>${shortened(name)}</option>`);
  return html`<div class="row log-choices" role="group" aria-label=${t("choices")}>
    <label class="choice">${t("source")} <select class="field" value=${value} onChange=${(event) => choose(event.target.value)}>
      <option value="" selected=${!value}>${t(asks ? "all_groups" : "all")}</option>
      ${!asks && html`<optgroup label=${t("here")}>${options("log", sources?.logs, log)}</optgroup>`}
      <optgroup label=${t("groups")}>${options("group", sources?.groups, group)}</optgroup>
      ${!asks && html`<optgroup label=${t("buckets")}>${options("bucket", sources?.buckets, bucket)}</optgroup>`}</select></label>
    ${!asks && html`<label class="choice">${t("level")} <select class="field" value=${level} onChange=${(event) => setLevel(event.target.value)}>
      <option value="" selected=${!level}>${t("every")}</option>${LEVELS.map((name) => html`<option key=${name} value=${name} selected=${name === level}>${name}</option>`)}</select></label>
    ${group ? html`<${Input} name="stream" list=${sources?.streams} />` : html`<${Input} name="task" />`}
    <${Input} name="request" />`}
  </div>`;
}

function Input({ name, list }) {
  const t = words(text);
  const [value, set] = useQuery(name);
  return html`<label class="choice">${t(name)} <input class=${`field ${name}`} type="text" value=${value} list=${list ? `list-${name}` : undefined}
    onInput=${(event) => set(event.target.value)} autocomplete="off" spellcheck=${false} />
    ${list && html`<datalist id=${`list-${name}`}>${list.map((one) => html`<option key=${one} value=${one}></option>`)}</datalist>`}</label>`;
}

const withOwn = (list, own) => (own && !list.includes(own) ? [own, ...list] : list);

const KINDS = { FATAL: "bad", ERROR: "bad", WARNING: "warn", INFO: "good", DEBUG: "off" };

function Records({ records, chosen, query, by }) {
  const t = words(text);
  const columns = [
    { key: "time", title: t("time"), cell: (row) => (row.time ? html`<${At} at=${Date.parse(row.time) / 1000} millis=${true} />` : "–") },
    { key: "level", title: t("level"), cell: (row) => html`<${Status} kind=${KINDS[row.level] || "off"} word=${row.level || "–"} quiet=${true} />` },
    { key: "log", title: t("log"), cell: (row) => html`<span class="faint" title=${row.stream || row.task}><${Name} of=${row.log} /></span>` },
    { key: "message", title: t("message"), wide: true, cell: (row) => html`<span class="mono">${row.message}</span>${row.cut && html` <span class="faint">…</span>`}` },
    { key: "request", title: t("request"), cell: (row) => row.request && html`<a class="mono" href=${link("requests", "", { filter: row.request })} title=${row.request}>${row.request.slice(0, 14)}</a>` },
  ];
  const newest = [...records].reverse();
  return html`<${Table} label=${t("title")} columns=${columns} rows=${newest} still=${by} chosen=${chosen} open=${(row) => go("logs", String(row.id), query)} />`;
}
