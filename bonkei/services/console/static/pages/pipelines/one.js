// One pipeline: its stages as they are now or as a run has seen them, its runs, and a build's log.
import { Act, Ago, Name, Resource, Status, Table, Waiting, classes, go, html, link, useTopic, words } from "../../lib/index.js";
import { Approval } from "./approval.js";
import { Log } from "./log.js";
import { Elapsed, Words, statusOf } from "./parts.js";
import { Start } from "./start.js";
import { Stop } from "./stop.js";
import { text } from "./text.js";

export function One({ name, query }) {
  const t = words(text);
  const { data, error } = useTopic("pipelines.one", { pipeline: name });
  const { data: run, error: missing } = useTopic("pipelines.run", { pipeline: name, execution: query.run }, Boolean(query.run));
  if (!data) return html`<div class="page"><div class="page-head"><h1><${Name} of=${name} /></h1></div><${Waiting} error=${error} /></div>`;
  const seen = query.run ? run : undefined;
  const approvals = data.approvals.filter((one) => !query.run || one.execution === query.run);
  const close = () => go("pipelines", name, { run: query.run });
  return html`<div class=${classes("split", query.log && "open")}><div class="page">
    <div class="page-head"><h1><${Name} of=${name} /></h1><a href=${link("pipelines")}>${t("all")}</a><span class="grow"></span>
      <span class="faint">${data.type} ${data.mode}</span><${Resource} address=${data.address}>${t("definition")}<//><${Start} pipeline=${data} /></div>
    ${approvals.map((one) => html`<${Approval} key=${one.run} pipeline=${name} approval=${one} />`)}
    ${query.run && !seen && html`<${Waiting} error=${missing} />`}
    ${seen ? html`<${Run} pipeline=${data} run=${seen} log=${query.log} />` : !query.run && html`<${Stages} pipeline=${data} log=${query.log} />`}
    <section class="panel" aria-label=${t("runs")}><div class="panel-head"><h2>${t("runs")}</h2>
      ${data.more > 0 && html`<span class="faint">${t("more_runs", { n: data.more })}</span>`}</div><${Runs} name=${name} runs=${data.runs} chosen=${query.run} /></section>
  </div>${query.log && html`<${Log} key=${query.log} pipeline=${name} run=${query.log} onClose=${close} />`}</div>`;
}

// The stages as they are now, each with the run that is in it.
function Stages({ pipeline, log }) {
  const t = words(text);
  return html`<ol class="stages" aria-label=${t("stages")}>${pipeline.stages.map((one) => html`<li key=${one.name} class="panel stage">
    <div class="panel-head"><h2>${one.name}</h2><${Status} ...${statusOf(t, one.status)} /><span class="grow"></span>
      ${one.execution && html`<a class="mono" href=${link("pipelines", pipeline.name, { run: one.execution })}>${one.execution.slice(0, 8)}</a>`}
      <${Retry} pipeline=${pipeline} stage=${one} execution=${one.execution} /></div>
    <div class="panel-body">
      ${one.closed && html`<p class="note">${t("closed", { reason: one.closed.reason })}</p>`}
      ${one.waiting.map((id) => html`<p class="faint">${t("queued", { id: id.slice(0, 8) })}</p>`)}
      <${Conditions} conditions=${one.conditions} />
      ${one.actions.map((action) => html`<${Action} key=${action.name} pipeline=${pipeline.name} action=${action} chosen=${log} />`)}
    </div></li>`)}</ol>`;
}

// As one run has gone through them; of actions that were retried each run.
function Run({ pipeline, run, log }) {
  const t = words(text);
  return html`<section class="panel" aria-label=${t("run", { id: run.id.slice(0, 8) })}>
    <div class="panel-head"><h2>${t("run", { id: run.id.slice(0, 8) })}</h2><${Status} ...${statusOf(t, run.status)} />
      <span class="mono faint">${run.commit.slice(0, 12)}</span><span>${run.title}</span><span class="grow"></span>
      <span class="faint">${run.trigger} ${run.trigger_detail}</span><${Elapsed} from=${run.started} to=${run.ended} />
      ${run.running && html`<${Stop} pipeline=${pipeline.name} run=${run} />`}</div>
    <div class="panel-body">
      ${run.stop_reason && html`<p class="faint">${t("stop_reason", { reason: run.stop_reason })}</p>`}
      ${run.waiting && html`<p class="note">${t("waits_before", { stage: run.waiting })}</p>`}
      <ol class="stages in-run">${run.stages.map((one) => html`<li key=${one.name} class="stage">
        <div class="row"><h3>${one.name}</h3><${Status} ...${statusOf(t, one.status)} quiet=${true} /><${Elapsed} from=${one.started} to=${one.ended} />
          <${Retry} pipeline=${pipeline} stage=${one} execution=${run.id} /></div>
        <${Words} value=${one.summary} kind="faint" /><${Conditions} conditions=${one.conditions} />
        ${one.actions.map((action) => html`<${Action} key=${action.run} pipeline=${pipeline.name} action=${action} chosen=${log} />`)}
      </li>`)}</ol></div></section>`;
}

function Action({ pipeline, action, chosen }) {
  const t = words(text);
  return html`<div class=${classes("action", chosen && chosen === action.run && "chosen")}>
    <div class="row"><${Status} ...${statusOf(t, action.status, action.waits)} /><b>${action.name}</b><span class="faint">${action.provider}${action.project ? ` · ${action.project}` : ""}</span>
      <span class="grow"></span><${Elapsed} from=${action.started} to=${action.ended} />
      ${action.log && html`<a href=${link("pipelines", pipeline, { run: action.execution, log: action.run })}>${t("log")}</a>`}</div>
    <${Words} value=${action.error} kind="reason" />${!action.error && html`<${Words} value=${action.summary} kind="faint" />`}
    ${action.by && html`<p class="faint">${t("by", { who: action.by })}</p>`}
  </div>`;
}

function Conditions({ conditions }) {
  const t = words(text);
  return conditions.map((one) => html`<p class="row condition" key=${one.place}><span class="faint">${t(one.place)}</span><${Status} ...${statusOf(t, one.status)} quiet=${true} /><span class="faint">${one.summary}</span></p>`);
}

function Retry({ pipeline, stage, execution }) {
  const t = words(text);
  if (stage.status !== "Failed" || !execution) return null;
  return html`<${Act} name="pipeline.retry" body=${{ pipeline: pipeline.name, execution, stage: stage.name }} confirm=${t("retry_text", { stage: stage.name })}
    onDone=${() => go("pipelines", pipeline.name, { run: execution })}>${t("retry")}<//>`;
}

function Runs({ name, runs, chosen }) {
  const t = words(text);
  const columns = [
    { key: "status", title: t("status"), value: (run) => run.status, cell: (run) => html`<${Status} ...${statusOf(t, run.status)} />` },
    { key: "id", title: t("run_id"), cell: (run) => html`<a class="mono" href=${link("pipelines", name, { run: run.id })}>${run.id.slice(0, 8)}</a>` },
    { key: "commit", title: t("commit"), cell: (run) => html`<span class="mono">${run.commit.slice(0, 12)}</span>` },
    { key: "title", title: t("what"), wide: true, cell: (run) => html`${run.title} ${run.status === "Failed" && html`<span class="reason">${run.summary.split("\n")[0]}</span>`}` },
    { key: "trigger", title: t("trigger"), value: (run) => run.trigger },
    { key: "took", title: t("took"), end: true, value: (run) => (run.ended || Infinity) - run.started, cell: (run) => html`<${Elapsed} from=${run.started} to=${run.ended} />` },
    { key: "started", title: t("begun"), end: true, value: (run) => -run.started, cell: (run) => html`<${Ago} at=${run.started} />` },
  ];
  return html`<${Table} name="runs" label=${t("runs")} columns=${columns} rows=${runs} chosen=${chosen} open=${(run) => go("pipelines", name, { run: run.id })} />`;
}
