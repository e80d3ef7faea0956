// The keyboard: `g` and a letter for a page, `/` for the filter, `?` for help, Esc closes.
import { useEffect } from "./ui.js";

const stack = []; // the newest first: an open drawer hears before the page
let began = 0;
let second = {};

export function followLetters(letters) {
  second = letters;
}

// `handlers`: key → function; while the component is there, and before those that came earlier.
export function useKeys(handlers, when = true) {
  useEffect(() => {
    if (!when) return undefined;
    stack.unshift(handlers);
    return () => stack.splice(stack.indexOf(handlers), 1);
  });
}

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
  if (typing && event.key !== "Escape") return;
  if (performance.now() - began < 1200 && second[event.key]) {
    began = 0;
    event.preventDefault();
    second[event.key]();
    return;
  }
  began = 0;
  if (event.key === "g" && !event.defaultPrevented) {
    began = performance.now();
    return;
  }
  if (event.key === "/") {
    const filter = document.querySelector("main [data-filter]");
    if (filter) {
      event.preventDefault();
      filter.focus();
      filter.select?.();
      return;
    }
  }
  if (event.key === "Escape" && typing) {
    typing.blur();
    return;
  }
  const found = stack.find((handlers) => handlers[event.key]);
  if (found) {
    event.preventDefault();
    found[event.key](event);
  }
});
