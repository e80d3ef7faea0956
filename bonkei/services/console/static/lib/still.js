// Rows that stand still while the pointer is over them or the focus in them, so that a click meets what was aimed at.
import { html, useLayoutEffect, useRef, useState } from "./ui.js";
import { words } from "./words.js";

const text = { en: { fresh: "{n} new", changed: "Other rows" }, ja: { fresh: "新着 {n} 件", changed: "変更あり" } };

// The rows that are there get their new values, those that have ended stay, and those that are new are counted, until
// the reader leaves or asks for them. `context`: by what rows are chosen; undefined: they never stand still.
export function useStill(rows, id, context) {
  const [, draw] = useState(0);
  const inside = useRef({ pointer: false, focus: false });
  const seen = useRef({ rows: [] });
  const frame = useRef(); // whose first row gets the focus of the button that goes
  useLayoutEffect(() => {
    frame.current?.querySelector("tbody tr[tabindex]")?.focus();
    frame.current = undefined;
  });
  const note = (what, now) => {
    if (inside.current[what] === now) return;
    inside.current[what] = now;
    draw((count) => count + 1);
  };
  if (context === undefined) return { rows };
  const last = seen.current;
  const isHeld = (inside.current.pointer || inside.current.focus) && last.context === context && last.rows.length > 0;
  const now = new Map(rows.map((row) => [id(row), row]));
  const shown = isHeld ? last.rows.map((row) => now.get(id(row)) || row) : rows;
  seen.current = { rows: shown, context };
  for (const row of shown) now.delete(id(row));
  const moved = isHeld && rows.some((row, index) => !shown[index] || id(row) !== id(shown[index]));
  return {
    rows: shown, fresh: now.size, moved,
    release: (event) => {
      const isByPointer = event.detail > 0;
      seen.current = { rows: [] };
      inside.current.focus = !isByPointer;
      if (!isByPointer) frame.current = event.currentTarget.closest(".table-frame");
      draw((count) => count + 1);
    },
    hears: {
      onPointerEnter: () => note("pointer", true),
      onPointerLeave: () => note("pointer", false),
      onFocusIn: () => note("focus", true),
      onFocusOut: (event) => event.currentTarget.contains(event.relatedTarget) || note("focus", false),
    },
  };
}

export function Fresh({ held }) {
  const t = words(text);
  if (!held.moved) return null;
  return html`<button type="button" class="button fresh" onClick=${held.release}>${held.fresh ? t("fresh", { n: held.fresh }) : t("changed")}</button>`;
}
