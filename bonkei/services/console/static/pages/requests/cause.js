// Why a request failed: the cause in one sentence, and what to look at next.
import { Name, Status, html, link, useTopic, words } from "../../lib/index.js";
import { text } from "./text.js";

const OUTAGE = 300; // seconds before the request in which its cause may have been logged

export function Cause({ one, cause, lines }) {
  const t = words(text);
  const { data: alarms } = useTopic("alarms");
  const { data: tasks } = useTopic("tasks");
  const why = ofService(one, tasks);
  const own = lines.find((line) => isError(line) && line.task)?.task || one.task;
  const failing = own || why.task;
  const ringing = (alarms?.alarms || []).filter((alarm) => alarm.state === "ALARM");
  return html`<section class="problem cause" role="group" aria-label=${t("cause")}>
    <p class="cause-text">${cause || why.text || t("no_cause")}</p>
    ${cause && why.text && html`<p>${why.text}</p>`}
    <p class="row">${failing ? html`<a href=${link("tasks", failing)}>${t("task")} ${failing.slice(0, 8)}</a>` : one.service && html`<a href=${link("tasks", "", { filter: one.service })}><${Name} of=${t("tasks_of", { name: one.service })} /></a>`}
      <a href=${link("logs", "", lineQuery(one, lines, own))}>${t("cause_lines")}</a>
      ${ringing.slice(0, 4).map((alarm) => html`<a key=${alarm.name} href=${link("alarms", alarm.name)}><${Status} word=${alarm.state} /> <${Name} of=${alarm.name} /></a>`)}
      ${ringing.length > 4 && html`<a href=${link("alarms")}>+ ${ringing.length - 4}</a>`}</p></section>`;
}

export const isError = (line) => ["ERROR", "FATAL", "CRITICAL"].includes(line.level);

// What ECS says of the service, and of its last task that ended: without a healthy one, the load balancer itself answers.
function ofService(one, tasks) {
  if (!tasks || !one.service || one.task) return {};
  const service = tasks.services.find((each) => [each.name, each.group].includes(one.service) || each.name.endsWith(one.service));
  const ended = tasks.stopped.find((task) => task.reason && (!service || task.group === `service:${service.name}`));
  const text = service?.refused || service?.failure;
  return text ? { text } : { text: ended?.reason, task: ended?.id };
}

// Its own lines where one is an error; else the errors of its task, or of all, in the minutes before.
function lineQuery(one, lines, task) {
  const when = (seconds) => new Date(seconds * 1000).toISOString().slice(0, 19) + "Z";
  const time = { since: when(one.begun - OUTAGE), until: when(one.at + 3) };
  if (one.trace_id && lines.some(isError)) return { request: one.trace_id, ...time };
  return { task: task?.slice(0, 8), level: "ERROR", ...time };
}
