// One record with all of its fields.
import { Copy, Drawer, Status, html, link, words } from "../../lib/index.js";
import { text } from "./text.js";

export function RecordDrawer({ record, onClose }) {
  const t = words(text);
  const fields = membersOf(record.text);
  return html`<${Drawer} title=${record.log} subtitle=${record.time} onClose=${onClose}>
    <p class="row">${record.level && html`<${Status} kind=${record.level === "ERROR" || record.level === "FATAL" ? "bad" : record.level === "WARNING" ? "warn" : "good"} word=${record.level} />`}
      <${Copy} text=${record.text || record.message} what=${t("line")} />
      ${record.cut && html`<span class="faint">${t("cut")}</span>`}</p>
    <pre class="log-message">${record.message}</pre>
    <dl class="values">
      ${record.task && html`<div><dt>${t("task")}</dt><dd><a class="mono" href=${link("tasks", record.task)}>${record.task}</a></dd></div>`}
      ${record.stream && html`<div><dt>${t("stream")}</dt><dd><a class="mono" href=${link("logs", "", { group: record.log, stream: record.stream })}>${record.stream}</a></dd></div>`}
      ${record.request && html`<div><dt>${t("request")}</dt><dd class="row"><a class="mono" href=${link("requests", "", { filter: record.request })}>${record.request}</a>
        <a href=${link("logs", "", { request: record.request })}>${t("of_request")}</a></dd></div>`}
      ${fields && Object.entries(fields).map(([name, value]) => html`<div key=${name}><dt class="mono">${name}</dt><dd class="mono">${typeof value === "string" ? value : JSON.stringify(value)}</dd></div>`)}
    </dl>
    ${record.exception && html`<h3>${t("exception")}</h3><pre class="log-exception">${record.exception}</pre>`}
    ${record.text && !fields && html`<h3>${t("line")}</h3><pre class="log-exception">${record.text}</pre>`}<//>`;
}

function membersOf(line) {
  try {
    const found = JSON.parse(line);
    return found && typeof found === "object" && !Array.isArray(found) ? found : undefined;
  } catch {
    return undefined;
  }
}
