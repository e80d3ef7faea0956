// Small parts of the data's pages.
import { Name, ask, bytes, html, link, useEffect, useState, words } from "../../lib/index.js";
import { text } from "./text.js";

// A topic once, and again on demand: what is browsed does not change under the reader's eyes.
export function useAsk(name, query, when = true) {
  const key = when ? JSON.stringify(query) : "";
  const [state, set] = useState({});
  const [turn, again] = useState(0);
  useEffect(() => {
    if (!key) return undefined;
    let is_wanted = true;
    set({ working: true });
    ask(name, query).then((data) => is_wanted && set({ data }), (error) => is_wanted && set({ error }));
    return () => (is_wanted = false);
  }, [key, turn]);
  return { ...state, reload: () => again(turn + 1) };
}

export function Head({ title, kind, children, reload }) {
  const t = words(text);
  return html`<div class="page-head"><h1><${Name} of=${title} /></h1><a href=${link("data")}>${t("title")}</a><span class="faint">${t(kind)}</span><span class="grow"></span>${children}
    ${reload && html`<button type="button" class="button" onClick=${reload}>${t("reload")}</button>`}</div>`;
}

// The beginning of a value, and how much more there is.
export function Cell({ value, length }) {
  const t = words(text);
  if (value === null) return html`<span class="faint null">NULL</span>`;
  return html`<span class="cell">${value}${length > value.length && html`<span class="faint cut"> … ${t("characters", { n: length.toLocaleString() })}</span>`}</span>`;
}

export function Content({ content }) {
  const t = words(text);
  return html`${content.binary && html`<p class="faint">${t("binary")}</p>`}<pre class="content" tabindex="0">${content.text}</pre>
    ${content.more && html`<p class="faint">${t("cut", { size: bytes(content.size ?? content.length) })}</p>`}`;
}
