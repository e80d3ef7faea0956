// The search over everything: Ctrl-K or ⌘K. Arrows choose, Enter opens, Esc closes.
import { ask, classes, go, html, language, useEffect, useKeys, useRef, useState, words } from "./lib/index.js";
import { pages } from "./pages/index.js";

const text = {
  en: { search: "Search", hint: "Request, task, resource, alarm, log line, page", none: "Nothing has this in its name", searching: "Searching…", failed: "The search has no answer",
    found: "{n} found", pages: "Page", requests: "Request", tasks: "Task", resource: "Resource", alarms: "Alarm", logs: "Log line" },
  ja: { search: "検索", hint: "リクエスト、タスク、リソース、アラーム、ログの行、ページ", none: "一致するものはありません", searching: "検索中…", failed: "検索に応答がありません",
    found: "{n} 件", pages: "ページ", requests: "リクエスト", tasks: "タスク", resource: "リソース", alarms: "アラーム", logs: "ログの行" },
};

export function SearchButton({ onOpen }) {
  const t = words(text);
  const keys = /Mac|iPhone|iPad/.test(navigator.platform) ? "⌘K" : "Ctrl K";
  useEffect(() => {
    const hear = (event) => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey || event.key.toLowerCase() !== "k") return;
      event.preventDefault();
      if (!document.querySelector("dialog[open]")) onOpen();
    };
    addEventListener("keydown", hear);
    return () => removeEventListener("keydown", hear);
  }, []);
  return html`<button type="button" class="button search-open" onClick=${onOpen} aria-keyshortcuts="Control+K Meta+K" aria-label=${t("search")}
    title=${keys}><span aria-hidden="true">⌕</span> <span class="search-word">${t("search")}</span> <kbd aria-hidden="true">${keys}</kbd></button>`;
}

export function Search({ onClose }) {
  const t = words(text);
  const lang = language.use();
  const [typed, type] = useState("");
  const [chosen, choose] = useState(0);
  const found = useHits(typed.trim());
  const hits = [...pagesWith(typed.trim(), lang), ...(found.hits || [])];
  const at = Math.min(chosen, hits.length - 1);
  const box = useDialog(onClose);
  useEffect(() => document.getElementById(`hit-${at}`)?.scrollIntoView({ block: "nearest" }), [at]);
  const open = (hit) => {
    onClose();
    go(hit.page, hit.id, hit.query);
  };
  const move = (event) => {
    const next = { ArrowDown: at + 1, ArrowUp: at - 1 }[event.key];
    if (event.isComposing) return;
    if (next !== undefined && hits.length) choose((next + hits.length) % hits.length);
    else if (event.key === "Enter" && hits[at]) open(hits[at]);
    else if (event.key === "Escape") onClose();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const state = found.busy ? t("searching") : found.error ? t("failed") : typed.trim() && (hits.length ? t("found", { n: hits.length }) : t("none"));
  return html`<dialog class="search" ref=${box} aria-label=${t("search")} onCancel=${(event) => { event.preventDefault(); onClose(); }}
    onClick=${(event) => event.target === event.currentTarget && onClose()}>
    <input class="search-text" type="text" role="combobox" aria-label=${t("search")} placeholder=${t("hint")} value=${typed} autocomplete="off" spellcheck=${false}
      aria-expanded=${hits.length > 0} aria-controls="hits" aria-autocomplete="list" aria-activedescendant=${hits.length ? `hit-${at}` : undefined}
      onInput=${(event) => { type(event.target.value); choose(0); }} onKeyDown=${move} />
    <ul id="hits" class="hits" role="listbox" aria-label=${t("search")}>${hits.map((hit, index) => html`<li key=${index} id=${`hit-${index}`} role="option"
      aria-selected=${index === at} class=${classes("hit", index === at && "chosen")} onClick=${() => open(hit)} onPointerMove=${() => index !== at && choose(index)}>
      <span class="hit-kind">${t(hit.kind || hit.page)}</span> <span class="hit-title mono">${hit.title}</span> <span class="hit-note faint">${hit.note}</span></li>`)}</ul>
    <p class="hit-state faint" role="status">${state || ""}</p></dialog>`;
}

function useDialog(onClose) {
  const box = useRef();
  useKeys({ Escape: onClose }, true);
  useEffect(() => {
    const before = document.activeElement;
    box.current.showModal();
    box.current.querySelector("input").focus();
    return () => before?.isConnected && before.focus?.();
  }, []);
  return box;
}

function pagesWith(typed, lang) {
  const wanted = typed.toLowerCase();
  const fits = (page) => [page.path, ...Object.values(page.title)].some((name) => name.toLowerCase().includes(wanted));
  return pages.filter(fits).map((page) => ({ kind: "pages", page: page.path, id: "", title: page.title[lang], note: `g ${page.letter}` }));
}

// Asked once the reader has stopped typing; the last hits stay until the next come.
function useHits(typed) {
  const [found, set] = useState({});
  useEffect(() => {
    if (!typed) return set({});
    let gone = false;
    set((last) => ({ ...last, busy: true }));
    const timer = setTimeout(() => ask("search", { text: typed }).then(
      (data) => gone || set({ hits: data.hits }),
      (error) => gone || set({ error }),
    ), 200);
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [typed]);
  return found;
}
