// Pipelines: their stages and runs, what a build writes, and the plan that waits for an answer.
import { Act, Ago, Empty, Filter, Name, Resource, Status, Table, Waiting, classes, go, html, link, useQuery, useTopic, words } from "../lib/index.js";
import { Approval } from "./pipelines/approval.js";
import { Elapsed, StageChips, statusOf } from "./pipelines/parts.js";
import { One } from "./pipelines/one.js";
import { Start } from "./pipelines/start.js";
import { text } from "./pipelines/text.js";

export const style = "/pages/pipelines/pipelines.css";

export function Page({ id, query }) {
  return id ? html`<${One} key=${id} name=${id} query=${query} />` : html`<${All} />`;
}

function All() {
  const t = words(text);
  const { data, error } = useTopic("pipelines");
  const [filter, setFilter] = useQuery("filter");
  if (!data) return html`<div class="page"><${Waiting} error=${error} /></div>`;
  const shown = data.pipelines.filter((one) => one.name.toLowerCase().includes(filter.toLowerCase()));
  const waiting = data.pipelines.flatMap((one) => one.approvals.map((approval) => ({ pipeline: one.name, ...approval })));
  return html`<div class="page">
    <div class="page-head"><h1>${t("title")}</h1><span class="about">${t(data.pipelines.length === 1 ? "about_one" : "about", { n: data.pipelines.length })}</span><span class="grow"></span>
      <${Filter} value=${filter} onInput=${setFilter} /></div>
    ${!data.pipelines.length && html`<${Empty} title=${t("none")} />`}
    ${waiting.map((one) => html`<${Waits} key=${one.run} approval=${one} />`)}
    ${shown.map((one) => html`<${Pipeline} key=${one.name} pipeline=${one} />`)}
  </div>`;
}

function Waits({ approval }) {
  const t = words(text);
  return html`<p class="note row"><span><${Name} of=${t("waits", { action: approval.action, pipeline: approval.pipeline })} /></span><span class="grow"></span>
    <a href=${link("pipelines", approval.pipeline, { run: approval.execution })}>${t("review")}</a></p>`;
}

function Pipeline({ pipeline }) {
  const t = words(text);
  const last = pipeline.last;
  return html`<section class="panel" aria-label=${pipeline.name}>
    <div class="panel-head"><h2><a href=${link("pipelines", pipeline.name)}><${Name} of=${pipeline.name} /></a></h2>
      ${last ? html`<${Status} ...${statusOf(t, last.status)} />` : html`<span class="faint">${t("never")}</span>`}
      ${last && html`<span class="faint">${pipeline.detail}</span>`}<span class="grow"></span>
      <span class="faint">${pipeline.mode}</span><${Resource} address=${pipeline.address}>${t("definition")}<//>
      <${Start} pipeline=${pipeline} /></div>
    <div class="panel-body row"><${StageChips} stages=${pipeline.stages} /><span class="grow"></span>
      ${last && html`<span class="faint"><span class="mono">${last.commit.slice(0, 12)}</span> ${last.title}</span>
        <${Elapsed} from=${last.started} to=${last.ended} /> <${Ago} at=${last.started} />`}</div>
  </section>`;
}
