// The frame of every page: the bar, the navigation, the help.
import {
  Confirm, Status, classes, colour, connection, html, language, place, useEffect, useKeys, useState, useTopic, words,
} from "./lib/index.js";
import { prefix } from "./lib/name.js";
import { followLetters } from "./lib/keys.js";
import { groups, pages } from "./pages/index.js";
import { Search, SearchButton } from "./search.js";

const text = {
  en: {
    prefix: "Names begin with it: it is left out on the pages", navigation: "Pages", help: "Keyboard", colour: "Colours", system: "as the system", light: "light", dark: "dark",
    lost: "The miniature does not answer", skip: "To the page", language: "日本語", starting: "starting", ready: "ready", degraded: "degraded",
    stopping: "stopping", page_failed: "This page cannot be loaded", nothing: "There is no such page", reload: "Reload",
    badge_tasks: "healthy tasks of those that are wanted", badge_requests: "5xx in the last 5 minutes", badge_logs: "errors in the last 5 minutes",
    badge_alarms: "in ALARM", badge_pipelines: "wait for approval", badge_faults: "active faults",
    key_filter: "filter", key_help: "this help", key_close: "close", key_go: "then a letter: a page", key_rows: "walk a table", key_open: "open a row", key_search: "search over everything",
  },
  ja: {
    prefix: "名前に共通の先頭部分。各ページでは省略しています", navigation: "ページ", help: "キーボード", colour: "配色", system: "システムに合わせる", light: "ライト", dark: "ダーク",
    lost: "盆景が応答しません", skip: "本文へ", language: "English", starting: "起動中", ready: "準備完了", degraded: "異常あり",
    stopping: "停止中", page_failed: "このページを読み込めません", nothing: "そのページはありません", reload: "再読み込み",
    badge_tasks: "正常なタスク / 必要な数", badge_requests: "直近 5 分の 5xx", badge_logs: "直近 5 分のエラー",
    badge_alarms: "ALARM の数", badge_pipelines: "承認待ち", badge_faults: "続いている障害",
    key_filter: "絞り込み", key_help: "このヘルプ", key_close: "閉じる", key_go: "に続けて文字: ページへ", key_rows: "表を移動", key_open: "行を開く", key_search: "すべてから検索",
  },
};

export function Shell() {
  const here = place.use();
  const t = words(text);
  const [help, setHelp] = useState(false);
  const [searching, search] = useState(false);
  useEffect(() => search(false), [here]); // another page, also by the browser's way back
  const { data: overview } = useTopic("overview");
  useEffect(() => prefix.set(overview?.prefix || ""), [overview?.prefix]);
  const page = pages.find((one) => one.path === (here.page || pages[0].path));
  useEffect(() => {
    followLetters(Object.fromEntries(pages.map((one) => [one.letter, () => (location.hash = `#/${one.path}`)])));
  }, []);
  useKeys({ "?": () => setHelp(true) });
  return html`
    <a class="skip" href="#main" onClick=${(event) => { event.preventDefault(); document.getElementById("main").focus(); }}>${t("skip")}</a>
    <${Bar} overview=${overview} onHelp=${() => setHelp(true)} onSearch=${() => search(true)} />
    <${Navigation} page=${page} overview=${overview} />
    <main id="main" tabindex="-1">${page ? html`<${Loaded} key=${page.path} page=${page} id=${here.id} query=${here.query} />` : html`<p class="waiting">${t("nothing")}</p>`}</main>
    ${help && html`<${Help} onClose=${() => setHelp(false)} />`}
    ${searching && html`<${Search} onClose=${() => search(false)} />`}`;
}

function Bar({ overview, onHelp, onSearch }) {
  const t = words(text);
  const lost = connection.use() === "lost";
  const now = language.use();
  const state = overview?.state;
  return html`<header class="bar">
    <a class="brand" href="#/">盆景 <b>Bonkei</b></a>
    ${overview && html`<span class="where"><span class="mono" title=${overview.prefix && t("prefix")}>${overview.prefix ? `${overview.prefix}…` : overview.name}</span>${overview.workspace !== "default" && html`<span class="tag">${overview.workspace}</span>`}</span>`}
    <span class="grow"></span>
    <${SearchButton} onOpen=${onSearch} />
    ${lost ? html`<span role="status"><${Status} kind="bad" word=${t("lost")} /></span>` : state && html`<span role="status" title=${overview.unhealthy.map((one) => `${one.name}: ${one.reason}`).join("\n")}><${Status} word=${t(state)} kind=${state === "ready" ? "good" : state === "degraded" ? "bad" : "busy"} /></span>`}
    <${ColourSwitch} />
    <button type="button" class="button quiet" lang=${now === "ja" ? "en" : "ja"} onClick=${() => language.set(now === "ja" ? "en" : "ja")}>${t("language")}</button>
    <button type="button" class="button quiet keyboard-help" onClick=${onHelp} aria-label=${t("help")} title="?">?</button>
  </header>`;
}

const NEXT = { system: "light", light: "dark", dark: "system" };
const SIGNS = { system: "◐", light: "☀", dark: "☾" };

function ColourSwitch() {
  const t = words(text);
  const now = colour.use();
  const label = `${t("colour")}: ${t(now)}`;
  return html`<button type="button" class="button quiet" aria-label=${label} title=${label} onClick=${() => colour.set(NEXT[now])}>${SIGNS[now]}</button>`;
}

function Navigation({ page, overview }) {
  const t = words(text);
  const lang = language.use();
  // On a narrow screen the navigation is a strip that scrolls.
  useEffect(() => document.querySelector(".nav-link.here")?.scrollIntoView({ block: "nearest", inline: "nearest" }), [page]);
  return html`<nav class="nav" aria-label=${t("navigation")}>${Object.entries(groups).map(([key, title]) => {
    const own = pages.filter((one) => one.group === key);
    return own.length > 0 && html`<div class="nav-group" key=${key}><p class="nav-title" id=${`nav-${key}`}>${title[lang]}</p>
      <ul aria-labelledby=${`nav-${key}`}>${own.map((one) => {
        const badge = overview?.badges?.[one.path];
        return html`<li key=${one.path}><a href=${`#/${one.path}`} class=${classes("nav-link", one === page && "here")} aria-current=${one === page ? "page" : undefined} title=${`g ${one.letter}`}>
          <span>${one.title[lang]}</span>${badge && html`<span class=${classes("badge", badge.kind)} title=${t(`badge_${one.path}`)}>${badge.text}</span>`}</a></li>`;
      })}</ul></div>`;
  })}</nav>`;
}

// Loads the page's module and its sheet, and names the tab.
function Loaded({ page, id, query }) {
  const t = words(text);
  const lang = language.use();
  const [loaded, set] = useState({});
  useEffect(() => {
    let gone = false;
    page.load().then(async (module) => {
      const own = [module.style || []].flat();
      await Promise.all(own.map(sheet));
      if (gone) return;
      wearOnly(own);
      set({ Page: module.Page });
    }, (error) => set({ error }));
    return () => { gone = true; };
  }, []);
  useEffect(() => {
    document.title = `${page.title[lang]} · Bonkei`;
  }, [lang]);
  if (loaded.error) return html`<div class="problem" role="alert"><p>${t("page_failed")}: ${loaded.error.message}</p><button type="button" class="button" onClick=${() => location.reload()}>${t("reload")}</button></div>`;
  return loaded.Page ? html`<${loaded.Page} id=${id} query=${query} />` : null;
}

const sheets = new Map();
function sheet(href) {
  if (!sheets.has(href)) {
    const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href });
    const ready = new Promise((done) => { link.onload = link.onerror = done; });
    document.head.append(link);
    sheets.set(href, { link, ready });
  }
  return sheets.get(href).ready;
}

// A page's sheet is for that page alone: others have tables and fields, too.
function wearOnly(own) {
  for (const [href, { link }] of sheets) if (link.sheet) link.sheet.disabled = !own.includes(href);
}

function Help({ onClose }) {
  const t = words(text);
  const lang = language.use();
  const keys = [["Ctrl K", t("key_search")], ["/", t("key_filter")], ["↑ ↓", t("key_rows")], ["Enter", t("key_open")], ["Esc", t("key_close")], ["?", t("key_help")]];
  return html`<${Confirm} title=${t("help")} onNo=${onClose}><dl class="keys">
    ${keys.map(([key, what]) => html`<div><dt><kbd>${key}</kbd></dt><dd>${what}</dd></div>`)}
    ${pages.map((one) => html`<div><dt><kbd>g</kbd> <kbd>${one.letter}</kbd></dt><dd>${one.title[lang]}</dd></div>`)}
  </dl><//>`;
}
