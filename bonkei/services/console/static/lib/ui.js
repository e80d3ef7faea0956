// Preact, its hooks and its templates: everything that draws comes from here.
import { h, render, Fragment, createContext } from "../vendor/preact.js";
import htm from "../vendor/htm.js";

export {
  useCallback, useContext, useEffect, useLayoutEffect, useMemo, useReducer, useRef, useState,
} from "../vendor/hooks.js";
export const html = htm.bind(h);
export { render, Fragment, createContext };

// A value that parts of the page share: `get`, `set`, and `use` in a component.
import { useEffect, useState } from "../vendor/hooks.js";

export function shared(first) {
  let value = first;
  const listeners = new Set();
  return {
    get: () => value,
    set(next) {
      if (Object.is(next, value)) return;
      value = next;
      for (const listener of [...listeners]) listener(value);
    },
    hear(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    use() {
      const [seen, see] = useState(value);
      useEffect(() => {
        see(value);
        return this.hear(see);
      }, []);
      return seen;
    },
  };
}

export const classes = (...names) => names.filter(Boolean).join(" ");
