// The records of a page: what has been written is searched once, and what comes is followed.
import { At, ask, connection, html, useEffect, useLatest, useRef, useState, words } from "../../lib/index.js";
import { text } from "./text.js";

const MOST = 200;
const OVERLAP = 2; // seconds that a line may take to its file: until then it is followed, not searched
const NARROWING = ["since", "until", "filter", "level", "request", "task", "stream", "bucket"];

// `past`: the search, if there is one. `follows`: no end of the time is given, and no bucket, whose objects come later.
export function useRecords(asked, paused, asks) {
  const follows = !asks && !asked.until && !asked.bucket;
  const searches = !asks && NARROWING.some((name) => asked[name]);
  const live = useLatest("logs", { ...asked, query: "", since: "", until: "" }, !paused && (follows || !asked.group));
  const border = useBorder(JSON.stringify(asked));
  const past = usePast({ ...asked, until: asked.until || border }, searches);
  const newest = (follows && live.data?.records) || [];
  const coming = useHeard(border, searches ? newest.filter((one) => one.time >= border) : []);
  if (!searches) return { records: live.data && newest, live, past, follows };
  if (!past.data) return { records: newest.length ? newest : undefined, live, past, follows };
  return { records: [...past.data.records, ...coming].slice(-MOST), live, past, follows };
}

// The moment up to which is searched: another one for other questions, and when the tab or the server is there again.
function useBorder(key) {
  const border = useRef({});
  const [, draw] = useState(0);
  useEffect(() => {
    const look = () => {
      if (document.hidden) return;
      border.current = {};
      draw((count) => count + 1);
    };
    document.addEventListener("visibilitychange", look);
    const deaf = connection.hear((now) => now === "open" && look());
    return () => {
      document.removeEventListener("visibilitychange", look);
      deaf();
    };
  }, []);
  if (border.current.key !== key) border.current = { key, at: new Date(Date.now() - OVERLAP * 1000).toISOString() };
  return border.current.at;
}

// What has come since the border, also when the server follows newer lines by now.
function useHeard(border, coming) {
  const heard = useRef({});
  if (heard.current.border !== border) heard.current = { border, rows: new Map() };
  const { rows } = heard.current;
  for (const one of coming) rows.set(one.id, one);
  for (const id of [...rows.keys()].slice(0, -MOST)) rows.delete(id);
  return [...rows.values()].sort((a, b) => a.time.localeCompare(b.time));
}

// Requested once the reader has stopped typing, and the answer to the question before is there.
function usePast(asked, when) {
  const [found, set] = useState({});
  const last = useRef(Promise.resolve());
  const key = JSON.stringify(asked);
  useEffect(() => {
    if (!when) return undefined;
    let gone = false;
    const search = () => gone || ask("logs.search", asked).then(
      (data) => gone || set({ key, data }),
      (error) => gone || set({ key, error }),
    );
    const timer = setTimeout(() => (last.current = last.current.then(search)), 300);
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [key, when]);
  if (!when) return {};
  return found.key === key ? found : { busy: true };
}

// How much was searched; and where a search has run out of time, how far back it came.
export function Searched({ past }) {
  const t = words(text);
  if (past.busy) return html`<p class="faint searched" role="status">${t("searching")}</p>`;
  if (!past.data || past.data.more) return null;
  const n = past.data.looked_at.toLocaleString("en");
  const reached = past.data.back_to;
  return html`<p class="faint searched" role="status">${t(reached ? "searched_part" : "searched", { n })} ${reached && html`<${At} at=${Date.parse(reached) / 1000} />`}</p>`;
}
