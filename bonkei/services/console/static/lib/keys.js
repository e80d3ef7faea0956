// The keyboard: `g` and a letter for a page, `/` for the filter, `?` for help, Esc closes.
import { useLayoutEffect, useRef } from "./ui.js";

const stack = []; // the newest first: an open drawer hears before the page
let began = 0;
let second = {};

export function followLetters(letters) {
  second = letters;
}

// `handlers`: key → function; while the component is there, and before those that came earlier. They
// hear from the moment that it is seen, and a new drawing of what lies below does not change the order.
// `modal`: before all others, also those of what is replaced below.
export function useKeys(handlers, modal = false) {
  const own = useRef();
  own.current = { handlers, modal };
  useLayoutEffect(() => {
    stack.unshift(own);
    return () => stack.splice(stack.indexOf(own), 1);
  }, []);
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
  const able = stack.map((one) => one.current).filter((one) => one.handlers[event.key]);
  const found = able.find((one) => one.modal) || able[0];
  if (found) {
    event.preventDefault();
    found.handlers[event.key](event);
  }
});
