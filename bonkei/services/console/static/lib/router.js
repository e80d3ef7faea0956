// Where the reader is: `#/page/id?filter=…`.
import { shared } from "./ui.js";

function read() {
  const whole = location.hash.replace(/^#\/?/, "");
  const [path] = whole.split("?", 1);
  const query = whole.slice(path.length + 1); // a filter may have a `?` of its own
  const [page, ...rest] = path.split("/");
  return { page, id: decode(rest.join("/")), query: Object.fromEntries(new URLSearchParams(query)) };
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export const place = shared(read());
addEventListener("hashchange", () => place.set(read()));

export function link(page, id = "", query = {}) {
  const found = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
  const text = new URLSearchParams(found).toString();
  return `#/${page}${id ? `/${encodeURIComponent(id)}` : ""}${text ? `?${text}` : ""}`;
}

export const resource = (address) => link("resource", address);

export function go(page, id, query) {
  location.hash = link(page, id, query);
}

// One value of the query, such as a filter: typed text does not fill the browser's history.
export function useQuery(name, first = "") {
  const { page, id, query } = place.use();
  const set = (value) => {
    const next = { ...place.get().query, [name]: value };
    history.replaceState(null, "", link(page, id, next));
    place.set(read());
  };
  return [query[name] ?? first, set];
}
