// The scene that bonkei/analysis/diagram has placed, with what lives on it. Everything in it is a link.
import { Status, classes, html, link, useEffect, words } from "../../lib/index.js";
import { text } from "./text.js";

const ICON = 40;
const LINE = 15;
const MARGIN = 24;
const CUT = 44; // the drawing's own heading, which the page has already
const SYMBOLS = { good: "●", busy: "◐", warn: "▲", bad: "✕", off: "○" };

export function Scene({ scene, live, chosen, onOpen }) {
  useEffect(flowing, []);
  const rates = new Map((live?.arrows || []).map((one) => [`${one.source} ${one.target}`, one]));
  const top = MARGIN + CUT - 30;
  const view = `0 ${top} ${scene.width} ${scene.height - top}`;
  return html`<div class="scene-frame" tabindex="0" role="group" aria-label=${scene.title}>
    <svg class="scene" viewBox=${view} style=${{ "--own": `${scene.width}px` }} role="group" aria-label=${scene.description}>
      <defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path class="tip" d="M0 .5L7.5 4L0 7.5z" /></marker></defs>
      ${scene.frames.map((one) => html`<g key=${one.title + one.x}><rect class=${`frame ${one.kind}`} x=${one.x} y=${one.y} width=${one.w} height=${one.h} rx="10" />
        <text class="frame-title" x=${one.x + 12} y=${one.y + 20}>${one.title}<tspan class="frame-note" dx="8">${one.note}</tspan></text></g>`)}
      ${scene.lines.map((one) => html`<${Arrow} key=${`${one.source} ${one.target}`} line=${one} rate=${rates.get(`${one.source} ${one.target}`)} />`)}
      ${scene.cards.map((one) => html`<${Card} key=${one.id} card=${one} health=${live?.nodes[one.id]} chosen=${one.id === chosen} onOpen=${onOpen} />`)}
      ${scene.lines.map((one) => html`<${Label} key=${`${one.source} ${one.target}`} line=${one} rate=${rates.get(`${one.source} ${one.target}`)} />`)}
    </svg></div>`;
}

// The dashes of the arrows move ten times a second: an animation moves them in every frame, on a
// fifth of a processor. After all steps each pace of `.flow` has moved whole dashes.
const STEP = 100; // milliseconds
const STEPS = 84;

function flowing() {
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  let step = 0;
  const timer = setInterval(() => {
    if (still.matches) return;
    step = (step + 1) % STEPS;
    for (const flow of document.querySelectorAll(".flow")) flow.style.setProperty("--step", step);
  }, STEP);
  return () => clearInterval(timer);
}

function Arrow({ line, rate }) {
  const speed = rate?.rate > 0 ? (rate.rate > 200 ? "fast" : rate.rate > 10 ? "quick" : "slow") : "";
  return html`<path class=${classes("arrow", line.style)} d=${line.path} marker-end="url(#tip)" />
    ${speed && html`<path class=${classes("flow", speed, rate.errors > 0 && "errors")} d=${line.path} />`}`;
}

const figure = (n) => (n >= 10 ? Math.round(n) : n.toFixed(1));

function Label({ line, rate }) {
  const t = words(text);
  if (!line.label && !rate) return null;
  const x = line.vertical ? line.x + 8 : line.x;
  const anchor = line.vertical ? "start" : "middle";
  const shown = rate && t("per_second", { n: figure(rate.rate) });
  return html`<text class="label" x=${x} y=${line.y} text-anchor=${anchor}>${line.label}
    ${rate && html`<tspan class=${classes("rate", rate.errors > 0 && "errors")} x=${x} dy=${line.label ? 13 : 0}>${shown}${rate.errors > 0 && ` ✕${figure(rate.errors)}`}</tspan>`}</text>`;
}

function Card({ card, health, chosen, onOpen }) {
  const left = card.x + ICON + 12;
  const first = card.y + (card.h - card.lines.length * LINE) / 2 + 4.5;
  const name = [card.title, health?.word, health?.detail, ...card.lines].filter(Boolean).join(", ");
  const open = (event) => {
    event.preventDefault();
    onOpen(card);
  };
  return html`<a class=${classes("card-link", health?.tone, chosen && "chosen")} href=${link("picture", card.id)} aria-label=${name} onClick=${open}>
    <title>${[card.title, ...card.lines].join(" · ")}</title>
    <rect class="card" x=${card.x} y=${card.y} width=${card.w} height=${card.h} rx="8" />
    <rect class=${`stripe ${card.colour}`} x=${card.x} y=${card.y + 8} width="3" height=${card.h - 16} rx="1.5" />
    <path class=${`icon ${card.colour}`} transform=${`translate(${card.x + 12} ${card.y + card.h / 2 - 11}) scale(0.917)`} d=${card.icon} />
    <text class="title" x=${left} y=${first}>${card.title}</text>
    ${card.lines.map((line, index) => html`<text key=${index} class="line" x=${left} y=${first + 1 + (index + 1) * LINE}>${line}</text>`)}
    ${health && html`<${Chip} card=${card} health=${health} />`}
  </a>`;
}

// The state of the node, on its upper edge.
function Chip({ card, health }) {
  const word = health.word.startsWith("http") ? "" : health.word;
  const shown = word.length > 22 ? `${word.slice(0, 21)}…` : word;
  const width = 20 + shown.length * 6.1;
  const x = card.x + card.w - width - 8;
  return html`<g class=${`chip ${health.tone}`}><rect x=${x} y=${card.y - 12} width=${width} height="18" rx="9" />
    <text x=${x + 9} y=${card.y + 1}><tspan class="chip-symbol">${SYMBOLS[health.tone]}</tspan><tspan dx=${shown ? 4 : 0}>${shown}</tspan></text></g>`;
}
