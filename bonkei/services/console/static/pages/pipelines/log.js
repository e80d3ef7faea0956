// A build's log: its end, live while it runs, and what is before it on demand.
import { Drawer, Problem, Status, Waiting, ask, html, useEffect, useRef, useState, useTopic, words } from "../../lib/index.js";
import { text } from "./text.js";

const MOST = 8; // windows before the end that are kept

export function Log({ pipeline, run, onClose }) {
  const t = words(text);
  const { data, error } = useTopic("pipelines.log", { pipeline, run });
  const [before, setBefore] = useState([]); // the oldest first
  const [failure, fail] = useState();
  const end = useRef();
  const follows = useRef(true);
  useEffect(() => {
    if (data?.live && follows.current) end.current?.scrollIntoView({ block: "nearest" });
  }, [data?.text]);
  const first = before[0] || data;
  const more = async () => {
    follows.current = false;
    try {
      const found = await ask("pipelines.log", { pipeline, run, before: first.from });
      setBefore([found, ...before].slice(0, MOST));
    } catch (problem) {
      fail(problem);
    }
  };
  return html`<${Drawer} title=${t("log")} subtitle=${html`<span class="mono">${run.slice(0, 8)}</span>`} onClose=${onClose}>
    ${!data ? html`<${Waiting} error=${error} />` : html`
      <div class="row">${data.live && html`<${Status} kind="busy" word=${t("live")} />`}
        ${first.from > 0 && before.length < MOST && html`<button type="button" class="button" onClick=${more}>${t("earlier")}</button>`}</div>
      ${failure && html`<${Problem} error=${failure} />`}${data.note && html`<p class="note">${data.note}</p>`}
      <pre class="log">${before.map((one) => one.text).join("")}${data.text}</pre><div ref=${end}></div>`}
  <//>`;
}
