// What a page can do without: times in the visitor's own time zone, a page that follows what
// happens, and forms that are not sent twice by impatience. Everything works without this file.
"use strict";

const language = document.documentElement.lang === "ja" ? "ja" : "en-GB";
const moment = new Intl.DateTimeFormat(language, {
  year: "numeric", month: language === "ja" ? "numeric" : "short", day: "numeric",
  hour: "2-digit", minute: "2-digit", hour12: false, timeZoneName: "short",
});

function localise(root) {
  for (const element of root.querySelectorAll("time[datetime]:not([data-day])")) {
    element.title = element.textContent;
    element.textContent = moment.format(new Date(element.dateTime));
  }
}

// The content is only replaced when it has changed, no one is moving about in it with the
// keyboard, and nothing is selected; what was unfolded stays unfolded.
const PERIOD = 30_000;
// Who sends a form once more so much later has stopped the first request, for it took too long.
const PATIENCE = 5_000;
let known = null;

function read(cache) {
  return fetch(location.href, { cache, credentials: "omit" });
}

function busy(main) {
  return main.contains(document.activeElement) && document.activeElement !== main
    || !document.getSelection().isCollapsed;
}

async function follow() {
  const answer = await read("no-cache");
  if (!answer.ok) return;
  const text = await answer.text();
  if (known === null || text === known) { known = text; return; }
  const main = document.getElementById("main");
  if (busy(main)) return;
  known = text;
  const fresh = new DOMParser().parseFromString(text, "text/html");
  const content = fresh.getElementById("main");
  const unfolded = [...main.querySelectorAll("details[open]")].map((details) => details.id);
  for (const id of unfolded) fresh.getElementById(id)?.setAttribute("open", "");
  localise(content);
  main.replaceChildren(...content.childNodes);
  document.title = fresh.title;
  document.body.dataset.state = fresh.body.dataset.state;
  const icon = fresh.querySelector("link[rel=icon]");
  if (icon) document.querySelector("link[rel=icon]").href = icon.getAttribute("href");
  const heading = main.querySelector("h1");
  document.getElementById("announcer").textContent =
    `${document.documentElement.dataset.refreshed} ${heading ? heading.textContent : ""}`;
}

function tick() {
  if (document.visibilityState === "visible") follow().catch(() => {});
}

// The area speaks UTC throughout, its lists as its forms: colleagues who talk about a time mean the
// same one. Below each time that is typed stands what that is here.
function tellHere(input) {
  const output = input.parentElement.querySelector("output");
  const typed = new Date(`${input.value}Z`);
  output.textContent = input.value && !Number.isNaN(typed.getTime())
    ? `${output.dataset.before} ${moment.format(typed)}` : "";
}

if (document.body.dataset.zone === "utc") {
  for (const input of document.querySelectorAll("input[type=datetime-local]")) {
    input.addEventListener("input", () => tellHere(input));
    tellHere(input);
  }
  for (const form of document.querySelectorAll("form[method=post]")) {
    form.addEventListener("submit", (event) => {
      if (performance.now() - Number(form.dataset.sent) < PATIENCE) event.preventDefault();
      else form.dataset.sent = performance.now();
    });
  }
  // Who comes back to a page from the next one may send again.
  addEventListener("pageshow", () => {
    for (const form of document.forms) delete form.dataset.sent;
  });
} else {
  localise(document);
}
if ("follow" in document.getElementById("main").dataset) {
  // What the browser has just shown is in its cache; so this sends no request.
  read("force-cache").then((answer) => answer.text()).then((text) => { known ??= text; }, () => {});
  setInterval(tick, PERIOD);
  document.addEventListener("visibilitychange", tick);
}
